/** Between `node:http` and the messages that the library turns into its HttpRequest and out of its HttpResponse. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RpcCookie, RpcHttp, RpcNullable, RpcTypedData } from './coreTypes.ts';

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

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

export function toHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** A parameter that comes twice is one value with a comma: the host sends a map, not a list. */
export function toQuery(url: URL): Record<string, string> {
  return Object.fromEntries(
    [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name).join(',')]),
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

export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** An answer of nothing is a 204, as of the host. */
export function writeRpcHttp(response: ServerResponse, data: RpcTypedData | null | undefined): void {
  const http = data?.http;
  if (!http) {
    response.writeHead(204).end();
    return;
  }
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!hopByHop.has(name.toLowerCase())) response.setHeader(name, value);
  }
  if (http.cookies?.length) response.setHeader('set-cookie', http.cookies.map(formatCookie));
  response.statusCode = Number(http.statusCode ?? 200);
  response.end(toBytes(http.body));
}

function toBytes(body: RpcTypedData | null | undefined): Uint8Array | string {
  return body?.bytes ?? body?.string ?? body?.json ?? '';
}

function toNullable(values: Readonly<Record<string, string>>): Record<string, RpcNullable<string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function formatCookie(cookie: RpcCookie): string {
  const expires = cookie.expires?.value?.seconds;
  const sameSite = { none: undefined, lax: 'Lax', strict: 'Strict', explicitNone: 'None' }[cookie.sameSite ?? 'none'];
  const parts = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    cookie.domain?.value && `Domain=${cookie.domain.value}`,
    cookie.path?.value && `Path=${cookie.path.value}`,
    expires !== undefined && `Expires=${new Date(expires * 1000).toUTCString()}`,
    typeof cookie.maxAge?.value === 'number' && `Max-Age=${cookie.maxAge.value}`,
    cookie.secure?.value && 'Secure',
    cookie.httpOnly?.value && 'HttpOnly',
    sameSite && `SameSite=${sameSite}`,
  ];
  return parts.filter(Boolean).join('; ');
}
