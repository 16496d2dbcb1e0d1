/** Sends a request through the routes as the Functions host would: same matching, real HttpRequest. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import functions, { type HttpResponseInit } from '@azure/functions';
import findMyWay from 'find-my-way';
import { answerRequest } from '../../../src/app/api/answerRequest.ts';
import type { ApiApp, Endpoint } from '../../../src/app/api/route.ts';
import { loadEndpoints } from '../../../src/app/api/routes.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** Decoded. */
  readonly text: string;
  json(): unknown;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly logged?: unknown[];
}

// CommonJS whose names Node cannot see.
const { HttpRequest } = functions;

const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 10_000 });
for (const route of await loadEndpoints()) {
  const path = `/api/${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
  for (const method of route.method === 'GET' ? (['GET', 'HEAD'] as const) : [route.method]) {
    router.on(method, path, () => undefined, route);
  }
}

export async function call(app: ApiApp, target: string, options: CallOptions = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body, logged = [] } = options;
  const url = new URL(`http://localhost:7071/api/${target}`);
  const match = router.find(method as 'GET', url.pathname);
  if (!match) return { status: 404, headers: {}, bytes: Buffer.alloc(0), text: '', json: () => undefined };
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const request = new HttpRequest({
    method,
    url: url.href,
    headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
    params: match.params as Record<string, string>,
    ...(text !== undefined && { body: { string: text } }),
  });
  const log = (...line: unknown[]): void => void logged.push(line);
  const context = { info: log, warn: log, error: log };
  const response = await answerRequest(match.store as Endpoint, request, context, () => Promise.resolve(app));
  return toReply(response);
}

function toReply(response: HttpResponseInit): Reply {
  const headers = response.headers as Record<string, string>;
  const body = response.body as string | Uint8Array | undefined;
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body as Uint8Array);
  const coding = headers['content-encoding'];
  const plain =
    bytes.length === 0
      ? bytes
      : coding === 'br'
        ? brotliDecompressSync(bytes)
        : coding === 'gzip'
          ? gunzipSync(bytes)
          : bytes;
  const text = plain.toString('utf8');
  return { status: response.status ?? 200, headers, bytes, text, json: () => JSON.parse(text) as unknown };
}
