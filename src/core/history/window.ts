/** Adds up additions within a rolling window, and tells whether there is room for more. */
import { comparePrefixes, parsePrefix, type AddressPrefix } from '../prefixes.ts';
import { dayInMs } from '../time.ts';
import type { Release } from './historyDocument.ts';
import type { Budget } from './limits.ts';

export type GrowthLimit = 'maxAddedAddresses' | 'maxAddedPrefixes';

/** The additions at one time. */
interface Charge extends Budget {
  readonly at: number;
}

export class AdditionWindow {
  readonly #lengthInMs: number;
  #charges: Charge[] = [];

  constructor(days: number) {
    this.#lengthInMs = days * dayInMs;
  }

  /** How much of the budget is used at a time. Times must not decrease from call to call. */
  used(at: number): Budget {
    this.#charges = this.#charges.filter((charge) => charge.at > at - this.#lengthInMs);
    return sumOf(this.#charges);
  }

  /** Charges `size` if the budget has room for it; otherwise returns the limit that has no room. */
  charge(at: number, size: Budget, budget: Budget): GrowthLimit | undefined {
    const used = this.used(at);
    if (used.addresses + size.addresses > budget.addresses) return 'maxAddedAddresses';
    if (used.prefixes + size.prefixes > budget.prefixes) return 'maxAddedPrefixes';
    // One charge per time, so that their number grows with the releases and not with the additions.
    const isSameTime = this.#charges.at(-1)?.at === at;
    const before = isSameTime ? this.#charges.pop() : undefined;
    this.#charges.push({ at, ...sumOf(before ? [before, size] : [size]) });
    return undefined;
  }

  /**
   * The share of a release's additions that counts in the window. After a gap, for example if a deployment was off for
   * months, the additions are spread over the whole gap.
   */
  shareOf(release: Release, before: Release | undefined): number {
    const gap = Date.parse(release.seenAt) - Date.parse(release.lookedAt ?? before?.seenAt ?? release.seenAt);
    return this.#lengthInMs / Math.max(gap, this.#lengthInMs);
  }

  /** ISO time from which on there is room for `size`; undefined if there never is. */
  freeAt(size: Budget, budget: Budget, now: number): string | undefined {
    let used = this.used(now);
    let at = now;
    for (const next of [...this.#charges, undefined]) {
      if (used.addresses + size.addresses <= budget.addresses && used.prefixes + size.prefixes <= budget.prefixes) {
        return new Date(at).toISOString();
      }
      if (!next) break;
      used = { addresses: used.addresses - next.addresses, prefixes: used.prefixes - next.prefixes };
      at = next.at + this.#lengthInMs;
    }
    return undefined;
  }
}

export function sumOf(sizes: readonly Budget[]): Budget {
  return {
    addresses: sizes.reduce((sum, { addresses }) => sum + addresses, 0),
    prefixes: sizes.reduce((sum, { prefixes }) => sum + prefixes, 0),
  };
}

/** The smallest first, so that a few large ones do not keep out the others; then by address. */
export function bySize(prefixes: readonly string[]): AddressPrefix[] {
  const hostBits = ({ family, length }: AddressPrefix) => (family === 'ipv4' ? 32 : 128) - length;
  return [...new Set(prefixes)].map(parsePrefix).sort((a, b) => hostBits(a) - hostBits(b) || comparePrefixes(a, b));
}
