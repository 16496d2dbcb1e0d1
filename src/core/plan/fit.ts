/**
 * Fits a list of IPv4 prefixes into a quota of rules.
 *
 * As they are where that fits; else covered by wider prefixes with the fewest addresses that nobody asked for. The
 * cover is exact: for each node of the binary trie of addresses the cheapest one by 1, 2, … K prefixes is either the
 * node itself, where it may be used, or the best split of K between its two halves.
 */
import { dropContained, parsePrefix } from '../prefixes.ts';

export interface Fit {
  /** Canonical, no overlap, sorted by address. */
  readonly prefixes: readonly string[];
  /** Addresses that are covered beyond the given ones. */
  readonly extraAddresses: number;
}

/** Says of a prefix that is not among the given ones whether it may stand for those that it holds. */
export type CoverTest = (prefix: string) => boolean;

/**
 * At most `maxRules` prefixes that cover `prefixes` with at most `maxExtraAddresses` others; 0 merges without loss only.
 * Undefined where there are none.
 */
export function fitPrefixes(
  prefixes: readonly string[],
  maxRules: number,
  maxExtraAddresses: number,
  mayCover: CoverTest = () => true,
): Fit | undefined {
  const given = dropContained(prefixes);
  if (given.length <= maxRules) return { prefixes: given, extraAddresses: 0 };
  if (maxRules < 1) return undefined;
  const root = coverTree(given.map(toLeaf), maxRules, mayCover);
  const extraAddresses = costOf(root, maxRules);
  if (extraAddresses > maxExtraAddresses || extraAddresses === Infinity) return undefined;
  return { prefixes: coverOf(root, maxRules), extraAddresses };
}

/** A listed prefix, or the smallest prefix that holds two or more of them. IPv4 addresses fit a number. */
interface TrieNode {
  readonly start: number;
  readonly size: number;
  /** How many listed addresses it holds. */
  readonly listed: number;
  /** `costs[k - 1]`: the fewest extra addresses at which at most k prefixes cover what is listed in it, if any do. */
  readonly costs: readonly number[];
  readonly halves?: readonly [TrieNode, TrieNode];
}

function toLeaf(prefix: string): TrieNode {
  const { family, start, end } = parsePrefix(prefix);
  if (family !== 'ipv4') throw new RangeError(`${prefix} is IPv6: only IPv4 prefixes are fitted`);
  const size = Number(end - start) + 1;
  return { start: Number(start), size, listed: size, costs: [0] };
}

/** Of sorted, disjoint leaves. Only nodes where two branches meet are made: any other is never better than its child. */
function coverTree(leaves: readonly TrieNode[], maxRules: number, mayCover: CoverTest): TrieNode {
  const first = leaves[0];
  const last = leaves.at(-1);
  if (!first || !last) throw new RangeError('nothing to cover');
  if (first === last) return first;
  const { start, size } = smallestPrefix(first.start, last.start + last.size - 1);
  const middle = leaves.findIndex((leaf) => leaf.start >= start + size / 2);
  const left = coverTree(leaves.slice(0, middle), maxRules, mayCover);
  const right = coverTree(leaves.slice(middle), maxRules, mayCover);
  const costs = costsOfJoin(left, right, maxRules);
  const listed = left.listed + right.listed;
  const asOne = mayCover(toPrefix({ start, size })) ? size - listed : Infinity;
  return { start, size, listed, costs: [asOne, ...costs], halves: [left, right] };
}

function smallestPrefix(from: number, to: number): { readonly start: number; readonly size: number } {
  let size = 1;
  while (Math.floor(from / size) !== Math.floor(to / size)) size *= 2;
  return { start: Math.floor(from / size) * size, size };
}

/** Of two rules and more: each half takes one at least. */
function costsOfJoin(left: TrieNode, right: TrieNode, maxRules: number): number[] {
  const most = Math.min(maxRules, left.costs.length + right.costs.length);
  return Array.from({ length: most - 1 }, (_, index) => bestSplit(left, right, index + 2).cost);
}

/** How many of `rules` the left half gets; of equal splits the one with the fewest. */
function bestSplit(left: TrieNode, right: TrieNode, rules: number): { readonly cost: number; readonly toLeft: number } {
  let best = { cost: Infinity, toLeft: 1 };
  const least = Math.max(1, rules - right.costs.length);
  for (let toLeft = least; toLeft <= Math.min(rules - 1, left.costs.length); toLeft += 1) {
    const cost = costOf(left, toLeft) + costOf(right, rules - toLeft);
    if (cost < best.cost) best = { cost, toLeft };
  }
  return best;
}

function costOf(node: TrieNode, rules: number): number {
  return node.costs[Math.min(rules, node.costs.length) - 1] ?? Infinity;
}

function coverOf(node: TrieNode, rules: number): string[] {
  if (!node.halves || rules === 1) return [toPrefix(node)];
  const [left, right] = node.halves;
  const allotted = Math.min(rules, node.costs.length);
  const { toLeft } = bestSplit(left, right, allotted);
  return [...coverOf(left, toLeft), ...coverOf(right, allotted - toLeft)];
}

function toPrefix({ start, size }: Pick<TrieNode, 'start' | 'size'>): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${bytes.join('.')}/${32 - Math.log2(size)}`;
}
