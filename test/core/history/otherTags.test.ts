/** Tags other than AzureContainerRegistry, whose budget is a tenth of what is trusted. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { growth } from '../../../src/core/history/growth.ts';
import type { History } from '../../../src/core/history/history.ts';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { countAddresses, subtractPrefixes } from '../../../src/core/prefixes.ts';
import { families, historyOf, type FixtureRelease } from './historyFixtures.ts';

const tag = 'Storage';
const scope = { tags: [tag], families };
const hour = 3_600_000;

const openings: readonly [string, (then: History) => readonly string[]][] = [
  ['a feed', (then) => releasedToFeeds(then, tag)?.served ?? []],
  [
    'a target',
    (then) => {
      const ever = then.tag(tag)?.steps.flatMap(({ add }) => add) ?? [];
      const { beyondBudget } = growth(then, scope, {}, new Date(then.newest?.seenAt ?? ''));
      return subtractPrefixes(
        ever,
        beyondBudget.map(({ prefix }) => prefix),
      );
    },
  ],
];

/** A pull every second day for 26 days, each with a list that is larger than the one before. */
function pulls(honest: readonly string[], added: (pull: number) => readonly string[]): History {
  const list: string[] = [];
  const begin = Date.UTC(2026, 0, 5, 12);
  const releases = Array.from({ length: 14 }, (_, pull): FixtureRelease => {
    const seenAt = new Date(begin + pull * 48 * hour).toISOString();
    if (pull > 0) list.push(...added(pull));
    return { date: seenAt.slice(0, 10), seenAt, lists: { [tag]: [...honest, ...list] } };
  });
  return historyOf(...releases);
}

describe.each(openings)('%s of a tag whose list grows as fast as it can', (_, openAt) => {
  test('opens a tenth of the honest IPv4 addresses and no more', () => {
    const honest = Array.from({ length: 20 }, (_, index) => `40.${index * 2}.0.0/16`);
    // 30 × /18 that are too much, and one /21 that would fit into what the claim makes of the budget.
    const history = pulls(honest, (pull) => [
      ...Array.from({ length: 30 }, (_, index) => `${100 + pull}.${index * 2}.0.0/18`),
      `20.${pull}.0.0/21`,
    ]);

    const opened = subtractPrefixes(openAt(history), honest);
    expect(Number(countAddresses(opened, 'ipv4'))).toBeLessThanOrEqual((20 * 65_536) / 10);
    expect(Number(countAddresses(opened, 'ipv4'))).toBeGreaterThan(((20 * 65_536) / 10) * 0.8);
  });

  test('opens a tenth of the honest prefixes and no more, of IPv6 too', () => {
    const honest = Array.from({ length: 4_500 }, (_, index) => `2603:1030:${(index * 2).toString(16)}::/48`);
    const history = pulls(honest, (pull) =>
      Array.from(
        { length: 200 },
        (_, index) => `2603:${(0x2000 + pull).toString(16)}:${(index * 2).toString(16)}::/48`,
      ),
    );

    expect(subtractPrefixes(openAt(history), honest)).toHaveLength(450);
  });

  test('has no more room because the trusted list was cut into pieces', () => {
    const honest = Array.from({ length: 20 }, (_, index) => `2603:1030:${(index * 2).toString(16)}::/48`);
    const pieces = honest.flatMap((prefix) =>
      Array.from({ length: 256 }, (_, index) => `${prefix.slice(0, -5)}:${(index << 8).toString(16)}::/56`),
    );
    const fresh = Array.from({ length: 1_000 }, (_, index) => `2603:2000:${(index * 2).toString(16)}::/48`);
    const history = historyOf(
      { [tag]: honest },
      { [tag]: pieces },
      ...Array.from({ length: 5 }, () => ({ [tag]: pieces })),
      { [tag]: [...pieces, ...fresh] },
    );

    expect(subtractPrefixes(openAt(history), honest)).toHaveLength(400);
  });
});

const folder = path.resolve(import.meta.dirname, '../../../../shared/service-tags');
const withFiles = existsSync(folder) ? describe : describe.skip;

withFiles('real steps of other tags, 2020 to 2025 (skipped where the weekly files are not there)', () => {
  const held: Record<string, readonly string[]> = {
    AzureCloud: ['2020-08-27', '2020-09-14'],
    'AzureCloud.westeurope': [],
    'AzureCloud.eastus2': ['2020-08-27', '2020-09-14'],
    'AzureCloud.norwaye': ['2023-01-23'],
    Storage: [],
    'Storage.WestEurope': [],
    AzureActiveDirectory: [],
    AzureMonitor: [],
    AzureKeyVault: [],
    EventHub: [],
    Sql: [],
    AppService: [],
  };
  const read = (name: string) =>
    JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {
      values: { name: string; properties: { addressPrefixes: string[] } }[];
    };
  let history: History | undefined;
  const load = () =>
    (history ??= historyOf(
      ...readdirSync(folder)
        .filter((name) => name.includes('_Public_'))
        .sort()
        .map((name): FixtureRelease => {
          const lists = read(name).values.filter((value) => value.name in held);
          return {
            date: name.replace(/^.*_(\d{4})(\d\d)(\d\d)\.json$/, '$1-$2-$3'),
            lists: Object.fromEntries(lists.map((value) => [value.name, value.properties.addressPrefixes])),
          };
        }),
    ));

  test.each(Object.entries(held))('%s: what waits for a person came on %j', (name, dates) => {
    const { beyondBudget } = growth(load(), { tags: [name], families }, {}, new Date('2026-01-01T00:00:00Z'));

    expect([...new Set(beyondBudget.map(({ release }) => release.date))].sort()).toEqual(dates);
  });
});
