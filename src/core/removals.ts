/** The clocks of removals: since when, and through how many publications, a prefix of ours has been gone. */
import { intersectEach, intersectPrefixes, mergePrefixes, parsePrefix, subtractPrefixes } from './prefixes.ts';
import type { AbsentPrefix, ReturnedPrefix } from './targetState.ts';
import type { SafetyLimits } from './target.ts';

const dayInMs = 24 * 60 * 60 * 1000;
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

/**
 * Moves the clocks on. What is absent keeps the clock it has, what is newly absent starts one, what came back loses
 * its clock and is remembered as returned. `publication` is the key of the publication that is current.
 */
export function moveClocks(
  clocks: RemovalClocks,
  ours: readonly string[],
  desired: readonly string[],
  publication: string,
  now: Date,
): RemovalClocks {
  const gone = subtractPrefixes(ours, desired);
  const absent = clocks.absent.map((clock) => clock.prefix);
  const stillGone = intersectEach(absent, gone);
  const kept = clocks.absent.flatMap((clock, index) =>
    (stillGone[index] ?? []).map((prefix) => ({ ...confirm(clock, publication), prefix })),
  );
  const started = subtractPrefixes(
    gone,
    kept.map((clock) => clock.prefix),
  ).map((prefix) => ({ prefix, since: now.toISOString(), publication, confirmedBy: [] }));
  const back = intersectPrefixes(absent, desired);

  return {
    absent: [...kept, ...started].sort((a, b) => byAddress(a.prefix, b.prefix)),
    returned: back.length === 0 ? clocks.returned : addReturns(clocks.returned, back, now),
  };
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

function confirm(clock: AbsentPrefix, publication: string): AbsentPrefix {
  const isKnown = clock.publication === publication || clock.confirmedBy.includes(publication);
  return isKnown || clock.confirmedBy.length >= maxConfirmations
    ? clock
    : { ...clock, confirmedBy: [...clock.confirmedBy, publication] };
}

function addReturns(returned: readonly ReturnedPrefix[], back: readonly string[], now: Date): ReturnedPrefix[] {
  const merged = mergePrefixes(back);
  const at = now.toISOString();
  const rest = returned.flatMap((entry) =>
    subtractPrefixes([entry.prefix], merged).map((prefix) => ({ ...entry, prefix })),
  );
  const again = returned.flatMap((entry) =>
    intersectPrefixes([entry.prefix], merged).map((prefix) => ({ prefix, returns: [...entry.returns, at] })),
  );
  const first = subtractPrefixes(
    merged,
    returned.map((entry) => entry.prefix),
  ).map((prefix) => ({ prefix, returns: [at] }));
  return [...rest, ...again, ...first].sort((a, b) => byAddress(a.prefix, b.prefix));
}

function byAddress(a: string, b: string): number {
  const left = parsePrefix(a);
  const right = parsePrefix(b);
  if (left.family !== right.family) return left.family === 'ipv4' ? -1 : 1;
  return left.start < right.start ? -1 : left.start > right.start ? 1 : left.length - right.length;
}
