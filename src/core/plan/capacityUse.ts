/** How full a target is, and when it will be at its present growth. */
import { weeksUntilFull, type CountOnDate } from './fit.ts';

/** What a target's state keeps of it. */
export interface CapacityHistory {
  /** Prefixes in the rules that count against the limit, as last read. */
  readonly used: number;
  readonly limit: number;
  /** Day of a publication, and how many prefixes there are once all of it is applied; oldest first. */
  readonly history: readonly CountOnDate[];
}

export interface CapacityUse {
  readonly used: number;
  readonly limit: number;
  /** Null where the list does not grow, or is not known for long enough. */
  readonly weeksUntilFull: number | null;
}

/** A quarter of weekly lists: long enough to tell growth from a single jump, short enough to follow a change of pace. */
const maxPublications = 12;

/** A publication counts once: what was counted last for its day holds. */
export function rememberCount(history: readonly CountOnDate[], latest: CountOnDate): readonly CountOnDate[] {
  return [...history.filter(({ date }) => date !== latest.date), latest]
    .sort((a, b) => (a.date < b.date ? -1 : 1))
    .slice(-maxPublications);
}

export function toCapacityUse({ used, limit, history }: CapacityHistory): CapacityUse {
  return { used, limit, weeksUntilFull: weeksUntilFull(history, limit) ?? null };
}
