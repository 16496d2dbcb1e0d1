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

  /** What counts against the budget at a time, none of which is before an earlier one's. */
  used(at: number): Budget {
    this.#charges = this.#charges.filter((charge) => charge.at > at - this.#lengthInMs);
    return this.#sumAt(at);
  }

  /** One charge per time, so that their number is that of the releases and not that of what a list adds. */
  charge(at: number, { addresses, prefixes }: Budget): void {
    const last = this.#charges.at(-1);
    if (last?.at !== at) this.#charges.push({ at, addresses, prefixes });
    else {
      const sum = { at, addresses: last.addresses + addresses, prefixes: last.prefixes + prefixes };
      this.#charges.splice(-1, 1, sum);
    }
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
    let { addresses, prefixes } = this.#sumAt(now);
    const hasRoom = () => addresses + size.addresses <= budget.addresses && prefixes + size.prefixes <= budget.prefixes;
    if (hasRoom()) return new Date(now).toISOString();
    for (const charge of this.#charges) {
      const end = charge.at + this.#lengthInMs;
      if (end <= now) continue;
      addresses -= charge.addresses;
      prefixes -= charge.prefixes;
      if (hasRoom()) return new Date(end).toISOString();
    }
    return undefined;
  }

  #sumAt(at: number): Budget {
    return this.#charges
      .filter((charge) => charge.at > at - this.#lengthInMs)
      .reduce(
        (sum, charge) => ({ addresses: sum.addresses + charge.addresses, prefixes: sum.prefixes + charge.prefixes }),
        { addresses: 0, prefixes: 0 },
      );
  }
}
