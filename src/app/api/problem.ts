/** Errors as `application/problem+json` (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import type { HttpResponseInit } from '@azure/functions';
import { RequestError } from '../../core/errors.ts';

/** What kind of problem it is; part of a URN that stays the same. */
export const problemKinds = [
  'invalid-query',
  'unknown-region',
  'invalid-body',
  'unsupported-media-type',
  'body-too-large',
  'not-acceptable',
  'not-found',
  'unknown-tag',
  'unknown-snapshot',
  'unknown-target',
  'unknown-run',
  'plan-changed',
  'target-paused',
  'target-plan-only',
  'target-blocked',
  'target-busy',
  'pull-busy',
  'action-failed',
  'cross-site',
  'no-snapshot',
  'empty-list',
  'vanished-tag',
  'storage-unavailable',
  'configuration',
] as const;

export type ProblemKind = (typeof problemKinds)[number];

export const problemPrefix = 'urn:acr-address-keeper:problem:';

export function toProblem(error: RequestError): HttpResponseInit {
  const { problem, retryAfterInSeconds, ...members } = error.details;
  const isKnown = problemKinds.some((kind) => kind === problem);
  const standard = {
    type: isKnown ? `${problemPrefix}${String(problem)}` : 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
  };
  return problemResponse(
    error.status,
    // First for the reader, last so that no other member can replace them.
    { ...standard, ...members, ...standard },
    typeof retryAfterInSeconds === 'number' ? { 'retry-after': String(retryAfterInSeconds) } : {},
  );
}

/** For what nobody expected: says nothing of the inside. */
export function internalProblem(): HttpResponseInit {
  return problemResponse(500, { type: 'about:blank', title: 'Internal Server Error', status: 500 }, {});
}

function problemResponse(
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): HttpResponseInit {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}
