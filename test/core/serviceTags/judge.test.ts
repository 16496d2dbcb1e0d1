import { describe, expect, test } from '@jest/globals';
import { judge } from '../../../src/core/serviceTags/judge.ts';
import type { ServiceTagsDocument } from '../../../src/core/serviceTags/serviceTags.ts';
import type { TagQuarantine } from '../../../src/core/serviceTags/snapshot.ts';
import { defaultLimits, type Target } from '../../../src/core/targets/target.ts';
import { nsgTarget, registryTarget } from '../plan/planFixtures.ts';

const tag = 'AzureContainerRegistry';
const prefixes = (count: number): string[] => Array.from({ length: count }, (_, index) => `20.1.${index}.0/24`);

function documentOf(lists: Readonly<Record<string, readonly string[]>>): ServiceTagsDocument {
  const values = Object.entries(lists).map(([name, addressPrefixes]) => ({
    name,
    id: name,
    region: name.split('.')[1] ?? '',
    systemService: tag,
    changeNumber: 1,
    addressPrefixes,
  }));
  return { cloud: 'Public', changeNumber: 1, values } as unknown as ServiceTagsDocument;
}

function verdictOn(
  now: readonly string[] | undefined,
  before: readonly string[],
  targets: readonly Target[] = [],
  name = tag,
) {
  const document = documentOf(now ? { [name]: now } : {});
  return judge(document, [{ tag: name, addressPrefixes: before, baseline: 'snapshot-1' }], targets, '2026-01-05');
}

const limited = (maxRemovedCount: number, maxRemovedPercent: number) => ({
  limits: { ...defaultLimits, maxRemovedCount, maxRemovedPercent },
});

describe('a watched tag', () => {
  test.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['unchanged', prefixes(100), prefixes(100)],
    ['grown', prefixes(100), prefixes(50)],
    ['two of a hundred less', prefixes(98), prefixes(100)],
    ['split', ['20.1.0.0/25', '20.1.0.128/25'], ['20.1.0.0/24']],
    ['merged', ['20.1.0.0/23'], ['20.1.0.0/24', '20.1.1.0/24']],
    ['empty, and was', [], []],
    ['missing, and was empty', undefined, []],
  ])('%s is believed', (_, now, before) => {
    expect(verdictOn(now, before)).toEqual([]);
  });

  test.each<[string, readonly string[] | undefined, readonly string[], string, string]>([
    ['missing', undefined, prefixes(3), 'missing', 'AzureContainerRegistry is gone; it had 3 prefixes.'],
    ['empty', [], prefixes(3), 'empty', 'AzureContainerRegistry is empty; it had 3 prefixes.'],
    [
      'three of a hundred less',
      prefixes(97),
      prefixes(100),
      'shrunken',
      'AzureContainerRegistry: Removes 3 of 100 prefixes, 3.0 % of the IPv4 prefixes (limits: 10 prefixes, 2 %).',
    ],
    [
      'eleven of two hundred and fifty less, of a list that grew elsewhere',
      [...prefixes(239), ...Array.from({ length: 300 }, (_, index) => `40.${index}.0.0/24`).slice(0, 200)],
      prefixes(250),
      'shrunken',
      'AzureContainerRegistry: Removes 11 of 250 prefixes, 4.4 % of the IPv4 prefixes (limits: 10 prefixes, 2 %).',
    ],
  ])('%s is quarantined', (_, now, before, kind, reason) => {
    expect(verdictOn(now, before)).toEqual([
      { tag, baseline: 'snapshot-1', kind, reason, since: '2026-01-05', confirmations: 0 },
    ]);
  });

  test('of which nobody knows what it had is quarantined, whatever it lists', () => {
    const unknown = { tag, baseline: 'snapshot-1' };
    const reason = `${tag}: what it had in snapshot-1 cannot be read any more.`;
    const entry = { ...unknown, kind: 'unknown', reason, since: '2026-01-05', confirmations: 0 };

    expect(judge(documentOf({ [tag]: prefixes(3) }), [unknown], [], '2026-01-05')).toEqual([entry]);
    expect(judge(documentOf({ Sql: prefixes(3) }), [unknown], [], '2026-01-05')).toEqual([entry]);
  });

  test('is found whatever its case', () => {
    const believed = [{ tag, addressPrefixes: prefixes(2), baseline: 'snapshot-1' }];

    expect(judge(documentOf({ azurecontainerregistry: prefixes(2) }), believed, [], '2026-01-05')).toEqual([]);
  });

  test('is judged for itself', () => {
    const believed = ['Sql', 'Storage'].map((name) => ({
      tag: name,
      addressPrefixes: prefixes(2),
      baseline: `of-${name}`,
    }));

    expect(
      judge(documentOf({ Sql: prefixes(2) }), believed, [], '2026-01-05').map((entry) => [entry.tag, entry.baseline]),
    ).toEqual([['Storage', 'of-Storage']]);
  });
});

