/**
 * Covers IPv4 prefixes with a limited number of rules and as few unlisted addresses as possible.
 *
 * The result is optimal: for each node of the binary trie of addresses, the cheapest cover by 1, 2, … K rules is either
 * one rule for the node, if that is allowed, or the best split of K between its two halves. Prefixes that wait for room
 * are in the trie from the start, so trying one of them updates only the path from its leaf to the root.
 */
import { dropContained, mergePrefixes, ofFamily, parsePrefix } from '../prefixes.ts';
import { firstIndex } from '../search.ts';
import { specialPurposePrefixes } from '../specialPurpose.ts';

export interface Cover {
  /** Canonical, no overlap, sorted by address. */
  readonly prefixes: readonly string[];
  /** Addresses that are covered and not listed. */
  readonly extraAddresses: number;
}

/** Limits for rules that are wider than the list. */
export interface CoverBounds {
  /** Length of the widest rule that may contain unlisted addresses. */
  readonly widest: number;
  /** Addresses that cost nothing to let in, whoever else lets them in. Absent: the given prefixes. */
  readonly listed?: readonly string[];
  /** No rule contains these addresses, nor special-purpose ones. */
  readonly barred?: readonly string[];
  /** Other people's rules. No rule is one of these, because a registry has each prefix only once. */
  readonly taken?: readonly string[];
}

/** An IPv4 prefix as numbers. */
interface Range {
  readonly start: number;
  readonly size: number;
}

/** A given prefix, or a join. */
interface Node extends Range {
  parent?: Join;
  /** How many unlisted addresses one rule for the whole node lets in; Infinity if such a rule is not allowed. */
  readonly asOne: number;
  /** `costs[k - 1]`: the fewest extra addresses with which at most k rules cover the required part. Empty: nothing is required. */
  costs: Float64Array;
  readonly halves?: readonly [Node, Node];
}

/** The smallest prefix that contains two or more of the given ones. */
interface Join extends Node {
  readonly halves: readonly [Node, Node];
}

const noCosts = new Float64Array(0);

export class CoverSearch {
  readonly #maxRules: number;
  readonly #leaves = new Map<string, Node>();
  readonly #root: Node | undefined;

  /** `given`: all prefixes that may be required. */
  constructor(given: readonly string[], maxRules: number, bounds: CoverBounds) {
    this.#maxRules = maxRules;
    const leaves = toBlocks(given);
    const extraOf = extraCounter(bounds.listed ? toBlocks(bounds.listed) : leaves);
    const asOne = nodeCost(bounds, extraOf);
    this.#root = leaves.length === 0 ? undefined : this.#grow(leaves, 0, leaves.length, { extraOf, asOne });
  }

