/** Reads of storage for the query API: bounded in time, and a failure is a 503 that says when to come back. */
import { findStorageRefusal, InvalidDocumentError, RequestError, toErrorMessage } from '../../core/errors.ts';
import { withTimeLimit } from '../../core/timeLimit.ts';

export const retryAfterInSeconds = 30;

const readTimeoutInMs = 10_000;

/** Storage that cannot be read, or holds what cannot be read; `cause` is for the log, never for the answer. */
export class StorageReadError extends RequestError {
  constructor(what: string, cause: unknown) {
    const refusal = findStorageRefusal(cause);
    const why = refusal ? `: ${refusal.summary}` : ' now';
    super(503, 'storage-unavailable', `${what} cannot be read from storage${why}`, { retryAfterInSeconds });
    this.cause = cause;
  }
}

/** True where what was read is damaged: it will be the next time too. */
export function isDamaged(error: unknown): boolean {
  return error instanceof StorageReadError && error.cause instanceof InvalidDocumentError;
}

/** Awaits one read; `what` is for people: `the snapshot`. RequestError passes. */
export async function readStorage<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(read(), readTimeoutInMs);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    if (error instanceof InvalidDocumentError) throw new StorageReadError(`${what} (damaged)`, error);
    throw new StorageReadError(what, error);
  }
}

/** What went wrong, for the log. */
export function describeCause(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? `${error.message}: ${toErrorMessage(error.cause)}`
    : toErrorMessage(error);
}
