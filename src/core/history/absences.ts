/** Since when, and through how many releases, prefixes have no longer been listed. */
import { dropContained, overlapping } from '../prefixes.ts';
import { dayInMs } from '../time.ts';
import { Confirmations, ordinalsOf } from './confirmations.ts';
import { cutByHistory } from './cutByHistory.ts';
import type { History, Scope } from './history.ts';
import { toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import type { Period, ScopeRecord } from './scopeRecord.ts';

/** A prefix that has left and come back counts as unsteady for so long. */
const returnWindowInDays = 180;

export interface Absence {
  readonly prefix: string;
  /** ISO time at which the first trusted release without it was seen, or since when it has not been selected. */
  readonly since: string;
  /** That release; absent if the prefix is not missing because of one. */
  readonly release?: ReleaseRef;
  /** Further trusted releases without it, at most one per file date. */
  readonly confirmations: number;
  /** How often it has come back in the 180 days before the newest release. */
  readonly returns: number;
  /**
   * Releases that listed it, at most one per file date; a prefix of few is young. Undefined if that is not known: it was
   * in the first release on record or the first that was pulled, or no release on record has listed it.
   */
  readonly listedReleases: number | undefined;
}

export interface AbsenceOptions {
  /** ISO time since when a target selects what it selects: before that nothing was missing because of it. */
  readonly selectionSince?: string;
}

/** Of the prefixes the parts that the newest trusted list lacks, by address. */
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
  if (record.rejected.length === 0) return missing;
  const listedByRejected = new Set(
    overlapping(
      missing.map(({ prefix }) => prefix),
      record.rejected,
    ),
  );
  return missing.map((absence) =>
    // Only releases that a person rejected listed it.
    absence.release === undefined && listedByRejected.has(absence.prefix) ? { ...absence, listedReleases: 0 } : absence,
  );
}

type AbsenceOfInterval = Omit<Absence, 'prefix'>;

/** Works out absences of intervals of the scope, and of addresses that it never listed; undefined for what is listed. */
function absenceFinder(
  record: ScopeRecord,
  selectionSince: string | undefined,
): (interval: number | undefined) => AbsenceOfInterval | undefined {
  const { releases, listed } = record;
  const ordinals = ordinalsOf(releases);
  const newest = Date.parse(releases.at(-1)?.seenAt ?? '');
  const returnsSince = newest - returnWindowInDays * dayInMs;
  const selectedAt = releases.findLastIndex(({ seenAt }) => seenAt <= (selectionSince ?? ''));

  const absenceOf = (periods: readonly Period[]): AbsenceOfInterval => {
    const gone = periods.at(-1)?.to;
    const release = gone === undefined ? undefined : releases[gone];
    const counts = {
      returns: periods.slice(1).filter(({ from }) => Date.parse(releases[from]?.seenAt ?? '') >= returnsSince).length,
      listedReleases: listedReleases(periods, record.begins, ordinals),
    };
    if (gone !== undefined && release && release.seenAt >= (selectionSince ?? '')) {
      const confirmations = confirmationsSince(record, gone);
      return { since: release.seenAt, release: toReleaseRef(release), confirmations, ...counts };
    }
    // It left before the target began to select what it selects, or was never listed.
    const since = selectionSince ?? (release ?? releases[0])?.seenAt ?? new Date(0).toISOString();
    return { since, confirmations: confirmationsSince(record, Math.max(0, selectedAt)), ...counts };
  };
  // One absence for all intervals with the same past, so that what left together stays in one piece.
  const known = new Map<string, AbsenceOfInterval>();
  return (interval) => {
    if (interval !== undefined && listed.isListed(interval)) return undefined;
    const periods = interval === undefined ? [] : listed.periodsOf(interval);
    const key = periods.map(({ from, to }) => `${from}-${to}`).join();
    const absence = known.get(key) ?? absenceOf(periods);
    known.set(key, absence);
    return absence;
  };
}

/** Further trusted releases after the one of that index. */
function confirmationsSince({ releases, untrusted }: ScopeRecord, index: number): number {
  const from = releases[index];
  if (!from) return 0;
  const confirmations = new Confirmations(from);
  for (const [at, release] of releases.entries()) {
    if (at > index && !untrusted.has(at)) confirmations.add(release);
  }
  return confirmations.count;
}

function listedReleases(
  periods: readonly Period[],
  begins: readonly number[],
  ordinals: readonly number[],
): number | undefined {
  if (periods.length === 0 || periods.some(({ from }) => begins.includes(from))) return undefined;
  return periods.reduce(
    (sum, { from, to }) => sum + (ordinals[(to ?? ordinals.length) - 1] ?? 0) - (ordinals[from] ?? 0) + 1,
    0,
  );
}
