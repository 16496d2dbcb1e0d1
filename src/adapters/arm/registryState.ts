/** A registry as planning needs it: pure. */
import type { Registry } from '@azure/arm-containerregistry';
import type { CurrentState } from '../../app/ports.ts';
import { registryRuleName } from '../../core/plan/currentRule.ts';
import { isPrefix, sortPrefixes } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import { normalizeRegion } from '../../core/serviceTags/regions.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { toRuleSet } from './ipRules.ts';

export function toCurrentState(target: RegistryTarget, registry: Registry): CurrentState {
  const ruleSet = toRuleSet(registry);
  const prefixes = (ruleSet.ipRules ?? []).map((rule) => rule.iPAddressOrRange).filter(isPrefix);
  return {
    rules: [
      {
        rule: registryRuleName,
        prefixes: sortPrefixes(prefixes),
        mark: ruleSet.ipRules?.length ? 'unmarked' : undefined,
        drift: [],
      },
    ],
    location: normalizeRegion(registry.location),
    maxPrefixes: target.capacity.maxRules,
    blockers: [...skuBlockers(target, registry), ...ruleSetBlockers(target, registry)],
    notes: notesOf(target, registry),
    token: ruleSet,
  };
}

function skuBlockers({ resourceId }: RegistryTarget, { sku }: Registry): CurrentState['blockers'] {
  if (sku.name.toLowerCase() === 'premium') return [];
  const message = `${resourceId} is ${sku.name}: only Premium registries have IP rules (az acr update --sku Premium)`;
  return [{ code: 'wrongSku', message }];
}

/** Every write sends the default action along: one that is guessed could open the registry, or close it. */
function ruleSetBlockers({ resourceId }: RegistryTarget, { sku, networkRuleSet }: Registry): CurrentState['blockers'] {
  if (sku.name.toLowerCase() !== 'premium' || networkRuleSet?.defaultAction !== undefined) return [];
  const message = `${resourceId} does not say whether it denies by default (networkRuleSet.defaultAction): set it once, az acr update --name ${resourceId.split('/').at(-1) ?? ''} --default-action Deny`;
  return [{ code: 'configuration', message }];
}

function notesOf({ resourceId }: RegistryTarget, registry: Registry): Reason[] {
  const notes: Reason[] = [];
  if (toRuleSet(registry).defaultAction === 'Allow') {
    notes.push({
      code: 'inert',
      message: `${resourceId} lets in everybody (defaultAction Allow): its IP rules have no effect`,
    });
  }
  if (registry.publicNetworkAccess === 'Disabled') {
    notes.push({
      code: 'inert',
      message: `${resourceId} has public network access disabled: its IP rules have no effect`,
    });
  }
  if (registry.provisioningState !== undefined && registry.provisioningState !== 'Succeeded') {
    notes.push({ code: 'settling', message: `${resourceId} is in provisioning state ${registry.provisioningState}` });
  }
  return notes;
}
