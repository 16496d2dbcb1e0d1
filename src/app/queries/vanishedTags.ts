/** Refuses machine lists of a tag that is no longer listed. */
import { RequestError } from '../../core/errors.ts';
import type { Timelines } from './timelines.ts';

const vanishedRetryInSeconds = 3600;

/** Calls `choose`. If it fails for a tag that is no longer listed, throws RequestError 503: the caller made no mistake. */
export async function chooseListed<T>(timelines: Timelines, names: readonly string[], choose: () => T): Promise<T> {
  try {
    return choose();
  } catch (error) {
    const removed = new Set([...(await timelines.removedTags())].map((tag) => tag.toLowerCase()));
    const gone = names.find((name) => removed.has(name.toLowerCase()));
    if (gone === undefined) throw error;
    throw new RequestError(
      503,
      'vanished-tag',
      `${gone} is no longer listed (GET history names the day); nothing is sent, so that what was loaded last stays`,
      { retryAfterInSeconds: vanishedRetryInSeconds },
    );
  }
}
