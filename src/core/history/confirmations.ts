/**
 * What it means that a release confirms: it has a new date (or, without dates, was seen on a new day), it is the word of
 * the sources of today and not a late list that only adds, and nobody has rejected it. However often a list changes on
 * one date, it confirms once.
 */
import type { Release } from './historyDocument.ts';

/** Counts the further releases that confirm something, beginning behind the release `from`. */
export class Confirmations {
  readonly #dates: Set<string>;

  constructor(from: Release) {
    this.#dates = new Set([from.date]);
  }

  /** True if it is one more. */
  add(release: Release): boolean {
    if (release.addsOnly || this.#dates.has(release.date)) return false;
    this.#dates.add(release.date);
    return true;
  }

  get count(): number {
    return this.#dates.size - 1;
  }
}

/** Of each release, how many that may confirm something there have been up to it. */
export function ordinalsOf(releases: readonly Release[]): readonly number[] {
  const [first] = releases;
  const confirmations = first && new Confirmations(first);
  return releases.map((release) => {
    confirmations?.add(release);
    return confirmations?.count ?? 0;
  });
}
