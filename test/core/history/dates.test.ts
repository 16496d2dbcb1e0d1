import { describe, expect, test } from '@jest/globals';
import { deadlines, firstListed, lastListed } from '../../../src/core/history/dates.ts';
import { acr, families, historyOf, week, wholeTag } from './historyFixtures.ts';

const [a, b] = ['20.1.0.0/24', '20.1.1.0/24'];
const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
const [west, north] = [`${acr}.WestEurope`, `${acr}.NorthEurope`];
const both = { tags: [west, north], families };

const first = (...args: Parameters<typeof firstListed>) =>
  firstListed(...args).map((entry) => `${entry.prefix} ${entry.release.date}`);
const last = (...args: Parameters<typeof lastListed>) =>
  lastListed(...args).map((entry) => `${entry.prefix} ${entry.release.date}`);
const due = (...args: Parameters<typeof deadlines>) =>
  deadlines(...args).map(({ prefix, published, deadline }) => `${prefix} ${published} ${deadline.slice(0, 10)}`);

describe('a prefix was first listed', () => {
  const history = historyOf(many, [a, ...many], [a, b, ...many], [a, b, ...many]);

  test('when the last of its addresses was', () => {
    expect(first(history, wholeTag, [a, b, '20.1.0.0/23', '20.1.0.128/25', '40.1.0.0/24', '99.0.0.0/24'])).toEqual([
      `${a} ${week(1)}`,
      `${b} ${week(2)}`,
      `20.1.0.0/23 ${week(2)}`,
      `20.1.0.128/25 ${week(1)}`,
      `40.1.0.0/24 ${week(0)}`,
    ]);
  });

  test('when it came back, if it had left', () => {
    expect(first(historyOf([a, ...many], many, [a, ...many], many), wholeTag, [a])).toEqual([`${a} ${week(2)}`]);
  });

  test('by any tag of the scope: moving between two of them is no new listing', () => {
    const moved = historyOf({ [west]: [a, ...many], [north]: many }, { [west]: many, [north]: [a, ...many] });

    expect(first(moved, both, [a])).toEqual([`${a} ${week(0)}`]);
    expect(first(moved, { tags: [north], families }, [a])).toEqual([`${a} ${week(1)}`]);
    expect(due(moved, both, [a])).toEqual([`${a} ${week(0)} ${week(1)}`]);
  });

  test('before the tag was missing for a release', () => {
    expect(first(historyOf(many, [a, ...many], {}, [a, ...many]), wholeTag, [a])).toEqual([`${a} ${week(1)}`]);
  });
});

describe('a prefix was last listed', () => {
  test('in the release before the one without it, or in the newest', () => {
    const history = historyOf([a, b, ...many], [a, b, ...many], [a, ...many], [a, ...many]);

    expect(last(history, wholeTag, [a, b, '20.1.0.0/23', '99.0.0.0/24'])).toEqual([
      `${a} ${week(3)}`,
      `${b} ${week(1)}`,
      `20.1.0.0/23 ${week(1)}`,
    ]);
  });

  test('before its tag went into quarantine, which keeps it', () => {
    expect(last(historyOf(many, {}, {}), wholeTag, ['40.1.0.0/24'])).toEqual([`40.1.0.0/24 ${week(0)}`]);
  });
});

test('a prefix that came in two parts has two deadlines, and one that is not listed has none', () => {
  const history = historyOf(many, [a, ...many], [a, b, ...many]);

  expect(due(history, wholeTag, ['20.1.0.0/23', '99.0.0.0/24'])).toEqual([
    `${a} ${week(1)} ${week(2)}`,
    `${b} ${week(2)} ${week(3)}`,
  ]);
});

test('a prefix whose parts came on one day has one deadline, and one that left has none', () => {
  const history = historyOf(many, [a, b, ...many], [a, b, ...many.slice(1)]);

  expect(due(history, wholeTag, ['20.1.0.0/23', '40.0.0.0/24'])).toEqual([`20.1.0.0/23 ${week(1)} ${week(2)}`]);
});

test('a history may be looked at as it was', () => {
  const history = historyOf(many, [a, ...many], many);
  const before = history.until(history.releases[1]?.snapshot ?? '');

  expect(last(history, wholeTag, [a])).toEqual([`${a} ${week(1)}`]);
  expect(before && first(before, wholeTag, [a])).toEqual([`${a} ${week(1)}`]);
  expect(before?.newest?.date).toBe(week(1));
  expect(history.until('Public-20200101-1-000000000000')).toBeUndefined();
});
