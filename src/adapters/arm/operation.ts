import { ConfigurationError } from '../../core/errors.ts';
import { ArmError } from './armError.ts';
import { asCallsOf, currentCalls, remainingInMs, waitBeforeRetry } from './calls.ts';

const maxReadBacks = 5;

/**
 * Follows a long-running operation until it ends or the session's deadline has passed. Does not return its result: read
 * the resource afterwards. Throws an Error whose message contains `what` if the deadline passes first.
 */
export async function followOperation(
  what: string,
  start: (abortSignal: AbortSignal) => PromiseLike<unknown>,
): Promise<void> {
  const calls = currentCalls();
  if (!calls) throw new ConfigurationError('session', `${what} is only possible within a session`);
  const abortSignal = AbortSignal.timeout(Math.max(1, remainingInMs(calls)));
  try {
    await asCallsOf({ ...calls, followed: { hasSucceeded: false } }, async () => {
      await start(abortSignal);
    });
  } catch (error) {
    if (isOfResult(error)) return;
    if (!abortSignal.aborted) throw error;
    const message = `${what} was still running when the time of the run was over; the next run reads what became of it`;
    throw new Error(message, { cause: error });
  }
}

/** After a success the SDK reads the resource, which may not be visible yet. Ignore that error: readBack waits. */
function isOfResult(error: unknown): boolean {
  return (
    error instanceof ArmError && error.method === 'GET' && /\/(securityRules|registries)\/[^/]+$/i.test(error.path)
  );
}

/**
 * Reads up to five times until `isRight`, because an answer may be older than the write. Returns the last read, right or
 * not.
 */
export async function readBack<T extends { readonly isRight: boolean }>(
  call: string,
  read: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await read();
    if (found.isRight || attempt >= maxReadBacks) return found;
    if (!(await waitBeforeRetry(call, 'ReadBackDiffers', 1_000 * attempt))) return found;
  }
}
