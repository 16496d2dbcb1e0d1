/** Parses the body of a PATCH into changes of a registry. */
import { isObject, isTags } from './json.ts';
import { parseNetworkRuleSet, refuseOthers } from './networkRuleSet.ts';
import type { NetworkRuleSet, Registry } from './registry.ts';
import { registryErrors } from './registryErrors.ts';

const settable = [
  'adminUserEnabled',
  'policies',
  'encryption',
  'dataEndpointEnabled',
  'publicNetworkAccess',
  'networkRuleBypassOptions',
  'networkRuleBypassAllowedForTasks',
  'anonymousPullEnabled',
  'roleAssignmentMode',
];

const booleans = [
  'adminUserEnabled',
  'dataEndpointEnabled',
  'networkRuleBypassAllowedForTasks',
  'anonymousPullEnabled',
];

const accepted: Readonly<Record<string, readonly string[]>> = {
  publicNetworkAccess: ['Enabled', 'Disabled', 'SecuredByPerimeter'],
  networkRuleBypassOptions: ['AzureServices', 'None'],
};

export function parseRegistryUpdate(
  update: { readonly body: unknown; readonly apiVersion: string },
  registry: Registry,
  maxIpRules: number,
): Partial<Registry> {
  const { body } = update;
  if (!isObject(body)) throw registryErrors.wrongValue('the body', body, 'an object');
  refuseOthers(body, ['tags', 'sku', 'identity', 'properties'], '');
  const { tags, properties = {} } = body;
  if (tags !== undefined && !isTags(tags)) throw registryErrors.wrongValue('tags', tags, 'an object of strings');
  const sku = parseSku(body.sku, registry);
  if (!isObject(properties)) throw registryErrors.wrongValue('properties', properties, 'an object');
  refuseOthers(properties, [...settable, 'networkRuleSet'], 'properties');
  const { networkRuleSet, ...options } = properties;
  for (const [key, values] of Object.entries(accepted)) {
    const value = options[key];
    if (value !== undefined && !(typeof value === 'string' && values.includes(value))) {
      throw registryErrors.wrongValue(`properties.${key}`, value, values.join(', '));
    }
  }
  const wrong = booleans.find((key) => options[key] !== undefined && typeof options[key] !== 'boolean');
  if (wrong !== undefined) throw registryErrors.wrongValue(`properties.${wrong}`, options[wrong], 'true, false');
  const rules =
    networkRuleSet === undefined ? registry.networkRuleSet : parseNetworkRuleSet(networkRuleSet, update.apiVersion);
  if (rules !== registry.networkRuleSet || sku !== registry.sku) checkQuota(rules, sku, maxIpRules);
  return { ...(tags ? { tags } : {}), sku, networkRuleSet: rules, options: { ...registry.options, ...options } };
}

function parseSku(value: unknown, registry: Registry): Registry['sku'] {
  if (value === undefined) return registry.sku;
  const name = isObject(value) ? value.name : undefined;
  if (name === 'Basic' || name === 'Standard' || name === 'Premium') return name;
  throw registryErrors.wrongValue('sku.name', name, 'Basic, Standard, Premium');
}

function checkQuota(rules: NetworkRuleSet, sku: Registry['sku'], maxIpRules: number): void {
  const isUsed = rules.defaultAction === 'Deny' || rules.ipRules.length > 0 || rules.virtualNetworkRules.length > 0;
  if (sku !== 'Premium' && isUsed) throw registryErrors.notInSku(sku);
  if (rules.ipRules.length > maxIpRules) throw registryErrors.overQuota('IP rule', maxIpRules, sku);
}
