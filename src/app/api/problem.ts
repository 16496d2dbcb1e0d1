/** Errors as `application/problem+json` (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import type { HttpResponseInit } from '@azure/functions';
import { RequestError } from '../../core/errors.ts';

const problemPrefix = 'urn:acr-address-keeper:problem:';

export function toProblem(error: RequestError): HttpResponseInit {
  const { retryAfterInSeconds, ...members } = error.details;
  const standard = {
    type: `${problemPrefix}${error.problem}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
  };
  return problemResponse(
    error.status,
    // First so that people read them first, last so that no other member can replace them.
    { ...standard, ...members, ...standard },
    typeof retryAfterInSeconds === 'number' ? { 'retry-after': String(retryAfterInSeconds) } : {},
  );
}

/** The answer to an unexpected error: it reveals nothing, the log has the details. */
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
