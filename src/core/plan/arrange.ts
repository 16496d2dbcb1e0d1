/** The rules that let in as much as the room allows, by the way that does the least harm. */
import type { Capacity } from './capacity.ts';
import {
  intersectPrefixes,
  mergePrefixes,
  overlapping,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import { buildRuleSet, rulesOfOthers } from './ruleSet.ts';
import { coverWithin, unlistedCount, widen } from './widening.ts';

export interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface Arrangement {
  readonly rules: readonly string[];
  /** Additions that there is no room for. */
  readonly leftOut: readonly string[];
}

/** As listed where that fits, else merged without loss, else (`fit: supernet`) widened; else as much of it as there is room for. */
export function arrange(capacity: Capacity, change: Change): Arrangement {
  const { needed, room = Infinity } = capacity;
  const asListed = build(capacity, needed, change);
  if (asListed.length <= room) return { rules: asListed, leftOut: [] };
  const merged = mergeRules(capacity, asListed);
  const whole = merged.length <= room ? merged : widen(capacity, change, merged);
  return whole ? { rules: whole, leftOut: [] } : arrangeInPart(capacity, change, merged);
}

export function build(capacity: Capacity, needed: readonly string[], { add, remove }: Change): readonly string[] {
  const { target, ownership, covered } = capacity;
  return buildRuleSet(target, ownership, { needed, covered, add, remove });
}

/**
 * The fewest that hold the same, of which none is a rule that somebody else has in a registry. Rules that hold more
 * than the list are not merged: how wide those may be has a limit of its own.
 */
export function mergeRules({ target, ownership, listed, widening }: Capacity, rules: readonly string[]): string[] {
  const foreign = rulesOfOthers(target, ownership);
  const wider = widening === undefined ? [] : overlapping(rules, subtractPrefixes(rules, listed));
  const merged = mergePrefixes(subtractPrefixes(rules, wider)).flatMap((prefix) =>
    foreign.has(prefix) ? overlapping(rules, [prefix]) : [prefix],
  );
  return sortPrefixes([...merged, ...wider]);
}

/**
 * Neighbours are taken together: such a block takes one rule, and none more where a part of it stands already. What was
 * let in before is put back first; of the others the widest come first, so that the fewest addresses are kept out.
 */
function arrangeInPart(capacity: Capacity, { add, remove }: Change, blocks: readonly string[]): Arrangement {
  const stands = build(capacity, capacity.needed, { add: [], remove });
  const standing = overlapping(blocks, stands);
  const unlisted = unlistedCount(capacity, standing);
  const rulesWith = (taken: readonly string[]): readonly string[] | undefined => {
    const all = [...standing, ...taken];
    return all.length <= (capacity.room ?? Infinity) ? all : coverWithin(capacity, all, unlisted);
  };
  if (rulesWith([]) === undefined) return { rules: stands, leftOut: add };

  const back = new Set(overlapping(blocks, intersectPrefixes(add, capacity.owned)));
  const queue = blocks.filter((block) => !standing.includes(block)).sort(byHarm(back));
  const rules = rulesWith(takeWhatFits(queue, (taken) => rulesWith(taken) !== undefined)) ?? stands;
  return { rules: sortPrefixes(rules), leftOut: subtractPrefixes(add, rules) };
}

/** What goes before what. */
function byHarm(first: ReadonlySet<string>): (a: string, b: string) => number {
  return (a, b) => Number(first.has(b)) - Number(first.has(a)) || Number(widthOf(b) - widthOf(a));
}

function widthOf(prefix: string): bigint {
  const { start, end } = parsePrefix(prefix);
  return end - start;
}

/** One after the other, until none of those that wait fits any more: what was taken since may have made room for it. */
function takeWhatFits(queue: readonly string[], fits: (taken: readonly string[]) => boolean): readonly string[] {
  const taken: string[] = [];
  let waiting = queue;
  for (let before = -1; before < taken.length;) {
    before = taken.length;
    waiting = waiting.filter((prefix) => {
      if (!fits([...taken, prefix])) return true;
      taken.push(prefix);
      return false;
    });
  }
  return taken;
}
