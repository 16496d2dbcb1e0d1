/** Of which day a list is, and so whether it may replace another one or can only add to it. */
import { contentHash } from './contentHash.ts';
import type { DocumentWarning, ServiceTagsDownload } from './serviceTags.ts';
import type { SourceReport } from './snapshot.ts';
import { dayInMs, toDay } from '../time.ts';

/** Microsoft says that the Discovery API may be four weeks behind: later than that, nobody waits for a source. */
export const maxLagInDays = 28;

export function newestDay(days: readonly (string | undefined)[]): string | undefined {
  return days
    .filter((day) => day !== undefined)
    .sort()
    .at(-1);
}

/** A file that is of a day after tomorrow has a slip in its name. Tomorrow it may be already, where it was made. */
export function isFutureDay(day: string, now: Date): boolean {
  return day > toDay(now.getTime() + dayInMs);
}

/** A file whose name lay ahead of the day on which it was first seen. */
export interface MisdatedFile {
  /** `YYYY-MM-DD`: the file is of that day for ever, also once the day in its name has come. */
  readonly firstSeen: string;
  /** Another file of that name is another file. */
  readonly contentHash: string;
}

/** By the day in the file's name. */
export type MisdatedDays = ReadonlyMap<string, MisdatedFile>;

/** A day that has not come is no day: taken for one, it would make every file before it look old. */
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

/** Those that are known, and those that the warnings of a pull tell of. */
export function misdatedDays(
  known: Readonly<Record<string, MisdatedFile>>,
  warnings: readonly DocumentWarning[],
  today: string,
): Readonly<Record<string, MisdatedFile>> {
  const found = warnings.flatMap(({ kind, day, contentHash: hash }) => {
    if (kind !== 'futureDate' || day === undefined || hash === undefined) return [];
    return known[day]?.contentHash === hash ? [] : [[day, { firstSeen: today, contentHash: hash }] as const];
  });
  return { ...known, ...Object.fromEntries(found) };
}

/** `since`: when (ISO) a source first gave this content. Undefined where it has no date at all, as the Discovery API. */
export function dayOfDownload({ date, warnings }: ServiceTagsDownload, since: string): string | undefined {
  const isMisdated = warnings.some(({ kind }) => kind === 'futureDate');
  return date ?? (isMisdated ? since.slice(0, 10) : undefined);
}

/**
 * The newest day that what counts is known to be of: the day of a file; without one four weeks before the source was
 * first seen with this content. Undefined where nothing counts.
 */
export function dayOfLists(reports: readonly SourceReport[]): string | undefined {
  return newestDay(reports.filter(isHealthy).map(dayOf));
}

/** How the list that holds now came to be, as far as it decides over what may take its place. */
export interface ListOrigin {
  /** `YYYY-MM-DD` */
  readonly fileDate: string | undefined;
  /** A late list has added to it. */
  readonly isExtended: boolean;
}

/**
 * A list gives way to one that is newer; to one of the same day where every source answers and no late list has added
 * to it. All else only adds to it: what a late list lacks may have been published since, and what one source alone
 * lists is not gone because that one is silent.
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
