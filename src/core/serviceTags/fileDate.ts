/** The day of a list, which decides whether it may replace the current list or only add to it. */
import { contentHash } from './contentHash.ts';
import type { DocumentWarning, ServiceTagsDownload } from './serviceTags.ts';
import type { SourceReport } from './snapshot.ts';
import { dayInMs, toDay } from '../time.ts';

/** Microsoft says that the Discovery API may be four weeks late. A source that is later counts as stale. */
export const maxLagInDays = 28;

export function newestDay(days: readonly (string | undefined)[]): string | undefined {
  return days
    .filter((day) => day !== undefined)
    .sort()
    .at(-1);
}

/** True for a day after tomorrow: such a file has a wrong name. In other time zones it may be tomorrow already. */
export function isFutureDay(day: string, now: Date): boolean {
  return day > toDay(now.getTime() + dayInMs);
}

/** A file whose name had a future date when the file was first seen. */
export interface MisdatedFile {
  /** `YYYY-MM-DD`: the file keeps this day, even when the day in its name has come. */
  readonly firstSeen: string;
  /** Tells it from another file with the same name. */
  readonly contentHash: string;
}

/** Keyed by the day in the file's name. */
export type MisdatedDays = ReadonlyMap<string, MisdatedFile>;

/** The same as it is stored. */
export type MisdatedFiles = Readonly<Record<string, MisdatedFile>>;

/** Replaces a day in the future by the day on which the file was first seen: it would make every other file look old. */
export function withKnownDay(
  download: ServiceTagsDownload,
  now: Date,
  misdated: MisdatedDays = new Map(),
): ServiceTagsDownload {
  const { date: day, origin, document } = download;
  if (day === undefined) return download;
  const known = misdated.get(day);
  if (!known && !isFutureDay(day, now)) return download;
  const hash = contentHash(document);
  const firstSeen = known?.contentHash === hash ? known.firstSeen : undefined;
  if (firstSeen === undefined && !isFutureDay(day, now)) return download;
  const message = isFutureDay(day, now)
    ? `${origin} is dated ${day}, which has not come yet: it counts as of the day on which it was first seen`
    : `${origin} is dated ${day}, which had not come when it was first seen: it counts as of that day, ${firstSeen}`;
  const warning: DocumentWarning = { kind: 'futureDate', tag: '', prefix: '', message, day, contentHash: hash };
  return { ...download, date: firstSeen, warnings: [...download.warnings, warning] };
}

/** The known misdated files, and those that the warnings of a pull name. */
export function misdatedDays(known: MisdatedFiles, warnings: readonly DocumentWarning[], today: string): MisdatedFiles {
  const found = warnings.flatMap(({ kind, day, contentHash: hash }) => {
    if (kind !== 'futureDate' || day === undefined || hash === undefined) return [];
    return known[day]?.contentHash === hash ? [] : [[day, { firstSeen: today, contentHash: hash }] as const];
  });
  return { ...known, ...Object.fromEntries(found) };
}

/** `since`: ISO time at which the source first had this content. Undefined if it has no date at all, as the Discovery API. */
export function dayOfDownload({ date, warnings }: ServiceTagsDownload, since: string): string | undefined {
  const isMisdated = warnings.some(({ kind }) => kind === 'futureDate');
  return date ?? (isMisdated ? since.slice(0, 10) : undefined);
}

/**
 * The newest day of the healthy sources: the day of a file, or, without a date, four weeks before the source was first
 * seen with this content. Undefined if no source is healthy.
 */
export function dayOfLists(reports: readonly SourceReport[]): string | undefined {
  return newestDay(reports.filter(isHealthy).map(dayOf));
}

/** What decides whether another list may replace the current one. */
export interface ListOrigin {
  /** `YYYY-MM-DD` */
  readonly fileDate: string | undefined;
  /** True if an older list has added prefixes to it. */
  readonly isExtended: boolean;
}

/**
 * A newer list may replace the current one; a list of the same day may if every source is healthy and no older list has
 * added to the current one. Any other list only adds: prefixes that an older list lacks may have been published since,
 * and a prefix that only one source lists is not gone because that source fails.
 */
export function mayReplace(reports: readonly SourceReport[], { fileDate, isExtended }: ListOrigin): boolean {
  const day = dayOfLists(reports);
  if (day === undefined) return false;
  if (fileDate === undefined) return true;
  return isExtended || !reports.every(isHealthy) ? day > fileDate : day >= fileDate;
}

function dayOf({ date, unchangedSince }: SourceReport): string | undefined {
  if (date !== undefined || unchangedSince === undefined) return date;
  return toDay(Date.parse(unchangedSince) - maxLagInDays * dayInMs);
}

function isHealthy({ status }: SourceReport): boolean {
  return status === 'healthy';
}
