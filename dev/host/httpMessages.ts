/** Between `node:http` and the messages that the library turns into its HttpRequest and out of its HttpResponse. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RpcHttp, RpcNullable, RpcTypedData } from './coreTypes.ts';

/** Of one connection only, so never an answer's own. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function toHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** A parameter that comes twice is one value with a comma, without its empty ones: the host sends a map, not a list. */
export function toQuery(url: URL): Record<string, string> {
  return Object.fromEntries(
    [...new Set(url.searchParams.keys())].map((name) => [
      name,
      url.searchParams
        .getAll(name)
        .filter((value) => value !== '')
        .join(','),
    ]),
  );
}

export function toRpcHttp(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer | undefined,
): RpcHttp {
  return {
    url: url.href,
    method: request.method ?? 'GET',
    nullableHeaders: toNullable(toHeaders(request)),
    nullableQuery: toNullable(toQuery(url)),
    nullableParams: toNullable(params),
    body: body && body.length > 0 ? { bytes: body } : null,
  };
}

/** The host passes a body on only if the request says how long it is: one in chunks is read and dropped. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const isPassedOn = Number(request.headers['content-length'] ?? 0) > 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) if (isPassedOn) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An answer of nothing is a 204; one with a body goes out in chunks, as of the host. */
export function writeRpcHttp(response: ServerResponse, data: RpcTypedData | null | undefined): void {
  const http = data?.http;
  if (!http) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!hopByHop.has(name.toLowerCase())) response.setHeader(name, value);
  }
  response.statusCode = Number(http.statusCode ?? 200);
  const body = http.body?.bytes ?? http.body?.string ?? http.body?.json ?? '';
  if (body.length > 0) response.write(body);
  response.end();
}

function toNullable(values: Readonly<Record<string, string>>): Record<string, RpcNullable<string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}
