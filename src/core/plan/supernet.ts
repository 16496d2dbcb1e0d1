/**
 * Covers IPv4 prefixes with at most so many rules and the fewest addresses that nobody asked for.
 *
 * The cover is exact: for each node of the binary trie of addresses the cheapest one by 1, 2, … K rules is either the
 * node itself, where it may be used, or the best split of K between its two halves. Prefixes that wait for room are in
 * the trie from the start, so that each of them costs the path from its leaf to the root and not a search of its own.
 */
import { dropContained, mergePrefixes, ofFamily, parsePrefix } from '../prefixes.ts';
import { specialPurposePrefixes } from '../specialPurpose.ts';

export interface Cover {
  /** Canonical, no overlap, sorted by address. */
  readonly prefixes: readonly string[];
  /** Addresses that are covered beyond the given ones. */
  readonly extraAddresses: number;
}

/** What a rule of the app's own making may be. */
export interface CoverBounds {
  /** Never wider. */
  readonly widest: number;
  /** It holds none of these addresses, nor any special-purpose one. */
  readonly barred?: readonly string[];
  /** It is none of these: a registry holds a prefix once, and these are rules of others. */
  readonly taken?: readonly string[];
}

/** A given prefix, or the smallest prefix that holds two or more of them. IPv4 addresses fit a number. */
interface Node {
  readonly start: number;
  readonly size: number;
  readonly parent: Node | undefined;
  halves: readonly [Node, Node] | undefined;
  /** Addresses that one rule for the whole node opens beyond the given ones; Infinity where there may be none. */
  asOne: number;
  /** `costs[k - 1]`: the fewest extra addresses at which at most k rules cover what is required of it. Empty: nothing is. */
  costs: Float64Array;
}

const noCosts = new Float64Array(0);
const free = new Float64Array(1);

export class CoverSearch {
  readonly #maxRules: number;
  readonly #leaves = new Map<string, Node>();
  readonly #root: Node | undefined;

  /** `given`: all that may be required; addresses of these are no extra ones. */
  constructor(given: readonly string[], maxRules: number, bounds: CoverBounds) {
    this.#maxRules = maxRules;
    const leaves = toLeaves(given);
    this.#root = leaves.length === 0 ? undefined : this.#grow(leaves, 0, leaves.length, undefined, nodeTest(bounds));
  }

