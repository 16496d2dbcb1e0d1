/** When prefixes were listed first and last, and the deadline by which a target must allow them. */
import { deadlineOf } from '../goLive.ts';
import { dropContained, parsePrefix } from '../prefixes.ts';
import { cutByHistory } from './cutByHistory.ts';
import type { History, Scope } from './history.ts';
import { releaseAt, toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import type { ScopeRecord } from './scopeRecord.ts';

export interface DatedPrefix {
  readonly prefix: string;
  readonly release: ReleaseRef;
}

/**
 * The release since which all addresses of a prefix have been listed without a break. A quarantine of the tag is no break.
 * For a prefix that is no longer listed: the beginning of its last period. Leaves out what was never listed.
 */
export function firstListed(history: History, scope: Scope, prefixes: Iterable<string>): DatedPrefix[] {
  const record = history.scope(scope);
  return dated(record, prefixes, (intervals) =>
    Math.max(...intervals.flatMap((interval) => record.listed.periodsOf(interval).map(({ from }) => from))),
  );
}

/** The last release that lists all addresses of a prefix. Leaves out what was never listed. */
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
    if (intervals.length === 0) return [];
    return [{ prefix, release: toReleaseRef(releaseAt(releases, releaseOf(intervals))) }];
  });
}

export interface Deadline {
  readonly prefix: string;
  /** Date of the release since which it has been listed, `YYYY-MM-DD`. */
  readonly published: string;
  /** ISO time from which Azure may use it: seven days later. */
  readonly deadline: string;
}

/**
 * By address: a prefix that was listed in two steps has two deadlines. A prefix that moves from one tag of the scope to
 * another keeps its deadline. Leaves out what is not listed.
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
