import { describe, expect, test } from '@jest/globals';
import { sortPrefixes } from '../../../src/core/prefixes.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { acr, historyOf, noon, week, type FixtureRelease, type Lists } from './historyFixtures.ts';

const many = Array.from({ length: 20 }, (_, index) => `40.${index}.0.0/24`);
/** With these, the loss of one is within the limits. */
const moreThanMany = Array.from({ length: 80 }, (_, index) => `41.${index}.0.0/24`);
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

    expect(feed(many, list, list)?.withheld[0]?.reason).toContain('when 1 further release lists it.');
    expect(feed(many, list, list, list)?.served).toContain(wide);
    expect(feed(many, list, { date: week(1), lists: list }, { date: week(1), lists: list })?.served).not.toContain(
      wide,
    );
  });

  test('keeps what an older and the newest release list, if the one between them is rejected', () => {
    const list = [...many, '60.0.0.0/24'];
    const changed = [...list, '60.1.0.0/24'];

    expect(feed(many, list, { lists: changed, rejected: true }, changed)?.served).toEqual(sortPrefixes(changed));
  });

  test('has a wide prefix no longer if one of the releases that confirmed it is rejected, until another one does', () => {
    const list = [...many, wide];
    const rejected = { lists: list, rejected: true } as const;

    const after = feed(many, list, rejected, list);

    expect(after?.served).toEqual(many);
    expect(after?.withheld).toMatchObject([
      { prefix: wide, reason: expect.stringContaining('when 1 further release lists it.') as unknown },
    ]);
    expect(feed(many, list, rejected, list, list)?.served).toContain(wide);
  });

  test('never has a wide prefix that left the list before', () => {
    expect(feed(many, [...many, wide], many, many, many)).toEqual({ served: many, withheld: [] });
  });

  test('begins to count anew with the first release that is pulled', () => {
    const lists = [...many, wide];
    const builtIn = true;
    const before = [
      { builtIn, date: '2025-12-22', lists: many },
      { builtIn, date: '2025-12-29', lists },
    ] as const;

    expect(feed(...before, lists)?.withheld[0]?.reason).toContain('when 2 further releases list');
  });

  test('has a merged prefix as the newest list writes it', () => {
    expect(feed(['40.0.0.0/25', '40.0.0.128/25', ...many.slice(1)], many)?.served).toEqual(many);
  });

  test('is none of a tag that no release ever listed', () => {
    expect(releasedToFeeds(historyOf(many), `${acr}.Atlantis`)).toBeUndefined();
  });

  test('loses what left the list', () => {
    const longer = [...many, ...moreThanMany];

    expect(feed(longer, longer.slice(1))?.served).toEqual(sortPrefixes(longer.slice(1)));
  });

  test('never has a special-purpose range, however small it is and however long it is listed', () => {
    const list = [...many, '10.1.0.0/24'];

    expect(feed(many, list, list, list, list)).toEqual({
      served: many,
      withheld: [
        {
          tag: acr,
          prefix: '10.1.0.0/24',
          kind: 'specialPurpose',
          reason: '10.1.0.0/24 overlaps 10.0.0.0/8 (private use): feeds never contain it.',
        },
      ],
    });
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

    expect(feed(many, ...Array.from({ length: 20 }, () => list))?.withheld).toStrictEqual([
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
    // 20 beside each other that no wider prefix contains.
    expect(feed(many, [...many, ...blocks.slice(1, 3)])?.withheld).toEqual([]);
    // Behind a gap that was listed before.
    expect(feed(['50.0.0.0/24', ...many], many, [...many, ...blocks])?.withheld).toHaveLength(blocks.length);
    // One more beside one that is trusted.
    const [first = '', second = ''] = blocks;
    expect(feed(many, [...many, first], [...many, first, second])?.withheld.map(({ prefix }) => prefix)).toEqual([
      second,
    ]);
  });

  test('measures width down to a single address, and of IPv6 too', () => {
    const lengths = Array.from({ length: 13 }, (_, index) => 20 + index);
    const chain = [
      '60.0.0.0/32',
      ...lengths.map((length) => `60.0.${(2 ** (32 - length)) >> 8}.${(2 ** (32 - length)) & 255}/${length}`),
    ];
    const ipv6 = ['2603:1030::/112', '2603:1030::1:0/112'];

    expect(feed(many, [...many, ...chain])?.withheld.map(({ kind }) => kind)).toEqual(chain.map(() => 'widestPrefix'));
    expect(feed(many, [...many, ...ipv6])?.withheld[0]?.reason).toBe(
      `${ipv6[0]} is new and, with its neighbours, wider than /112: feeds contain it when 2 further releases list it.`,
    );
    expect(feed(many, [...many, ipv6[0]!, '2603:1030::3:0/112'])?.withheld).toEqual([]);
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
    expect(weeks(3)?.withheld.map(({ reason }) => reason)).toEqual(
      flood
        .slice(8)
        .map(
          (prefix) =>
            `${prefix} is beyond what may be added to the feed of ${acr} within 28 days: feeds contain it when there is room for it.`,
        ),
    );
    expect(weeks(5)?.withheld).toEqual([]);
  });

  test('makes what was beyond the budget wait even if there is room again', () => {
    const flood = Array.from({ length: 10 }, (_, index) => `${60 + index}.0.0.0/20`);
    const list = [...many, ...flood];

    // There is room again, but only one further release has listed what was beyond the budget.
    expect(feed(many, list, { date: week(6), lists: list })?.withheld).toHaveLength(2);
    expect(feed(many, list, { date: week(6), lists: [...list, '80.0.0.0/24'] })?.served).toContain('80.0.0.0/24');
  });

  test('spends its budget on what was not trusted before', () => {
    const [half, whole, other] = ['60.0.0.0/21', '60.0.0.0/20', '70.0.0.0/21'];
    const region = `${acr}.WestEurope`;
    const parts = (length: number) =>
      Array.from({ length: 21 }, (_, index) => [`40.${index}.0.0/${length}`, `40.${index}.0.128/${length}`]).flat();
    const regional = (...lists: string[][]) =>
      releasedToFeeds(historyOf(...lists.map((list) => ({ [region]: list }))), region);

    expect(regional([half, ...many], [whole, other, ...many])?.withheld).toEqual([]);
    // A split adds no prefix, so there is room for all 40 prefixes that a region may add.
    expect(
      regional(many, parts(25).slice(0, 40), [...parts(25).slice(0, 40), ...moreThanMany.slice(0, 16)])?.withheld,
    ).toEqual([]);
  });

  test('has room for the smallest ones first, of both families alike', () => {
    const region = `${acr}.WestEurope`;
    const small = Array.from({ length: 39 }, (_, index) => `60.${index}.0.0/27`);
    const added = ['2603:1030::/112', '2603:1030:1::/121', ...small];
    const history = historyOf({ [region]: many }, { [region]: [...many, ...added] });

    expect(releasedToFeeds(history, region)?.withheld.map(({ prefix }) => prefix)).toEqual(['2603:1030::/112']);
  });

  test('counts double what only one of several sources lists', () => {
    const flood = Array.from({ length: 8 }, (_, index) => `${60 + index}.0.0.0/20`);
    const onlyOneSource = flood.slice(0, 1);

    expect(feed(many, [...many, ...flood])?.withheld).toEqual([]);
    expect(feed(many, { lists: [...many, ...flood], onlyOneSource })?.withheld).toHaveLength(1);
  });

  test('spreads over a gap what is new behind it', () => {
    const flood = Array.from({ length: 80 }, (_, index) => `60.${index}.0.0/20`);

    // Ten windows without a pull: each of them has room for eight.
    expect(feed(many, { date: '2026-10-12', lists: [...many, ...flood] })?.withheld).toEqual([]);
    expect(feed(many, { date: '2026-09-12', lists: [...many, ...flood] })?.withheld).toHaveLength(9);
  });

  test('that nobody pulls while it is flooded has the list before', () => {
    const flood = Array.from({ length: 2_000 }, (_, index) => `${60 + (index >> 8)}.${index & 255}.0.0/20`);
    const { served = [], withheld = [] } = feed(many, [...many, ...flood]) ?? {};

    expect(served).toHaveLength(many.length + 8);
    expect(withheld).toHaveLength(flood.length - 8);
    expect(feed(many, [...many, ...flood], many)?.served).toEqual(sortPrefixes(many));
  });
});

