/** Reads the date from the name of a weekly file, `ServiceTags_<cloud>_<YYYYMMDD>.json`. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';

/** `ServiceTags_Public_20250303.json`, in any letter case → `2025-03-03`. */
export function dateOfFileName(name: string, cloud: Cloud): string | undefined {
  const match = new RegExp(`^ServiceTags_${cloud}_(\\d{4})(\\d{2})(\\d{2})\\.json$`, 'i').exec(name);
  return match ? toDate(match[1], match[2], match[3]) : undefined;
}

/** Returns `YYYY-MM-DD`, or undefined if there is no such day. */
export function toDate(year = '', month = '', day = ''): string | undefined {
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
  return isDay ? `${year}-${month}-${day}` : undefined;
}

/** The last segment of the path. */
export function fileNameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
}
