import type { PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { shorten } from '../../core/errors.ts';
import { parseRetryAfter } from '../retryAfter.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One of the errors that Azure nests in another. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string | undefined;
}

/** An answer of Azure Resource Manager that is an error, or an operation of its that ended in one. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  /** Undefined where a long-running operation was accepted and failed later. */
  readonly statusCode: number | undefined;
  readonly code: string;
  /** All errors beneath `code`, the innermost first: Microsoft.Network says there what really happened. */
  readonly details: readonly ErrorDetail[];
  /** `additionalInfo[].info` of the error and of all beneath it: Azure Policy names itself there. */
  readonly additionalInfo: readonly JsonObject[];
  /** True if the answer is not JSON: not Azure wrote it, but a proxy or firewall on the way. */
  readonly isFromProxy: boolean;
  readonly retryAfterInMs: number | undefined;
  readonly method: string;
  /** Path of the request, without host and query. */
  readonly path: string;
  constructor(message: string, facts: Pick<ArmError, 'statusCode' | 'code' | 'method' | 'path'> & Partial<ArmError>) {
    super(message);
    this.statusCode = facts.statusCode;
    this.code = facts.code;
    this.details = facts.details ?? [];
    this.additionalInfo = facts.additionalInfo ?? [];
    this.isFromProxy = facts.isFromProxy ?? false;
    this.retryAfterInMs = facts.retryAfterInMs;
    this.method = facts.method;
    this.path = facts.path;
  }

  get detailCode(): string | undefined {
    return this.details[0]?.code;
  }
}

/** True for the URL by which an operation is followed: it is no resource, and no scope of a role. */
export function isOperationPath(path: string): boolean {
  return /\/(operations|operationResults|operationStatuses)\/[^/]+\/?$/i.test(path);
}

/** Azure did not say it in so many words, but its resource does: worth another try. */
export function beingUpdated(resourceId: string): ArmError {
  return new ArmError(`${resourceId} is being updated by another operation`, {
    statusCode: undefined,
    code: 'ResourceBeingUpdated',
    method: 'GET',
    path: resourceId,
  });
}

/** The error that an answer of a status from 400 is; undefined for others. */
export function toAnswerError(response: PipelineResponse, now: Date): ArmError | undefined {
  if (response.status < 400) return undefined;
  const { method } = response.request;
  const path = pathOf(response.request);
  const body = parseObject(response.bodyAsText);
  const error = errorIn(body);
  const page = body ? undefined : textOfPage(response.bodyAsText);
  const text = page === undefined ? '' : `: ${page}`;
  return new ArmError(messageOf(error) ?? `${method} ${path} answered ${response.status}${text}`, {
    statusCode: response.status,
    code: codeOf(error) ?? String(response.status),
    ...factsOf(error),
    isFromProxy: page !== undefined,
    retryAfterInMs: readRetryAfter(response, now),
    method,
    path,
  });
}

/** `{ "error": { … } }` as Azure Resource Manager writes it; services put the same without the envelope, or in capitals. */
function errorIn(body: JsonObject | undefined, properties: JsonObject = {}): JsonObject {
  if (!body) return {};
  const envelope = member(body, 'error') ?? member(body, 'odata.error') ?? member(properties, 'error');
  return asObject(envelope) ?? body;
}

/** What a page says to people: its title, else its text. */
function textOfPage(text: string | null | undefined): string | undefined {
  if (!text?.trim()) return undefined;
  const title = /<title[^>]*>([^<]+)<\/title>/i.exec(text)?.[1];
  const plain = (title ?? text.replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
  return shorten(plain === '' ? 'an empty page' : plain, 160);
}

/**
 * The error of an operation that an answer (of 200) tells of: it is final, so asking again is no use.
 * The SDK's poller keeps only a sentence of an operation that failed, and nothing of one that was canceled.
 */
export function toOperationError(response: PipelineResponse): ArmError | undefined {
  const text = response.bodyAsText;
  if (response.request.method !== 'GET' || !text || !/"status"\s*:\s*"(failed|cancell?ed)"/i.test(text))
    return undefined;
  const body = parseObject(text);
  if (!body) return undefined;
  const status = member(body, 'status');
  if (typeof status !== 'string' || !/^(failed|cancell?ed)$/i.test(status)) return undefined;
  const error = errorIn(body, asObject(member(body, 'properties')));
  return new ArmError(messageOf(error) ?? `the operation ended as ${status}`, {
    statusCode: undefined,
    code: codeOf(error) ?? `Operation${status}`,
    ...factsOf(error),
    method: response.request.method,
    path: pathOf(response.request),
  });
}

/** An answer that says nothing that can be used, which is likely to pass. */
export function unreadable(method: string, path: string, statusCode = 200): ArmError {
  const message = `${method} ${path} was answered with something else than the JSON of a resource`;
  return new ArmError(message, { statusCode, code: 'PARSE_ERROR', method, path });
}

/** An answer to a read that broke off, or that somebody on the way put in its place: the SDK would give up over it. */
export function toCutOffError({ bodyAsText: text, request, status }: PipelineResponse): ArmError | undefined {
  const path = pathOf(request);
  // Who follows an operation may be told nothing.
  const isComplete = text ? parseObject(text) !== undefined : status !== 200 || isOperationPath(path);
  return isComplete ? undefined : unreadable(request.method, path, status);
}

export function pathOf({ url }: PipelineRequest): string {
  return new URL(url).pathname;
}

function readRetryAfter(response: PipelineResponse, now: Date): number | undefined {
  const inMs = response.headers.get('x-ms-retry-after-ms') ?? response.headers.get('retry-after-ms');
  if (inMs !== undefined && /^\d+$/.test(inMs)) return Number(inMs);
  return parseRetryAfter(response.headers.get('retry-after'), now);
}

function messageOf(error: JsonObject): string | undefined {
  const message = member(error, 'message') ?? member(error, 'error_description') ?? member(error, 'errorMessage');
  return textOf(asObject(message) ? member(asObject(message) ?? {}, 'value') : message);
}

function codeOf(error: JsonObject): string | undefined {
  // OAuth puts the code itself under `error`.
  return textOf(member(error, 'code')) ?? textOf(member(error, 'errorCode')) ?? textOf(member(error, 'error'));
}

/** Of a service that writes `Message` where others write `message`. */
function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Azure nests what it says: `details` in `details`, `innererror` in `innererror`. Deeper than this it says nothing new. */
const maxDepth = 8;

function factsOf(error: JsonObject, depth = 0): { details: ErrorDetail[]; additionalInfo: JsonObject[] } {
  const details: ErrorDetail[] = [];
  const additionalInfo = objectsOf(objectsIn(error, 'additionalInfo').map((entry) => member(entry, 'info')));
  const inner = asObject(member(error, 'innererror'));
  if (depth >= maxDepth) return { details, additionalInfo };
  for (const part of [...objectsIn(error, 'details'), ...(inner ? [inner] : [])]) {
    const beneath = factsOf(part, depth + 1);
    const code = codeOf(part);
    details.push(...beneath.details, ...(code === undefined ? [] : [{ code, message: messageOf(part) }]));
    additionalInfo.push(...beneath.additionalInfo);
  }
  return { details, additionalInfo };
}

function objectsIn(error: JsonObject, name: string): JsonObject[] {
  const list = member(error, name);
  return Array.isArray(list) ? objectsOf(list) : [];
}

function objectsOf(values: readonly unknown[]): JsonObject[] {
  return values.map(asObject).filter((value) => value !== undefined);
}

function parseObject(text: string | null | undefined): JsonObject | undefined {
  if (!text) return undefined;
  try {
    return asObject(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
