import {
  ConfigurationError,
  RequestError,
  TargetBlockedError,
  TargetBusyError,
  toErrorMessage,
} from '../../core/errors.ts';
import { counted, withoutPeriod } from '../../core/words.ts';
import type { TargetActions } from '../targetActions.ts';
import type { ApiApp } from './route.ts';

const defaultWaitInMs = 60_000;

/** Runs an action on Azure. Throws every error as RequestError, with a message that says who can fix it. */
export async function runAction<T>(
  { loadActions }: Pick<ApiApp, 'loadActions'>,
  act: (actions: TargetActions) => Promise<T>,
): Promise<T> {
  try {
    return await act(await loadActions());
  } catch (error) {
    throw toRequestError(error);
  }
}

function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof TargetBlockedError) {
    return new RequestError(409, 'target-blocked', error.message, { code: error.code });
  }
  if (error instanceof TargetBusyError) {
    const retryAfterInSeconds = Math.ceil((error.retryAfterInMs ?? defaultWaitInMs) / 1000);
    const message = `${withoutPeriod(error.message)}: try again in ${counted(retryAfterInSeconds, 'second')}`;
    return new RequestError(503, 'target-busy', message, { retryAfterInSeconds });
  }
  if (error instanceof ConfigurationError) {
    return new RequestError(503, 'configuration', error.message, { retryAfterInSeconds: 60 });
  }
  const failure = new RequestError(
    502,
    'action-failed',
    `the action failed: ${withoutPeriod(toErrorMessage(error))}. See GET runs for what was done, and try again`,
  );
  failure.cause = error;
  return failure;
}
