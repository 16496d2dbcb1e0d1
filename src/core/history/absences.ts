/** Since when, and through how many releases, prefixes have no longer been listed. */
import { dropContained, overlapping } from '../prefixes.ts';
import { dayInMs } from '../time.ts';
import { Confirmations, ordinalsOf } from './confirmations.ts';
import { dealOut } from './dealOut.ts';
import type { History, Scope } from './history.ts';
import { toReleaseRef, type ReleaseRef } from './historyDocument.ts';
import { periodsOf, type ScopeRecord } from './scopeRecord.ts';

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
  const missing = dealOut(record, dropContained(prefixes), absenceFinder(record, selectionSince));
  const undone = new Set(
    record.rejected.length === 0
      ? []
      : overlapping(
          missing.map(({ prefix }) => prefix),
          record.rejected,
        ),
  );
  return missing.map(({ prefix, value }) => ({
    prefix,
    ...value,
    // Only releases that a person rejected listed it.
    ...(value.release === undefined && undone.has(prefix) && { listedReleases: 0 }),
  }));
}

type Clock = Omit<Absence, 'prefix'>;

function absenceFinder(record: ScopeRecord, sinceText?: string): (interval: number | undefined) => Clock | undefined {
  const { releases, flips } = record;
  const selectionSince = sinceText ?? '';
  const [first, newest] = [releases[0], releases.at(-1)];
  const ordinals = ordinalsOf(releases);
  const selectedAt = Math.max(
    0,
    releases.findLastIndex(({ seenAt }) => seenAt <= selectionSince),
  );
  const clocks = new Map<string, Clock>();

  const confirmationsSince = (index: number): number => {
    const from = releases[index];
    if (!from) return 0;
    const confirmations = new Confirmations(from);
    releases.forEach((release, at) => {
      if (at > index && !record.untrusted.has(at)) confirmations.add(release);
    });
    return confirmations.count;
  };
  const clockOf = (interval: number | undefined): Clock => {
    const periods = interval === undefined ? [] : periodsOf(record.flips, interval);
    const gone = periods.at(-1)?.to;
    const release = gone === undefined ? undefined : releases[gone];
    const isSelected = release !== undefined && release.seenAt >= selectionSince;
    const oldest = Date.parse(newest?.seenAt ?? '') - returnWindowInDays * dayInMs;
    return {
      since: isSelected ? release.seenAt : (sinceText ?? (release ?? first)?.seenAt ?? new Date(0).toISOString()),
      ...(isSelected && { release: toReleaseRef(release) }),
      confirmations: confirmationsSince(isSelected && gone !== undefined ? gone : selectedAt),
      returns: periods.slice(1).filter(({ from }) => Date.parse(releases[from]?.seenAt ?? '') >= oldest).length,
      listedReleases: listedReleases(periods, record.begins, ordinals),
    };
  };
  return (interval) => {
    if (interval !== undefined && (flips[interval]?.length ?? 0) % 2 === 1) return undefined;
    // One clock for all intervals with the same past, so that what left together stays in one piece.
    const key = interval === undefined ? '' : (flips[interval] ?? []).join();
    const clock = clocks.get(key) ?? clockOf(interval);
    clocks.set(key, clock);
    return clock;
  };
}

function listedReleases(
  periods: ReturnType<typeof periodsOf>,
  begins: readonly number[],
  ordinals: readonly number[],
): number | undefined {
  if (periods.length === 0 || periods.some(({ from }) => begins.includes(from))) return undefined;
  return periods.reduce(
    (sum, { from, to }) => sum + (ordinals[(to ?? ordinals.length) - 1] ?? 0) - (ordinals[from] ?? 0) + 1,
    0,
  );
}