  /** Requires some of the given prefixes. If that needs too many extra addresses, returns false and requires nothing more. */
  require(prefixes: readonly string[], maxExtraAddresses: number): boolean {
    if (prefixes.length > 0 && this.#maxRules < 1) return false;
    const leaves = new Set(prefixes.map((prefix) => this.#leafOf(prefix)));
    const joins = ancestorsOf(leaves);
    const before = [...leaves, ...joins].map((node) => [node, node.costs] as const);
    for (const leaf of leaves) leaf.costs = Float64Array.of(leaf.asOne);
    for (const join of joins) join.costs = this.#costsOf(join);
    const { extraAddresses } = this;
    if (extraAddresses < Infinity && extraAddresses <= maxExtraAddresses) return true;
    for (const [node, costs] of before) node.costs = costs;
    return false;
  }

  /** How many extra addresses the required prefixes need; Infinity if no cover is allowed. */
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

  /** Makes only nodes at which two branches meet: any other node is never better than its child. */
  #grow(
    leaves: readonly Range[],
    from: number,
    to: number,
    costs: { readonly extraOf: (range: Range) => number; readonly asOne: (range: Range) => number },
  ): Node {
    const first = leaves[from];
    const last = leaves[to - 1];
    if (!first || !last) throw new RangeError('nothing to cover');
    if (first === last) {
      // A given prefix may always be a rule, whatever it contains.
      const leaf: Node = { ...first, asOne: costs.extraOf(first), costs: noCosts };
      this.#leaves.set(toPrefix(first), leaf);
      return leaf;
    }
    const range = smallestPrefix(first.start, last.start + last.size - 1);
    const middle = firstFrom(leaves, range.start + range.size / 2, from, to);
    const halves = [this.#grow(leaves, from, middle, costs), this.#grow(leaves, middle, to, costs)] as const;
    const join: Join = { ...range, asOne: costs.asOne(range), costs: noCosts, halves };
    for (const half of halves) half.parent = join;
    return join;
  }

  /** Each half with required prefixes needs at least one rule; one rule for the whole may be cheaper. */
  #costsOf({ halves, asOne }: Join): Float64Array {
    const [left, right] = [halves[0].costs, halves[1].costs];
    let fewest = asOne;
    return joinCosts(left, right, this.#maxRules).map((cost) => {
      if (cost < fewest) fewest = cost;
      return fewest;
    });
  }
}

/** The cheapest split for each number of rules. With one rule there is no split, unless one half needs none. */
function joinCosts(left: Float64Array, right: Float64Array, maxRules: number): Float64Array {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const costs = new Float64Array(Math.min(maxRules, left.length + right.length)).fill(Infinity);
  for (let toLeft = 1; toLeft <= left.length; toLeft += 1) {
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

/** A cover of all `prefixes` within the limits; undefined if there is none. */
export function coverPrefixes(
  prefixes: readonly string[],
  maxRules: number,
  maxExtraAddresses: number,
  bounds: CoverBounds,
): Cover | undefined {
  const given = dropContained(prefixes);
  const search = new CoverSearch(given, maxRules, bounds);
  if (!search.require(given, maxExtraAddresses)) return undefined;
  return given.length <= maxRules ? { prefixes: given, extraAddresses: search.extraAddresses } : search.cover;
}

function toBlocks(prefixes: readonly string[]): readonly Range[] {
  return dropContained(prefixes).map((text) => {
    const { family, start, end } = parsePrefix(text);
    if (family !== 'ipv4') throw new RangeError(`${text} is IPv6: only IPv4 prefixes are fitted`);
    return { start: Number(start), size: Number(end - start) + 1 };
  });
}

/** Counts the addresses of a prefix that are in none of the blocks. */
function extraCounter(blocks: readonly Range[]): (range: Range) => number {
  const sums = [0];
  for (const { size } of blocks) sums.push((sums.at(-1) ?? 0) + size);
  return ({ start, size }) => {
    const from = firstFrom(blocks, start);
    const before = blocks[from - 1];
    if (before && before.start + before.size > start) return 0;
    const to = firstFrom(blocks, start + size, from);
    // A block that begins with the prefix may go on after it.
    return Math.max(0, size - ((sums[to] ?? 0) - (sums[from] ?? 0)));
  };
}

/** All ancestors of changed nodes, each after its halves. */
function ancestorsOf(nodes: Iterable<Node>): readonly Join[] {
  const found = new Set<Join>();
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
  // One rule fewer would cost more, so the cheapest cover splits all `rules` between the halves.
  const extraOf = (toLeft: number): number => costOf(left, toLeft) + costOf(right, rules - toLeft);
  const splits = Array.from({ length: rules - 1 }, (_, index) => index + 1);
  const toLeft = splits.reduce((best, next) => (extraOf(next) < extraOf(best) ? next : best));
  return [...coverOf(left, toLeft), ...coverOf(right, rules - toLeft)];
}

/** The fewest rules with the lowest cost: more of them would not save an address. The costs never rise with the rules. */
function fewestRules(node: Node, maxRules: number): number {
  return node.costs.indexOf(costOf(node, maxRules)) + 1;
}

function smallestPrefix(from: number, to: number): Range {
  let size = 1;
  while (Math.floor(from / size) !== Math.floor(to / size)) size *= 2;
  return { start: Math.floor(from / size) * size, size };
}

/** Index of the first of sorted, disjoint blocks that starts at or after an address. */
function firstFrom(blocks: readonly Pick<Range, 'start'>[], address: number, from?: number, to?: number): number {
  return firstIndex(blocks, ({ start }) => start < address, from, to);
}

/** How many unlisted addresses one rule for a prefix lets in; Infinity if such a rule is not allowed. */
function nodeCost(
  { widest, barred = [], taken }: CoverBounds,
  extraOf: (range: Range) => number,
): (range: Range) => number {
  const widestSize = 2 ** (32 - widest);
  const holes = mergePrefixes(ofFamily([...barred, ...specialPurposePrefixes], 'ipv4')).map((text) => {
    const { start, end } = parsePrefix(text);
    return { start: Number(start), end: Number(end) };
  });
  const theirs = new Set(taken);
  return (range) => {
    const extra = extraOf(range);
    if ((range.size > widestSize && extra > 0) || theirs.has(toPrefix(range))) return Infinity;
    const next = firstFrom(holes, range.start + range.size);
    const before = holes[next - 1];
    return before && before.end >= range.start ? Infinity : extra;
  };
}

function toPrefix({ start, size }: Range): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${bytes.join('.')}/${32 - Math.log2(size)}`;
}
