/**
 * Fits a list of IPv4 prefixes into a quota of rules.
 *
 * As listed where that fits; else merged without loss; else covered by wider prefixes with the fewest addresses that
 * nobody asked for. The last is exact: for each node of the binary trie of addresses the cheapest cover by 1, 2, … K
 * prefixes is either the node itself or the best split of K between its two halves.
 */
import { dropContained, mergePrefixes, parsePrefix } from './prefixes.ts';

export type FitResult =
  | {
      readonly fits: true;
      /** Canonical, no overlap, sorted by address. */
      readonly prefixes: readonly string[];
      /** Addresses that are covered beyond the listed ones. */
      readonly extraAddresses: number;
      /** True where exactly the listed addresses are covered. */
      readonly exact: boolean;
    }
  | {
      readonly fits: false;
      /** The fewest rules that cover exactly the listed addresses. */
      readonly rulesNeeded: number;
      /** The fewest extra addresses at which `maxRules` would do; undefined where there is no room for any rule. */
      readonly extraAddressesNeeded: number | undefined;
    };

/** At most `maxRules` prefixes that cover `prefixes` with at most `maxExtraAddresses` others; 0 merges without loss only. */
export function fitPrefixes(prefixes: readonly string[], maxRules: number, maxExtraAddresses: number): FitResult {
  const listed = dropContained(prefixes);
  if (listed.length <= maxRules) return { fits: true, prefixes: listed, extraAddresses: 0, exact: true };
  const merged = mergePrefixes(listed);
  if (merged.length <= maxRules) return { fits: true, prefixes: merged, extraAddresses: 0, exact: true };
  if (maxRules < 1) return { fits: false, rulesNeeded: merged.length, extraAddressesNeeded: undefined };

  const root = coverTree(merged.map(toLeaf), maxRules);
  const extraAddresses = costOf(root, maxRules);
  if (extraAddresses > maxExtraAddresses) {
    return { fits: false, rulesNeeded: merged.length, extraAddressesNeeded: extraAddresses };
  }
  return { fits: true, prefixes: coverOf(root, maxRules), extraAddresses, exact: false };
}

/** A listed prefix, or the smallest prefix that holds two or more of them. IPv4 addresses fit a number. */
interface TrieNode {
  readonly start: number;
  readonly size: number;
  /** How many listed addresses it holds. */
  readonly listed: number;
  /** `costs[k - 1]`: the fewest extra addresses at which at most k prefixes cover what is listed in it. */
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
function coverTree(leaves: readonly TrieNode[], maxRules: number): TrieNode {
  const first = leaves[0];
  const last = leaves.at(-1);
  if (!first || !last) throw new RangeError('nothing to cover');
  if (first === last) return first;
  const { start, size } = smallestPrefix(first.start, last.start + last.size - 1);
  const middle = leaves.findIndex((leaf) => leaf.start >= start + size / 2);
  return joinHalves(
    start,
    size,
    coverTree(leaves.slice(0, middle), maxRules),
    coverTree(leaves.slice(middle), maxRules),
    maxRules,
  );
}

function smallestPrefix(from: number, to: number): { readonly start: number; readonly size: number } {
  let size = 1;
  while (Math.floor(from / size) !== Math.floor(to / size)) size *= 2;
  return { start: Math.floor(from / size) * size, size };
}

function joinHalves(start: number, size: number, left: TrieNode, right: TrieNode, maxRules: number): TrieNode {
  const listed = left.listed + right.listed;
  const count = Math.min(maxRules, left.costs.length + right.costs.length);
  const costs = Array.from({ length: count }, (_, index) =>
    index === 0 ? size - listed : bestSplit(left, right, index + 1).cost,
  );
  return { start, size, listed, costs, halves: [left, right] };
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

function toPrefix({ start, size }: TrieNode): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${bytes.join('.')}/${32 - Math.log2(size)}`;
}

/** How many prefixes a list had on a day, `YYYY-MM-DD` or an ISO time. */
export interface CountOnDate {
  readonly date: string;
  readonly count: number;
}

const weekInMs = 7 * 24 * 60 * 60 * 1000;

/** Whole weeks until the list outgrows `maxRules` at the pace of its history (least squares); undefined where it does not grow. */
export function weeksUntilFull(history: readonly CountOnDate[], maxRules: number): number | undefined {
  const points = history
    .map(({ date, count }) => ({ week: Date.parse(date) / weekInMs, count }))
    .sort((a, b) => a.week - b.week);
  const growth = slopeOf(points);
  const latest = points.at(-1);
  if (!latest || growth === undefined || growth <= 0) return undefined;
  return Math.max(0, Math.floor((maxRules - latest.count) / growth));
}

function slopeOf(points: readonly { readonly week: number; readonly count: number }[]): number | undefined {
  const meanWeek = mean(points.map(({ week }) => week));
  const meanCount = mean(points.map(({ count }) => count));
  const spread = points.reduce((sum, { week }) => sum + (week - meanWeek) ** 2, 0);
  if (spread === 0) return undefined;
  return points.reduce((sum, { week, count }) => sum + (week - meanWeek) * (count - meanCount), 0) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
