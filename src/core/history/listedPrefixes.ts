/** The prefixes that one tag lists after a release, by the intervals of its addresses. */
import { parsePrefix, type AddressPrefix } from '../prefixes.ts';
import { AddressSpace } from './addressSpace.ts';
import type { TagRecord, TagStep } from './tagRecord.ts';

export class ListedPrefixes {
  readonly space: AddressSpace;
  /** False if the newest release does not list the tag. */
  isTagListed = false;
  /** As they are listed. */
  readonly prefixes = new Set<string>();
  /** By interval: how many listed prefixes contain it. Prefixes may nest. */
  readonly #listedBy: Int32Array;
  /** By interval: since which ordinal (`ordinalsOf`) it has been listed; -Infinity if that is not known. */
  readonly #since: Float64Array;
  readonly #intervals = new Map<string, readonly number[]>();
  #runs: Runs | undefined;

  constructor({ steps }: TagRecord) {
    this.space = new AddressSpace(steps.flatMap(({ add }) => add.map(parsePrefix)));
    this.#listedBy = new Int32Array(this.space.intervals.length);
    this.#since = new Float64Array(this.space.intervals.length);
  }

  /** Applies the changes of a release, and returns the intervals that they touch. */
  apply({ isListed, add, remove }: TagStep, ordinal: number): ReadonlySet<number> {
    this.isTagListed = isListed;
    this.#runs = undefined;
    const removed = new Set<number>();
    for (const prefix of remove) {
      this.prefixes.delete(prefix);
      for (const interval of this.intervalsOf(prefix)) {
        removed.add(interval);
        this.#listedBy[interval] = (this.#listedBy[interval] ?? 0) - 1;
      }
    }
    const touched = new Set(removed);
    for (const prefix of add) {
      this.prefixes.add(prefix);
      for (const interval of this.intervalsOf(prefix)) {
        touched.add(interval);
        // An interval whose prefix was only replaced by one of another size keeps its age.
        if (!this.lists(interval) && !removed.has(interval)) this.#since[interval] = ordinal;
        this.#listedBy[interval] = (this.#listedBy[interval] ?? 0) + 1;
      }
    }
    return touched;
  }

  /** Sets to "not known" since when anything has been listed. */
  forgetAges(): void {
    this.#since.fill(-Infinity);
  }

  lists(interval: number): boolean {
    return (this.#listedBy[interval] ?? 0) > 0;
  }

  listsAllOf(prefix: string): boolean {
    return this.intervalsOf(prefix).every((interval) => this.lists(interval));
  }

  /** Since which ordinal an interval has been listed, or was listed before it was removed. */
  since(interval: number): number {
    return this.#since[interval] ?? 0;
  }

  intervalsOf(prefix: string): readonly number[] {
    const known = this.#intervals.get(prefix) ?? this.space.intervalsOf(parsePrefix(prefix));
    this.#intervals.set(prefix, known);
    return known;
  }

  /** The length of a prefix after merging with its listed neighbours: sixteen adjacent /20 let in as much as one /16. */
  lengthWithNeighbours(prefix: AddressPrefix): number {
    const [interval = 0] = this.intervalsOf(prefix.text);
    this.#runs ??= this.#findRuns();
    const first = this.#runs.first[interval] ?? interval;
    const last = this.#runs.last[first] ?? interval;
    return widestAround(prefix, this.space.at(first).start, this.space.at(last).end);
  }

  /** Calculated once per list. */
  #findRuns(): Runs {
    const first = new Int32Array(this.#listedBy.length);
    const last = new Int32Array(this.#listedBy.length);
    first.forEach((_, at) => {
      const goesOn = this.lists(at) && this.lists(at - 1) && this.space.isAdjacent(at);
      const start = goesOn ? (first[at - 1] ?? at) : at;
      first[at] = start;
      last[start] = at;
    });
    return { first, last };
  }
}

/** Runs of adjacent listed intervals. */
interface Runs {
  /** By interval: the first one of its run. */
  readonly first: Int32Array;
  /** By the first interval of a run: the last one. */
  readonly last: Int32Array;
}

/** Length of the widest prefix that contains `prefix` and lies within the addresses from `first` to `last`. */
function widestAround({ family, start, length }: AddressPrefix, first: bigint, last: bigint): number {
  const width = BigInt(family === 'ipv4' ? 32 : 128);
  for (let wider = length - 1; wider >= 0; wider -= 1) {
    const hosts = (1n << (width - BigInt(wider))) - 1n;
    const from = start & ~hosts;
    if (from < first || from + hosts > last) return wider + 1;
  }
  return 0;
}
