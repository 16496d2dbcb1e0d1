/** `fit: supernet`: wider prefixes that hold what is to stand, and as few other addresses as can be. */
import { coverTest, type Capacity, type Widening } from './capacity.ts';
import { fitPrefixes } from './fit.ts';
import {
  countAddresses,
  coversAll,
  intersectPrefixes,
  mergePrefixes,
  overlapping,
  subtractPrefixes,
} from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import { buildRuleSet } from './ruleSet.ts';
import { counted } from '../words.ts';

/** The widest `widestPrefix` that the targets file accepts. */
const widestAccepted = 8;

/**
 * What ours may hold without any of it being due to leave: the list, with the fewest extra addresses that it takes in
 * the room. Where that is beyond the limits, the same for what of the list stands already, else the rules as they are.
 */
export function aimOf(capacity: Capacity): readonly string[] {
  const { needed, ownership } = capacity;
  const standing = intersectPrefixes(needed, ownership.ours);
  return coverOf(capacity, needed) ?? coverOf(capacity, standing) ?? overlapping(ownership.ours, needed);
}

/** What is to stand with wider prefixes: as the list alone would have them where that fits, else around what stays too. */
export function widen(
  capacity: Capacity,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
  merged: readonly string[],
): readonly string[] | undefined {
  const { target, ownership, room = Infinity, needed, covered } = capacity;
  const aim = coverOf(capacity, needed);
  if (aim) {
    const rules = buildRuleSet(target, ownership, { needed: aim, covered, add: [...add, ...aim], remove });
    if (rules.length <= room && !opensTooMuch(capacity, rules)) return rules;
  }
  return coverWithin(capacity, merged);
}

/** A cover of `prefixes` that fits the room and opens no more than it may; undefined where there is none. */
export function coverWithin(
  capacity: Capacity,
  prefixes: readonly string[],
  unlisted = unlistedCount(capacity, prefixes),
): readonly string[] | undefined {
  const { room = Infinity, widening } = capacity;
  if (widening === undefined) return undefined;
  const left = Math.max(0, widening.maxExtraAddresses - unlisted);
  const fit = fitPrefixes(prefixes, room, left, widening.mayCover);
  if (fit === undefined) return undefined;
  const opened = Number(countAddresses(newlyOpened(capacity, fit.prefixes), 'ipv4'));
  return opened > Math.max(0, widening.maxNewAddresses) ? undefined : fit.prefixes;
}

/** As it is once a person has approved what `maxAddedAddresses` has no room for. */
export function withoutCount(capacity: Capacity): Capacity {
  return { ...capacity, widening: capacity.widening && { ...capacity.widening, maxNewAddresses: Infinity } };
}

/** Unlisted addresses that these rules would open, and that neither were let in before nor approved. */
export function newlyOpened({ ownership, listed, owned, approved }: Capacity, rules: readonly string[]): string[] {
  return subtractPrefixes(rules, [...listed, ...ownership.ours, ...owned, ...approved]);
}

/** What it would take, in the words of the targets file, to fit these prefixes in; empty where nothing would. */
export function waysToFit(capacity: Capacity, { maxExtraAddresses }: Widening, prefixes: readonly string[]): string {
  const { room = Infinity, target } = capacity;
  const open = unlistedCount(capacity, prefixes);
  const extraAt = (widest: number): number | undefined => {
    const fit = fitPrefixes(prefixes, room, Infinity, coverTest(capacity, widest));
    return fit && open + fit.extraAddresses;
  };
  const { ipv4: widest } = target.limits.widestPrefix;
  const wider = Array.from({ length: Math.max(0, widest - widestAccepted) }, (_, index) => widest - 1 - index);
  const extra = extraAt(widest);
  const narrowest = wider.find((length) => (extraAt(length) ?? Infinity) <= maxExtraAddresses);
  const ways = [
    ...(extra === undefined ? [] : [`maxExtraAddresses ${extra}`]),
    ...(narrowest === undefined ? [] : [`widestPrefix IPv4 /${narrowest}`]),
  ];
  if (ways.length > 0) return ways.join(' or ');
  const possible = wider.find((length) => extraAt(length) !== undefined);
  return possible === undefined ? '' : `widestPrefix IPv4 /${possible} and maxExtraAddresses ${extraAt(possible)}`;
}

/** How many addresses that are not listed stand open once these are the rules. */
export function supernetNote(capacity: Capacity, rules: readonly string[], leaving: readonly string[]): Reason[] {
  const { listed, widening } = capacity;
  const unlisted = subtractPrefixes(rules, listed);
  if (widening === undefined || unlisted.length === 0) return [];
  const held = listed.filter((prefix) => coversAll(rules, [prefix])).length;
  const later = countAddresses(intersectPrefixes(unlisted, leaving), 'ipv4');
  const until = later === 0n ? '' : `, ${later} of them until they are removed`;
  return [
    {
      code: 'supernet',
      message: `fit: supernet covers ${held} listed prefixes with ${counted(rules.length, 'rule')} and lets in ${countAddresses(unlisted, 'ipv4')} addresses that are not listed (maxExtraAddresses ${widening.maxExtraAddresses})${until}.`,
      prefixes: unlisted,
    },
  ];
}

function coverOf(capacity: Capacity, prefixes: readonly string[]): readonly string[] | undefined {
  const { room = Infinity, widening } = capacity;
  const merged = mergePrefixes(prefixes);
  return widening === undefined || merged.length <= room ? prefixes : coverWithin(capacity, merged);
}

function opensTooMuch(capacity: Capacity, rules: readonly string[]): boolean {
  const { listed, ownership, widening } = capacity;
  const opened = subtractPrefixes(rules, [...listed, ...ownership.ours]);
  return opened.length > 0 && unlistedCount(capacity, rules) > (widening?.maxExtraAddresses ?? 0);
}

export function unlistedCount({ listed }: Capacity, rules: readonly string[]): number {
  return Number(countAddresses(subtractPrefixes(rules, listed), 'ipv4'));
}
