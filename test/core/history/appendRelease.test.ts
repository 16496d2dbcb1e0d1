import { describe, expect, test } from '@jest/globals';
import {
  appendSnapshot,
  appendUnchanged,
  listsOf,
  startHistory,
  type ReleasedSnapshot,
} from '../../../src/core/history/appendRelease.ts';
import type { HistoryDocument, Release } from '../../../src/core/history/historyDocument.ts';
import type { SourceDisagreement } from '../../../src/core/serviceTags/snapshot.ts';
import { acr, documentOf, noon, week } from './historyFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/24', '2603:1030:1::/112'];
const west = `${acr}.WestEurope`;

/** What a pull found in the third week. */
function snapshot(
  lists: Readonly<Record<string, readonly string[]>>,
  rest: Partial<ReleasedSnapshot> = {},
): ReleasedSnapshot {
  const values = Object.entries(lists).map(([name, addressPrefixes]) => ({
    name,
    region: '',
    systemService: '',
    changeNumber: 9,
    addressPrefixes,
  }));
  return {
    id: 'Public-20260119-9-0123456789ab',
    date: week(2),
    pulledAt: noon(2),
    changeNumber: 9,
    disagreements: [],
    document: { values },
    ...rest,
  };
}

const append = (before: HistoryDocument, ...args: Parameters<typeof snapshot>): Release | undefined =>
  appendSnapshot(before, snapshot(...args)).releases.at(-1);
const tagsOf = (...args: Parameters<typeof append>) => append(...args)?.tags;

describe('a release made of a snapshot', () => {
  const before = documentOf({ [acr]: [b, a], [west]: [a] }, { [acr]: [b, a], [west]: [a] });

  test('is the last of the history, with what it changed in each tag of a recorded service', () => {
    const { releases, ...rest } = appendSnapshot(before, snapshot({ [acr]: [a, c], [west]: [a], Sql: [b] }));

    expect(releases.slice(0, -1)).toEqual(before.releases);
    expect(releases.at(-1)).toEqual({
      date: week(2),
      seenAt: noon(2),
      changeNumber: 9,
      snapshot: 'Public-20260119-9-0123456789ab',
      tags: { [acr]: { add: [c], remove: [b] } },
    });
    expect(rest).toEqual({ version: 1, cloud: 'Public', services: [acr] });
  });

  test('has the date, the look before and the kind of its pull', () => {
    const release = { date: '2026-01-18', lookedAt: noon(1), addsOnly: true } as const;

    expect(append(before, {}, { release })).toMatchObject(release);
  });

  test.each<[string, Record<string, string[]>, Release['tags']]>([
    ['the same lists in another order', { [acr]: [a, b], [west]: [a] }, {}],
    ['a tag that is gone', { [acr]: [a, b] }, { [west]: null }],
    ['a tag that is empty', { [acr]: [a, b], [west]: [] }, { [west]: { add: [], remove: [a] } }],
    [
      'a new tag',
      { [acr]: [a, b], [west]: [a], [`${acr}.Italy`]: [c] },
      { [`${acr}.Italy`]: { add: [c], remove: [] } },
    ],
    [
      'a new tag without a prefix',
      { [acr]: [a, b], [west]: [a], [`${acr}.Italy`]: [] },
      { [`${acr}.Italy`]: { add: [], remove: [] } },
    ],
    ['names in other letters', { [acr.toUpperCase()]: [b, a], [west.toLowerCase()]: [a] }, {}],
  ])('has of %s what differs', (_, lists, tags) => {
    expect(tagsOf(before, lists)).toEqual(tags);
  });

  test('is compared with all releases before it, also with rejected ones', () => {
    const grown = documentOf([a], { lists: [a, b], rejected: true });

    expect(tagsOf(grown, { [acr]: [b] })).toEqual({ [acr]: { add: [], remove: [a] } });
  });

  test('replaces the built-in releases of its date and later ones, and no pulled one', () => {
    const builtIn = true;
    const dates = ['2026-01-12', '2026-01-19', '2026-01-26'];
    const shipped = documentOf(
      ...dates.map((date, index) => ({ date, builtIn, lists: [a, b, c].slice(0, index + 1) }) as const),
    );
    const pulled = documentOf({ date: week(3), lists: [a] });

    const { releases } = appendSnapshot(shipped, snapshot({ [acr]: [a, b] }));

    expect(releases.map(({ date, builtIn: is }) => [date, is])).toEqual([
      ['2026-01-12', true],
      ['2026-01-19', undefined],
    ]);
    expect(releases.at(-1)?.tags).toEqual({ [acr]: { add: [b], remove: [] } });
    expect(appendSnapshot(pulled, snapshot({ [acr]: [a] })).releases).toHaveLength(2);
  });

  test('says what only one of several sources lists of what it adds', () => {
    const of = (tag: string, source: string, ...prefixes: string[]): SourceDisagreement => ({ tag, source, prefixes });
    const disagreements = [
      of(acr, 'download', a, c),
      of(acr, 'api', '2603:1030:1::/120', '20.3.0.0/25'),
      of(west, 'api', b),
    ];

    // Two lists have parts of `c`; `a` is not new; of `b` the lists of another tag speak.
    expect(tagsOf(documentOf([a]), { [acr]: [a, b, c, d] }, { disagreements })).toEqual({
      [acr]: { add: [b, c, d], remove: [], onlyOneSource: [d] },
    });
  });
});

test('a release that changes nothing has a date, and the look before if that is known', () => {
  const release = { date: week(1), seenAt: noon(1), changeNumber: 8, snapshot: 'Public-20260105-1-000000000000' };
  const before = documentOf([a]);

  expect(appendUnchanged(before, release)).toEqual({
    ...before,
    releases: [...before.releases, { ...release, tags: {} }],
  });
  expect(appendUnchanged(before, { ...release, lookedAt: noon(0) }).releases.at(-1)?.lookedAt).toBe(noon(0));
  expect(appendUnchanged(before, release).releases.at(-1)).not.toHaveProperty('lookedAt');
});

test('a history starts with the built-in one, and records further services once each, by name', () => {
  const builtIn = documentOf([a]);

  expect(startHistory(builtIn, ['Storage', 'Sql', acr.toLowerCase(), 'Storage'])).toEqual({
    ...builtIn,
    services: [acr, 'Sql', 'Storage'],
  });
});

test('the lists after some releases have the newest spelling, and no tag that is gone', () => {
  const { releases } = documentOf({ [acr]: [a, b], [west]: [a] }, { [acr]: [b, c] });
  const respelled: Release['tags'] = { [acr.toLowerCase()]: { add: [d], remove: [] } };

  expect([...listsOf([...releases, { tags: respelled }])]).toEqual([
    [acr.toLowerCase(), { name: acr.toLowerCase(), list: new Set([b, c, d]) }],
  ]);
});

test('a release with the content of one before a rejected one undoes what that changed', () => {
  const before = documentOf({ lists: { [acr]: [a], [west]: [b] } }, { lists: [a, c], rejected: true });
  const { date, seenAt, changeNumber, snapshot: id } = before.releases[0]!;

  const { releases } = appendUnchanged(before, { date, seenAt, changeNumber, snapshot: id });

  expect(releases.at(-1)?.tags).toEqual({ [acr]: { add: [], remove: [c] }, [west]: { add: [b], remove: [] } });
});
