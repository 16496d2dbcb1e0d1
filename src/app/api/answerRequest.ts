/** Answers the requests of every route in the same steps: check, negotiate, handle, respond (RFC 9110 and 9111). */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { matchesEtag } from '../../core/etag.ts';
import { ConfigurationError, RequestError, toErrorMessage } from '../../core/errors.ts';
import { invocationLogger as logger, withInvocationLog, type InvocationLog } from '../logging.ts';
import { describeCause } from '../queries/storage.ts';
import { negotiateCoding, negotiateMediaType } from './negotiate.ts';
import { callerOf, parseBody, parseParams, parseQuery, publicUrl, refuseCrossSite } from './parseRequest.ts';
import { internalProblem, toProblem } from './problem.ts';
import { codedBytesOf, type AcceptedCoding, type CodedBytes } from './representations.ts';
import type { Answer, ApiApp, Endpoint, Route, RouteInput } from './route.ts';

export function answerRequest(
  route: Endpoint,
  request: HttpRequest,
  context: InvocationLog,
  getApp: () => ApiApp | Promise<ApiApp>,
): Promise<HttpResponseInit> {
  return withInvocationLog(context, () => answer(route, request, getApp));
}

async function answer(
  route: Endpoint,
  request: HttpRequest,
  getApp: () => ApiApp | Promise<ApiApp>,
): Promise<HttpResponseInit> {
  try {
    if (route.method !== 'GET') refuseCrossSite(request);
    const accepted = requireCoding(request);
    const mediaType = requireMediaType(route, request);
    const params = parseParams(route, request);
    const query = parseQuery(route, request.query);
    const body = route.body ? await parseBody(route.body, request) : undefined;
    const by = route.method === 'GET' ? '' : callerOf(request);
    const input = { params, query, body, mediaType, by, url: () => publicUrl(request) };
    const routeAnswer = await handle(route, input, getApp);
    return toResponse(request, routeAnswer, await codedBytesOf(routeAnswer, accepted));
  } catch (error) {
    return withoutBodyForHead(request, toErrorResponse(route, error));
  }
}

async function handle(route: Endpoint, input: RouteInput, getApp: () => ApiApp | Promise<ApiApp>): Promise<Answer> {
  if (route.isStatic) return route.handle(input, undefined as never);
  try {
    return await route.handle(input, await getApp());
  } catch (error) {
    if (!(error instanceof ConfigurationError) || !route.whenMisconfigured) throw error;
    return route.whenMisconfigured(error.message.split('\n'));
  }
}

function toErrorResponse(route: Endpoint, error: unknown): HttpResponseInit {
  if (error instanceof RequestError) {
    if (error.status >= 500) {
      logger.warn('A request could not be answered', { route: route.name, cause: describeCause(error) });
    }
    return toProblem(error);
  }
  if (error instanceof ConfigurationError) {
    logger.error('The app is not configured', { field: error.field, error: error.message });
    return toProblem(
      new RequestError(
        503,
        'configuration',
        'the settings of the app are wrong or missing: see its log, which names the setting',
        {
          retryAfterInSeconds: 60,
        },
      ),
    );
  }
  const stack = error instanceof Error ? error.stack : undefined;
  logger.error('A request failed', { route: route.name, error: toErrorMessage(error), stack });
  return internalProblem();
}

function requireCoding(request: HttpRequest): AcceptedCoding {
  const header = request.headers.get('accept-encoding');
  const coding = negotiateCoding(header);
  if (!coding) throw notAcceptable('accept-encoding', 'br, gzip, identity');
  return {
    coding,
    acceptsIdentity: coding === 'identity' || !/(identity|\*)\s*;\s*q=0(\.0*)?\s*(,|$)/i.test(header ?? ''),
  };
}

function requireMediaType(route: Route, request: HttpRequest): string {
  if (!route.produces) return '';
  // `format` in the query wins: firewalls send Accept headers that nobody chose.
  if (request.query.has('format')) return route.produces[0] ?? '';
  const mediaType = negotiateMediaType(request.headers.get('accept'), route.produces);
  if (mediaType === undefined) throw notAcceptable('accept', route.produces.join(', '));
  return mediaType;
}

function notAcceptable(header: string, offered: string): RequestError {
  return new RequestError(
    406,
    'not-acceptable',
    `none of the types in the header ${header} is available; available: ${offered}`,
  );
}

function toResponse(request: HttpRequest, answer: Answer, coded: CodedBytes): HttpResponseInit {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const status = answer.status ?? 200;
  const headers = headersOf(answer, coded, isRead && status === 200);
  if (isRead && status === 200 && isNotModified(request, answer, coded.etag)) {
    const { 'content-type': _type, 'content-encoding': _coding, ...kept } = headers;
    return { status: 304, headers: kept };
  }
  if (request.method === 'HEAD') {
    return { status, headers: { ...headers, 'content-length': String(coded.bytes.byteLength) } };
  }
  return { status, headers, body: coded.bytes };
}

function headersOf(answer: Answer, coded: CodedBytes, isCacheable: boolean): Record<string, string> {
  const { view } = answer;
  const headers: Record<string, string> = {
    'content-type': answer.contentType,
    'cache-control': answer.cacheControl,
    vary: 'accept, accept-encoding',
    'x-content-type-options': 'nosniff',
  };
  if (coded.coding !== 'identity') headers['content-encoding'] = coded.coding;
  if (isCacheable) headers.etag = coded.etag;
  if (view) {
    headers['x-snapshot-id'] = view.snapshot.id;
    if (!answer.isUndated) headers['last-modified'] = new Date(view.since).toUTCString();
    if (view.staleForInSeconds !== undefined) {
      headers.age = String(view.staleForInSeconds);
      headers.warning = '110 - "Response is Stale"';
    }
    if (view.staleForInSeconds !== undefined || view.isOld) headers['x-stale'] = 'true';
  }
  return Object.assign(headers, answer.headers);
}

/** `If-Modified-Since` counts only if there is no `If-None-Match` (RFC 9110, section 13.2.2). */
function isNotModified(request: HttpRequest, answer: Answer, etag: string): boolean {
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifNoneMatch !== null) return matchesEtag(ifNoneMatch, etag);
  const since = request.headers.get('if-modified-since');
  if (since === null || !answer.view || answer.isUndated) return false;
  const sinceInMs = Date.parse(since);
  return !Number.isNaN(sinceInMs) && Math.floor(Date.parse(answer.view.since) / 1000) * 1000 <= sinceInMs;
}

function withoutBodyForHead(request: HttpRequest, response: HttpResponseInit): HttpResponseInit {
  const { body: _body, ...head } = response;
  return request.method === 'HEAD' ? head : response;
}
