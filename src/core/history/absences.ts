/** Since when, and through how many releases, prefixes have no longer been listed. */
import { dropContained, overlapping, prefixesOf } from '../prefixes.ts';
import { dayInMs } from '../time.ts';
import { Confirmations } from './confirmations.ts';
import { cutByHistory } from './cutByHistory.ts';
import type { History, Scope } from './history.ts';
import { releaseAt, toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import type { Period, ScopeRecord } from './scopeRecord.ts';

/** Only returns within this time count: a prefix that returned long ago is no longer unsteady. */
const returnWindowInDays = 180;

export interface Absence {
  readonly prefix: string;
  /** ISO time of the first trusted release without it, or since when the target does not select it. */
  readonly since: string;
  /** That release; absent if no release is the reason. */
  readonly release?: ReleaseRef;
  /** The first release that left it out, if a quarantine kept it until `release`. */
  readonly omittedBy?: ReleaseRef;
  /** `YYYY-MM-DD`, the day of the oldest known release: none since then has listed it in any tag of the service. */
  readonly neverListedSince?: string;
  /** A release listed it, but in tags that the target does not select, or before it selected them. */
  readonly isUnselected?: true;
  /** Only releases that a person rejected listed it, since the target selects these tags. */
  readonly isOfRejected?: true;
  /** Further trusted releases without it, at most one per file date. */
  readonly confirmations: number;
  /** How often it has come back in the 180 days before the newest release. */
  readonly returns: number;
  /**
   * How many releases listed it, at most one per file date. Undefined if that is not known: the record begins with it, or
   * no release listed it.
   */
  readonly listedReleases: number | undefined;
}

export interface AbsenceOptions {
  /** ISO time since when the target selects these tags: an absence because of the selection begins then. */
  readonly selectionSince?: string;
}

/** The parts of the prefixes that the newest trusted list lacks, by address. */
export function absences(
  history: History,
  scope: Scope,
  prefixes: Iterable<string>,
  { selectionSince }: AbsenceOptions = {},
): Absence[] {
  const record = history.scope(scope);
  const missing = cutByHistory(record, dropContained(prefixes), absenceFinder(record, selectionSince)).map(
    ({ prefix, value }): Absence => ({ prefix, ...value }),
  );
  if (missing.every(({ release }) => release)) return missing;
  const known = history.everListedInServices(scope.tags);
  const everListed = new Set(overlapping(prefixesOf(missing), known.prefixes));
  const ofRejected = new Set(overlapping(prefixesOf(missing), record.rejected));
  return missing.map((absence): Absence => {
    if (absence.release) return absence;
    // If only rejected releases listed it, it counts as listed by none.
    if (ofRejected.has(absence.prefix)) return { ...absence, isOfRejected: true, listedReleases: 0 };
    if (everListed.has(absence.prefix)) return { ...absence, isUnselected: true };
    return { ...absence, ...(known.since !== undefined && { neverListedSince: known.since }) };
  });
}

type AbsenceOfInterval = Omit<Absence, 'prefix'>;

/** Returns a function from intervals (undefined: addresses that were never listed) to their absence; undefined for listed ones. */
function absenceFinder(
  record: ScopeRecord,
  selectionSince: string | undefined,
): (interval: number | undefined) => AbsenceOfInterval | undefined {
  const { releases, times, listed, published } = record;
  const returnsSince = (times.at(-1) ?? NaN) - returnWindowInDays * dayInMs;
  const selectedAt = releases.findLastIndex(({ seenAt }) => seenAt <= (selectionSince ?? ''));

  /** `omittedAt`: index of the release that left it out; Infinity if none did. */
  const absenceOf = (periods: readonly Period[], omittedAt: number): AbsenceOfInterval => {
    const gone = periods.at(-1)?.to;
    const left = gone === undefined ? undefined : { index: gone, release: releaseAt(releases, gone) };
    const counts = {
      returns: periods.slice(1).filter(({ from }) => (times[from] ?? NaN) >= returnsSince).length,
      listedReleases: listedReleases(periods, record),
    };
    if (left && left.release.seenAt >= (selectionSince ?? '')) {
      const { index, release } = left;
      const confirmations = confirmationsSince(record, index);
      const omitted = omittedAt < index ? { omittedBy: toReleaseRef(releaseAt(releases, omittedAt)) } : {};
      return { since: release.seenAt, release: toReleaseRef(release), ...omitted, confirmations, ...counts };
    }
    // It left the list before the target selected these tags, or was never listed.
    const since = selectionSince ?? (left?.release ?? releases[0])?.seenAt ?? new Date(0).toISOString();
    return { since, confirmations: confirmationsSince(record, Math.max(0, selectedAt)), ...counts };
  };
  // Intervals with the same past share one absence, so that prefixes that left together are not cut.
  const known = new Map<string, AbsenceOfInterval>();
  return (interval) => {
    if (interval !== undefined && listed.isListed(interval)) return undefined;
    const [periods, inLists] =
      interval === undefined ? [[], []] : [listed.periodsOf(interval), published.periodsOf(interval)];
    const omittedAt = inLists.at(-1)?.to ?? Infinity;
    const key = [...periods.map(({ from, to }) => `${from}-${to}`), omittedAt].join();
    const absence = known.get(key) ?? absenceOf(periods, omittedAt);
    known.set(key, absence);
    return absence;
  };
}

/** How many trusted releases after the one at `index` confirm it. */
function confirmationsSince({ releases, untrusted }: ScopeRecord, index: number): number {
  const from = releases[index];
  if (!from) return 0;
  const confirmations = new Confirmations(from);
  for (const [at, release] of releases.entries()) {
    if (at > index && !untrusted.has(at)) confirmations.add(release);
  }
  return confirmations.count;
}

function listedReleases(periods: readonly Period[], { begins, ordinals }: ScopeRecord): number | undefined {
  if (periods.length === 0 || periods.some(({ from }) => begins.includes(from))) return undefined;
  return periods.reduce(
    (sum, { from, to }) => sum + (ordinals[(to ?? ordinals.length) - 1] ?? 0) - (ordinals[from] ?? 0) + 1,
    0,
  );
}
