import functions, { type HttpHandler, type HttpResponseInit } from '@azure/functions';
import type { ApiApp, RouteEntry } from './route.ts';

// CommonJS whose names Node cannot see.
const { HttpResponse } = functions;

/** Returns the handler of an HTTP trigger. It loads the route, and the app if the route needs it, with the first request. */
export function httpHandler(
  name: string,
  { load, ...entry }: RouteEntry,
  getApp: () => ApiApp | Promise<ApiApp> = getLoadedApp,
): HttpHandler {
  const loadHandler = async (): Promise<HttpHandler> => {
    const [{ answerRequest }, route] = await Promise.all([import('./answerRequest.ts'), load()]);
    const endpoint = { ...route, ...entry, name };
    return (request, context) => answerRequest(endpoint, request, context, getApp).then(toResponse);
  };
  let handler: HttpHandler | undefined;
  return (request, context) => {
    if (handler) return handler(request, context);
    return loadHandler().then((loaded) => (handler = loaded)(request, context));
  };
}

let getApiApp: (() => ApiApp) | undefined;

function getLoadedApp(): ApiApp | Promise<ApiApp> {
  return getApiApp ? getApiApp() : loadApp();
}

async function loadApp(): Promise<ApiApp> {
  ({ getApiApp } = await import('./firstRequest.ts'));
  return getApiApp();
}

function toResponse(init: HttpResponseInit): HttpResponseInit | BytesResponse {
  return init.body instanceof Uint8Array ? new BytesResponse(init, init.body) : init;
}

/**
 * Gives the library its bytes as they are. A `Response` would make a stream of them, and the library would read it: for
 * a long list that takes longer than everything else. With HTTP streaming, which is off, the library reads `body`.
 */
class BytesResponse extends HttpResponse {
  override readonly arrayBuffer: () => Promise<ArrayBuffer>;

  constructor({ status, headers }: HttpResponseInit, bytes: Uint8Array) {
    super({ ...(status !== undefined && { status }), ...(headers && { headers }) });
    // A copy, because the host may take the buffer and the bytes are kept.
    this.arrayBuffer = () => Promise.resolve(new Uint8Array(bytes).buffer);
  }
}
