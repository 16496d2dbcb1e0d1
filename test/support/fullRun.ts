/** What `npm test` leaves to `npm run test:full`: further cases of a kind, and what takes long. */
import { test } from '@jest/globals';

export const isFullRun = process.env.FULL_MATRIX !== undefined;

/** All cases in a full run, else every n-th, beginning with the first. */
export function everyNth<T>(n: number, cases: readonly T[]): T[] {
  return cases.filter((_, index) => isFullRun || index % n === 0);
}

/** A test that is skipped but in a full run. */
export const testInFullRun = isFullRun ? test : test.skip;
