import { describe, expect, test } from '@jest/globals';
import { releaseAt } from '../../../src/core/history/historyDocument.ts';
import { quarantineLimits } from '../../../src/core/history/limits.ts';
import { acr, historyOf, wholeTag, type FixtureRelease } from './historyFixtures.ts';

const [a, ipv6] = ['20.1.0.0/24', '2603:1030::/112'];

describe('a history', () => {
  test('covers the tags of its services, listed or not', () => {
    const history = historyOf([a]);

    expect([acr, `${acr.toLowerCase()}.atlantis`, 'Storage'].map((tag) => history.covers(tag))).toEqual([
      true,
      true,
      false,
    ]);
    expect(historyOf({ [acr]: [a], Storage: [a] }).covers('Storage.WestEurope')).toBe(true);
  });

  test('knows the first release that was pulled behind built-in ones', () => {
    const builtIn = { builtIn: true, date: '2025-12-29', lists: [a] } as const;

    expect(
      [historyOf(), historyOf([a]), historyOf(builtIn), historyOf(builtIn, [a], [a])].map(
        ({ firstPulled }) => firstPulled,
      ),
    ).toEqual([-1, -1, -1, 1]);
  });

  test('looks at each scope by its own tags, families and limits', () => {
    const history = historyOf([a, ipv6], [a]);
    const families = ['ipv4'] as const;
    const limits = { ...quarantineLimits, maxRemovedPercent: 100 };
    const scopes = [
      { ...wholeTag, families },
      { ...wholeTag, limits },
      { ...wholeTag, tags: ['Storage'] },
    ];
    const intervals = [wholeTag, ...scopes].map((scope) => history.scope(scope).space.intervals.length);

    expect(intervals).toEqual([2, 1, 2, 0]);
    expect([quarantineLimits, limits].map((own) => history.trust(acr, own)?.quarantine?.kind)).toEqual([
      'shrunken',
      undefined,
    ]);
    // The same scope is looked at once.
    expect(history.scope({ tags: [acr.toLowerCase(), acr], families: ['ipv6', 'ipv4'] })).toBe(history.scope(wholeTag));
  });

  test('may be looked at as it was after each of its releases', () => {
    const history = historyOf([a], [a, ipv6]);
    const [first, newest] = history.releases;

    expect(history.until(first?.snapshot ?? '')?.releases).toEqual([first]);
    expect(history.until(newest?.snapshot ?? '')).toBe(history);
    expect(historyOf().until(first?.snapshot ?? '')).toBeUndefined();
  });
});

test('the changes of the first release after rejected ones are those since the last one before them', () => {
  const west = `${acr}.WestEurope`;
  const rejected = { lists: { [acr]: [a, ipv6], [west]: [a] }, rejected: true } as const;
  const history = historyOf(
    { [acr]: [a], [west]: [a] },
    rejected,
    { ...rejected, lists: {} },
    { lists: [a, ipv6], onlyOneSource: [ipv6] },
    [ipv6],
  );

  expect(history.countedReleases.map(({ tags }) => tags)).toEqual([
    ...history.document.releases.slice(0, 3).map(({ tags }) => tags),
    { [acr]: { add: [ipv6], remove: [], onlyOneSource: [ipv6] }, [west]: null },
    { [acr]: { add: [], remove: [a] } },
  ]);
  const [, , next] = historyOf([a], { ...rejected, lists: [ipv6] }, [a, ipv6]).countedReleases;
  expect(next?.tags).toEqual({ [acr]: { add: [ipv6], remove: [] } });
  expect(historyOf([a], [a, ipv6]).countedReleases).toEqual(historyOf([a], [a, ipv6]).document.releases);
});

test('a snapshot is rejected if each of its releases is', () => {
  const [one, other] = ['Public-20260105-1-000000000000', 'Public-20260112-2-000000000000'];
  const of = (snapshot: string, isRejected: boolean): FixtureRelease =>
    isRejected ? { lists: [a], snapshot, rejected: true } : { lists: [a], snapshot };
  const history = historyOf(of(one, true), of(other, true), of(one, true), of(other, false));

  expect([one, other, 'unknown'].map((snapshot) => history.isRejected(snapshot))).toEqual([true, false, false]);
});

test('a release that does not exist is refused', () => {
  const { releases } = historyOf([a]);

  expect(releaseAt(releases, 0)).toBe(releases[0]);
  expect(() => releaseAt(releases, 1)).toThrow(new RangeError('there is no release 1'));
});
