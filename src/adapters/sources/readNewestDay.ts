import { maxPrefixesPerDocument, totalPrefixes } from '../../core/serviceTags/documentBounds.ts';
import { isFutureDay, newestDay, withKnownDay, type MisdatedDays } from '../../core/serviceTags/fileDate.ts';
import { mergeDownloads } from '../../core/serviceTags/mergeDownloads.ts';
import type { ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';

/** Files of one fetch, the newest among them, and how many are read at the same time. */
const maxFiles = 64;
const maxParallel = 4;

/**
 * Of several weekly files the newest one. A name that is dated in the future is a slip and says nothing about how old
 * the file is: it must neither be passed over nor stand in the way of the files that follow. So it is read beside the
 * newest, and an address is in when any of them has it. The slips nearest to today come first: those beyond `maxFiles`,
 * of which no page of Microsoft's has a tenth, are left out.
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
  // A file of the same name may have taken the place of one that was misdated.
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
  const isUnplaced = (day: string) => isFutureDay(day, now) && !misdated.has(day);
  const future = [...new Set(days)].filter(isUnplaced).sort();
  const placed = days.filter((day) => !isUnplaced(day)).map((day) => `${misdated.get(day)?.firstSeen ?? day} ${day}`);
  const newest = newestDay(placed)?.slice(-10) ?? future.pop() ?? '';
  const again = [...new Set(days)].filter((day) => misdated.has(day) && !isFutureDay(day, now) && day > newest).sort();
  return { newest, future: future.slice(0, maxFiles - 1), again };
}

/** What all files say together holds no more than one may say. */
function mergedBounded(known: ServiceTagsDownload, file: ServiceTagsDownload): ServiceTagsDownload {
  const { document, warnings } = mergeDownloads([known, file]);
  return totalPrefixes(document) > maxPrefixesPerDocument ? known : { ...known, document, warnings };
}
