/** The trusted prefixes of one tag, by the intervals of its addresses, and their number over time. */
import type { AddressFamily } from '../prefixes.ts';
import type { AddressSpace } from './addressSpace.ts';
import type { TrustedSize } from './limits.ts';

export class TrustedPrefixes {
  /** As they are or were listed. */
  readonly prefixes = new Set<string>();
  /** Oldest first. */
  readonly sizes: TrustedSize[] = [];
  readonly #space: AddressSpace;
  readonly #isTrusted: Uint8Array;
  /**
   * 1 for the interval with which a prefix was added, to count prefixes. A prefix that only splits trusted ones does not
   * count: otherwise a list cut into single addresses would make room for thousands of new prefixes.
   */
  readonly #countsAsPrefix: Uint8Array;
  #addresses = 0;
  readonly #prefixCounts: Record<AddressFamily, number> = { ipv4: 0, ipv6: 0 };

  constructor(space: AddressSpace) {
    this.#space = space;
    this.#isTrusted = new Uint8Array(space.intervals.length);
    this.#countsAsPrefix = new Uint8Array(space.intervals.length);
  }

  has(interval: number): boolean {
    return this.#isTrusted[interval] === 1;
  }

  /** Numbers of the trusted intervals, in order. */
  get intervals(): readonly number[] {
    return [...this.#isTrusted.keys()].filter((interval) => this.has(interval));
  }

  add(prefix: string, intervals: readonly number[]): void {
    this.prefixes.add(prefix);
    const added = intervals.filter((interval) => !this.has(interval));
    const [first] = added;
    if (first === undefined) return;
    this.#countsAsPrefix[first] = 1;
    this.#prefixCounts[this.#space.at(first).family] += 1;
    for (const interval of added) this.#isTrusted[interval] = 1;
    this.#addresses += this.#space.countAddresses(added);
  }

  /** Removes a trusted interval only; the caller removes it from `prefixes`. */
  remove(interval: number): void {
    this.#isTrusted[interval] = 0;
    this.#addresses -= this.#space.countAddresses([interval]);
    if (!this.#countsAsPrefix[interval]) return;
    this.#countsAsPrefix[interval] = 0;
    this.#prefixCounts[this.#space.at(interval).family] -= 1;
  }

  noteSize(at: number): void {
    const last = this.sizes.at(-1);
    const { ipv4, ipv6 } = this.#prefixCounts;
    if (last?.addresses === this.#addresses && last.prefixes.ipv4 === ipv4 && last.prefixes.ipv6 === ipv6) return;
    this.sizes.push({ at, addresses: this.#addresses, prefixes: { ipv4, ipv6 } });
  }
}
