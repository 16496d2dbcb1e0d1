import { describe, expect, test } from '@jest/globals';
import { sortPrefixes } from '../../../src/core/prefixes.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { acr, historyOf, noon, week, type FixtureRelease, type Lists } from './historyFixtures.ts';

const many = Array.from({ length: 20 }, (_, index) => `40.${index}.0.0/24`);
const wide = '60.0.0.0/18';

function feed(...releases: (Lists | FixtureRelease)[]) {
  return releasedToFeeds(historyOf(...releases), acr);
}

describe('a feed', () => {
  test('of the first release has all of it but what is wide or special', () => {
    expect(feed([...many, wide, '10.0.0.0/8'])).toEqual({
      served: sortPrefixes(many),
      withheld: [
        {
          tag: acr,
          prefix: '10.0.0.0/8',
          kind: 'specialPurpose',
          reason: '10.0.0.0/8 overlaps 10.0.0.0/8 (private use): feeds never contain it.',
        },
        {
          tag: acr,
          prefix: wide,
          kind: 'widestPrefix',
          reason: `${wide} is new and, with its neighbours, wider than /20: feeds contain it when 2 further releases list it.`,
          until: noon(0),
        },
      ],
    });
  });

  test('has a wide prefix when two further releases list it', () => {
    const list = [...many, wide];

    expect(feed(many, list, list)?.withheld[0]?.reason).toContain('when 1 further release list');
    expect(feed(many, list, list, list)?.served).toContain(wide);
    expect(feed(many, list, { date: week(1), lists: list }, { date: week(1), lists: list })?.served).not.toContain(
      wide,
    );
  });

  test('still has it as of that list once a newer list is known: later releases of the same list count', () => {
    const lists = [...many, wide];
    const snapshot = 'Public-20260112-1-000000000000';
    const standing = [1, 2, 3].map((index) => ({ date: week(index), snapshot, lists }));
    const history = historyOf(many, ...standing, [...lists, '61.0.0.0/24']);

    const then = history.until(snapshot);

    expect(then && releasedToFeeds(then, acr)?.served).toEqual(sortPrefixes(lists));
  });

  test('never has one that is larger than the budget', () => {
    const list = [...many, '60.0.0.0/13'];

    expect(feed(many, ...Array.from({ length: 20 }, () => list))?.withheld).toEqual([
      {
        tag: acr,
        prefix: '60.0.0.0/13',
        kind: 'maxAddedAddresses',
        reason: `60.0.0.0/13 is beyond what may be added to the feed of ${acr} within 28 days, and larger than all of that: feeds leave it out.`,
      },
    ]);
  });

  test('measures width with the neighbours', () => {
    const blocks = Array.from({ length: 16 }, (_, index) => `60.0.${index * 16}.0/20`);

    expect(feed(many, [...many, ...blocks])?.withheld.map(({ kind }) => kind)).toEqual(
      blocks.map(() => 'widestPrefix'),
    );
    expect(feed(many, [...many, ...blocks.slice(0, 1)])?.withheld).toEqual([]);
    // One more beside one that is trusted.
    const [first = '', second = ''] = blocks;
    expect(feed(many, [...many, first], [...many, first, second])?.withheld.map(({ prefix }) => prefix)).toEqual([
      second,
    ]);
  });

  test('keeps what a wide prefix took the place of', () => {
    const served = feed(['60.0.1.0/24', ...many], [wide, ...many])?.served;

    expect(served).toEqual(sortPrefixes([...many, '60.0.1.0/24']));
  });

  test('gets what is beyond the budget when it has stood and there is room', () => {
    const flood = Array.from({ length: 10 }, (_, index) => `${60 + index}.0.0.0/20`);
    const list = [...many, ...flood];
    const weeks = (count: number) => feed(many, ...Array.from({ length: count }, () => list));

    expect(weeks(1)?.withheld.map(({ prefix, kind, until }) => [prefix, kind, until])).toEqual(
      flood.slice(8).map((prefix) => [prefix, 'maxAddedAddresses', noon(5)]),
    );
    expect(weeks(4)?.withheld).toHaveLength(2);
    expect(weeks(5)?.withheld).toEqual([]);
  });

  test('that nobody pulls while it is flooded has the list before', () => {
    const flood = Array.from({ length: 2_000 }, (_, index) => `${60 + (index >> 8)}.${index & 255}.0.0/20`);
    const { served = [], withheld = [] } = feed(many, [...many, ...flood]) ?? {};

    expect(served).toHaveLength(many.length + 8);
    expect(withheld).toHaveLength(flood.length - 8);
    expect(feed(many, [...many, ...flood], many)?.served).toEqual(sortPrefixes(many));
  });
});
