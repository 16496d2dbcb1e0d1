/** Until when prefixes that a target lacks have to be let in. */
import { dropContained } from '../prefixes.ts';
import { deadlineOf } from '../goLive.ts';
import { dealOut } from './dealOut.ts';
import type { History, Scope } from './history.ts';
import { periodsOf } from './scopeRecord.ts';

export interface Deadline {
  readonly prefix: string;
  /** Day of the release since which it has been listed, `YYYY-MM-DD`. */
  readonly published: string;
  /** ISO time from which on Azure may use it: seven days later. */
  readonly deadline: string;
}

/**
 * By address, so a prefix that came in two parts has two deadlines. One that moves from one tag of the scope to another
 * keeps its own. What is not listed has none.
 */
export function deadlines(history: History, scope: Scope, missing: Iterable<string>): Deadline[] {
  const record = history.scope(scope);
  const dates = new Map<string, Omit<Deadline, 'prefix'>>();
  const parts = dealOut(record, dropContained(missing), (interval) => {
    if (interval === undefined) return undefined;
    const last = periodsOf(record.flips, interval).at(-1);
    const release = last && last.to === undefined ? record.releases[last.from] : undefined;
    if (!release) return undefined;
    const { date: published } = release;
    const known = dates.get(published) ?? { published, deadline: deadlineOf(published).toISOString() };
    dates.set(published, known);
    return known;
  });
  return parts.map(({ prefix, value }) => ({ prefix, ...value }));
}
