/** Since which release all addresses of a prefix have been listed without a break. */
import { parsePrefix } from '../prefixes.ts';
import type { History, Scope } from './history.ts';
import { toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import { intervalsOf, periodsOf } from './scopeRecord.ts';

export interface DatedPrefix {
  readonly prefix: string;
  readonly release: ReleaseRef;
}

/**
 * A tag that is missing for a few releases, in quarantine, is no break. Of a prefix that is no longer listed: since when
 * it was before it left. What was never listed is left out.
 */
export function firstListed(history: History, scope: Scope, prefixes: Iterable<string>): DatedPrefix[] {
  const record = history.scope(scope);
  return Array.from(prefixes, (prefix) => {
    const starts = intervalsOf(record.space, parsePrefix(prefix)).map(
      (interval) => periodsOf(record.flips, interval).at(-1)?.from ?? 0,
    );
    const release = starts.length === 0 ? undefined : record.releases[Math.max(...starts)];
    return release ? [{ prefix, release: toReleaseRef(release) }] : [];
  }).flat();
}