  /** Requires some of the given prefixes; false, and nothing more is required, where that takes too many extra addresses. */
  require(prefixes: readonly string[], maxExtraAddresses: number): boolean {
    if (prefixes.length > 0 && this.#maxRules < 1) return false;
    const nodes = prefixes.map((prefix) => this.#leafOf(prefix)).filter((leaf) => leaf.costs.length === 0);
    const before = new Map<Node, Float64Array>();
    for (const leaf of nodes) this.#set(leaf, free, before);
    for (const node of ancestorsOf(nodes)) this.#set(node, this.#costsOfJoin(node), before);
    const { extraAddresses } = this;
    if (extraAddresses < Infinity && extraAddresses <= maxExtraAddresses) return true;
    for (const [node, costs] of before) node.costs = costs;
    return false;
  }

  /** How many extra addresses the required prefixes take; Infinity where no cover is allowed. */
  get extraAddresses(): number {
    if (!this.#root || this.#root.costs.length === 0) return 0;
    return costOf(this.#root, this.#maxRules);
  }

  get cover(): Cover {
    const { extraAddresses } = this;
    const prefixes = !this.#root || this.#root.costs.length === 0 ? [] : coverOf(this.#root, this.#maxRules);
    return { prefixes, extraAddresses };
  }

  #leafOf(prefix: string): Node {
    const leaf = this.#leaves.get(prefix);
    if (!leaf) throw new RangeError(`${prefix} is not among the prefixes to cover`);
    return leaf;
  }

  #set(node: Node, costs: Float64Array, before: Map<Node, Float64Array>): void {
    if (!before.has(node)) before.set(node, node.costs);
    node.costs = costs;
  }

  /** Only nodes where two branches meet are made: any other is never better than its child. */
  #grow(
    leaves: readonly AddressBlock[],
    from: number,
    to: number,
    parent: Node | undefined,
    mayBeRule: (node: Pick<Node, 'start' | 'size'>) => boolean,
  ): Node {
    const first = leaves[from];
    const last = leaves[to - 1];
    if (!first || !last) throw new RangeError('nothing to cover');
    if (first === last) {
      const leaf: Node = { start: first.start, size: first.size, parent, halves: undefined, asOne: 0, costs: noCosts };
      this.#leaves.set(toPrefix(first), leaf);
      return leaf;
    }
    const { start, size } = smallestPrefix(first.start, last.start + last.size - 1);
    const node: Node = { start, size, parent, halves: undefined, asOne: Infinity, costs: noCosts };
    const middle = firstFrom(leaves, from, to, start + size / 2);
    const left = this.#grow(leaves, from, middle, node, mayBeRule);
    const right = this.#grow(leaves, middle, to, node, mayBeRule);
    node.halves = [left, right];
    if (mayBeRule(node)) node.asOne = size - (last.sum - first.sum + first.size);
    return node;
  }

  /** Of two rules and more: each half that something is required of takes one at least. */
  #costsOfJoin({ halves, asOne }: Node): Float64Array {
    if (!halves) return noCosts;
    const [left, right] = [halves[0].costs, halves[1].costs];
    const costs =
      left.length === 0 || right.length === 0
        ? Float64Array.from(left.length === 0 ? right : left)
        : joinCosts(left, right, this.#maxRules);
    for (let index = 0; index < costs.length; index += 1) {
      const fewer = index === 0 ? asOne : (costs[index - 1] ?? Infinity);
      if (fewer < (costs[index] ?? Infinity)) costs[index] = fewer;
    }
    return costs;
  }
}

/** For each number of rules the cheapest split of them; one rule alone covers no two halves. */
function joinCosts(left: Float64Array, right: Float64Array, maxRules: number): Float64Array {
  const costs = new Float64Array(Math.min(maxRules, left.length + right.length)).fill(Infinity);
  for (let toLeft = 1; toLeft <= Math.min(left.length, costs.length - 1); toLeft += 1) {
    const cost = left[toLeft - 1] ?? Infinity;
    const most = Math.min(right.length, costs.length - toLeft);
    for (let toRight = 1; toRight <= most; toRight += 1) {
      const sum = cost + (right[toRight - 1] ?? Infinity);
      const rules = toLeft + toRight - 1;
      if (sum < (costs[rules] ?? Infinity)) costs[rules] = sum;
    }
  }
  return costs;
}

/** A cover of all `prefixes` within the limits; undefined where there is none. */
export function coverPrefixes(
  prefixes: readonly string[],
  maxRules: number,
  maxExtraAddresses: number,
  bounds: CoverBounds,
): Cover | undefined {
  const given = dropContained(prefixes);
  if (given.length <= maxRules) return { prefixes: given, extraAddresses: 0 };
  const search = new CoverSearch(given, maxRules, bounds);
  return search.require(given, maxExtraAddresses) ? search.cover : undefined;
}

interface AddressBlock {
  readonly start: number;
  readonly size: number;
  /** Addresses of the given prefixes up to and with this one. */
  readonly sum: number;
}

function toLeaves(prefixes: readonly string[]): AddressBlock[] {
  let sum = 0;
  return dropContained(prefixes).map((text) => {
    const { family, start, end } = parsePrefix(text);
    if (family !== 'ipv4') throw new RangeError(`${text} is IPv6: only IPv4 prefixes are fitted`);
    const size = Number(end - start) + 1;
    sum += size;
    return { start: Number(start), size, sum };
  });
}

/** What is required has changed below these: their ancestors, each after its halves. */
function ancestorsOf(nodes: readonly Node[]): readonly Node[] {
  const found = new Set<Node>();
  for (const node of nodes) {
    for (let up = node.parent; up && !found.has(up); up = up.parent) found.add(up);
  }
  return [...found].sort((a, b) => a.size - b.size);
}

function costOf(node: Node, rules: number): number {
  return node.costs[Math.min(rules, node.costs.length) - 1] ?? Infinity;
}

function coverOf(node: Node, maxRules: number): string[] {
  const rules = fewestRules(node, maxRules);
  const { halves } = node;
  if (!halves || (rules === 1 && node.costs[0] === node.asOne)) return [toPrefix(node)];
  const [left, right] = halves;
  if (left.costs.length === 0) return coverOf(right, rules);
  if (right.costs.length === 0) return coverOf(left, rules);
  for (let toLeft = Math.max(1, rules - right.costs.length); ; toLeft += 1) {
    if (costOf(left, toLeft) + costOf(right, rules - toLeft) !== costOf(node, rules)) continue;
    return [...coverOf(left, toLeft), ...coverOf(right, rules - toLeft)];
  }
}

/** More rules than these open no fewer addresses. */
function fewestRules({ costs }: Node, maxRules: number): number {
  let rules = Math.min(maxRules, costs.length);
  while (rules > 1 && costs[rules - 2] === costs[rules - 1]) rules -= 1;
  return rules;
}

function smallestPrefix(from: number, to: number): { readonly start: number; readonly size: number } {
  let size = 1;
  while (Math.floor(from / size) !== Math.floor(to / size)) size *= 2;
  return { start: Math.floor(from / size) * size, size };
}

/** The first of sorted, disjoint blocks that does not lie before an address. */
function firstFrom(blocks: readonly { readonly start: number }[], from: number, to: number, address: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.start ?? Infinity) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Says of a node whether one rule may stand for all of it. */
function nodeTest({ widest, barred = [], taken = [] }: CoverBounds): (node: Pick<Node, 'start' | 'size'>) => boolean {
  const widestSize = 2 ** (32 - widest);
  const holes = mergePrefixes(ofFamily([...barred, ...specialPurposePrefixes], 'ipv4')).map((text) => {
    const { start, end } = parsePrefix(text);
    return { start: Number(start), end: Number(end) };
  });
  const theirs = new Set(taken);
  return (node) => {
    if (node.size > widestSize || theirs.has(toPrefix(node))) return false;
    const end = node.start + node.size - 1;
    const next = firstFrom(holes, 0, holes.length, end + 1);
    const before = holes[next - 1];
    return before === undefined || before.end < node.start;
  };
}

function toPrefix({ start, size }: { readonly start: number; readonly size: number }): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${bytes.join('.')}/${32 - Math.log2(size)}`;
}
