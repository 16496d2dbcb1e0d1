/** The clocks of removals: since when, and through how many publications, a prefix of ours has been gone. */
import { comparePrefixes, intersectEach, intersectPrefixes, parsePrefix, subtractPrefixes } from '../prefixes.ts';
import type { AbsentPrefix, ReturnedPrefix } from '../targets/targetState.ts';
import type { SafetyLimits } from '../targets/target.ts';
import { dayInMs } from '../time.ts';

/** A return counts for so long. */
const flapWindowInDays = 180;
/** So many returns make a prefix a flapping one. */
const flapReturns = 2;
/** More confirmations than any target may ask for are not kept. */
const maxConfirmations = 52;

export interface RemovalClocks {
  readonly absent: readonly AbsentPrefix[];
  readonly returned: readonly ReturnedPrefix[];
}

/** What the list had for a time in which the clocks stood still; `unknown`: nobody can tell. */
export type Relisted = readonly string[] | 'unknown';

export interface ClockMove {
  readonly clocks: RemovalClocks;
  readonly ours: readonly string[];
  readonly desired: readonly string[];
  /** Key of the current publication; undefined where what is missing now is missing on no publication's word. */
  readonly publication: string | undefined;
  readonly relisted?: Relisted;
  readonly now: Date;
}

/** Stands for the publication of a clock that was started without one. */
const noPublication = '';

/**
 * Moves the clocks on. What is absent keeps the clock it has, what is newly absent starts one, what came back loses
 * its clock and is remembered as returned. Without a publication (a list that is not believed, a pinned target) no
 * clock is confirmed, one that starts begins anew with the next publication, and coming back is no return. What was
 * listed while nobody looked came back as well, even where it is gone again.
 */
export function moveClocks({ clocks, ours, desired, publication, relisted = [], now }: ClockMove): RemovalClocks {
  const gone = subtractPrefixes(ours, desired);
  const running = runningClocks(clocks.absent, relisted);
  const stillGone = intersectEach(prefixesOf(running), gone);
  const kept = running.flatMap((clock, index) =>
    (stillGone[index] ?? []).map((prefix) => ({ ...confirm(clock, publication, now), prefix })),
  );
  const started = subtractPrefixes(gone, prefixesOf(kept)).map((prefix) => ({
    prefix,
    since: now.toISOString(),
    publication: publication ?? noPublication,
    confirmedBy: [],
  }));
  const left = clocks.absent.filter((clock) => !isWithoutPublication(clock));
  const seen = relisted === 'unknown' ? desired : [...desired, ...relisted];
  const back = publication === undefined ? [] : intersectPrefixes(prefixesOf(left), seen);

  return {
    absent: sortByAddress([...kept, ...started]),
    returned: back.length === 0 ? clocks.returned : addReturns(clocks.returned, back, now),
  };
}

function runningClocks(clocks: readonly AbsentPrefix[], relisted: Relisted): readonly AbsentPrefix[] {
  if (relisted === 'unknown') return [];
  if (relisted.length === 0) return clocks;
  return clocks.flatMap((clock) => subtractPrefixes([clock.prefix], relisted).map((prefix) => ({ ...clock, prefix })));
}

/** True of a clock that no publication started: a list that is not believed, or the one that a target is pinned to. */
export function isWithoutPublication({ publication }: AbsentPrefix): boolean {
  return publication === noPublication;
}

/** True where both the days and the publications of the limits are over. */
export function isDue(clock: AbsentPrefix, limits: SafetyLimits, now: Date): boolean {
  return now.getTime() >= dueTime(clock, limits).getTime() && clock.confirmedBy.length >= limits.removalConfirmations;
}

/** When the days of grace are over. */
export function dueTime(clock: AbsentPrefix, limits: SafetyLimits): Date {
  return new Date(Date.parse(clock.since) + limits.removalGraceDays * dayInMs);
}

/** The prefixes that left and came back often enough to be distrusted. */
export function flappingPrefixes(returned: readonly ReturnedPrefix[], now: Date): readonly string[] {
  const oldest = now.getTime() - flapWindowInDays * dayInMs;
  return returned
    .filter((entry) => entry.returns.filter((at) => Date.parse(at) >= oldest).length >= flapReturns)
    .map((entry) => entry.prefix);
}

function confirm(clock: AbsentPrefix, publication: string | undefined, now: Date): AbsentPrefix {
  if (publication === undefined) return clock;
  if (isWithoutPublication(clock)) return { ...clock, since: now.toISOString(), publication };
  const isKnown = clock.publication === publication || clock.confirmedBy.includes(publication);
  return isKnown || clock.confirmedBy.length >= maxConfirmations
    ? clock
    : { ...clock, confirmedBy: [...clock.confirmedBy, publication] };
}

function addReturns(returned: readonly ReturnedPrefix[], back: readonly string[], now: Date): ReturnedPrefix[] {
  const at = now.toISOString();
  const again = intersectEach(prefixesOf(returned), back);
  const known = returned.flatMap((entry, index) => {
    const parts = again[index] ?? [];
    return [
      ...subtractPrefixes([entry.prefix], parts).map((prefix) => ({ ...entry, prefix })),
      ...parts.map((prefix) => ({ prefix, returns: [...entry.returns, at] })),
    ];
  });
  const first = subtractPrefixes(back, prefixesOf(returned)).map((prefix) => ({ prefix, returns: [at] }));
  return sortByAddress([...known, ...first]);
}

export function prefixesOf(entries: readonly { readonly prefix: string }[]): string[] {
  return entries.map((entry) => entry.prefix);
}

function sortByAddress<T extends { readonly prefix: string }>(entries: readonly T[]): T[] {
  return entries
    .map((entry) => ({ entry, parsed: parsePrefix(entry.prefix) }))
    .sort((a, b) => comparePrefixes(a.parsed, b.parsed))
    .map(({ entry }) => entry);
}
