/** What was let in within a rolling window, and how much room is left. */
import { dayInMs } from '../time.ts';
import type { Release } from './historyDocument.ts';
import type { Budget } from './limits.ts';

interface Charge extends Budget {
  readonly at: number;
}

export class AdditionWindow {
  readonly #lengthInMs: number;
  #charges: Charge[] = [];

  constructor(days: number) {
    this.#lengthInMs = days * dayInMs;
  }

  /** What counts against the budget at a time. */
  used(at: number): Budget {
    this.#charges = this.#charges.filter((charge) => charge.at > at - this.#lengthInMs);
    return this.#charges.reduce(
      (sum, charge) => ({ addresses: sum.addresses + charge.addresses, prefixes: sum.prefixes + charge.prefixes }),
      { addresses: 0, prefixes: 0 },
    );
  }

  charge(at: number, size: Budget): void {
    this.#charges.push({ at, ...size });
  }

  /**
   * The share of what a release added that falls into the window. Behind a gap, of a deployment that was off for months,
   * what was added in the meantime is spread over the whole of it.
   */
  shareOf(release: Release, before: Release | undefined): number {
    const gap = Date.parse(release.seenAt) - Date.parse(release.lookedAt ?? before?.seenAt ?? release.seenAt);
    return gap > this.#lengthInMs ? this.#lengthInMs / gap : 1;
  }

  /** ISO time at which `size` has room; undefined if it never has. */
  freeAt(size: Budget, budget: Budget, now: number): string | undefined {
    if (size.addresses > budget.addresses || size.prefixes > budget.prefixes) return undefined;
    const ends = this.#charges.map(({ at }) => at + this.#lengthInMs).sort((a, b) => a - b);
    for (const at of [now, ...ends.filter((end) => end > now)]) {
      const left = this.#charges.filter((charge) => charge.at > at - this.#lengthInMs);
      const sum = (key: keyof Budget) => left.reduce((total, charge) => total + charge[key], size[key]);
      if (sum('addresses') <= budget.addresses && sum('prefixes') <= budget.prefixes) return new Date(at).toISOString();
    }
    return undefined;
  }
}
