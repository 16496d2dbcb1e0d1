import type { NsgRuleTarget, RegistryTarget } from '../../../src/core/targets/target.ts';
import * as fixtures from '../../core/plan/planFixtures.ts';

export const subscriptionId = '11111111-1111-4111-8111-111111111111';
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-net/providers`;
export const nsgId = `${group}/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
export const registryId = `${group}/Microsoft.ContainerRegistry/registries/prod`;

/** A rule of somebody else, in the NSG of these targets. */
export const foreignRule = {
  name: 'AllowOffice',
  properties: {
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority: 200,
    sourceAddressPrefixes: ['203.0.113.0/28', '203.0.113.64'],
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
  },
} as const;

export function nsgTarget(
  change: Partial<Omit<NsgRuleTarget, 'rule'>> = {},
  rule: Partial<NsgRuleTarget['rule']> = {},
): NsgRuleTarget {
  const plain = fixtures.nsgTarget({ name: 'webhook-receiver', resourceId: nsgId, ...change });
  return { ...plain, rule: { ...plain.rule, name: 'AllowAcrWebhooks', ...rule } };
}

export function registryTarget(change: Partial<RegistryTarget> = {}): RegistryTarget {
  return fixtures.registryTarget({ name: 'prod-registry', resourceId: registryId, regions: 'all', ...change });
}
