import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Loopback {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly host: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Answers one request; `count` is how often its path was asked for before, from 0. */
export type Handler = (request: SeenRequest, response: ServerResponse, count: number) => void;

/** A real server on this machine. Paths that are not given answer 404. */
export async function startLoopback(routes: Readonly<Record<string, Handler>>): Promise<Loopback> {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const request = { url: incoming.url ?? '', headers: incoming.headers };
    const path = request.url.split('?')[0] ?? '';
    const count = requests.filter((seen) => seen.url.split('?')[0] === path).length;
    requests.push(request);
    const handler = routes[path];
    if (handler) handler(request, response, count);
    else response.writeHead(404, { 'content-type': 'text/html' }).end('<html>not found</html>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export function answer(body: unknown, headers: Readonly<Record<string, string>> = {}): Handler {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

export function redirect(location: string, status = 302): Handler {
  return (_, response) => {
    response.writeHead(status, { location }).end('moved');
  };
}

/** A small document in the shape of the weekly file. */
export function weeklyFile(prefixes: readonly string[] = ['20.61.97.0/24'], cloud = 'Public') {
  return {
    changeNumber: 346,
    cloud,
    values: [
      {
        name: 'AzureContainerRegistry',
        id: 'AzureContainerRegistry',
        properties: {
          changeNumber: 12,
          region: '',
          regionId: 0,
          platform: 'Azure',
          systemService: 'AzureContainerRegistry',
          addressPrefixes: prefixes,
          networkFeatures: null,
        },
      },
    ],
  };
}
