/**
 * Which releases count as confirmation: those with a new date (a list without a date has the day on which it was seen) that
 * are neither rejected nor an outdated list that only adds. However often a list changes on one date, it confirms once.
 */
import type { Release } from './historyDocument.ts';

/** Counts the confirming releases after the release `from`. */
export class Confirmations {
  readonly #dates: Set<string>;

  constructor(from: Release) {
    this.#dates = new Set([from.date]);
  }

  add(release: Release): void {
    if (!release.addsOnly) this.#dates.add(release.date);
  }

  get count(): number {
    return this.#dates.size - 1;
  }
}

/** For each release, the number of confirming releases up to it. */
export function ordinalsOf(releases: readonly Release[]): readonly number[] {
  let confirmations: Confirmations | undefined;
  return releases.map((release) => {
    confirmations ??= new Confirmations(release);
    confirmations.add(release);
    return confirmations.count;
  });
}
