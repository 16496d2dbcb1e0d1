/** Reads storage for the API: with a time limit, and with a 503 and `Retry-After` if it fails. */
import { findStorageRefusal, InvalidDocumentError, RequestError, toErrorMessage } from '../../core/errors.ts';
import { withTimeLimit } from '../../core/timeLimit.ts';

export const retryAfterInSeconds = 30;

const readTimeoutInMs = 10_000;

/** Storage, or a document in it, cannot be read. `cause` is for the log, never for the answer. */
export class StorageReadError extends RequestError {
  constructor(what: string, cause: unknown) {
    super(503, 'storage-unavailable', `${what} cannot be read from storage${whyUnreadable(cause)}`, {
      retryAfterInSeconds,
    });
    this.cause = cause;
  }
}

function whyUnreadable(cause: unknown): string {
  if (cause instanceof InvalidDocumentError)
    return ', because it is damaged: see the log of the app, which names the field';
  const refusal = findStorageRefusal(cause);
  const why = refusal ? `: ${refusal.summary}` : ' now';
  return `${why}; try again in ${retryAfterInSeconds} seconds`;
}

/** True if the document is damaged: trying again does not help. */
export function isDamaged(error: unknown): boolean {
  return error instanceof StorageReadError && error.cause instanceof InvalidDocumentError;
}

/** Awaits one read. Throws StorageReadError with `what` in its message, such as `the snapshot`; RequestErrors pass unchanged. */
export async function readStorage<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(read(), readTimeoutInMs);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new StorageReadError(what, error);
  }
}

/** The messages of an error and its cause, for the log. */
export function describeCause(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? `${error.message}: ${toErrorMessage(error.cause)}`
    : toErrorMessage(error);
}
