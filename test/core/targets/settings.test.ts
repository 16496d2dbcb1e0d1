import { describe, expect, test } from '@jest/globals';
import { settingsOf, type Setting } from '../../../src/core/targets/settings.ts';
import { targetConfigHash } from '../../../src/core/targets/approval.ts';
import { parseTargetsFile, targetFromProfile } from '../../../src/core/targets/targetsFile.ts';
import type { Target } from '../../../src/core/targets/target.ts';

const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers';
const registryId = `${group}/Microsoft.ContainerRegistry/registries/prod`;
const registry = { kind: 'registryNetworkRules', regions: ['westeurope'], maxRemovedCount: 3 };
const nsg = {
  name: 'hooks',
  kind: 'nsgRule',
  resourceId: `${group}/Microsoft.Network/networkSecurityGroups/nsg`,
  scenario: 'webhooks',
  regions: ['westeurope'],
  widestPrefix: { ipv4: 18 },
  rule: { name: 'AllowAcr', priority: 300 },
};

function parse(targets: readonly unknown[], defaults: unknown = {}): readonly Target[] {
  return parseTargetsFile({ defaults, targets }, 'targets.json').targets;
}

function settingOf(target: Target | undefined, name: string): Setting | undefined {
  return target && settingsOf(target).find((setting) => setting.name === name);
}

describe('the settings that apply to a target', () => {
  const [target] = parse([nsg], { policy: 'sync', removalGraceDays: 7 });

  test.each([
    ['policy', 'sync', 'defaults'],
    ['removalGraceDays', 7, 'defaults'],
    ['widestPrefix.ipv4', 18, 'target'],
    ['widestPrefix.ipv6', 112, 'builtIn'],
    ['regions', ['westeurope'], 'target'],
    ['rule.priority', 300, 'target'],
    ['rule.ipv6Priority', 301, 'builtIn'],
    ['rule.direction', 'Inbound', 'scenario'],
    ['maxAddedPrefixes', 'by the size of the tag', 'builtIn'],
  ])('%s is %j, from %s', (name, value, from) => {
    expect(settingOf(target, name)).toEqual({ name, value, from });
  });

  test('come from the profile of a tagged resource', () => {
    const { profiles } = parseTargetsFile({ profiles: { own: registry } }, 'targets.json');
    const found = targetFromProfile(profiles.own!, {
      name: 'found',
      resourceId: registryId,
      kind: 'registryNetworkRules',
    });

    expect(settingOf(found, 'maxRemovedCount')).toMatchObject({ value: 3, from: 'profile' });
    expect(settingOf(found, 'capacity.maxRules')).toMatchObject({ value: 'as the registry says', from: 'builtIn' });
  });

  test('are the same configuration, wherever they are written', () => {
    const [inDefaults] = parse([nsg], { removalGraceDays: 7 });
    const [inTarget] = parse([{ ...nsg, removalGraceDays: 7 }]);

    expect(targetConfigHash(inDefaults!)).toBe(targetConfigHash(inTarget!));
  });
});
