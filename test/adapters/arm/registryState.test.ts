import { expect, test } from '@jest/globals';
import type { Registry } from '@azure/arm-containerregistry';
import { toCurrentState } from '../../../src/adapters/arm/registryState.ts';
import { registryTarget } from './targets.ts';

const registry = { location: 'westeurope', sku: { name: 'Premium' } } as Registry;

test('a registry that does not say what it does by default is not written to', () => {
  const { blockers } = toCurrentState(registryTarget(), registry);

  expect(blockers).toEqual([
    { code: 'configuration', message: expect.stringContaining('networkRuleSet.defaultAction') as unknown },
  ]);
});

test.each(['Allow', 'Deny'] as const)('one that says %s is', (defaultAction) => {
  const networkRuleSet = { defaultAction, ipRules: [] };

  expect(toCurrentState(registryTarget(), { ...registry, networkRuleSet }).blockers).toEqual([]);
});
