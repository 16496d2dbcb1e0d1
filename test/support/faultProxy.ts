/**
 * An HTTP proxy on loopback that spoils chosen requests on their way to a server (Azurite, a simulator).
 *
 * const storage = await startStorageFaultProxy(connectionString);   // give `storage.connectionString` to the clients
 * storage.blob.fail({ when: 'before', how: 'drop' });               // the next request never arrives
 * storage.blob.fail({ when: 'after', how: 'drop', match: isPut });  // the next PUT is carried out, its answer is lost
 * storage.blob.fail({ when: 'before', how: { status: 503, code: 'ServerBusy' }, nth: 2, times: 3 });
 * storage.blob.fail({ when: 'after', how: 'cut' });                // half of the answer's body, then the end
 * storage.blob.fail({ when: 'before', how: 'late' });              // the client gives up; arrives after the next that is answered
 * storage.blob.fail({ when: 'after', how: 'late' });               // is carried out; the client gives up before the answer
 * storage.blob.requests                                             // what came in, in order
 *
 * Clients that are given `storage.startTimer` give up when the proxy says so and not when some time has passed: the speed of
 * the machine decides nothing.
 *
 * `startFaultProxy(origin)` does the same for any HTTP server; URLs in its answers still point to the server itself.
 */
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { StartTimer } from '../../src/adapters/storageClients.ts';
import { readBody } from './readBody.ts';

export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Fault {
  /** `before`: the server never sees the request (or late). `after`: it carries it out, and the answer is spoilt. */
  readonly when: 'before' | 'after';
  readonly how: 'drop' | 'cut' | 'late' | { readonly status: number; readonly code?: string };
  /** Default: every request. */
  readonly match?: (request: SeenRequest) => boolean;
  /** The how-manyeth of the matching requests is the first to fail; default 1. */
  readonly nth?: number;
  /** How many fail from there on; default 1. */
  readonly times?: number;
}

export interface FaultProxy {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  /** Returns how often the fault has struck so far. */
  fail(fault: Fault): () => number;
  /** Forgets all faults and requests. */
  reset(): void;
  /** Resolves when the late requests have arrived that something was answered after. */
  lateArrivals(): Promise<unknown>;
  stop(): Promise<void>;
}

interface PlannedFault extends Fault {
  matched: number;
  struck: number;
}

/** `giveUp`: makes the client that sent a request wait no longer. */
export async function startFaultProxy(
  targetOrigin: string,
  giveUp: (seen: SeenRequest) => void = () => undefined,
): Promise<FaultProxy> {
  const faults: PlannedFault[] = [];
  const requests: SeenRequest[] = [];
  const held: SeenRequest[] = [];
  const arrivals: Promise<unknown>[] = [];

  async function handle(seen: SeenRequest, outgoing: ServerResponse): Promise<void> {
    const fault = pick(faults, seen);
    if (fault?.how === 'late') {
      if (fault.when === 'before') held.push(seen);
      else await forward(targetOrigin, seen);
      return giveUp(seen);
    }
    await answer(targetOrigin, seen, outgoing, fault);
    if (!fault) arrivals.push(...held.splice(0).map((late) => forward(targetOrigin, late)));
  }

  const server = createServer((incoming, outgoing) => {
    void readRequest(incoming)
      .then((seen) => {
        requests.push(seen);
        return handle(seen, outgoing);
      })
      .catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail(fault) {
      const planned = { ...fault, matched: 0, struck: 0 };
      faults.push(planned);
      return () => planned.struck;
    },
    reset() {
      faults.length = 0;
      requests.length = 0;
    },
    lateArrivals: () => Promise.all(arrivals),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface StorageFaultProxy {
  readonly connectionString: string;
  readonly blob: FaultProxy;
  readonly queue: FaultProxy;
  readonly startTimer: StartTimer;
  stop(): Promise<void>;
}

/** A proxy for each of the two endpoints of a connection string. */
export async function startStorageFaultProxy(connectionString: string): Promise<StorageFaultProxy> {
  const waiting = new Map<unknown, () => void>();
  const giveUp = ({ headers }: SeenRequest) => waiting.get(headers['x-ms-client-request-id'])?.();
  const blob = await startFaultProxy(endpointOrigin(connectionString, 'Blob'), giveUp);
  const queue = await startFaultProxy(endpointOrigin(connectionString, 'Queue'), giveUp);
  return {
    connectionString: connectionString
      .replace(endpointOrigin(connectionString, 'Blob'), blob.origin)
      .replace(endpointOrigin(connectionString, 'Queue'), queue.origin),
    blob,
    queue,
    startTimer: (end, _inMs, requestId) => {
      waiting.set(requestId, end);
      return () => waiting.delete(requestId);
    },
    async stop() {
      await Promise.all([blob.stop(), queue.stop()]);
    },
  };
}

export function endpointOrigin(connectionString: string, service: 'Blob' | 'Queue'): string {
  const url = new RegExp(`${service}Endpoint=([^;]+)`).exec(connectionString)?.[1];
  if (url === undefined) throw new Error(`the connection string has no ${service}Endpoint`);
  return new URL(url).origin;
}

function pick(faults: readonly PlannedFault[], seen: SeenRequest): PlannedFault | undefined {
  let picked: PlannedFault | undefined;
  for (const fault of faults) {
    if (fault.match && !fault.match(seen)) continue;
    fault.matched += 1;
    const nth = fault.nth ?? 1;
    const strikes = fault.matched >= nth && fault.matched < nth + (fault.times ?? 1);
    if (!strikes || picked) continue;
    fault.struck += 1;
    picked = fault;
  }
  return picked;
}

async function answer(
  targetOrigin: string,
  seen: SeenRequest,
  outgoing: ServerResponse,
  fault: PlannedFault | undefined,
): Promise<void> {
  if (fault?.when === 'before') {
    if (!spoil(fault, outgoing)) return;
  }
  const { status, headers, body } = await forward(targetOrigin, seen);
  if (fault?.how === 'cut') {
    outgoing.writeHead(status, headers).write(body.subarray(0, body.length / 2), () => outgoing.destroy());
    return;
  }
  if (fault?.when === 'after') {
    if (!spoil(fault, outgoing)) return;
  }
  outgoing.writeHead(status, headers).end(body);
}

/** True if the request goes on. */
function spoil({ how }: Fault, outgoing: ServerResponse): boolean {
  if (how === 'cut') return true;
  if (how === 'drop' || how === 'late') {
    outgoing.destroy();
    return false;
  }
  const code = how.code ?? 'InternalError';
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  outgoing.writeHead(how.status, { 'content-type': 'application/xml', 'x-ms-error-code': code }).end(body);
  return false;
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function forward(targetOrigin: string, seen: SeenRequest): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(
      `${targetOrigin}${seen.url}`,
      { method: seen.method, headers: { ...seen.headers, connection: 'close' } },
      (incoming) => {
        readBody(incoming).then(
          (body) => resolve({ status: incoming.statusCode ?? 502, headers: withoutHops(incoming.headers), body }),
          reject,
        );
      },
    );
    outgoing.on('error', reject).end(seen.body);
  });
}

/** The proxy's own connection decides over these. */
function withoutHops({
  connection: _c,
  'keep-alive': _k,
  'transfer-encoding': _t,
  ...headers
}: IncomingMessage['headers']) {
  return headers;
}

async function readRequest(incoming: IncomingMessage): Promise<SeenRequest> {
  const { method = 'GET', url = '/', headers } = incoming;
  return { method, url, headers, body: await readBody(incoming) };
}
