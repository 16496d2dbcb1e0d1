import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { toErrorMessage } from '../../core/errors.ts';

export interface RetryOptions {
  readonly attempts?: number;
  /** Wait before the second attempt; doubled before the third. */
  readonly retryDelayInMs?: number;
  /** If the server asks for a longer wait, the app does not try again. */
  readonly maxRetryAfterInMs?: number;
  /** Limit for all attempts and waits together. */
  readonly timeoutInMs?: number;
}

export const retryDefaults = {
  attempts: 3,
  retryDelayInMs: 1000,
  maxRetryAfterInMs: 20_000,
  timeoutInMs: 60_000,
} as const satisfies Required<RetryOptions>;

/** What is known about a failed attempt. `status` is undefined if there was no answer. */
export interface Failure {
  readonly isFinal?: boolean;
  readonly status?: number | undefined;
  readonly retryAfterInMs?: number | undefined;
}

/** Tries again after network errors, 408, 429 and 5xx, and waits at least as long as `Retry-After` asks. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  toFailure: (error: Error) => Failure,
  options: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  const settings = { ...retryDefaults, ...options };
  let last = '';
  try {
    return await pRetry(attempt, {
      retries: settings.attempts - 1,
      minTimeout: settings.retryDelayInMs,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => isTransient(toFailure(error), settings.maxRetryAfterInMs),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!signal.aborted) last = toErrorMessage(error);
        const { retryAfterInMs = 0 } = toFailure(error);
        if (retriesLeft > 0 && retryAfterInMs > 0 && retryAfterInMs <= settings.maxRetryAfterInMs) {
          await sleep(retryAfterInMs, undefined, { signal });
        }
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const before = last === '' ? '' : `; before: ${last}`;
    throw new Error(`${toErrorMessage(signal.reason)}${before}`, { cause: error });
  }
}

/** Returns a controller that aborts after the time, with an Error in plain words as its reason. */
export function timeLimit(timeoutInMs: number): AbortController {
  const controller = new AbortController();
  const timer = AbortSignal.timeout(timeoutInMs);
  timer.addEventListener('abort', () => controller.abort(new Error(`no complete answer within ${timeoutInMs} ms`)));
  return controller;
}

function isTransient({ isFinal = false, status, retryAfterInMs = 0 }: Failure, maxRetryAfterInMs: number): boolean {
  if (isFinal || retryAfterInMs > maxRetryAfterInMs) return false;
  return status === undefined || status === 408 || status === 429 || status >= 500;
}
