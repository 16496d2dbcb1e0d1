/**
 * HTTP proxies on loopback that together stop at one write, for good: whoever sent it has died there, as far as the
 * servers behind them can tell. What came before was carried out, the write itself and all after it never arrive.
 *
 * Dying behind the answer of one write, or before or behind any of the reads that follow it, is dying before the next
 * write: the servers see no difference.
 */
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readBody } from './readBody.ts';

export interface DyingProxies {
  /** In the order of the origins that were given. */
  readonly origins: readonly string[];
  /** `PUT /account/targets/state/hooks.json`, in the order in which they came in. */
  readonly requests: readonly string[];
  /** Those of them that were no reads. */
  readonly writes: readonly string[];
  /** Forgets what came in; the nth write from now on is never carried out. Resolves when it comes. */
  dieBefore(nth: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startDyingProxies(targets: readonly string[]): Promise<DyingProxies> {
  const requests: string[] = [];
  const writes: string[] = [];
  let lastBreath = Number.POSITIVE_INFINITY;
  let onDeath: () => void = () => undefined;

  async function handle(target: string, own: () => string, incoming: IncomingMessage, outgoing: ServerResponse) {
    const body = await readBody(incoming);
    const name = `${incoming.method ?? ''} ${(incoming.url ?? '').split('?')[0] ?? ''}`;
    requests.push(name);
    if (!/^(GET|HEAD) /.test(name)) writes.push(name);
    const isDead = (): boolean => writes.length >= lastBreath;
    if (isDead()) return die(outgoing);
    const answer = await forward(target, incoming, body);
    if (isDead()) return die(outgoing);
    const headers = Object.entries(answer.headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(target, own()) : value,
    ]);
    outgoing.writeHead(answer.status, Object.fromEntries(headers) as IncomingMessage['headers']).end(answer.body);
  }

  /** What is left of the client in this process gets no answer and soon gives up. */
  function die(outgoing: ServerResponse): void {
    outgoing.destroy();
    onDeath();
  }

  const servers = targets.map((target) => {
    const server = createServer((incoming, outgoing) => {
      void handle(target, () => originOf(server), incoming, outgoing).catch(() => outgoing.destroy());
    });
    return server;
  });
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    origins: servers.map(originOf),
    requests,
    writes,
    dieBefore(nth) {
      requests.length = 0;
      writes.length = 0;
      lastBreath = nth;
      return new Promise((resolve) => {
        onDeath = resolve;
      });
    },
    async stop() {
      for (const server of servers) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
  };
}

function originOf(server: ReturnType<typeof createServer>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(`${target}${url ?? ''}`, { method, headers: { ...headers, connection: 'close' } });
    outgoing.on('error', reject).on('response', (incoming) => {
      readBody(incoming).then(
        (bytes) => resolve({ status: incoming.statusCode ?? 502, headers: withoutHops(incoming.headers), body: bytes }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

/** The proxy's own connection decides over these. */
function withoutHops(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...rest } = headers;
  return rest;
}
