import { describe, expect, test } from '@jest/globals';
import { explainAddress, type ExplainedTarget, type ExplainInput } from '../../../src/core/explain/explainAddress.ts';
import { listedPeriods } from '../../../src/core/explain/listedPeriods.ts';
import type { Release } from '../../../src/core/history/historyDocument.ts';
import { parseTargetsFile } from '../../../src/core/targets/targetsFile.ts';
import { emptyState, type TargetState, type TargetStatus } from '../../../src/core/targets/targetState.ts';

const tag = 'AzureContainerRegistry.WestEurope';
const prefix = '20.42.66.0/23';
const matches = [{ tag, region: 'westeurope', systemService: 'AzureContainerRegistry', prefix }];

function explained(
  status: TargetStatus,
  owned: readonly string[],
  regions: unknown = ['westeurope'],
  access = 'Allow',
): ExplainedTarget {
  const [target] = parseTargetsFile(
    {
      targets: [
        {
          name: 'hooks',
          kind: 'nsgRule',
          resourceId:
            '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg',
          scenario: 'webhooks',
          regions,
          rule: { name: 'AllowAcr', priority: 300, access },
          policy: 'sync',
        },
      ],
    },
    'targets.json',
  ).targets;
  const prefixes = owned.map((text) => ({ prefix: text, since: '2026-07-01T06:00:00.000Z' }));
  const state: TargetState = { ...emptyState('hooks', 'owner'), ownership: { prefixes, rules: ['AllowAcr'] } };
  return { target: target!, state, status, reasons: [] };
}

function explain(input: Partial<ExplainInput>) {
  return explainAddress({
    address: '20.42.66.1',
    situation: 'unknown',
    day: undefined,
    matches,
    overlaps: [],
    periods: [],
    targets: [],
    ...input,
  });
}

describe('an address of the registry', () => {
  test('that a target lets in: by which rule and since when', () => {
    const { summary, targets, next } = explain({
      targets: [explained('inSync', [prefix])],
      situation: 'connectionFailed',
    });

    expect(summary).toBe('20.42.66.1 belongs to Azure Container Registry in West Europe: it is in 20.42.66.0/23.');
    expect(targets).toEqual([
      {
        name: 'hooks',
        status: 'inSync',
        allowed: 'yes',
        access: 'Allow',
        wanted: true,
        rule: 'AllowAcr',
        prefix,
        since: '2026-07-01T06:00:00.000Z',
      },
    ]);
    expect(next).toEqual(['hooks lets it in already.', expect.stringContaining('another firewall is in the way')]);
  });

  test.each([
    ['held', /an approval is needed/],
    ['planOnly', /writes nothing/],
    ['paused', /Resume/],
    ['blocked', /did not succeed/],
  ] as const)('that a target should let in and does not, as it is %s', (status, next) => {
    expect(explain({ targets: [explained(status, [])] }).next).toEqual([expect.stringMatching(next)]);
  });

  test('that no target takes: what to add', () => {
    const { targets, next } = explain({ targets: [explained('inSync', [], ['eastus'])] });

    expect(targets).toEqual([]);
    expect(next).toEqual([expect.stringContaining('Add "westeurope" to the regions')]);
  });

  test('of a rule that denies is said to be blocked, not let in', () => {
    const { targets, next } = explain({ targets: [explained('inSync', [prefix], ['westeurope'], 'Deny')] });

    expect(targets[0]).toMatchObject({ access: 'Deny', allowed: 'yes' });
    expect(next.join(' ')).not.toContain('lets it in');
  });

  test('of which a rule has only a part', () => {
    const { targets } = explain({ address: '20.42.66.0/23', targets: [explained('inSync', ['20.42.66.0/24'])] });

    expect(targets[0]).toMatchObject({ allowed: 'partly' });
  });
});

test('while the targets cannot be read, nothing is said of them', () => {
  expect(explain({ targets: undefined })).toMatchObject({
    targets: [],
    next: [expect.stringContaining('cannot be read')],
  });
});

