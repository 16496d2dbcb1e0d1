/** Whether the wanted prefixes fit into the target, and what to do where they do not. */
import { fitPrefixes } from './fit.ts';
import { dropContained, mergePrefixes, sameAddresses, subtractPrefixes } from './prefixes.ts';
import type { Reason } from './reasons.ts';
import type { Target } from './target.ts';

/** A registry's rule quota where its usages do not answer: what the service enforced and the docs say. */
export const defaultMaxIpRules = 100;

export interface CapacityInput {
  readonly target: Target;
  readonly desired: readonly string[];
  readonly ours: readonly string[];
  readonly foreign: readonly string[];
  readonly maxPrefixes: number | undefined;
}

export interface CapacityResult {
  /** What to aim at: the desired prefixes, merged or widened where that was needed and allowed. */
  readonly desired: readonly string[];
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
  if (room === undefined || slotsOf(desired, input.ours) <= room) return fits(desired, room);
  const merged = mergePrefixes(desired);
  if (merged.length <= room) return fits(merged, room);
  if (target.kind === 'registryNetworkRules' && target.capacity.fit === 'supernet') return widen(input, room);
  return { desired, room, blockers: [quotaReason(input, room, merged.length)], notes: [] };
}

function fits(desired: readonly string[], room: number | undefined): CapacityResult {
  return { desired, room, blockers: [], notes: [] };
}

function roomOf(input: CapacityInput): number | undefined {
  if (input.target.kind === 'nsgRule') return input.maxPrefixes;
  return Math.max(0, (input.maxPrefixes ?? defaultMaxIpRules) - input.foreign.length);
}

function slotsOf(desired: readonly string[], ours: readonly string[]): number {
  return dropContained([...desired, ...subtractPrefixes(ours, desired)]).length;
}

function widen(input: CapacityInput, room: number): CapacityResult {
  const { target, desired } = input;
  const maxExtra = target.kind === 'registryNetworkRules' ? target.capacity.maxExtraAddresses : 0;
  const fit = fitPrefixes(desired, room, maxExtra);
  if (!fit.fits) {
    return {
      desired,
      room,
      blockers: [quotaReason(input, room, fit.rulesNeeded, fit.extraAddressesNeeded)],
      notes: [],
    };
  }
  if (sameAddresses(fit.prefixes, desired)) return fits(fit.prefixes, room);
  return {
    desired: fit.prefixes,
    room,
    blockers: [],
    notes: [
      {
        code: 'supernet',
        message: `fit: supernet covers ${desired.length} prefixes with ${fit.prefixes.length} rules and lets in ${fit.extraAddresses} addresses that are not listed (maxExtraAddresses ${maxExtra}).`,
        prefixes: subtractPrefixes(fit.prefixes, desired),
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
