import { describe, expect, test } from '@jest/globals';
import type { Release } from '../../../src/core/history/historyDocument.ts';
import { AdditionWindow } from '../../../src/core/history/window.ts';
import { documentOf } from './historyFixtures.ts';

const day = 86_400_000;
const budget = { addresses: 1_000, prefixes: 10 };
const size = (addresses: number, prefixes: number) => ({ addresses, prefixes });
const on = (days: number) => new Date(days * day).toISOString();

/** A window of 28 days, charged on these days. */
function charged(...charges: readonly [days: number, addresses: number, prefixes: number][]): AdditionWindow {
  const window = new AdditionWindow(28);
  for (const [days, addresses, prefixes] of charges) {
    expect(window.charge(days * day, size(addresses, prefixes), budget)).toBeUndefined();
  }
  return window;
}

describe('the window', () => {
  test('adds up what was charged within 28 days', () => {
    const window = charged([0, 100, 1], [0, 50, 1], [7, 10, 2]);

    expect(window.used(7 * day)).toEqual(size(160, 4));
    expect(window.used(28 * day - 1)).toEqual(size(160, 4));
    expect(window.used(28 * day)).toEqual(size(10, 2));
    expect(window.used(35 * day)).toEqual(size(0, 0));
  });

  test('has room up to the budget, and names the limit that has none', () => {
    const window = charged([0, 400, 4]);

    expect(window.charge(day, size(601, 1), budget)).toBe('maxAddedAddresses');
    expect(window.charge(day, size(1, 7), budget)).toBe('maxAddedPrefixes');
    expect(window.charge(day, size(600, 6), budget)).toBeUndefined();
    expect(window.used(day)).toEqual(size(1_000, 10));
  });
});

describe('there is room', () => {
  const free = (window: AdditionWindow, addresses: number, prefixes: number, days: number) =>
    window.freeAt(size(addresses, prefixes), budget, days * day);

  test.each<[string, number, number, string | undefined]>([
    ['now, up to the budget', 400, 4, on(10)],
    ['once the oldest charge has passed', 401, 1, on(28)],
    ['once the oldest charge has passed, for the prefixes', 1, 5, on(28)],
    ['once the charge after it has passed', 900, 1, on(35)],
    ['once the charge after it has passed, for the prefixes', 1, 9, on(35)],
    ['never for what is larger than the budget', 1_001, 1, undefined],
    ['never for more prefixes than the budget has', 1, 11, undefined],
  ])('%s', (_, addresses, prefixes, expected) => {
    expect(free(charged([0, 300, 3], [7, 300, 3]), addresses, prefixes, 10)).toBe(expected);
  });

  test('now, if all that was charged has passed', () => {
    expect(free(charged([0, 1_000, 10]), 1_000, 10, 40)).toBe(on(40));
    expect(free(charged([0, 1_000, 10]), 1_000, 10, 28)).toBe(on(28));
  });
});

describe('the share of a release that counts', () => {
  const window = new AdditionWindow(28);
  const [before, release] = documentOf([], { lists: [], date: '2026-03-02' }).releases as [Release, Release];

  test.each<[string, Release, Release | undefined, number]>([
    ['is all of the first one', before, undefined, 1],
    ['is 28 of 56 days behind a gap', release, before, 0.5],
    [
      'is all of it if somebody looked in the meantime',
      { ...release, lookedAt: '2026-02-23T12:00:00.000Z' },
      before,
      1,
    ],
    ['is that of the time since somebody looked', { ...before, lookedAt: '2025-09-15T12:00:00.000Z' }, undefined, 0.25],
  ])('%s', (_, of, previous, share) => {
    expect(window.shareOf(of, previous)).toBe(share);
  });
});
