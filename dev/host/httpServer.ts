/** Serves the HTTP functions and the host's own `/admin` routes on the loopback address. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { BindingInfo, FunctionMetadata } from './coreTypes.ts';
import { readBody, toRpcHttp, writeRpcHttp } from './httpMessages.ts';
import type { Invoker } from './invocations.ts';
import type { Log } from './log.ts';
import type { AuthLevel, RouteMatch, Routes } from './routes.ts';

/** Where they are given, they are asked for; without them every caller is let in, as by local tools. */
export interface HostKeys {
  readonly function: string;
  readonly master: string;
}

export interface HttpServerOptions {
  readonly functions: readonly FunctionMetadata[];
  readonly routes: Routes;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly port: number;
  readonly keys?: HostKeys;
  /** Starts a function. Undefined: there is none of that name. */
  readonly start: (name: string, input: string) => Promise<unknown> | undefined;
}

export interface HttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The platform's limits: of a body, of the first line of a request, of all its headers. */
const maxBodyBytes = 100 * 1024 * 1024;
const maxRequestLineBytes = 8 * 1024;
const maxHeaderBytes = 32 * 1024;

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  // Node counts the first line among the headers. It lets in more than the platform: `refuse` tells the two limits apart.
  const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => fail(options.log, response, error));
  });
  server.on('clientError', answerUnreadable);
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

/** A method that Node does not know leads nowhere; the host looks for a route all the same, and finds none. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) return;
  const status = error.code === 'HPE_INVALID_METHOD' ? '404 Not Found' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

async function answer(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refused = refuse(request);
  if (refused !== undefined) return end(response, refused);
  // The path as it was sent: a URL takes dots out of it.
  const [path = '/'] = (request.url ?? '/').split('?');
  const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  if (!url) return end(response, 400);
  if (path === '/') return end(response, 200, 'Your function app is up and running.\n', 'text/plain');
  if (/^\/admin\//i.test(path)) return answerAdmin(options, request, response, url);

  const found = options.routes.find(request.method ?? 'GET', path);
  // Also for a known route and another method: the host's routing knows no 405.
  if (!found) return end(response, 404);
  if (!isAllowed(found.target.authLevel, options.keys, request, url)) return end(response, 401);
  return invoke(options, found, request, response, url);
}

/** What the platform's web server refuses before any route is looked for. */
function refuse({ method, url = '/', rawHeaders, headers }: IncomingMessage): number | undefined {
  if (`${method} ${url} HTTP/1.1\r\n`.length > maxRequestLineBytes) return 414;
  const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  if (headerBytes > maxHeaderBytes) return 431;
  if ((url.split('?')[0] ?? '').includes('%00')) return 400;
  return Number(headers['content-length'] ?? 0) > maxBodyBytes ? 500 : undefined;
}

async function invoke(
  options: HttpServerOptions,
  { target, params }: RouteMatch,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const body = await readBody(request);
  const { traceparent } = request.headers;
  const { invocation, response: answered } = await options.invoker.invoke(target.metadata, {
    trigger: 'http',
    data: { http: toRpcHttp(request, url, params, body) },
    ...(typeof traceparent === 'string' ? { traceParent: traceparent } : {}),
  });
  if (invocation.outcome === 'failed') return end(response, 500);
  writeRpcHttp(response, answered?.returnValue);
}

async function answerAdmin(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (!isAllowed('admin', options.keys, request, url)) {
    return end(response, isAllowed('function', options.keys, request, url) ? 403 : 401);
  }
  const { method } = request;
  // Without regard to letter case, as all routes.
  const path = url.pathname.toLowerCase();
  if (method === 'GET' && path === '/admin/host/status') {
    return endJson(response, { state: 'Running', runningInvocations: options.invoker.running() });
  }
  if (method === 'GET' && path === '/admin/functions') return endJson(response, options.functions.map(describe));
  const [, asked] = /^\/admin\/functions\/([^/]+)$/.exec(path) ?? [];
  const found = options.functions.find(({ name }) => name.toLowerCase() === asked);
  if (method === 'GET' && found) return endJson(response, describe(found));
  if (method !== 'POST' || !found) return end(response, 404);
  const body = (await readBody(request)).toString('utf8');
  if (body === '' || !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return end(response, 415);
  const input = parseInput(body);
  if (input === undefined) return end(response, 400, 'The body must be JSON such as { "input": "" }.\n', 'text/plain');
  const started = options.start(found.name, input);
  if (!started) return end(response, 404);
  // The caller is not told how it ends.
  started.catch((error: unknown) => options.log('error', String(error), found.name));
  return end(response, 202);
}

function describe({ name, bindings }: FunctionMetadata): object {
  const named = Object.entries(bindings).map(([key, binding]): BindingInfo => ({ ...binding, name: key }));
  return { name, config: { bindings: named } };
}

function isAllowed(level: AuthLevel, keys: HostKeys | undefined, request: IncomingMessage, url: URL): boolean {
  if (level === 'anonymous' || !keys) return true;
  const [, inQuery] = [...url.searchParams].find(([name]) => name.toLowerCase() === 'code') ?? [];
  const given = request.headers['x-functions-key'] ?? inQuery;
  return given === keys.master || (level === 'function' && given === keys.function);
}

function parseInput(body: string): string | undefined {
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
  if (status === 500) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    ...(contentType ? { 'content-type': contentType } : {}),
  });
  response.end(body);
}

function fail(log: Log, response: ServerResponse, error: unknown): void {
  log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  end(response, 500);
}
