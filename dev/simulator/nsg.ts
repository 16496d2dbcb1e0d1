/** Network security groups: how the simulator stores them, and how it sends them. */
import { defaultSecurityRules } from './defaultSecurityRules.ts';
import type { RuleProperties } from './ruleShape.ts';

export type ProvisioningState = 'Succeeded' | 'Updating' | 'Deleting' | 'Failed';

export interface Rule {
  readonly name: string;
  readonly properties: RuleProperties;
  readonly provisioningState: ProvisioningState;
}

export interface Nsg {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly flushConnection: boolean | undefined;
  readonly rules: readonly Rule[];
  readonly subnets: readonly string[];
  readonly etag: string;
  readonly resourceGuid: string;
  readonly provisioningState: ProvisioningState;
}

export function findRule(nsg: Nsg, name: string): Rule | undefined {
  return nsg.rules.find((rule) => rule.name.toLowerCase() === name.toLowerCase());
}

export function toNsgDocument(nsg: Nsg) {
  const { id, name, location, tags, etag } = nsg;
  const type = 'Microsoft.Network/networkSecurityGroups';
  return {
    name,
    id,
    etag,
    type,
    location,
    ...(Object.keys(tags).length > 0 ? { tags } : {}),
    properties: {
      provisioningState: nsg.provisioningState,
      resourceGuid: nsg.resourceGuid,
      ...(nsg.flushConnection === undefined ? {} : { flushConnection: nsg.flushConnection }),
      securityRules: nsg.rules.map((rule) => toRuleDocument(nsg, rule)),
      defaultSecurityRules: defaultSecurityRules.map((rule) =>
        toRuleDocument(nsg, { ...rule, provisioningState: 'Succeeded' }, 'defaultSecurityRules'),
      ),
      ...(nsg.subnets.length > 0 ? { subnets: nsg.subnets.map((subnet) => ({ id: subnet })) } : {}),
    },
  };
}

/**
 * If a rule uses the singular field, the plural one is an empty array. If it uses the plural, the singular is missing.
 */
export function toRuleDocument(
  nsg: Nsg,
  rule: Rule,
  collection: 'securityRules' | 'defaultSecurityRules' = 'securityRules',
) {
  return {
    name: rule.name,
    id: `${nsg.id}/${collection}/${rule.name}`,
    etag: nsg.etag,
    type: `Microsoft.Network/networkSecurityGroups/${collection}`,
    properties: {
      provisioningState: rule.provisioningState,
      ...rule.properties,
      sourcePortRanges: rule.properties.sourcePortRanges ?? [],
      destinationPortRanges: rule.properties.destinationPortRanges ?? [],
      sourceAddressPrefixes: rule.properties.sourceAddressPrefixes ?? [],
      destinationAddressPrefixes: rule.properties.destinationAddressPrefixes ?? [],
    },
  };
}
