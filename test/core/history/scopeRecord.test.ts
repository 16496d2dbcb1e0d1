import { describe, expect, test } from '@jest/globals';
import { firstListed, lastListed } from '../../../src/core/history/dates.ts';
import type { Scope } from '../../../src/core/history/history.ts';
import type { ScopeStep } from '../../../src/core/history/scopeRecord.ts';
import { acr, families, historyOf, week } from './historyFixtures.ts';

const [a, b, c, ipv6] = ['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/24', '2603:1030::/112'];
const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
const both = { tags: [west, north], families };

describe('the record of several tags', () => {
  const lists = [
    { [west]: [a, c, ...many], [north]: many },
    { [west]: many, [north]: [a, b, ipv6, ...many] },
    { [west]: [a, ...many], [north]: [b, ipv6, ...many] },
    { [west]: [a, ...many], [north]: [ipv6, ...many] },
    { [west]: many, [north]: [ipv6, ...many] },
  ];
  // A history of its own for each test: it calculates a scope only once.
  const scopeOf = (scope: Scope) => historyOf(...lists).scope(scope);
  const inShort = ({ index, on, off, add, remove }: ScopeStep) => ({
    index,
    on,
    off,
    add: add.map(({ text }) => text),
    remove: remove.map(({ text }) => text),
  });

  test('has steps that say what began and ceased to be listed in any of them', () => {
    const { steps, space } = scopeOf(both);
    const [ofA, ofB, ofC, ofIpv6] = [0, 1, 2, space.intervals.length - 1];

    expect(space.prefixesOf([ofA, ofB, ofC, ofIpv6])).toEqual([a, b, c, ipv6]);
    expect(steps.slice(1).map(inShort)).toEqual([
      { index: 1, on: [ofB, ofIpv6], off: [ofC], add: [a, b, ipv6], remove: [a, c] },
      { index: 2, on: [], off: [], add: [a], remove: [a] },
      { index: 3, on: [], off: [ofB], add: [], remove: [b] },
      { index: 4, on: [], off: [ofA], add: [], remove: [a] },
    ]);
  });

  test('tells the periods of each address: a move from one tag to another ends none', () => {
    const { published, listed } = scopeOf(both);
    const periods = [{ from: 0, to: 4 }];

    expect([published, listed].map((presence) => presence.periodsOf(0))).toEqual([periods, periods]);
  });

  test('of one family knows nothing of the other', () => {
    const { steps, space } = scopeOf({ ...both, families: ['ipv4'] });

    expect(space.intervals.filter(({ family }) => family === 'ipv6')).toEqual([]);
    expect(steps.map(inShort)[1]).toEqual({ index: 1, on: [1], off: [2], add: [a, b], remove: [a, c] });
  });

  test('takes the tags together release by release, whichever comes first by name', () => {
    const late = historyOf(
      { [west]: many, [north]: many },
      { [west]: many, [north]: [a, ...many] },
      { [west]: [a, ...many], [north]: [a, ...many] },
      { [west]: many, [north]: [a, ...many] },
      { [west]: many, [north]: many },
    );

    expect(late.scope(both).steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(firstListed(late, both, [a])[0]?.release.date).toBe(week(1));
    expect(lastListed(late, both, [a])[0]?.release.date).toBe(week(3));
  });
});
