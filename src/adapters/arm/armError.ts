import type { PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { parseRetryAfter } from '../retryAfter.ts';

/** An answer of Azure Resource Manager that is an error, or an operation of its that ended in one. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  /** Undefined where a long-running operation was accepted and failed later. */
  readonly statusCode: number | undefined;
  readonly code: string;
  /** All codes beneath `code`, the innermost first: Microsoft.Network says there what really happened. */
  readonly detailCodes: readonly string[];
  readonly retryAfterInMs: number | undefined;
  readonly method: string;
  /** Path of the request, without host and query. */
  readonly path: string;
  constructor(message: string, facts: Pick<ArmError, 'statusCode' | 'code' | 'method' | 'path'> & Partial<ArmError>) {
    super(message);
    this.statusCode = facts.statusCode;
    this.code = facts.code;
    this.detailCodes = facts.detailCodes ?? [];
    this.retryAfterInMs = facts.retryAfterInMs;
    this.method = facts.method;
    this.path = facts.path;
  }

  get detailCode(): string | undefined {
    return this.detailCodes[0];
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

type JsonObject = Readonly<Record<string, unknown>>;

/** The error that an answer of a status from 400 is; undefined for others. */
export function toAnswerError(response: PipelineResponse, now: Date): ArmError | undefined {
  if (response.status < 400) return undefined;
  const { method } = response.request;
  const path = pathOf(response.request);
  const body = parseObject(response.bodyAsText);
  const error = asObject(body?.error) ?? body ?? {};
  return new ArmError(messageOf(error) ?? `${method} ${path} answered ${response.status}`, {
    statusCode: response.status,
    code: codeOf(error) ?? String(response.status),
    detailCodes: detailCodesOf(error),
    retryAfterInMs: readRetryAfter(response, now),
    method,
    path,
  });
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
  const status = body?.status;
  if (typeof status !== 'string' || !/^(failed|cancell?ed)$/i.test(status)) return undefined;
  const error = asObject(body?.error) ?? {};
  return new ArmError(messageOf(error) ?? `the operation ended as ${status}`, {
    statusCode: undefined,
    code: codeOf(error) ?? `Operation${status}`,
    detailCodes: detailCodesOf(error),
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
  return typeof error.message === 'string' && error.message !== '' ? error.message : undefined;
}

function codeOf(error: JsonObject): string | undefined {
  return typeof error.code === 'string' && error.code !== '' ? error.code : undefined;
}

/** Azure nests what it says: `details` in `details`, `innererror` in `innererror`. */
function detailCodesOf({ details, innererror }: JsonObject): string[] {
  const parts: readonly unknown[] = [...(Array.isArray(details) ? (details as unknown[]) : []), innererror];
  return parts.flatMap((part) => {
    const detail = asObject(part);
    if (!detail) return [];
    const code = codeOf(detail);
    return [...detailCodesOf(detail), ...(code === undefined ? [] : [code])];
  });
}

function parseObject(text: string | null | undefined): JsonObject | undefined {
  if (!text) return undefined;
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