describe('the limits', () => {
  test.each<[string, readonly Target[], number]>([
    ['are the defaults where no target watches the tag', [nsgTarget({ serviceTag: 'Sql', ...limited(1, 1) })], 0],
    ['are those of the target that watches it', [nsgTarget(limited(10, 1))], 1],
    [
      'are the widest of two targets',
      [nsgTarget(limited(1, 1)), registryTarget({ regions: 'all', ...limited(10, 2) })],
      0,
    ],
    ['are the widest, one by one', [nsgTarget(limited(2, 1)), registryTarget({ regions: 'all', ...limited(1, 2) })], 0],
    ['of a target of one region do not count for the whole tag', [registryTarget(limited(0, 0))], 0],
  ])('%s', (_, targets, quarantined) => {
    expect(verdictOn(prefixes(98), prefixes(100), targets)).toHaveLength(quarantined);
  });
});

describe('a tag that stays in quarantine', () => {
  /** Judged again: it had 100 prefixes, and `listed` of them in the snapshot before. */
  function judgedAgain(
    now: readonly string[] | undefined,
    listed: readonly string[],
    entry: Partial<TagQuarantine>,
    date: string,
    targets: readonly Target[] = [],
  ) {
    const known: TagQuarantine = {
      tag,
      baseline: 'snapshot-1',
      kind: 'shrunken',
      reason: '',
      since: '2026-01-05',
      confirmations: 1,
      ...entry,
    };
    const quarantined = { entry: known, addressPrefixes: listed };
    const before = known.kind === 'unknown' ? {} : { addressPrefixes: prefixes(100) };
    const believed = [{ tag, ...before, baseline: 'snapshot-1', quarantined }];
    return judge(documentOf(now ? { [tag]: now } : {}), believed, targets, date).map(({ since, confirmations }) => [
      since,
      confirmations,
    ]);
  }

  test.each<[string, readonly string[] | undefined, readonly string[], Partial<TagQuarantine>, string, unknown]>([
    ['shrunken, confirmed, too early', prefixes(50), prefixes(50), {}, '2026-01-12', [['2026-01-05', 2]]],
    [
      'shrunken, late, not confirmed',
      prefixes(50),
      prefixes(50),
      { confirmations: 0 },
      '2026-02-02',
      [['2026-01-05', 1]],
    ],
    ['shrunken, late and confirmed: believed', prefixes(50), prefixes(50), {}, '2026-01-19', []],
    ['shrunken and growing again: believed', prefixes(60), prefixes(50), {}, '2026-01-19', []],
    ['losing more begins anew', prefixes(49), prefixes(50), {}, '2026-02-02', [['2026-02-02', 0]]],
    ['another kind begins anew', [], prefixes(0), {}, '2026-02-02', [['2026-02-02', 0]]],
    ['empty for ever', [], [], { kind: 'empty', confirmations: 50 }, '2027-01-05', [['2026-01-05', 51]]],
    ['missing for ever', undefined, [], { kind: 'missing', confirmations: 50 }, '2027-01-05', [['2026-01-05', 51]]],
    ['unknown, too early', prefixes(50), prefixes(50), { kind: 'unknown' }, '2026-01-12', [['2026-01-05', 2]]],
    ['unknown, late and confirmed: believed', prefixes(50), prefixes(50), { kind: 'unknown' }, '2026-01-19', []],
    [
      'unknown and losing more begins anew',
      prefixes(49),
      prefixes(50),
      { kind: 'unknown' },
      '2026-02-02',
      [['2026-02-02', 0]],
    ],
    ['whole again', prefixes(100), prefixes(50), {}, '2026-01-06', []],
  ])('%s', (_, now, listed, entry, date, expected) => {
    expect(judgedAgain(now, listed, entry, date)).toEqual(expected);
  });

  test.each<[string, number, number, number]>([
    ['believed where both have waited long enough', 14, 2, 0],
    ['not where one waits more days', 15, 2, 1],
    ['not where one waits for more publications', 14, 3, 1],
  ])('of two targets: %s', (_, removalGraceDays, removalConfirmations, quarantined) => {
    const patient = { ...defaultLimits, removalGraceDays, removalConfirmations };
    const quick = { ...defaultLimits, removalGraceDays: 1, removalConfirmations: 1 };
    const targets = [nsgTarget({ limits: patient }), registryTarget({ regions: 'all', limits: quick })];

    expect(judgedAgain(prefixes(50), prefixes(50), {}, '2026-01-19', targets)).toHaveLength(quarantined);
  });
});
