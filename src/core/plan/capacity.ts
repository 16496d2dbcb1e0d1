/** The room that a target has for the app's prefixes, and what is to be known of it before anything is fitted in. */
import type { CoverTest } from './fit.ts';
import type { Ownership } from './ownership.ts';
import { overlapping, parsePrefix, subtractPrefixes } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import type { Target } from '../targets/target.ts';
import { defaultMaxIpRules, traitsOf } from '../targets/targetKinds.ts';

/** What is fitted into which room, and how far wider prefixes may go for it. */
export interface Capacity {
  readonly target: Target;
  readonly ownership: Ownership;
  /** The selection, whether or not all of it may be let in. */
  readonly listed: readonly string[];
  /** What of it may be let in and needs a rule of ours. */
  readonly needed: readonly string[];
  /** What of it needs no rule of ours: see `coveredByOthers`. */
  readonly covered: readonly string[];
  /** Listed, but held or refused: no wider prefix takes it in. */
  readonly barred: readonly string[];
  /** What this app let in before: it is put back first. */
  readonly owned: readonly string[];
  /** What a person approved. */
  readonly approved: readonly string[];
  /** How many prefixes the target may hold: of a registry all, of an NSG those of its own rules; undefined: not known. */
  readonly quota: number | undefined;
  /** What of it is left for the app's rules. */
  readonly room: number | undefined;
  /** Where `fit` is `supernet`. */
  readonly widening: Widening | undefined;
}

export interface Widening {
  /** At most so many addresses that are not listed stand open. */
  readonly maxExtraAddresses: number;
  /** What `maxAddedAddresses` has left for them. */
  readonly maxNewAddresses: number;
  readonly mayCover: CoverTest;
}

export interface CapacityInput extends Omit<Capacity, 'needed' | 'quota' | 'room' | 'widening'> {
  readonly maxPrefixes: number | undefined;
  /** What `maxAddedAddresses` has left. */
  readonly maxNewAddresses: number;
}

export function calculateCapacity({ maxPrefixes, maxNewAddresses, ...input }: CapacityInput): Capacity {
  const { target, ownership, listed } = input;
  const needed = neededOf(listed, input);
  if (target.kind === 'nsgRule') {
    return { ...input, needed, quota: maxPrefixes, room: maxPrefixes, widening: undefined };
  }
  const quota = maxPrefixes ?? defaultMaxIpRules;
  const { fit, maxExtraAddresses } = target.capacity;
  const mayCover = coverTest(input, target.limits.widestPrefix.ipv4);
  return {
    ...input,
    needed,
    quota,
    room: Math.max(0, quota - ownership.foreign.length),
    widening: fit === 'exact' ? undefined : { maxExtraAddresses, maxNewAddresses, mayCover },
  };
}

/**
 * A registry's foreign rules that let in nothing but listed addresses, and which ours do not hold: none of ours is
 * needed for those. Any other foreign rule does not count: it was made for something else and may go any day.
 */
export function coveredByOthers(target: Target, { ours, foreign }: Ownership, listed: readonly string[]): string[] {
  if (traitsOf(target).hasOwnRules) return [];
  const beyond = new Set(overlapping(foreign, subtractPrefixes(foreign, listed)));
  return subtractPrefixes(
    foreign.filter((prefix) => !beyond.has(prefix)),
    ours,
  );
}

/** A prefix of which others let in a part is written whole where what is left of it would take more rules. */
function neededOf(listed: readonly string[], { covered, barred }: Pick<Capacity, 'covered' | 'barred'>): string[] {
  return subtractPrefixes(listed, barred).flatMap((prefix) => {
    const rest = subtractPrefixes([prefix], covered);
    return rest.length > 1 ? [prefix] : rest;
  });
}

/** What the live rules let in already, as far as that can be relied on. */
export function presentIn({
  target,
  ownership,
  covered,
}: Pick<Capacity, 'target' | 'ownership' | 'covered'>): string[] {
  return [...ownership.ours, ...(traitsOf(target).hasOwnRules ? ownership.foreign : covered)];
}

/**
 * A prefix of the app's own making is never wider than `widest`, takes in nothing that the list itself may not, and is
 * no rule that somebody else has: a registry holds a prefix once.
 */
export function coverTest({ barred, ownership }: Pick<Capacity, 'barred' | 'ownership'>, widest: number): CoverTest {
  const known = new Map(ownership.foreign.map((prefix) => [prefix, false]));
  return (prefix) => {
    const answer = known.get(prefix) ?? mayCover(prefix);
    known.set(prefix, answer);
    return answer;
  };

  function mayCover(prefix: string): boolean {
    if (parsePrefix(prefix).length < widest || specialPurposeRangeOf(prefix) !== undefined) return false;
    return overlapping([prefix], barred).length === 0;
  }
}
