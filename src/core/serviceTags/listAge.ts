/** How old a list is: counted from the day on which Microsoft released it, whenever it was fetched. */
import { dayInMs, hourInMs } from '../time.ts';
import { counted, dayInWords } from '../words.ts';
import { newestDay } from './fileDate.ts';

/** Microsoft releases a list every week, and has skipped at most two weeks in a row. */
export const maxListAgeInDays = 21;

/** Day of the newest release with the content of the list, which may stay the same for weeks. */
export function releaseDay(
  snapshot: { readonly date: string },
  publication: { readonly date: string } | undefined,
): string {
  return newestDay([snapshot.date, publication?.date]) ?? snapshot.date;
}

export function isOldList(released: string, now: Date): boolean {
  return now.getTime() - Date.parse(released) > maxListAgeInDays * dayInMs;
}

/** `released 28 Oct 2025, fetched 2 minutes ago` */
export function describeAge(released: string, fetchedAt: string, now: Date): string {
  return `released ${dayInWords(released)}, fetched ${timeAgo(now.getTime() - Date.parse(fetchedAt))}`;
}

function timeAgo(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${counted(minutes, 'minute')} ago`;
  const hours = Math.floor(ms / hourInMs);
  return hours < 48 ? `${counted(hours, 'hour')} ago` : `${counted(Math.floor(ms / dayInMs), 'day')} ago`;
}
