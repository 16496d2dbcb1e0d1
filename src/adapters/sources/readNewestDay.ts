import { isFutureDay, newestDay, withKnownDay } from '../../core/serviceTags/fileDate.ts';
import { mergeDownloads } from '../../core/serviceTags/mergeDownloads.ts';
import type { ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';

/**
 * Of several weekly files the newest one. A name that is dated in the future is a slip and says nothing about how old
 * the file is: it must neither be passed over nor stand in the way of the files that follow. So it is read beside the
 * newest, and an address is in when any of them has it.
 */
export async function readNewestDay(
  days: readonly string[],
  now: Date,
  readDay: (day: string) => Promise<ServiceTagsDownload>,
): Promise<ServiceTagsDownload> {
  const read = async (day: string) => withKnownDay(await readDay(day), now);
  const future = [...new Set(days)].filter((day) => isFutureDay(day, now)).sort();
  const newest = newestDay(days.filter((day) => !isFutureDay(day, now))) ?? future.pop() ?? '';
  const first = await read(newest);
  const settled = await Promise.allSettled(future.map(read));
  const others = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (others.length === 0) return first;
  const { document, warnings } = mergeDownloads([first, ...others]);
  return { ...first, document, warnings };
}
