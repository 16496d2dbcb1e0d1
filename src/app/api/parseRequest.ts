/** Checks a request against its route's schemas. Every refusal names the field, the value and what is accepted. */
import type { HttpRequest } from '@azure/functions';
import type * as z from 'zod';
import { isSignInOn } from '../../config.ts';
import { quoteValue, RequestError, shorten } from '../../core/errors.ts';
import { counted } from '../../core/words.ts';
import type { Route } from './route.ts';

/** Query parameters of a function key. The platform has checked the key already; no answer repeats it. */
const keyParameters = new Set(['code', 'clientid']);

/** Takes only what the route's template names: with HTTP streaming the host adds the query and the members of a JSON body. */
export function parseParams(route: Route, request: HttpRequest): unknown {
  if (!route.params) return undefined;
  const own = Object.keys(route.params.shape).filter((name) => Object.hasOwn(request.params, name));
  return check(route.params, Object.fromEntries(own.map((name) => [name, request.params[name]])), 'path', 404);
}

export function parseQuery(route: Route, query: URLSearchParams): unknown {
  const known = Object.keys(route.query?.shape ?? {});
  const values: Record<string, string> = {};
  for (const [name, value] of query) {
    if (keyParameters.has(name.toLowerCase())) continue;
    if (!known.includes(name)) {
      if (route.ignoresUnknown) continue;
      throw unknownParameter(name, known);
    }
    const before = values[name];
    if (before !== undefined && !route.repeatable?.includes(name)) {
      throw new RequestError(400, 'invalid-query', `${name}: given more than once; accepted: one value`, {
        parameter: name,
      });
    }
    values[name] = before === undefined ? value : `${before},${value}`;
  }
  return route.query ? check(route.query, values, 'query', 400) : undefined;
}

/** Parses the body as JSON whatever its Content-Type: many clients send another type, or none. */
export async function parseBody(
  { schema, maxBytes, example }: NonNullable<Route['body']>,
  request: HttpRequest,
): Promise<unknown> {
  const text = await readBounded(request, maxBytes);
  if (text === '') throw emptyBody(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError(
      400,
      'invalid-body',
      `the body is not JSON; accepted: JSON such as ${JSON.stringify(example)}`,
    );
  }
  return check(schema, value, 'body', 400);
}

/** Azure Functions drops a body without Content-Length, and many clients send JSON in chunks by default. */
function emptyBody(request: HttpRequest): RequestError {
  const isChunked = /chunked/i.test(request.headers.get('transfer-encoding') ?? '');
  const detail =
    'no body arrived: send JSON with a Content-Length header; ' +
    'Azure Functions drops a body that is sent in chunks (Transfer-Encoding: chunked)';
  return new RequestError(isChunked ? 411 : 400, isChunked ? 'length-required' : 'invalid-body', detail);
}

function unknownParameter(name: string, known: readonly string[]): RequestError {
  const accepted = known.length === 0 ? 'none' : known.join(', ');
  return new RequestError(
    400,
    'invalid-query',
    `there is no query parameter "${shorten(name)}" here; accepted: ${accepted}`,
    { parameter: shorten(name), accepted: known },
  );
}

async function readBounded(request: HttpRequest, maxBytes: number): Promise<string> {
  const tooLarge = (): RequestError =>
    new RequestError(413, 'body-too-large', `the body is too large; accepted: up to ${counted(maxBytes, 'byte')}`, {
      maxBytes,
    });
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
  if (!request.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function check(schema: z.ZodType, value: unknown, where: 'path' | 'query' | 'body', status: number): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 100).map((issue) => ({
    field: issue.path.join('.'),
    ...(typeof issue.path[0] === 'number' && { index: issue.path[0] }),
    message: describeIssue(issue, value),
  }));
  const first = errors[0] ?? { field: '', message: 'not accepted' };
  throw new RequestError(
    status,
    where === 'path' ? 'not-found' : where === 'query' ? 'invalid-query' : 'invalid-body',
    `${nameOf(first)}: ${first.message}`,
    { ...(where === 'query' && { parameter: first.field }), errors },
  );
}

function nameOf({ field, index }: { readonly field: string; readonly index?: number }): string {
  if (field === '') return 'the body';
  return index === undefined ? field : `entry ${index}`;
}

/** Our schemas' messages say what is accepted. The message for an enum is zod's own, so its values are listed here. */
function describeIssue(issue: z.core.$ZodIssue, whole: unknown): string {
  const accepted = issue.code === 'invalid_value' ? issue.values.join(', ') : issue.message;
  if (issue.code === 'unrecognized_keys') return `the member ${quoteValue(issue.keys[0])} ${refused(accepted)}`;
  const given = valueAt(whole, issue.path);
  return given === undefined ? `is missing; accepted: ${accepted}` : `${describeValue(given)} ${refused(accepted)}`;
}

function refused(accepted: string): string {
  return `is not accepted; accepted: ${accepted}`;
}

/** The value as the client sent it: the one in the issue may have been transformed already, such as a list that was split. */
function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], whole);
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : quoteValue(value);
}

/**
 * The name of the caller, for the ledger: the signed-in user if the platform's sign-in is on. If it is off, anybody can
 * send the header that names a user. The name of the key is not available: the host knows it, but does not tell functions.
 */
export function callerOf(request: HttpRequest): string {
  const name = (isSignInOn() ? readUserName(request) : undefined) ?? 'a function key';
  return name.replaceAll(/\p{C}/gu, '').slice(0, 120);
}

function readUserName(request: HttpRequest): string | undefined {
  try {
    const name: unknown = request.user?.username;
    return typeof name === 'string' && name.trim() !== '' ? name.trim() : undefined;
  } catch {
    // `request.user` throws if the platform did not write the header.
    return undefined;
  }
}

/** The requested URL without function keys. */
export function publicUrl(request: HttpRequest): string {
  const url = new URL(request.url);
  for (const name of [...url.searchParams.keys()]) {
    if (keyParameters.has(name.toLowerCase())) url.searchParams.delete(name);
  }
  url.hash = '';
  url.username = '';
  url.password = '';
  return url.href;
}

/**
 * Refuses requests that a page of another site makes in the browser of a signed-in user. Browsers state the origin of a
 * request, and no page can change it: `Sec-Fetch-Site`, or only `Origin` in older ones. Throws RequestError 403.
 */
export function refuseCrossSite(request: HttpRequest): void {
  const site = request.headers.get('sec-fetch-site');
  const isForeign = site === 'cross-site' || site === 'same-site';
  if (isForeign || (site !== 'same-origin' && !isOwnOrigin(request))) {
    const origin = shorten(request.headers.get('origin') ?? 'it does not say which');
    throw new RequestError(
      403,
      'cross-site',
      `the request comes from a page of another site (${origin}); accepted: pages of this app, and clients other than browsers`,
    );
  }
}

/** True if there is no `Origin`: only browsers send it. Behind a proxy, browsers see the app as `X-Forwarded-Host`. */
function isOwnOrigin({ headers, url }: HttpRequest): boolean {
  const header = headers.get('origin');
  if (header === null) return true;
  const origin = URL.parse(header);
  const own = new URL(url);
  if (!origin || (own.protocol === 'https:' && origin.protocol !== 'https:')) return false;
  return [own.host, headers.get('x-forwarded-host')].includes(origin.host);
}
