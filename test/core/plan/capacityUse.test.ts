import { describe, expect, test } from '@jest/globals';
import { rememberCount, toCapacityUse, type CountOnDate } from '../../../src/core/plan/capacityUse.ts';

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
  test.each<[string, readonly CountOnDate[], number, number | null]>([
    ['two a week, 14 left', weekly(80, 82, 84, 86), 100, 7],
    ['order of the history does not matter', weekly(80, 82, 84, 86).reverse(), 100, 7],
    ['already full', weekly(90, 100), 100, 0],
    ['beyond full', weekly(90, 120), 100, 0],
    ['standing still', weekly(80, 80, 80), 100, null],
    ['shrinking', weekly(90, 80), 100, null],
    ['one publication', weekly(80), 100, null],
    ['none', [], 100, null],
    [
      'two counts of one day',
      [
        { date: '2025-01-06', count: 1 },
        { date: '2025-01-06', count: 9 },
      ],
      100,
      null,
    ],
    [
      'ISO times',
      [
        { date: '2025-01-06T00:00:00Z', count: 10 },
        { date: '2025-01-09T12:00:00Z', count: 15 },
      ],
      35,
      2,
    ],
  ])('%s', (_, history, limit, weeksUntilFull) => {
    expect(toCapacityUse({ used: 80, limit, history })).toEqual({ used: 80, limit, weeksUntilFull });
  });
});
