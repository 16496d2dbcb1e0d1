import { describe, expect, test } from '@jest/globals';
import { growth, type GrowthLimits } from '../../../src/core/history/growth.ts';
import type { History } from '../../../src/core/history/history.ts';
import { acr, families, historyOf, noon, week, wholeTag, type FixtureRelease, type Lists } from './historyFixtures.ts';

const now = new Date('2026-12-31T00:00:00Z');
const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
const blocks = (from: number, count: number, length = 24) =>
  Array.from({ length: count }, (_, index) => `20.${from + index}.0.0/${length}`);

/** `prefix date-of-release limit`. */
function beyond(history: History, limits: GrowthLimits = {}, scope = wholeTag): string[] {
  return growth(history, scope, limits, now).beyondBudget.map(
    ({ prefix, release, limit }) => `${prefix} ${release.date} ${limit}`,
  );
}

describe('growth', () => {
  test('of the first release on record is none', () => {
    expect(beyond(historyOf(blocks(0, 200, 16)))).toEqual([]);
  });

  test('beyond the budget of one release is what is largest', () => {
    const history = historyOf(many, [...many, '20.1.0.0/24', '20.2.0.0/25', '20.3.0.0/26']);

    expect(beyond(history, { maxAddedAddresses: 300 })).toEqual([`20.1.0.0/24 ${week(1)} maxAddedAddresses`]);
    expect(beyond(history, { maxAddedPrefixes: 1 })).toEqual([
      `20.1.0.0/24 ${week(1)} maxAddedPrefixes`,
      `20.2.0.0/25 ${week(1)} maxAddedPrefixes`,
    ]);
  });

  test('a little in every release is counted together', () => {
    const history = historyOf(many, ...[1, 2, 3, 4].map((count) => [...many, ...blocks(1, count)]));

    expect(beyond(history, { maxAddedAddresses: 512 })).toEqual([
      `20.3.0.0/24 ${week(3)} maxAddedAddresses`,
      `20.4.0.0/24 ${week(4)} maxAddedAddresses`,
    ]);
  });

  test('what was beyond the budget stays so when the window has passed, and what comes then has room', () => {
    const one = [...many, ...blocks(1, 2)];
    const history = historyOf(many, one, one, one, one, one, [...one, '20.9.0.0/24']);

    expect(beyond(history, { maxAddedAddresses: 256 })).toEqual([`20.2.0.0/24 ${week(1)} maxAddedAddresses`]);
    expect(beyond(history, { maxAddedAddresses: 512 })).toEqual([]);
  });

  test('what was beyond the budget and left is so again when it is back', () => {
    const one = [...many, ...blocks(1, 2)];
    const history = historyOf(many, one, many, many, many, many, many, one);

    expect(beyond(history, { maxAddedAddresses: 256 })).toEqual([`20.2.0.0/24 ${week(1)} maxAddedAddresses`]);
  });

  test('of IPv6 is counted in prefixes', () => {
    const history = historyOf(many, [...many, '2603:1030:1::/112', '2603:1030:2::/112']);

    expect(beyond(history, { maxAddedPrefixes: 1, maxAddedAddresses: 0 })).toEqual([
      `2603:1030:2::/112 ${week(1)} maxAddedPrefixes`,
    ]);
  });

  test('counts double what only one of several sources lists', () => {
    const onlyOneSource = ['20.1.0.0/24'];
    const history = historyOf(many, { lists: [...many, '20.1.0.0/24'], onlyOneSource });

    expect(beyond(history, { maxAddedAddresses: 511 })).toEqual([`20.1.0.0/24 ${week(1)} maxAddedAddresses`]);
    expect(beyond(history, { maxAddedAddresses: 512, maxAddedPrefixes: 2 })).toEqual([]);
    expect(beyond(history, { maxAddedPrefixes: 1 })).toEqual([`20.1.0.0/24 ${week(1)} maxAddedPrefixes`]);
  });

  test.each<[string, (Lists | FixtureRelease)[]]>([
    [
      'a range that is split',
      [
        ['20.0.0.0/15', ...many],
        ['20.0.0.0/16', '20.1.0.0/16', ...many],
      ],
    ],
    [
      'a range that is merged',
      [
        ['20.0.0.0/16', '20.1.0.0/16', ...many],
        ['20.0.0.0/15', ...many],
      ],
    ],
    ['a tag that vanished and comes back', [blocks(0, 200, 20), {}, {}, {}, {}, {}, blocks(0, 200, 20)]],
    ['a list that was rejected', [many, { lists: [...many, ...blocks(0, 50, 12)], rejected: true }, many]],
    ['a list of another tag that is the first of it', [many, { [acr]: many, Storage: blocks(0, 200, 16) }]],
  ])('is none: %s', (_, releases) => {
    expect(beyond(historyOf(...releases), {}, { tags: [acr, 'Storage'], families })).toEqual([]);
  });

  test('is what is new in a release that splits a prefix as well', () => {
    const history = historyOf(['20.9.0.0/24', ...many], ['20.9.0.0/25', '20.9.0.128/25', '20.1.0.0/24', ...many]);

    expect(beyond(history, { maxAddedPrefixes: 1 })).toEqual([]);
  });

  test('of another tag makes no room for more within 28 days, and its regions are a part of it', () => {
    const west = 'Storage.WestEurope';
    const lists = (added: string[]) => ({
      [acr]: many,
      Storage: [...blocks(0, 10, 16), ...added],
      [west]: blocks(0, 5, 16),
    });
    const history = historyOf(lists([]), lists(['60.0.0.0/16']), lists(['60.0.0.0/16', '70.0.0.0/20']));

    for (const tags of [['Storage'], ['storage', west, 'Sql']]) {
      const { beyondBudget, limits } = growth(history, { tags, families }, {}, new Date(noon(2)));
      // A tenth of ten /16.
      expect(limits.maxAddedAddresses).toBe(65_536);
      expect(beyondBudget.map(({ prefix }) => prefix)).toEqual(['70.0.0.0/20']);
    }
    expect(growth(history, { tags: [west], families }, {}, new Date(noon(2))).limits.maxAddedAddresses).toBe(32_768);
  });

  test('of a prefix that moves from one tag of the scope to another is none', () => {
    const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
    const history = historyOf({ [west]: ['20.0.0.0/16'], [north]: many }, { [west]: many, [north]: ['20.0.0.0/16'] });

    expect(beyond(history, {}, { tags: [west, north], families })).toHaveLength(0);
    expect(beyond(history, {}, { tags: [north], families })).toEqual([`20.0.0.0/16 ${week(1)} maxAddedAddresses`]);
  });

  test('behind a gap is judged by its length', () => {
    const lists = [...many, ...blocks(1, 10)];
    const after = (days: number, lookedAt?: string) => {
      const seenAt = new Date(Date.parse(noon(0)) + days * 86_400_000).toISOString();
      return historyOf(many, { date: seenAt.slice(0, 10), seenAt, lists, ...(lookedAt !== undefined && { lookedAt }) });
    };
    const limits = { maxAddedAddresses: 256 };

    expect(beyond(after(280), limits)).toEqual([]);
    expect(beyond(after(140), limits)).toHaveLength(5);
    // Somebody looked in all that time, and there was nothing new.
    expect(beyond(after(280, '2026-10-12T11:00:00.000Z'), limits)).toHaveLength(9);
  });

  test('is counted as of now', () => {
    const history = historyOf(many, [...many, '20.1.0.0/24', '2603:1030:1::/112']);
    const at = (iso: string) => growth(history, wholeTag, {}, new Date(iso));

    expect(at('2026-01-13T00:00:00Z')).toMatchObject({ usedAddresses: 256, usedPrefixes: 2 });
    expect(at('2026-02-10T00:00:00Z')).toMatchObject({ usedAddresses: 0, usedPrefixes: 0 });
  });

  test.each<[string, string[], object]>([
    ['a whole tag', [acr], { maxAddedAddresses: 32_768, maxAddedPrefixes: 400 }],
    ['one region', [`${acr}.WestEurope`], { maxAddedAddresses: 4_096, maxAddedPrefixes: 40 }],
    ['three regions', [1, 2, 3].map((n) => `${acr}.R${n}`), { maxAddedAddresses: 12_288, maxAddedPrefixes: 120 }],
    [
      'a hundred regions',
      blocks(0, 100).map((n) => `${acr}.${n}`),
      { maxAddedAddresses: 32_768, maxAddedPrefixes: 400 },
    ],
    ['a whole tag and a region', [acr, `${acr}.WestEurope`], { maxAddedAddresses: 32_768, maxAddedPrefixes: 400 }],
    ['another tag', ['Storage'], { maxAddedAddresses: 39_321, maxAddedPrefixes: 400 }],
    [
      'another tag and a region',
      [`${acr}.WestEurope`, 'Storage'],
      { maxAddedAddresses: 39_321, maxAddedPrefixes: 400 },
    ],
  ])('has a default for %s', (_, tags, limits) => {
    const history = historyOf({ Storage: blocks(0, 6, 16) });

    expect(growth(history, { tags, families }, {}, now).limits).toEqual({ limitWindowDays: 28, ...limits });
  });
});

describe('what the list dropped', () => {
  test('is counted within the window that ends at a time, and not what is back', () => {
    const list = (...gone: number[]) => many.filter((_, index) => !gone.includes(index));
    const history = historyOf(many, list(0), list(0, 1), list(0, 1), list(0), list(0, 2));
    const { droppedInWindow } = growth(history, wholeTag, {}, now);

    expect(droppedInWindow(noon(5))).toEqual(['40.2.0.0/24']);
    expect(droppedInWindow(noon(4))).toEqual(['40.0.0.0/24']);
    expect(droppedInWindow(noon(0))).toEqual([]);
  });

  test.each<[string, string[][], string[]]>([
    [
      'as it was listed, not as it was cut before',
      [['40.0.0.0/25', '40.0.0.128/25', ...many.slice(1)], many, many.slice(1)],
      ['40.0.0.0/24'],
    ],
    [
      'only where no other prefix lists it',
      [
        ['40.0.0.0/25', ...many],
        ['40.0.0.0/25', ...many.slice(1)],
      ],
      ['40.0.0.128/25'],
    ],
  ])('is told %s', (_, lists, dropped) => {
    expect(growth(historyOf(...lists), wholeTag, {}, now).droppedInWindow(noon(4))).toEqual(dropped);
  });
});
