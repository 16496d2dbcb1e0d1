import type { PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { shorten } from '../../core/errors.ts';
import { parseRetryAfter } from '../retryAfter.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An error that Azure nests in another one. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string | undefined;
}

/** An error answer of Azure Resource Manager, or the error with which a long-running operation ended. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  /** HTTP status. Undefined if Azure accepted a long-running operation that failed later. */
  readonly statusCode: number | undefined;
  readonly code: string;
  /** All nested errors, the innermost first: Microsoft.Network gives the real reason there. */
  readonly details: readonly ErrorDetail[];
  /** `additionalInfo[].info` of the error and of all nested errors: Azure Policy names itself there. */
  readonly additionalInfo: readonly JsonObject[];
  /** True if the answer is not JSON: a proxy or firewall on the way wrote it, not Azure. */
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

/** True for the URL at which an operation is polled. It is not a resource, and no role can be assigned on it. */
export function isOperationPath(path: string): boolean {
  return /\/(operations|operationResults|operationStatuses)\/[^/]+\/?$/i.test(path);
}

/** An error for a resource whose provisioningState says that it is being changed. It is retried like Azure's own. */
export function beingUpdated(resourceId: string): ArmError {
  return new ArmError(`${resourceId} is being updated by another operation`, {
    statusCode: undefined,
    code: 'ResourceBeingUpdated',
    method: 'GET',
    path: resourceId,
  });
}

/** Returns the error of an answer with status 400 or higher, undefined for all others. */
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

/** Unwraps `{ "error": { … } }`. Some services leave the envelope out, write names with a capital letter, or list errors. */
function errorIn(body: JsonObject | undefined, properties: JsonObject = {}): JsonObject {
  if (!body) return {};
  const envelope = member(body, 'error') ?? member(body, 'odata.error') ?? member(properties, 'error');
  return asObject(envelope) ?? objectsIn(body, 'errors')[0] ?? body;
}

/** The title of an HTML page, or its text if it has no title. */
function textOfPage(text: string | null | undefined): string | undefined {
  if (!text?.trim()) return undefined;
  const title = /<title[^>]*>([^<]+)<\/title>/i.exec(text)?.[1];
  const plain = (title ?? text.replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
  return shorten(plain === '' ? 'an empty page' : plain, 160);
}

/**
 * Returns the error of a long-running operation whose poll (status 200) says that it failed or was canceled. This is
 * final. The SDK's poller would keep only a sentence of a failed operation, and nothing of a canceled one.
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

/** An error for an answer that is not the JSON of a resource. It is likely to pass by itself. */
export function unreadable(method: string, path: string, statusCode = 200): ArmError {
  const message = `${method} ${path} was answered with something else than the JSON of a resource`;
  return new ArmError(message, { statusCode, code: 'PARSE_ERROR', method, path });
}

/** Returns an error for a read whose answer is incomplete or was replaced on the way. The SDK would not retry it. */
export function toCutOffError({ bodyAsText: text, request, status }: PipelineResponse): ArmError | undefined {
  const path = pathOf(request);
  // The poll of an operation may have an empty body.
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

/** Reads a member by name in any letter case: some services write `Message`, others `message`. */
export function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

/** Undefined for an empty text too. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Azure nests `details` in `details` and `innererror` in `innererror`. Below this depth nothing new is expected. */
const maxDepth = 8;

function factsOf(error: JsonObject, depth = 0): { details: ErrorDetail[]; additionalInfo: JsonObject[] } {
  const details: ErrorDetail[] = [];
  const additionalInfo = objectsOf(objectsIn(error, 'additionalInfo').map((entry) => member(entry, 'info')));
  const inner = asObject(member(error, 'innererror'));
  if (depth >= maxDepth) return { details, additionalInfo };
  for (const part of [...objectsIn(error, 'details'), ...(inner ? [inner] : [])]) {
    const nested = factsOf(part, depth + 1);
    const code = codeOf(part);
    details.push(...nested.details, ...(code === undefined ? [] : [{ code, message: messageOf(part) }]));
    additionalInfo.push(...nested.additionalInfo);
  }
  return { details, additionalInfo };
}

function objectsIn(error: JsonObject, name: string): JsonObject[] {
  const list = member(error, name);
  return Array.isArray(list) ? objectsOf(list) : [];
}

export function objectsOf(values: readonly unknown[]): JsonObject[] {
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

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
