import { maxPrefixesPerDocument, totalPrefixes } from '../../core/serviceTags/documentBounds.ts';
import { isFutureDay, newestDay, withKnownDay, type MisdatedDays } from '../../core/serviceTags/fileDate.ts';
import { mergeDownloads } from '../../core/serviceTags/mergeDownloads.ts';
import type { ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';

/** Limits for the files read per fetch (including the newest) and for those read in parallel. */
const maxFiles = 64;
const maxParallel = 4;

/**
 * Reads the newest of several weekly files.
 *
 * A file name with a future date is Microsoft's mistake and does not tell the age of the file. Such a file could be the
 * newest, so it is not ignored; it must not hide the files that follow, so it does not replace the newest. It is read as
 * well, and its addresses are added to those of the newest. Beyond `maxFiles` those dated furthest ahead are left out;
 * no page of Microsoft's has had a tenth as many.
 */
export async function readNewestDay(
  days: readonly string[],
  now: Date,
  readDay: (day: string) => Promise<ServiceTagsDownload>,
  misdated: MisdatedDays = new Map(),
): Promise<ServiceTagsDownload> {
  const read = async (day: string) => withKnownDay(await readDay(day), now, misdated);
  const { newest, future, again } = daysToRead(days, now, misdated);
  let merged = await read(newest);
  // A correct file may have replaced a misdated one under the same name. Its date is then the day in its name.
  for (const day of again) {
    const file = await read(day).catch(() => undefined);
    if (file?.date === day) merged = file;
  }
  for (let from = 0; from < future.length; from += maxParallel) {
    const batch = future.slice(from, from + maxParallel);
    const files = await Promise.all(batch.map((day) => read(day).catch(() => undefined)));
    merged = files.reduce<ServiceTagsDownload>((known, file) => (file ? mergedBounded(known, file) : known), merged);
  }
  return merged;
}

function daysToRead(
  days: readonly string[],
  now: Date,
  misdated: MisdatedDays,
): { newest: string; future: readonly string[]; again: readonly string[] } {
  const isUnknown = (day: string) => isFutureDay(day, now) && !misdated.has(day);
  const future = [...new Set(days)].filter(isUnknown).sort();
  // `<day by which a file is ordered> <day in its name>`
  const known = days.filter((day) => !isUnknown(day)).map((day) => `${misdated.get(day)?.firstSeen ?? day} ${day}`);
  const newest = newestDay(known)?.slice(-10) ?? future.pop() ?? '';
  const again = [...new Set(days)].filter((day) => misdated.has(day) && !isFutureDay(day, now) && day > newest).sort();
  return { newest, future: future.slice(0, maxFiles - 1), again };
}

/** Skips the file if the merged document would exceed the limit for one document. */
function mergedBounded(known: ServiceTagsDownload, file: ServiceTagsDownload): ServiceTagsDownload {
  const { document, warnings } = mergeDownloads([known, file]);
  return totalPrefixes(document) > maxPrefixesPerDocument ? known : { ...known, document, warnings };
}
