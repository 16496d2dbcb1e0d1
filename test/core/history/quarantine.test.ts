import { describe, expect, test } from '@jest/globals';
import type { HistoryDocument } from '../../../src/core/history/historyDocument.ts';
import { History } from '../../../src/core/history/history.ts';
import { quarantineLimits } from '../../../src/core/history/limits.ts';
import {
  adviseOnRegistry,
  describeGone,
  goneTag,
  goneTags,
  openQuarantine,
  quarantine,
  quarantines,
  toTagQuarantine,
} from '../../../src/core/history/quarantine.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { acr, documentOf, historyOf, noon, week, type FixtureRelease, type Lists } from './historyFixtures.ts';

const many = (count = 100, from = 0) => Array.from({ length: count }, (_, index) => `40.${from + index}.0.0/24`);
const weeks = (count: number, lists: Lists) => Array.from({ length: count }, () => lists);
const halves = ['40.0.0.0/25', '40.0.0.128/25'];
const region = `${acr}.NorwayEast`;

/** `kind status since confirmations`. */
function told(...releases: (Lists | FixtureRelease)[]): string | undefined {
  const found = quarantine(historyOf(...releases), acr);
  return found && `${found.kind} ${found.status} ${found.since.date} ${found.confirmations}`;
}

describe('a tag is trusted', () => {
  test.each<[string, (Lists | FixtureRelease)[]]>([
    ['that stands still', [many(), many()]],
    ['that lost two prefixes of a hundred', [many(), many(98)]],
    ['that exchanged one prefix of two', [many(2), [...many(1), '50.1.0.0/24']]],
    [
      'that was split',
      [
        ['20.1.0.0/24', ...many()],
        ['20.1.0.0/25', '20.1.0.128/25', ...many()],
      ],
    ],
    ['that is back', [many(), {}, many()]],
    ['that was never listed', [{ [region]: many() }]],
    ['that loses again what a rejected list added', [many(), { lists: many(200), rejected: true }, many()]],
    ['that loses again what was beyond every budget', [many(50), many(250), many(50)]],
    ['that loses again what one list added', [many(), many(120), many()]],
    [
      'that loses again what one list added, after it lost two others',
      [
        many(80),
        { date: week(1), lists: many(120) },
        { date: week(1), lists: many(118, 2) },
        { date: week(2), lists: many(78, 2) },
      ],
    ],
    ['that lists nothing from its first release on', [[], []]],
    ['that lost four prefixes of 200, and 28 days later three more', [many(200), ...weeks(4, many(196)), many(193)]],
    ['that loses one prefix of a hundred, and then another', [many(), many(99), many(98)]],
    ['that was split, and then lost the parts', [many(), [...halves, ...many(99, 1)], many(99, 1)]],
  ])('%s', (_, releases) => {
    expect(told(...releases)).toBeUndefined();
  });
});

