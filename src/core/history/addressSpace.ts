/**
 * All addresses of some prefixes, cut into as few intervals as possible so that each prefix consists of whole intervals.
 * The history is then followed once per interval. Intervals are numbered by address, IPv4 first.
 */
import { rangeToPrefixes, type AddressFamily } from '../prefixes.ts';

export interface AddressRange {
  readonly family: AddressFamily;
  /** First and last address. */
  readonly start: bigint;
  readonly end: bigint;
}

export class AddressSpace {
  readonly intervals: readonly AddressRange[];

  constructor(ranges: Iterable<AddressRange>) {
    const list = [...ranges];
    this.intervals = [...cut(list, 'ipv4'), ...cut(list, 'ipv6')];
  }

  /** Numbers of the intervals that share an address with a range, in order. */
  intervalsOf({ family, start, end }: AddressRange): number[] {
    const first = this.#search((interval) => isBefore(interval, family, start));
    const behind = this.#search((interval) => !isAfter(interval, family, end), first);
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
    const [before, here] = [this.at(index - 1), this.at(index)];
    return before.family === here.family && before.end + 1n === here.start;
  }

  #search(isLeft: (interval: AddressRange) => boolean, from = 0): number {
    let low = from;
    let high = this.intervals.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isLeft(this.at(middle))) low = middle + 1;
      else high = middle;
    }
    return low;
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
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
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

function isBefore(interval: AddressRange, family: AddressFamily, start: bigint): boolean {
  if (interval.family !== family) return interval.family === 'ipv4';
  return interval.end < start;
}

function isAfter(interval: AddressRange, family: AddressFamily, end: bigint): boolean {
  if (interval.family !== family) return interval.family === 'ipv6';
  return interval.start > end;
}
