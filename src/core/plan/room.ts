/** The room of a target: how many rules are possible, and how wide they may be. */
import type { Decided } from './decide.ts';
import { partition, type LiveRules } from './own.ts';
import type { PlanInput } from './planInput.ts';
import type { CoverBounds } from './supernet.ts';
import { countAddresses, intersectPrefixes, prefixesOf, subtractPrefixes } from '../prefixes.ts';
import type { Target } from '../targets/target.ts';
import { defaultMaxIpRules, traitsOf } from '../targets/targetKinds.ts';
import { dayInMs } from '../time.ts';

export interface Room {
  readonly target: Target;
  readonly live: LiveRules;
  readonly listed: readonly string[];
  /** Listed prefixes that may be let in and need a rule of ours. */
  readonly needed: readonly string[];
  /** How many rules are possible: all rules of a registry, or the prefixes in the target's own rules of an NSG. */
  readonly maxRules: number;
  /** True if `capacity.maxRules` allows fewer rules than the registry takes. */
  readonly isLimitedBySetting: boolean;
  /** How many of those are left for ours. */
  readonly freeRules: number;
  /** Only with `fit: supernet`. */
  readonly widening?: Widening;
}

export interface Widening {
  readonly bounds: CoverBounds;
  /** How many unlisted addresses may be let in. */
  readonly maxExtraAddresses: number;
  /** How many of them may be new: what `maxAddedAddresses` has left. */
  readonly maxNewAddresses: number;
}

/** A room in which rules may contain unlisted addresses. */
export type WideRoom = Room & { readonly widening: Widening };

export function isWide(room: Room): room is WideRoom {
  return room.widening !== undefined;
}

/** Listed prefixes that may not be let in are barred: no wider rule may contain them. */
export function measureRoom(input: PlanInput, live: LiveRules, rows: readonly Decided[]): Room {
  const { target } = input;
  const listed = prefixesOf(input.listed);
  const barred = prefixesOf(rows.filter(({ fate, listed: entry }) => entry && isBarred(fate.is)));
  const needed = neededRules(listed, barred, live.allowedByOthers);
  const maxRules = maxRulesOf(input);
  const room = { target, live, listed, needed, maxRules, isLimitedBySetting: isLimitedBySetting(input) };
  if (target.kind === 'nsgRule') return { ...room, freeRules: maxRules };
  const freeRules = Math.max(0, maxRules - live.others.length);
  const { fit, maxExtraAddresses } = target.capacity;
  if (fit === 'exact') return { ...room, freeRules };
  const bounds = { widest: target.limits.widestPrefix.ipv4, listed, barred, taken: live.others };
  return {
    ...room,
    freeRules,
    widening: { bounds, maxExtraAddresses, maxNewAddresses: newAddressesLeft(input, live) },
  };
}

function isBarred(fate: Decided['fate']['is']): boolean {
  return fate === 'needsApproval' || fate === 'neverAllowed';
}

function maxRulesOf({ target, live }: PlanInput): number {
  if (target.kind === 'nsgRule') return live.maxRules ?? Infinity;
  const { maxRules: wanted } = target.capacity;
  return Math.min(wanted ?? Infinity, live.maxRules ?? wanted ?? defaultMaxIpRules);
}

/** For a setting that every registry allows the quota is not read: `live.maxRules` is then the setting. */
function isLimitedBySetting({ target, live: { maxRules = Infinity } }: PlanInput): boolean {
  const wanted = target.kind === 'nsgRule' ? undefined : target.capacity.maxRules;
  if (wanted === undefined) return false;
  return wanted < maxRules || (wanted === maxRules && wanted <= defaultMaxIpRules);
}

/** A prefix that other people's rules partly allow is written whole if the rest of it would need more than one rule. */
function neededRules(listed: readonly string[], barred: readonly string[], allowed: readonly string[]): string[] {
  return subtractPrefixes(listed, barred).flatMap((prefix) => {
    const rest = allowed.length === 0 ? [prefix] : subtractPrefixes([prefix], allowed);
    return rest.length > 1 ? [prefix] : rest;
  });
}

/** Unlisted addresses that wider rules let in within the window count like addresses that were listed within it. */
function newAddressesLeft({ target, growth, ownership, now, listed }: PlanInput, { ours }: LiveRules): number {
  const begin = new Date(now.getTime() - target.limits.limitWindowDays * dayInMs).toISOString();
  const [before, recent] = partition(ownership.owned, ({ since }) => since < begin);
  const opened = countBeyond(intersectPrefixes(ours, prefixesOf(recent)), prefixesOf([...listed, ...before]));
  return Math.max(0, growth.limits.maxAddedAddresses - growth.usedAddresses - opened);
}

/** All prefixes in our rules now. An NSG rule may contain prefixes that others added to it. */
export function writtenIn({ target, live }: Pick<Room, 'target' | 'live'>): readonly string[] {
  return traitsOf(target).hasOwnRules ? [...live.ours, ...live.others] : live.ours;
}

/** How many addresses of the prefixes are not listed. */
export function extraIn({ listed }: Room, prefixes: readonly string[]): number {
  return countBeyond(prefixes, listed);
}

/** True if rules let in no more new addresses than `maxAddedAddresses` has left. What was let in before or approved is not new. */
export function isWithinCount(room: Room, rules: readonly string[]): boolean {
  if (!isWide(room)) return true;
  const { ours, owned, approval } = room.live;
  const known = [...room.listed, ...ours, ...owned, ...(approval?.add ?? [])];
  return countBeyond(rules, known) <= room.widening.maxNewAddresses;
}

/** How many addresses of `prefixes` are not in `known`. */
export function countBeyond(prefixes: readonly string[], known: readonly string[]): number {
  return Number(countAddresses(prefixes, 'ipv4') - countAddresses(intersectPrefixes(prefixes, known), 'ipv4'));
}
