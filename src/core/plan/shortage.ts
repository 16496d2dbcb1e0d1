/** What a plan says where there is too little room: how much it would take, what waits, and what a person can do. */
import { build, mergeRules, type Change } from './arrange.ts';
import type { Capacity } from './capacity.ts';
import { countAddresses } from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { maxAddedAddressesOf } from './safety.ts';
import { newlyOpened, waysToFit } from './widening.ts';
import { andMore, counted } from '../words.ts';

/** Additions that have no room; `way` says what makes some. */
export function roomReason(
  capacity: Capacity,
  change: Change,
  leftOut: readonly string[],
  code: 'fit' | 'quota',
  way: string,
): Reason[] {
  const { target, quota, room, ownership } = capacity;
  const size = withoutLoss(capacity, change).length;
  const need =
    target.kind === 'nsgRule'
      ? `${size} prefixes are needed and the network security group has room for ${room} (4,000 a side, all rules together).`
      : `${size} IP rules are needed and there is room for ${room}: the registry takes ${quota} and holds ${counted(ownership.foreign.length, 'rule')} of others.`;
  const order = 'of new prefixes the widest go in first, so that the fewest addresses are kept out';
  return reasonFor(code, leftOut, `${need} Held is ${andMore(leftOut)}: ${order}. ${way}`);
}

/** A person's yes to removals. */
export function wayToReplace(leaving: readonly string[], leftOut: readonly string[]): string {
  const what = leftOut.length === 0 ? 'it' : 'what then has room';
  return `Approve the plan to let ${what} in and to take out ${andMore(leaving)}, which is not listed.`;
}

/** Other settings. */
export function wayToRoom(capacity: Capacity, change: Change, retained: readonly string[]): string {
  const { target, widening } = capacity;
  const kept = retained.length === 0 ? '' : `${keptPart(capacity, retained)} `;
  if (target.kind === 'nsgRule') return `${kept}Choose fewer regions, or use a group of its own.`;
  const way = widening ? waysToFit(capacity, widening, withoutLoss(capacity, change)) : 'fit "supernet"';
  const ways = ['Choose fewer regions (one needs about 15)', 'a larger quota', ...(way === '' ? [] : [way])];
  return `${kept}${ways.join(', or ')}.`;
}

function keptPart({ target }: Capacity, retained: readonly string[]): string {
  return target.policy === 'addOnly'
    ? `Policy addOnly keeps ${andMore(retained)}, which is no longer listed: make room, or choose another policy.`
    : `${andMore(retained)} is no longer listed and takes room until it leaves.`;
}

/** Extra addresses beyond what `maxAddedAddresses` has left. */
export function countReason(capacity: Capacity, rules: readonly string[], waiting: readonly string[]): Reason[] {
  const { target, widening } = capacity;
  const extra = newlyOpened(capacity, rules);
  const left = Math.max(0, widening?.maxNewAddresses ?? 0);
  const message = `fit: supernet would let in ${countAddresses(extra, 'ipv4')} addresses that are not listed to make room for ${andMore(waiting)}, and maxAddedAddresses (${maxAddedAddressesOf(target.limits)}) has room for ${left} more. Approve the plan if they are meant.`;
  return reasonFor('maxAddedAddresses', [...waiting, ...extra], message);
}

/** What is due to leave, but leaves a remainder that takes more rules than it does. */
export function remainderReason(due: readonly string[], isFreed: boolean): Reason[] {
  const way = isFreed ? 'Approve the plan to take out now what goes with it.' : 'It leaves when there is room.';
  const message = `${andMore(due)} is due to leave, but there is no room for the parts that are left of its prefix: it stays whole. ${way}`;
  return reasonFor('fit', due, message);
}

function withoutLoss(capacity: Capacity, change: Change): readonly string[] {
  return mergeRules(capacity, build(capacity, capacity.needed, change));
}
