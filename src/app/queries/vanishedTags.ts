/** Lists for machines of a tag that has left the list. */
import { RequestError } from '../../core/errors.ts';
import type { Timelines } from './timelines.ts';

const vanishedRetryInSeconds = 3600;

/** `choose`, for lists for machines: a tag that left the list is no mistake of the caller. Throws RequestError 503. */
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
