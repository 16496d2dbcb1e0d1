/** The last release that lists all addresses of a prefix. */
import { parsePrefix } from '../prefixes.ts';
import type { DatedPrefix } from './firstListed.ts';
import type { History, Scope } from './history.ts';
import { toReleaseRef } from './historyDocument.ts';
import { intervalsOf, periodsOf } from './scopeRecord.ts';

/** Of what is listed: the newest release. What was never listed is left out. */
export function lastListed(history: History, scope: Scope, prefixes: Iterable<string>): DatedPrefix[] {
  const record = history.scope(scope);
  const newest = record.releases.length - 1;
  return Array.from(prefixes, (prefix) => {
    const ends = intervalsOf(record.space, parsePrefix(prefix)).map((interval) => {
      const to = periodsOf(record.said, interval).at(-1)?.to;
      return to === undefined ? newest : to - 1;
    });
    const release = ends.length === 0 ? undefined : record.releases[Math.min(...ends)];
    return release ? [{ prefix, release: toReleaseRef(release) }] : [];
  }).flat();
}
