/**
 * The HTTP server: reads requests, applies faults, passes requests to the gateway, writes answers and the request log.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { ArmError, errorBody } from './armError.ts';
import { Chaos } from './chaos.ts';
import { FaultScript, type Fault } from './faults.ts';
import { passThroughGateway, type IncomingCall } from './gateway.ts';
import { buildRouteFinder, type RouteMatch } from './routes.ts';
import type { ArmResponse, Simulation } from './simulation.ts';
import { Throttle } from './throttling.ts';
import { rewordRetryAfter } from './wording.ts';

export interface RequestRecord {
  /** Number of the request, from 1. */
  readonly sequence: number;
  /** ISO time of the simulator's clock. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed if it is JSON, otherwise text. */
  readonly body: unknown;
  /** The action that a role must contain. Undefined for operations that are not implemented. */
  readonly action: string | undefined;
  readonly fault: Fault['kind'] | undefined;
  /** 0 if the connection was dropped. */
  readonly status: number;
  /** From the error body. */
  readonly errorCode: string | undefined;
}

/** What is sent back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export class HttpFront {
  readonly requests: RequestRecord[] = [];
  readonly script = new FaultScript();
  readonly server: Server;
  readonly #simulation: Simulation;
  readonly #findRoute = buildRouteFinder();
  readonly #throttle = new Throttle();
  readonly #chaos = new Chaos();
  #sequence = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        write(
          response,
          toAnswer({ status: 500, body: errorBody({ code: 'SimulatorFault', message: reason }) }, 'none'),
        );
      });
    });
  }

  /** Resolves with undefined if the connection breaks. */
  async handle(call: IncomingCall): Promise<Answer | undefined> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const at = this.#simulation.settings.now().toISOString();
    const match = this.#findRoute(call.method, call.path);
    const fault = this.#chooseFault(call, match?.route.action, sequence);
    if (fault?.kind === 'slow') await sleep(fault.delayInMs);
    const answer = fault?.kind === 'dropBefore' ? undefined : this.#answer(call, match, fault);
    const isDropped = answer === undefined || fault?.kind === 'dropAfter';
    const action = match?.route.action;
    const seen = isDropped ? { status: 0 } : answer;
    this.requests.push({ sequence, at, ...describe(call), action, fault: fault?.kind, ...outcome(seen) });
    if (isDropped) return undefined;
    const headers = rewordRetryAfter(answer.headers, this.#simulation.settings);
    return toAnswer({ ...answer, headers }, this.#simulation.newGuid(), rawOf(fault));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.handle(await readCall(request));
    if (answer) write(response, answer);
    else request.socket.destroy();
  }

  #answer(call: IncomingCall, match: RouteMatch | undefined, fault: Fault | undefined): ArmResponse {
    if (fault?.kind === 'raw') return { status: fault.status };
    try {
      if (fault?.kind === 'error') throw fault.error;
      return passThroughGateway(call, match, fault, this.#simulation, this.#throttle);
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      return { status: error.status, headers: error.headers, body: errorBody(error) };
    }
  }

  #chooseFault(call: IncomingCall, action: string | undefined, sequence: number): Fault | undefined {
    const { method, path } = call;
    const planned = this.script.take({ method, path, action, sequence });
    const { chaos } = this.#simulation.settings;
    if (planned || !chaos || action === undefined) return planned;
    return this.#chaos.draw(chaos, method, path, action);
  }
}

async function readCall(request: IncomingMessage): Promise<IncomingCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'http://simulator');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function describe(call: IncomingCall) {
  const { method, path, query, headers, body } = call;
  return { method, path, query: Object.fromEntries(query), headers, body: parseIfJson(body) };
}

function outcome(answer: ArmResponse): { readonly status: number; readonly errorCode: string | undefined } {
  const { error } = (answer.body ?? {}) as { error?: { code?: string } };
  return { status: answer.status, errorCode: answer.status < 400 ? undefined : error?.code };
}

function rawOf(fault: Fault | undefined) {
  return fault?.kind === 'raw' ? fault : undefined;
}

function toAnswer(
  { status, headers, body }: ArmResponse,
  requestId: string,
  raw?: { readonly contentType: string; readonly body: string },
): Answer {
  const text = raw ? raw.body : body === undefined ? '' : JSON.stringify(body);
  return {
    status,
    headers: {
      'Cache-Control': 'no-cache',
      'x-ms-request-id': requestId,
      'x-ms-correlation-request-id': requestId,
      ...(text === '' ? {} : { 'Content-Type': raw?.contentType ?? 'application/json; charset=utf-8' }),
      ...headers,
    },
    text,
  };
}

function write(response: ServerResponse, { status, headers, text }: Answer): void {
  response.writeHead(status, headers).end(text);
}

function parseIfJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
