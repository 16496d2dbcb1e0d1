import { ConfigurationError } from '../../core/errors.ts';
import { currentCalls, remainingInMs } from './calls.ts';

/** Follows a long-running operation to its end, but not beyond the session's deadline. */
export async function followOperation(
  what: string,
  start: (abortSignal: AbortSignal) => PromiseLike<unknown>,
): Promise<void> {
  const calls = currentCalls();
  if (!calls) throw new ConfigurationError('session', `${what} is only possible within a session`);
  const abortSignal = AbortSignal.timeout(Math.max(1, remainingInMs(calls)));
  try {
    await start(abortSignal);
  } catch (error) {
    if (!abortSignal.aborted) throw error;
    throw new Error(
      `${what} was still running when the time of the run was over; the next run reads what became of it`,
      {
        cause: error,
      },
    );
  }
}