describe('a tag is in quarantine', () => {
  test.each<[string, (Lists | FixtureRelease)[], string]>([
    ['that is gone', [many(), {}], `missing quarantined ${week(1)} 0`],
    ['that is empty', [many(), []], `empty quarantined ${week(1)} 0`],
    ['that lost three of a hundred', [many(), many(97)], `shrunken quarantined ${week(1)} 0`],
    ['that lost one prefix of five', [many(5), many(4)], `shrunken quarantined ${week(1)} 0`],
    ['that exchanged its only prefix', [many(1), ['50.1.0.0/24']], `shrunken quarantined ${week(1)} 0`],
    [
      'that lost the larger one of two',
      [['40.0.0.0/20', '40.1.0.0/24'], ['40.1.0.0/24']],
      `shrunken quarantined ${week(1)} 0`,
    ],
    ['that loses a little every week', [many(), many(99), many(98), many(97)], `shrunken quarantined ${week(3)} 0`],
    ['that loses more while it is', [many(), many(90), many(90), many(80)], `shrunken quarantined ${week(3)} 0`],
    ['that goes on like that', [many(), many(90), many(90)], `shrunken quarantined ${week(1)} 1`],
    ['that is empty after it was gone', [many(), {}, []], `empty quarantined ${week(2)} 0`],
    [
      'that exchanged two prefixes of five',
      [many(5), [...many(3), '50.1.0.0/24', '50.2.0.0/24']],
      `shrunken quarantined ${week(1)} 0`,
    ],
    ['that loses what two lists added', [many(), many(120), many(120), many()], `shrunken quarantined ${week(3)} 0`],
    [
      'that loses what one list added, and three more of a hundred',
      [many(), many(220), many(97)],
      `shrunken quarantined ${week(2)} 0`,
    ],
    [
      'that loses a prefix of 31 after one list widened it',
      [many(31), ['40.0.0.0/23', ...many(30, 1)], many(30, 1)],
      `shrunken quarantined ${week(2)} 0`,
    ],
    [
      'that loses half of a prefix every week',
      [
        many(),
        ['40.0.0.0/25', ...many(99, 1)],
        ['40.0.0.0/25', '40.1.0.0/25', ...many(98, 2)],
        ['40.0.0.0/25', '40.1.0.0/25', '40.2.0.0/25', ...many(97, 3)],
      ],
      `shrunken quarantined ${week(3)} 0`,
    ],
  ])('%s', (_, releases, expected) => {
    expect(told(...releases) ?? 'none').toBe(expected);
  });

  test('and says what it is compared with, since when, and when it ends', () => {
    const history = historyOf(many(), many(), many(97), many(97));
    const ref = (index: number) => ({
      date: week(index),
      seenAt: noon(index),
      snapshot: history.releases[index]?.snapshot,
    });

    expect(quarantine(history, acr)).toEqual({
      tag: acr,
      kind: 'shrunken',
      status: 'quarantined',
      reason: `${acr} shrank: the list leaves out 3 of 100 prefixes, 3.0 % of the IPv4 prefixes (limits: 10 prefixes, 2 %).`,
      since: ref(2),
      comparedWith: ref(1),
      confirmations: 1,
      confirmationsNeeded: 2,
      notBefore: noon(4),
    });
  });

  test('and only one that shrank ends at a time', () => {
    const [gone, shrunken] = [quarantine(historyOf(many(), {}), acr), quarantine(historyOf(many(), many(90)), acr)];

    expect([gone, shrunken].map((found) => Object.keys(found ?? {}).slice(8))).toEqual([[], ['notBefore']]);
  });

  test('and a snapshot stores it', () => {
    const history = historyOf(many(), many(90), many(90));
    const found = quarantine(history, acr);

    expect(found && toTagQuarantine(found)).toEqual({
      tag: acr,
      kind: 'shrunken',
      reason: found?.reason,
      baseline: history.releases[0]?.snapshot,
      since: week(1),
      confirmations: 1,
    });
  });

  test('and all of them are told by name', () => {
    const regions = ['WestEurope', 'EastUS', 'NorwayEast', 'ItalyNorth'].map((name) => `${acr}.${name}`);
    const history = historyOf(Object.fromEntries(regions.map((name) => [name, many(5)])), {});

    expect(quarantines(history).map(({ tag }) => tag)).toEqual([...regions].sort());
  });

  test.each<[string, Lists, string]>([
    ['gone', {}, 'is missing from the list; it had 98 prefixes before.'],
    ['empty', [], 'is in the list without a prefix; it had 98 prefixes before.'],
  ])('and says how much it had before it was %s', (_, lists, reason) => {
    expect(quarantine(historyOf(many(), many(98), lists), acr)?.reason).toBe(`${acr} ${reason}`);
  });

  test('and what a list added in that time is trusted with it', () => {
    const history = historyOf(many(), many(90), ['50.1.0.0/24', ...many(90)]);

    expect(releasedToFeeds(history, acr)?.served).toEqual([...many(), '50.1.0.0/24']);
  });
});

describe('the first release that is pulled', () => {
  const builtIn = { builtIn: true, date: '2025-12-29' } as const;

  test('ends the quarantine of a tag that the built-in releases had', () => {
    const history = historyOf(
      { ...builtIn, date: '2025-12-22', lists: { [acr]: many(), [region]: many(5) } },
      { ...builtIn, lists: { [acr]: many() } },
      { [acr]: many() },
    );

    expect(quarantine(history.until(history.releases[1]?.snapshot ?? '') ?? history, region)?.kind).toBe('missing');
    expect(quarantine(history, region)).toBeUndefined();
    expect(releasedToFeeds(history, region)?.served).toEqual([]);
  });

  test('says of no prefix that it is young', () => {
    const patient = { ...quarantineLimits, removalConfirmations: 5 };
    const first = { ...builtIn, date: '2025-12-22', lists: many() };
    const history = historyOf(first, { ...builtIn, lists: many(110) }, many(110), many());

    expect(quarantine(history, acr, patient)?.kind).toBe('shrunken');
  });
});

