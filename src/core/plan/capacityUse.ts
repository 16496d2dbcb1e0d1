/** How full a target is, and when it will be full at its present growth. */
import { dayInMs } from '../time.ts';

/** How many prefixes a list had on a day, `YYYY-MM-DD` or an ISO time. */
export interface CountOnDate {
  readonly date: string;
  readonly count: number;
}

/** What a target's state stores about its capacity. */
export interface CapacityHistory {
  /** Prefixes in the rules that count against the limit, as last read. */
  readonly used: number;
  readonly limit: number;
  /** True if Azure did not say `limit`. */
  readonly isAssumed?: true;
  /** Per release: its day, and how many prefixes the target has once all of it is applied; oldest first. */
  readonly history: readonly CountOnDate[];
}

export interface CapacityUse {
  readonly used: number;
  readonly limit: number;
  /** Null if the list does not grow, or has not been known for long enough. */
  readonly weeksUntilFull: number | null;
}

/** A quarter of weekly lists: long enough to tell growth from a single jump, short enough to follow a change of pace. */
const maxReleases = 12;

const weekInMs = 7 * dayInMs;

/** Keeps one count per release day: the latest one. */
export function rememberCount(history: readonly CountOnDate[], latest: CountOnDate): readonly CountOnDate[] {
  return [...history.filter(({ date }) => date !== latest.date), latest]
    .sort((a, b) => (a.date < b.date ? -1 : 1))
    .slice(-maxReleases);
}

export function toCapacityUse({ used, limit, history }: CapacityHistory): CapacityUse {
  return { used, limit, weeksUntilFull: weeksUntilFull(history, limit) };
}

/** Whole weeks until the list outgrows `limit` at the pace of its history (least squares); null if it does not grow. */
function weeksUntilFull(history: readonly CountOnDate[], limit: number): number | null {
  const points = history
    .map(({ date, count }) => ({ week: Date.parse(date) / weekInMs, count }))
    .sort((a, b) => a.week - b.week);
  const growth = slopeOf(points);
  const latest = points.at(-1);
  if (!latest || growth === undefined || growth <= 0) return null;
  return Math.max(0, Math.floor((limit - latest.count) / growth));
}

function slopeOf(points: readonly { readonly week: number; readonly count: number }[]): number | undefined {
  const meanWeek = mean(points.map(({ week }) => week));
  const meanCount = mean(points.map(({ count }) => count));
  const spread = points.reduce((sum, { week }) => sum + (week - meanWeek) ** 2, 0);
  if (spread === 0) return undefined;
  return points.reduce((sum, { week, count }) => sum + (week - meanWeek) * (count - meanCount), 0) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
