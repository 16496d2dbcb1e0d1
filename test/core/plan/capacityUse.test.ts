import { describe, expect, test } from '@jest/globals';
import { rememberCount, toCapacityUse } from '../../../src/core/plan/capacityUse.ts';
import type { CountOnDate } from '../../../src/core/plan/fit.ts';

const week = (index: number): string => new Date(Date.UTC(2026, 0, 5 + 7 * index)).toISOString().slice(0, 10);
const weekly = (...counts: number[]): CountOnDate[] => counts.map((count, index) => ({ date: week(index), count }));

describe('the history of a target', () => {
  test('a publication counts once, as it was counted last', () => {
    const history = rememberCount(weekly(40, 42), { date: week(1), count: 44 });

    expect(history).toEqual(weekly(40, 44));
  });

  test('a list with an earlier date takes its place', () => {
    const [first, second, third] = weekly(40, 42, 44);

    expect(rememberCount([first!, third!], second!)).toEqual([first, second, third]);
  });

  test('holds the last twelve publications', () => {
    const history = weekly(...Array.from({ length: 30 }, (_, index) => index)).reduce<readonly CountOnDate[]>(
      rememberCount,
      [],
    );

    expect(history.map(({ count }) => count)).toEqual([18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  });
});

describe('weeks until a target is full', () => {
  test.each([
    ['two a week, 14 left', weekly(80, 82, 84, 86), 7],
    ['standing still', weekly(80, 80), null],
    ['one publication', weekly(80), null],
  ])('%s', (_, history, expected) => {
    expect(toCapacityUse({ used: 80, limit: 100, history })).toEqual({
      used: 80,
      limit: 100,
      weeksUntilFull: expected,
    });
  });
});
