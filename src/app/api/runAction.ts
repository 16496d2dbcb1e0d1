import {
  ConfigurationError,
  findStorageRefusal,
  isStorageFailure,
  RequestError,
  TargetBlockedError,
  TargetBusyError,
  toErrorMessage,
} from '../../core/errors.ts';
import { counted, withoutPeriod } from '../../core/words.ts';
import type { TargetActions } from '../targetActions.ts';
import { retryAfterInSeconds } from '../queries/storage.ts';
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
    const seconds = Math.ceil((error.retryAfterInMs ?? defaultWaitInMs) / 1000);
    const message = `${withoutPeriod(error.message)}: try again in ${counted(seconds, 'second')}`;
    return new RequestError(503, 'target-busy', message, { retryAfterInSeconds: seconds });
  }
  if (error instanceof ConfigurationError) {
    return new RequestError(503, 'configuration', error.message, { retryAfterInSeconds: 60 });
  }
  return Object.assign(isStorageFailure(error) ? storageFailure(error) : failureOf(error), { cause: error });
}

/** The cause is for the log: it may contain names and addresses. */
function storageFailure(error: unknown): RequestError {
  const why = findStorageRefusal(error)?.summary ?? 'storage does not answer now';
  const message = `the action could not be finished: ${why}. See GET runs for what was done, and try again in ${retryAfterInSeconds} seconds`;
  return new RequestError(503, 'storage-unavailable', message, { retryAfterInSeconds });
}

function failureOf(error: unknown): RequestError {
  const message = `the action failed: ${withoutPeriod(toErrorMessage(error))}. See GET runs for what was done, and try again`;
  return new RequestError(502, 'action-failed', message);
}
