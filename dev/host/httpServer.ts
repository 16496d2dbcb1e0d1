/** Serves the HTTP functions and the host's own `/admin` routes on the loopback address. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionApp } from './functionApp.ts';
import { BodyTooLargeError, readBody, toRpcHttp, writeRpcHttp } from './httpMessages.ts';
import { proxyRequest, toStreamMetadata } from './httpStream.ts';
import type { Invoker } from './invocations.ts';
import type { Log } from './log.ts';
import type { AuthLevel, RouteMatch, Routes } from './routes.ts';

/** Where they are given, they are asked for; without them every caller is let in, as by local tools. */
export interface HostKeys {
  readonly function: string;
  readonly master: string;
}

export interface HttpServerOptions {
  readonly app: FunctionApp;
  readonly routes: Routes;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly port: number;
  readonly keys?: HostKeys;
  /** Starts a timer or queue function. Undefined: there is none of that name. */
  readonly start: (name: string, input: string) => Promise<unknown> | undefined;
}

export interface HttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

const maxBodyBytes = 100 * 1024 * 1024;

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => fail(options.log, response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(server) };
}

/** Resolves when the last request is answered; connections that are kept alive are not waited for. */
async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const closing = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearInterval(closing);
}

async function answer(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = parseUrl(request);
  if (!url) return end(response, 400);
  if (url.pathname === '/') return end(response, 200, 'Your function app is up and running.\n', 'text/plain');
  if (/^\/admin\//i.test(url.pathname)) return answerAdmin(options, request, response, url);

  const match = options.routes.find(request.method ?? 'GET', url.pathname);
  // Also for a known route and another method: the host's routing knows no 405.
  if (!match) return end(response, 404);
  if (!isAllowed(match.target.authLevel, options.keys, request, url)) return end(response, 401);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return end(response, 413);
  if (options.app.httpUri === undefined) return invokeBuffered(options, match, request, response, url);
  return invokeStreamed(options, options.app.httpUri, match, request, response, url);
}

async function invokeBuffered(
  options: HttpServerOptions,
  match: RouteMatch,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  const result = await options.invoker.invoke(match.target.registered, {
    trigger: 'http',
    data: { http: toRpcHttp(request, url, match.params, body) },
    ...traceParentOf(request),
  });
  if (result.invocation.outcome === 'failed') return end(response, 500);
  writeRpcHttp(response, result.response?.returnValue);
}

async function invokeStreamed(
  options: HttpServerOptions,
  httpUri: string,
  match: RouteMatch,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const id = randomUUID();
  const failure = new AbortController();
  const proxied = proxyRequest({
    httpUri,
    invocationId: id,
    request,
    response,
    url,
    maxBodyBytes,
    signal: failure.signal,
  }).catch((error: unknown) => {
    if (!failure.signal.aborted) throw error;
  });
  const invoked = options.invoker.invoke(match.target.registered, {
    id,
    trigger: 'http',
    // The library takes the request from its own server; the map only has to be there.
    data: { http: { url: url.href, method: request.method ?? 'GET' } },
    metadata: toStreamMetadata(request, url, match.params),
    ...traceParentOf(request),
  });
  const [{ invocation }] = await Promise.all([
    invoked.then((result) => {
      if (result.invocation.outcome === 'failed') failure.abort();
      return result;
    }),
    proxied,
  ]);
  if (invocation.outcome === 'failed') end(response, 500);
}

async function answerAdmin(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (!isAllowed('admin', options.keys, request, url)) return end(response, 401);
  const { method } = request;
  if (method === 'GET' && url.pathname === '/admin/host/status') {
    return endJson(response, { state: 'Running', runningInvocations: options.invoker.running() });
  }
  if (method === 'GET' && url.pathname === '/admin/functions') {
    return endJson(
      response,
      [...options.app.functions.values()].map(({ metadata }) => ({
        name: metadata.name,
        config: { bindings: Object.entries(metadata.bindings).map(([name, binding]) => ({ ...binding, name })) },
      })),
    );
  }
  const name = /^\/admin\/functions\/([^/]+)$/.exec(url.pathname)?.[1];
  if (method !== 'POST' || name === undefined) return end(response, 404);
  const input = parseInput((await readBody(request, maxBodyBytes)).toString('utf8'));
  if (input === undefined) return end(response, 400, 'The body must be JSON such as { "input": "" }.\n', 'text/plain');
  const started = options.start(decodeURIComponent(name), input);
  if (!started) return end(response, 404);
  // The caller is not told how it ends.
  started.catch((error: unknown) => options.log('error', String(error), name));
  return end(response, 202);
}

function parseUrl(request: IncomingMessage): URL | undefined {
  try {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

function isAllowed(level: AuthLevel, keys: HostKeys | undefined, request: IncomingMessage, url: URL): boolean {
  if (level === 'anonymous' || !keys) return true;
  const given = request.headers['x-functions-key'] ?? url.searchParams.get('code');
  return given === keys.master || (level === 'function' && given === keys.function);
}

function traceParentOf(request: IncomingMessage): { readonly traceParent?: string } {
  const { traceparent } = request.headers;
  return typeof traceparent === 'string' ? { traceParent: traceparent } : {};
}

function parseInput(body: string): string | undefined {
  if (body === '') return '';
  try {
    const { input = '' } = JSON.parse(body) as { input?: unknown };
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return undefined;
  }
}

function endJson(response: ServerResponse, value: unknown): void {
  end(response, 200, JSON.stringify(value), 'application/json');
}

function end(response: ServerResponse, status: number, body = '', contentType?: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of a body that is too large is not read.
  if (status === 413) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    ...(contentType ? { 'content-type': contentType } : {}),
  });
  response.end(body);
}

function fail(log: Log, response: ServerResponse, error: unknown): void {
  if (error instanceof BodyTooLargeError) return end(response, 413);
  log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  end(response, 500);
}
