import { ConfigurationError } from '../../core/errors.ts';
import { ArmError } from './armError.ts';
import { asCallsOf, currentCalls, remainingInMs, waitBeforeRetry } from './calls.ts';

const maxReadBacks = 5;

/** Follows a long-running operation to its end, but not beyond the session's deadline; read back what came of it. */
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

/** After its success the SDK reads the resource, and may be told that there is none yet: who reads back can wait. */
function isOfResult(error: unknown): boolean {
  return (
    error instanceof ArmError && error.method === 'GET' && /\/(securityRules|registries)\/[^/]+$/i.test(error.path)
  );
}

/** What was read back in the end: an answer may be older than the write, so it is asked for again while it differs. */
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
