import { describe, expect, test } from '@jest/globals';
import { builtInHistory } from '../../../src/core/history/builtInHistory.ts';
import type { Release } from '../../../src/core/history/historyDocument.ts';
import { describeNormal, normalOf } from '../../../src/core/releases/normal.ts';
import { picturesOf } from '../../../src/core/releases/pictures.ts';
import { sizesOf } from '../../../src/core/releases/tagSizes.ts';

const tag = 'AzureContainerRegistry';
const release = (date: string, tags: Release['tags'], more: Partial<Release> = {}): Release => ({
  date,
  seenAt: date,
  changeNumber: 1,
  snapshot: date,
  tags,
  ...more,
});
const releases = [
  release('2026-07-06', { [tag]: { add: ['20.1.0.0/24', '2603:1030::/120'], remove: [] } }),
  release('2026-07-13', {}),
  release('2026-07-20', {
    [tag]: { add: ['20.2.0.0/25'], remove: ['20.1.0.0/24'] },
    [`${tag}.WestEurope`]: { add: ['20.2.0.0/25'], remove: [] },
  }),
  release('2026-07-27', { [tag]: { add: ['20.3.0.0/25'], remove: [] } }, { rejected: true }),
];

describe('the size of a tag', () => {
  test('after each release that changed it, without what a person has undone', () => {
    expect(sizesOf(releases, tag)).toEqual([
      { date: '2026-07-06', ipv4: 1, ipv6: 1, ipv4Addresses: 256, ipv6Addresses: 256, added: 2, removed: 0 },
      { date: '2026-07-20', ipv4: 1, ipv6: 1, ipv4Addresses: 128, ipv6Addresses: 256, added: 1, removed: 1 },
    ]);
  });

  test('is nothing once it is no longer listed', () => {
    const gone = [...releases, release('2026-08-03', { [tag]: null })];

    expect(sizesOf(gone, tag).at(-1)).toMatchObject({ ipv4: 0, ipv6: 0, removed: 2 });
  });
});

describe('the pictures', () => {
  test('of a small history', () => {
    const { releases: rows, regions } = picturesOf(releases, tag, []);

    expect(rows.map(({ date, added, removed, isRejected }) => [date, added, removed, isRejected])).toEqual([
      ['2026-07-06', 2, 0, false],
      ['2026-07-13', 0, 0, false],
      ['2026-07-20', 1, 1, false],
      ['2026-07-27', 1, 0, true],
    ]);
    expect(regions).toEqual([
      {
        tag: `${tag}.WestEurope`,
        region: 'West Europe',
        ipv4: 1,
        ipv6: 0,
        lastChanged: '2026-07-20',
        isListed: true,
        sizes: [['2026-07-20', 1]],
      },
    ]);
  });

  test('of the whole history since 2019: what its own facts say', async () => {
    const { releases: all } = await builtInHistory('Public');
    const { sizes, regions } = picturesOf(all, tag, []);

    expect(sizes[0]).toMatchObject({ date: '2019-07-22', ipv4: 80, ipv6: 0 });
    expect(sizes.at(-1)).toMatchObject({ date: '2025-10-13', ipv4: 590, ipv6: 556 });
    expect(regions.filter(({ isListed }) => !isListed).map(({ region }) => region)).toEqual([
      'East US SLV',
      'UK North',
      'UK South 2',
    ]);
  });
});

describe('what is normal', () => {
  test('in words, from the history since 2019', async () => {
    const normal = normalOf((await builtInHistory('Public')).releases, tag);

    expect(normal && describeNormal(normal)).toEqual([
      'Microsoft releases a list about every 7 days; of the 52 lists on record since 8 Jan 2024, 23 changed the tag.',
      'A list that adds prefixes usually adds 6; the most were 152, on 14 Sep 2020.',
      'Removals are rare: 8 prefixes in 5 lists since 22 Jul 2019.',
    ]);
  });

  test('of a tag that never changed, and of no history at all', () => {
    expect(describeNormal(normalOf(releases.slice(0, 2), tag)!)).toEqual([
      'Microsoft releases a list about every 7 days; of the 2 lists on record since 6 Jul 2026, 1 changed the tag.',
      'No list since 6 Jul 2026 has added a prefix.',
      'None has removed a prefix since 6 Jul 2026.',
    ]);
    expect(normalOf([], tag)).toBeUndefined();
  });
});
