import { readFileSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { builtInHistory, type PackedRelease } from '../../../src/core/history/builtInHistory.ts';
import { absences } from '../../../src/core/history/absences.ts';
import { growth } from '../../../src/core/history/growth.ts';
import { History } from '../../../src/core/history/history.ts';
import type { HistoryDocument, Release } from '../../../src/core/history/historyDocument.ts';
import { parseHistory } from '../../../src/core/history/parseHistory.ts';
import { quarantine } from '../../../src/core/history/quarantine.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { listAt } from '../../../src/core/history/tagRecord.ts';
import { isSnapshotId } from '../../../src/core/serviceTags/contentHash.ts';
import { clouds } from '../../../src/core/serviceTags/serviceTags.ts';
import { acr, families } from './historyFixtures.ts';

const folder = resolve(import.meta.dirname, '../../../../shared/history');
const testOnArchive = existsSync(folder) ? test : test.skip;

const figures = {
  Public: { releases: 237, from: '2019-07-22', to: '2025-10-28', changes: 82 },
  AzureGovernment: { releases: 242, from: '2019-12-16', to: '2026-07-20', changes: 9 },
  China: { releases: 245, from: '2020-06-01', to: '2026-07-20', changes: 8 },
} as const;

describe.each(clouds)('the built-in history of %s', (cloud) => {
  test('is a valid document, from the first release to the last', async () => {
    const document = await builtInHistory(cloud);
    const { releases } = parseHistory('built in', JSON.parse(JSON.stringify(document)));

    expect(document.services).toEqual([acr]);
    expect([releases.length, releases[0]?.date, releases.at(-1)?.date]).toEqual([
      figures[cloud].releases,
      figures[cloud].from,
      figures[cloud].to,
    ]);
    expect(releases.filter(({ snapshot, builtIn }) => !isSnapshotId(snapshot) || !builtIn)).toEqual([]);
    expect(new Set(releases.map(({ snapshot }) => snapshot)).size).toBe(releases.length);
  });

  test('has every change of the whole tag', async () => {
    const steps = new History(await builtInHistory(cloud)).tag(acr)?.steps ?? [];

    expect(steps.slice(1)).toHaveLength(figures[cloud].changes);
  });

  testOnArchive('is the archive', async () => {
    const { releases } = JSON.parse(readFileSync(resolve(folder, `${cloud}.json`), 'utf8')) as {
      readonly releases: readonly PackedRelease[];
    };
    const { releases: built } = await builtInHistory(cloud);
    const lists = (all: readonly PackedRelease[]) =>
      all.map(({ date, changeNumber, tags = {} }) => ({
        date,
        changeNumber,
        tags: Object.entries(tags).map(([tag, delta]) => [
          tag,
          delta && { add: delta.add ?? [], remove: delta.remove ?? [] },
        ]),
      }));

    expect(lists(built)).toEqual(lists(releases));
  });
});

describe('the first release that is pulled, behind the built-in ones', () => {
  const pulled = (date: string, prefixes: readonly string[], history: HistoryDocument): Release => ({
    date,
    seenAt: `${date}T12:00:00.000Z`,
    changeNumber: 1,
    snapshot: `Public-${date.replaceAll('-', '')}-1-000000000000`,
    tags: Object.fromEntries(
      new History(history).tags.map((record): [string, Release['tags'][string]] => {
        const before = listAt(record, Infinity) ?? [];
        return record.name === acr ? [acr, { add: prefixes, remove: before }] : [record.name, null];
      }),
    ),
  });
  const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/20`);
  const list = ['20.1.0.0/24', ...many, '60.0.0.0/20', '70.0.0.0/20'];

  test('wins: its list is trusted, whatever it adds and lacks', async () => {
    const builtIn = await builtInHistory('Public');
    const history = new History({ ...builtIn, releases: [...builtIn.releases, pulled('2026-11-02', list, builtIn)] });
    const now = new Date('2026-11-02T13:00:00Z');

    expect(quarantine(history, acr)).toBeUndefined();
    expect(releasedToFeeds(history, acr)).toEqual({ served: list, withheld: [] });
    expect(growth(history, { tags: [acr], families }, { maxAddedAddresses: 1 }, now)).toMatchObject({
      beyondBudget: [],
      usedAddresses: 0,
    });
  });

  test('says since when what it lacks is missing, and not how old what it has is', async () => {
    const builtIn = await builtInHistory('Public');
    const first = { ...builtIn, releases: [...builtIn.releases, pulled('2026-11-02', list, builtIn)] };
    const next: Release = {
      ...pulled('2026-11-09', list, builtIn),
      tags: { [acr]: { add: [], remove: ['20.1.0.0/24'] } },
    };
    const history = new History({ ...first, releases: [...first.releases, next] });
    const scope = { tags: [acr], families };

    expect(absences(history, scope, ['20.1.0.0/24', '20.135.26.64/26'])).toMatchObject([
      { since: '2026-11-09T12:00:00.000Z', listedReleases: undefined },
      { since: '2023-04-03T00:00:00.000Z', listedReleases: 108 },
    ]);
  });
});
