/** When prefixes were listed first and last, and until when a target has to let them in. */
import { deadlineOf } from '../goLive.ts';
import { dropContained, parsePrefix } from '../prefixes.ts';
import { cutByHistory } from './cutByHistory.ts';
import type { History, Scope } from './history.ts';
import { toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import type { ScopeRecord } from './scopeRecord.ts';

export interface DatedPrefix {
  readonly prefix: string;
  readonly release: ReleaseRef;
}

/**
 * Since which release all addresses of a prefix have been listed without a break. A tag that is missing for a few
 * releases, in quarantine, is no break. Of a prefix that is no longer listed: since when it was before it left. What was
 * never listed is left out.
 */
export function firstListed(history: History, scope: Scope, prefixes: Iterable<string>): DatedPrefix[] {
  const record = history.scope(scope);
  return dated(record, prefixes, (intervals) =>
    Math.max(...intervals.map((interval) => record.listed.periodsOf(interval).at(-1)?.from ?? 0)),
  );
}

/** The last release that lists all addresses of a prefix: of what is listed, the newest. What was never listed is left out. */
export function lastListed(history: History, scope: Scope, prefixes: Iterable<string>): DatedPrefix[] {
  const record = history.scope(scope);
  const lastOf = (interval: number): number => {
    const firstWithout = record.published.periodsOf(interval).at(-1)?.to ?? record.releases.length;
    return firstWithout - 1;
  };
  return dated(record, prefixes, (intervals) => Math.min(...intervals.map(lastOf)));
}

function dated(
  { space, releases }: ScopeRecord,
  prefixes: Iterable<string>,
  releaseOf: (intervals: readonly number[]) => number,
): DatedPrefix[] {
  return Array.from(prefixes).flatMap((prefix) => {
    const intervals = space.intervalsOf(parsePrefix(prefix));
    const release = intervals.length === 0 ? undefined : releases[releaseOf(intervals)];
    return release ? [{ prefix, release: toReleaseRef(release) }] : [];
  });
}

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
  const parts = cutByHistory(record, dropContained(missing), (interval) => {
    if (interval === undefined) return undefined;
    const last = record.listed.periodsOf(interval).at(-1);
    const release = last && last.to === undefined ? record.releases[last.from] : undefined;
    if (!release) return undefined;
    const { date: published } = release;
    const known = dates.get(published) ?? { published, deadline: deadlineOf(published).toISOString() };
    dates.set(published, known);
    return known;
  });
  return parts.map(({ prefix, value }) => ({ prefix, ...value }));
}