describe('an address that is none of the registry', () => {
  test('refused by a registry: it is the caller’s own, and what to do', () => {
    const { summary, next } = explain({ address: '9.9.9.9', matches: [], situation: 'registryRefused' });

    expect(summary).toContain('is in no service tag');
    expect(next).toEqual([expect.stringContaining('caller’s own'), expect.stringContaining('--ip-address 9.9.9.9')]);
  });

  test('a private one never belongs to a tag', () => {
    expect(explain({ address: '10.1.2.3', matches: [] }).summary).toContain('10.0.0.0/8 (private use)');
  });

  const storage = [
    { tag: 'Storage.WestEurope', region: 'westeurope', systemService: 'AzureStorage', prefix: '20.60.0.0/16' },
  ];

  test('one of Azure Storage: image layers', () => {
    expect(explain({ address: '20.60.1.1', matches: storage }).next[0]).toContain('dedicated data endpoints');
  });

  test('one of Azure Storage that a target of its own lets in', () => {
    const hooks = explained('inSync', ['20.60.0.0/16']);
    const targets = [{ ...hooks, target: { ...hooks.target, serviceTag: 'Storage' } }];

    expect(explain({ address: '20.60.1.1', matches: storage, targets }).next).toEqual(['hooks lets it in already.']);
  });

  describe('that a target lets in all the same', () => {
    const targets = [explained('inSync', [prefix])];
    const unlisted = { matches: [], targets };

    test('is kept for now if it was listed before', () => {
      const periods = [{ tag, prefix, from: '2025-01-06', until: '2025-02-03' }];

      expect(explain({ ...unlisted, periods }).next.at(-1)).toBe(
        'hooks still lets it in: no longer listed and kept for now.',
      );
    });

    test('is never said to have been listed if it was not', () => {
      expect(explain(unlisted).next.at(-1)).toBe(
        'hooks lets it in, although no list of Azure Container Registry that is known has contained it.',
      );
    });

    test('is not let in by a rule that denies', () => {
      const denying = [explained('inSync', [prefix], ['westeurope'], 'Deny')];

      expect(explain({ ...unlisted, targets: denying }).next).toHaveLength(1);
    });
  });
});

describe('an address of the registry that no target takes', () => {
  test('which region a target should have', () => {
    const whole = { ...matches[0]!, tag: 'AzureContainerRegistry' };

    expect(explain({ matches: [whole, ...matches] }).next).toEqual([
      'No target takes this region. Add "westeurope" to the regions of the target that should let it in.',
    ]);
    expect(explain({ matches: [whole] }).next).toEqual([
      'No target takes the whole tag. Give a target "regions": "all", or add it by hand.',
    ]);
  });
});

describe('the past of an address', () => {
  const release = (date: string, tags: Release['tags'], more: Partial<Release> = {}): Release => ({
    date,
    seenAt: date,
    changeNumber: 1,
    snapshot: date,
    tags,
    ...more,
  });
  const releases = [
    release('2025-01-06', { [tag]: { add: [prefix], remove: [] } }),
    release('2025-02-03', { [tag]: { add: ['20.42.66.0/24'], remove: [prefix] } }),
    release('2025-03-03', { [tag]: null }),
  ];

  test('is told release by release', () => {
    expect(listedPeriods(releases, '20.42.66.1')).toEqual([
      { tag, prefix, from: '2025-01-06', until: '2025-02-03' },
      { tag, prefix: '20.42.66.0/24', from: '2025-02-03', until: '2025-03-03' },
    ]);
  });

  test('a release that a person has undone does not count', () => {
    const [first, second] = releases;

    expect(listedPeriods([first!, { ...second!, rejected: true }], '20.42.66.1')).toEqual([
      { tag, prefix, from: '2025-01-06', until: null },
    ]);
  });

  test('on the day of the line, and since when it is no longer listed', () => {
    const periods = listedPeriods(releases, '20.42.66.1');
    const { summary, onDay } = explain({ matches: [], periods, day: '2025-02-10' });

    expect(summary).toBe('20.42.66.1 belonged to Azure Container Registry until 3 Mar 2025. It is no longer listed.');
    expect(onDay).toEqual({ day: '2025-02-10', tags: [tag] });
    expect(explain({ matches: [], periods, day: '2025-03-03' }).onDay).toEqual({ day: '2025-03-03', tags: [] });
  });
});
