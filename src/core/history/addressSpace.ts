/**
 * All addresses of some prefixes, cut into as few intervals as possible so that each prefix consists of whole intervals.
 * The history is then followed once per interval. Intervals are numbered by address, IPv4 first.
 */
import { isBefore, rangeToPrefixes, type AddressFamily, type AddressRange } from '../prefixes.ts';
import { firstIndex } from '../search.ts';

export class AddressSpace {
  readonly intervals: readonly AddressRange[];
  readonly #adjacent: readonly boolean[];

  constructor(ranges: Iterable<AddressRange>) {
    const list = [...ranges];
    this.intervals = [...cut(list, 'ipv4'), ...cut(list, 'ipv6')];
    this.#adjacent = this.intervals.map(({ family, start }, index, all) => {
      const before = all[index - 1];
      return before?.family === family && before.end + 1n === start;
    });
  }

  /** Numbers of the intervals that share an address with a range, in order. */
  intervalsOf(range: AddressRange): number[] {
    const first = firstIndex(this.intervals, (interval) => isBefore(interval, range));
    const behind = firstIndex(this.intervals, (interval) => !isBefore(range, interval), first);
    return Array.from({ length: behind - first }, (_, offset) => first + offset);
  }

  /** The addresses of intervals as prefixes, each interval by itself. */
  prefixesOf(intervals: Iterable<number>): string[] {
    return Array.from(intervals, (interval) => rangeToPrefixes(this.at(interval))).flat();
  }

  /** Number of IPv4 addresses in intervals; IPv6 is counted only in prefixes. */
  countAddresses(intervals: Iterable<number>): number {
    let sum = 0;
    for (const interval of intervals) {
      const { family, start, end } = this.at(interval);
      if (family === 'ipv4') sum += Number(end - start + 1n);
    }
    return sum;
  }

  /** The part of an interval that lies in `range`. */
  clip(index: number, range: AddressRange): AddressRange {
    const { family, start, end } = this.at(index);
    return { family, start: start > range.start ? start : range.start, end: end < range.end ? end : range.end };
  }

  at(index: number): AddressRange {
    const interval = this.intervals[index];
    if (!interval) throw new RangeError(`there is no interval ${index}`);
    return interval;
  }

  /** True if interval `index` begins where the one before it ends. */
  isAdjacent(index: number): boolean {
    return this.#adjacent[index] ?? false;
  }
}

function cut(ranges: readonly AddressRange[], family: AddressFamily): AddressRange[] {
  // How many more ranges contain an address than contain the one before it: +1 at the start of a range, -1 after its end.
  const steps = ranges
    .filter((range) => range.family === family)
    .flatMap(({ start, end }) => [
      { at: start, more: 1 },
      { at: end + 1n, more: -1 },
    ])
    .sort((a, b) => Number(a.at - b.at));
  const intervals: AddressRange[] = [];
  let containing = 0;
  steps.forEach(({ at: start, more }, index) => {
    containing += more;
    const next = steps[index + 1]?.at;
    // An address at which as many ranges end as begin is a boundary too.
    if (containing > 0 && next !== undefined && next !== start) intervals.push({ family, start, end: next - 1n });
  });
  return intervals;
}
