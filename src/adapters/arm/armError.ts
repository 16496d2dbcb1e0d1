import type { PipelineResponse } from '@azure/core-rest-pipeline';

/** An answer of Azure Resource Manager that is an error, or an operation of its that ended in one. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  /** Undefined where a long-running operation was accepted and failed later. */
  readonly statusCode: number | undefined;
  readonly code: string;
  /** The first code beneath `code`: Microsoft.Network says there what really happened. */
  readonly detailCode: string | undefined;
  readonly retryAfterInMs: number | undefined;
  readonly method: string;
  /** Path of the request, without host and query. */
  readonly path: string;
  constructor(message: string, facts: Pick<ArmError, 'statusCode' | 'code' | 'method' | 'path'> & Partial<ArmError>) {
    super(message);
    this.statusCode = facts.statusCode;
    this.code = facts.code;
    this.detailCode = facts.detailCode;
    this.retryAfterInMs = facts.retryAfterInMs;
    this.method = facts.method;
    this.path = facts.path;
  }
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

interface ErrorBody {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
  readonly innererror?: unknown;
}

/** The error that an answer of a status from 400 is; undefined for others. */
export function toAnswerError(response: PipelineResponse, now: Date): ArmError | undefined {
  if (response.status < 400) return undefined;
  const { method } = response.request;
  const path = pathOf(response);
  const body = parseObject(response.bodyAsText);
  const error = asObject(body?.error) ?? body ?? {};
  return new ArmError(messageOf(error) ?? `${method} ${path} answered ${response.status}`, {
    statusCode: response.status,
    code: codeOf(error) ?? String(response.status),
    detailCode: detailCodeOf(error),
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
    detailCode: detailCodeOf(error),
    method: response.request.method,
    path: pathOf(response),
  });
}

/** An answer that broke off, or that somebody on the way put in its place: the SDK would give up over it. */
export function toCutOffError(response: PipelineResponse): ArmError | undefined {
  const { bodyAsText: text, request, status } = response;
  if (!text) return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return new ArmError(`${request.method} ${pathOf(response)} was answered with what is no JSON`, {
      statusCode: status,
      code: 'PARSE_ERROR',
      method: request.method,
      path: pathOf(response),
    });
  }
}

function pathOf(response: PipelineResponse): string {
  return new URL(response.request.url).pathname;
}

function readRetryAfter(response: PipelineResponse, now: Date): number | undefined {
  const inMs = response.headers.get('x-ms-retry-after-ms') ?? response.headers.get('retry-after-ms');
  if (inMs !== undefined && /^\d+$/.test(inMs)) return Number(inMs);
  const value = response.headers.get('retry-after');
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

function messageOf(error: ErrorBody): string | undefined {
  return typeof error.message === 'string' && error.message !== '' ? error.message : undefined;
}

function codeOf(error: ErrorBody): string | undefined {
  return typeof error.code === 'string' && error.code !== '' ? error.code : undefined;
}

function detailCodeOf(error: ErrorBody): string | undefined {
  const details: readonly unknown[] = Array.isArray(error.details) ? error.details : [error.innererror];
  return details.map((detail) => codeOf(asObject(detail) ?? {})).find((code) => code !== undefined);
}

function parseObject(text: string | null | undefined): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