describe('a quarantine ends', () => {
  test('when a list that shrank has stood for two further releases and fourteen days', () => {
    const shrunken = [many(), many(90), many(90)];

    expect(told(...shrunken, many(90))).toBeUndefined();
    expect(told(...shrunken, { date: '2026-01-25', lists: many(90) })).toBe(`shrunken quarantined ${week(1)} 2`);
    expect(told(...shrunken, { date: week(2), lists: many(90) }, { date: week(2), lists: many(90) })).toBe(
      `shrunken quarantined ${week(1)} 1`,
    );
  });

  test('when a tag has been gone for two further releases: it is retired, and feeds keep it until a person confirms', () => {
    const document: HistoryDocument = documentOf({ [acr]: many(), [region]: many(5) }, many(), many(), many(), many());
    const history = new History(document);
    const confirmed = new History({ ...document, retired: [{ tag: region.toLowerCase(), at: noon(4) }] });
    const atOnce = new History({ ...document, retired: [{ tag: region, at: noon(1) }] });
    const earlier = new History({ ...document, retired: [{ tag: region, at: noon(0) }] });
    const other = new History({ ...document, retired: [{ tag: acr, at: noon(4) }] });

    expect(quarantine(history, region)).toMatchObject({
      status: 'retired',
      since: { date: week(1) },
      confirmations: 3,
    });
    expect(quarantines(history).map(({ tag }) => tag)).toEqual([region]);
    expect(releasedToFeeds(history, region)?.served).toEqual(many(5));
    expect(quarantine(confirmed, region)?.confirmedAt).toBe(noon(4));
    expect(releasedToFeeds(confirmed, region)).toEqual({ served: [], withheld: [] });
    expect(quarantine(atOnce, region)?.confirmedAt).toBe(noon(1));
    for (const unconfirmed of [earlier, other]) {
      expect(quarantine(unconfirmed, region)?.confirmedAt).toBeUndefined();
      expect(releasedToFeeds(unconfirmed, region)?.served).toEqual(many(5));
    }
    // It holds no removals back: it is retired.
    expect(openQuarantine(history, region)).toBeUndefined();
    expect(openQuarantine(history, acr)).toBeUndefined();
    const [then] = [1, 2].map((index) => history.until(history.releases[index]?.snapshot ?? ''));
    expect(then && openQuarantine(then, region)).toMatchObject({ tag: region, status: 'quarantined' });
  });
});

describe('a tag is gone', () => {
  const [here, gone, empty] = [{ [acr]: many(), [region]: many(5) }, many(), { [acr]: many(), [region]: [] }];
  const goneSince = (...releases: (Lists | FixtureRelease)[]) => goneTag(historyOf(...releases), region)?.since.date;

  test.each<[string, (Lists | FixtureRelease)[]]>([
    ['while it lists something', [here, here, here, here]],
    ['if it was never listed', [gone, gone, gone, gone]],
    ['if it has never listed anything', [empty, empty, empty, empty]],
    ['while it is in quarantine', [here, gone, gone]],
    ['when it is back', [here, gone, gone, gone, gone, here]],
    ['if it only shrank', [here, ...weeks(4, { [acr]: many(), [region]: many(2) })]],
  ])('not %s', (_, releases) => {
    expect(goneSince(...releases)).toBeUndefined();
  });

  test('since the first list without a prefix of it, when further ones have confirmed that', () => {
    expect(goneSince(here, gone, gone, gone)).toBe(week(1));
    expect(goneSince(here, empty, empty, empty)).toBe(week(1));
    expect(goneSince(here, gone, here, gone, gone, gone)).toBe(week(3));
    expect(goneSince(here, { [acr]: many(), [region]: many(2) }, ...weeks(4, gone))).toBe(week(2));
  });

  test('only when one further list has confirmed it, whatever the limits', () => {
    const limits = { ...quarantineLimits, maxRemovedCount: 100, maxRemovedPercent: 100, removalGraceDays: 0 };
    const by = (removalConfirmations: number, ...releases: Lists[]) =>
      goneTag(historyOf(...releases), region, { ...limits, removalConfirmations })?.since.date;

    expect([by(0, here, gone), by(0, here, gone, gone)]).toEqual([undefined, week(1)]);
    expect([by(3, here, ...weeks(3, gone)), by(3, here, ...weeks(4, gone))]).toEqual([undefined, week(1)]);
  });

  test('behind built-in releases only when further ones have confirmed it, though its quarantine has ended', () => {
    const builtIn = { builtIn: true } as const;
    const before = [
      { ...builtIn, date: '2025-12-15', lists: here },
      { ...builtIn, date: '2025-12-22', lists: here },
      { ...builtIn, date: '2025-12-29', lists: gone },
    ];

    expect(goneSince(...before, gone)).toBeUndefined();
    expect(goneSince(...before, gone, gone)).toBe('2025-12-29');
  });

  test('and is told by its own name, as missing or as empty', () => {
    const texts = [gone, empty].map((after) => {
      const found = goneTag(historyOf(here, ...weeks(3, after)), region.toLowerCase());
      return found && describeGone(found);
    });

    expect(texts).toEqual([
      `${region} has been missing from the list since 12 Jan 2026`,
      `${region} has been in the list without a prefix since 12 Jan 2026`,
    ]);
  });

  test('and only who takes its regions from a registry is advised on that', () => {
    const found = goneTag(historyOf(here, ...weeks(3, gone)), region);
    const advice = [false, true].map((isOfRegistry) => {
      return found && adviseOnRegistry({ ...found, targets: ['hooks'], isOfRegistry });
    });

    expect(advice).toEqual([
      '',
      ' If a target takes its regions from a registry (ofRegistry), list the other regions by name instead.',
    ]);
  });

  test('and all such tags of a history are collected once', () => {
    const history = historyOf(here, gone, gone, gone);

    expect(goneTags(history).map(({ tag }) => tag)).toEqual([region]);
    expect(goneTags(history)).toBe(goneTags(history));
    expect(goneTags(historyOf(here, here))).toEqual([]);
  });
});