describe('the feed of another tag', () => {
  const ten = Array.from({ length: 10 }, (_, index) => `50.${index}.0.0/16`);
  const storage = (...lists: (readonly string[])[]) =>
    releasedToFeeds(historyOf(many, ...lists.map((list) => ({ [acr]: many, Storage: list }))), 'Storage');

  test('begins with all that its first list has, and grows by a tenth of that within 28 days', () => {
    expect(storage(ten)).toEqual({ served: ten, withheld: [] });
    expect(storage(ten, [...ten, '60.0.0.0/16'])?.withheld).toEqual([]);
    expect(storage(ten, [...ten, '60.0.0.0/15'])?.withheld).toHaveLength(1);
  });

  test('has no more room within 28 days because of what was added in that time', () => {
    const eleven = [...ten, '60.0.0.0/16'];

    expect(storage(ten, eleven, [...eleven, '70.0.0.0/20'])?.withheld).toHaveLength(1);
  });
});

describe('what is kept during a quarantine', () => {
  test.each<[string, Lists[], string[]]>([
    [
      'a prefix that is now listed in halves: the halves',
      [[...many], ['40.0.0.0/25', '40.0.0.128/25', ...many.slice(1, 10)]],
      ['40.0.0.0/25', '40.0.0.128/25', ...many.slice(1)],
    ],
    ['a prefix of which a half is still listed: the whole', [[...many], ['40.0.0.0/25', ...many.slice(1, 10)]], many],
    [
      'a prefix that was listed in halves before: the whole',
      [['40.0.0.0/25', '40.0.0.128/25', ...many.slice(1)], many, {}],
      many,
    ],
  ])('%s', (_, lists, served) => {
    expect(feed(...lists)?.served).toEqual(served);
  });
});
