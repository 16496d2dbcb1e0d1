import type { NsgRuleTarget, RegistryTarget } from '../../../src/core/targets/target.ts';

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

const base = {
  serviceTag: 'AzureContainerRegistry',
  regions: 'all',
  policy: 'sync',
  paused: false,
  limits: {
    removalGraceDays: 14,
    removalConfirmations: 2,
    maxRemovedPercent: 2,
    maxRemovedCount: 10,
    widestPrefix: { ipv4: 20, ipv6: 112 },
    maxAddedAddresses: 65_536,
  },
} as const;

export function nsgTarget(
  change: Partial<Omit<NsgRuleTarget, 'rule'>> = {},
  rule: Partial<NsgRuleTarget['rule']> = {},
): NsgRuleTarget {
  return {
    ...base,
    name: 'webhook-receiver',
    kind: 'nsgRule',
    resourceId: nsgId,
    addressFamilies: ['ipv4', 'ipv6'],
    adopt: false,
    ...change,
    rule: {
      name: 'AllowAcrWebhooks',
      priority: 300,
      ipv6Priority: 301,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      portRanges: ['443'],
      localAddressPrefix: 'VirtualNetwork',
      ...rule,
    },
  };
}

export function registryTarget(change: Partial<RegistryTarget> = {}): RegistryTarget {
  return {
    ...base,
    name: 'prod-registry',
    kind: 'registryNetworkRules',
    resourceId: registryId,
    addressFamilies: ['ipv4'],
    capacity: { maxRules: undefined, fit: 'exact', maxExtraAddresses: 0 },
    ...change,
  };
}
