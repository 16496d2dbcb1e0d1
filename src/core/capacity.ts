/** Whether the wanted prefixes fit into the target, and what to do where they do not. */
import { fitPrefixes } from './fit.ts';
import { countAddresses, dropContained, mergePrefixes, overlapping, subtractPrefixes } from './prefixes.ts';
import type { Reason } from './reasons.ts';
import type { Target } from './target.ts';

/** A registry's rule quota where its usages do not answer: what the service enforced and the docs say. */
export const defaultMaxIpRules = 100;

export interface CapacityInput {
  readonly target: Target;
  readonly desired: readonly string[];
  readonly ours: readonly string[];
  readonly foreign: readonly string[];
  /** Rules that the target may hold; of an NSG, entries of its own rules. */
  readonly maxPrefixes: number | undefined;
}

export interface CapacityResult {
  /** What to aim at: the desired prefixes, merged or widened where that was needed and allowed. */
  readonly desired: readonly string[];
  /** True where `desired` lets in addresses that are not listed. */
  readonly isWidened: boolean;
  /** A registry's foreign rules that let in nothing but desired addresses, and which ours do not hold: none of ours is needed for those. */
  readonly covered: readonly string[];
  /** How many prefixes the app's rules may hold in all; undefined: not known. */
  readonly room: number | undefined;
  readonly blockers: readonly Reason[];
  readonly notes: readonly Reason[];
}

/**
 * Exactly as listed where that fits, else merged without loss, else (`fit: supernet`) widened by the fewest extra
 * addresses; where nothing fits the target is blocked. Prefixes of ours that still wait for their removal need room
 * too; whether those fit as well, the plan decides.
 */
export function fitToCapacity(input: CapacityInput): CapacityResult {
  const { target, desired } = input;
  const room = roomOf(input);
  const covered = target.kind === 'nsgRule' ? [] : subtractPrefixes(foreignWithin(input.foreign, desired), input.ours);
  const needed = subtractPrefixes(desired, covered);
  const exact = { desired, isWidened: false, covered, room, blockers: [], notes: [] };
  if (room === undefined || slotsOf(needed, input) <= room) return exact;
  const merged = mergePrefixes(needed);
  if (merged.length <= room) return { ...exact, desired: dropContained([...merged, ...covered]) };
  if (target.kind === 'registryNetworkRules' && target.capacity.fit === 'supernet') {
    return widen(input, target.capacity.maxExtraAddresses, room, exact);
  }
  return { ...exact, blockers: [quotaReason(input, room, merged.length)] };
}

/** Any other foreign rule does not count: it was made for something else and may go any day. */
function foreignWithin(foreign: readonly string[], desired: readonly string[]): readonly string[] {
  const beyond = new Set(overlapping(foreign, subtractPrefixes(foreign, desired)));
  return foreign.filter((prefix) => !beyond.has(prefix));
}

function roomOf(input: CapacityInput): number | undefined {
  if (input.target.kind === 'nsgRule') return input.maxPrefixes;
  return Math.max(0, (input.maxPrefixes ?? defaultMaxIpRules) - input.foreign.length);
}

function slotsOf(needed: readonly string[], { desired, ours }: CapacityInput): number {
  return dropContained([...needed, ...subtractPrefixes(ours, desired)]).length;
}

function widen(input: CapacityInput, maxExtra: number, room: number, exact: CapacityResult): CapacityResult {
  const { desired, foreign } = input;
  const fit = fitPrefixes(subtractPrefixes(desired, exact.covered), room, maxExtra);
  if (!fit.fits) {
    return { ...exact, blockers: [quotaReason(input, room, fit.rulesNeeded, fit.extraAddressesNeeded)] };
  }
  const widened = dropContained([...fit.prefixes, ...exact.covered]);
  const extra = subtractPrefixes(widened, desired);
  return {
    ...exact,
    desired: widened,
    isWidened: true,
    // A foreign rule inside of a wider one of ours does not make that one smaller.
    covered: foreign.filter((prefix) => widened.includes(prefix)),
    notes: [
      {
        code: 'supernet',
        message: `fit: supernet covers ${desired.length} prefixes with ${fit.prefixes.length} rules and lets in ${countAddresses(extra, 'ipv4')} addresses that are not listed (maxExtraAddresses ${maxExtra}).`,
        prefixes: extra,
      },
    ],
  };
}

function quotaReason(input: CapacityInput, room: number, needed: number, extra?: number): Reason {
  if (input.target.kind === 'nsgRule') {
    return {
      code: 'quota',
      message: `${needed} prefixes are needed and the network security group has room for ${room} (4,000 a side, all rules together). Choose regions, or use a group of its own.`,
    };
  }
  const widening = extra === undefined ? '' : ` With fit "supernet" it takes maxExtraAddresses ${extra} at least.`;
  return {
    code: 'quota',
    message: `${needed} IP rules are needed and there is room for ${room}: the registry takes ${input.maxPrefixes ?? defaultMaxIpRules}, ${input.foreign.length} are not ours. Choose regions (a region needs about 15).${widening}`,
  };
}
