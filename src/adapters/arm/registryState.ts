/** Converts a registry into the state that planning needs. Pure. */
import type { Registry } from '@azure/arm-containerregistry';
import type { CurrentState } from '../../app/ports.ts';
import { registryRuleName } from '../../core/plan/currentRule.ts';
import { isPrefix, sortPrefixes } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import { normalizeRegion } from '../../core/serviceTags/regions.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { counted } from '../../core/words.ts';
import { defaultMaxIpRules } from '../../core/targets/targetKinds.ts';
import { toRuleSet } from './ipRules.ts';
import { nameOf } from './resourceId.ts';

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
    // Undefined if the target wants more rules than every registry accepts: readQuota then asks Azure.
    maxRules: (target.capacity.maxRules ?? Infinity) > defaultMaxIpRules ? undefined : target.capacity.maxRules,
    blockers: [...skuBlockers(target, registry), ...ruleSetBlockers(target, registry)],
    notes: notesOf(target, registry),
    token: ruleSet,
  };
}

/** Only Premium registries have IP rules. */
function skuBlockers({ resourceId }: RegistryTarget, { sku }: Registry): CurrentState['blockers'] {
  if (sku.name.toLowerCase() === 'premium') return [];
  const message = `${resourceId} is ${sku.name}: only Premium registries have IP rules (az acr update --name ${nameOf({ resourceId })} --sku Premium)`;
  return [{ code: 'wrongSku', message }];
}

/** Every write contains the default action. If it is unknown, a guess could open or close the registry. */
function ruleSetBlockers(target: RegistryTarget, { sku, networkRuleSet }: Registry): CurrentState['blockers'] {
  if (sku.name.toLowerCase() !== 'premium' || networkRuleSet?.defaultAction !== undefined) return [];
  const { resourceId } = target;
  const message = networkRuleSet
    ? `${resourceId} does not say whether it denies by default (networkRuleSet.defaultAction). ${howToClose(target, 0)}`
    : `${resourceId} is open to all networks: it has no network rule set, so that IP rules would have no effect. ${howToClose(target, 0)}`;
  return [{ code: 'inert', message }];
}

/** Always says who is then locked out. */
function howToClose({ resourceId }: RegistryTarget, ruleCount: number): string {
  const name = nameOf({ resourceId });
  const outside =
    ruleCount === 0
      ? 'every client that comes over public networks, as there is no IP rule yet'
      : `every client that comes over public networks and is in none of its ${counted(ruleCount, 'IP rule')}`;
  return (
    `To make IP rules count, first add those of everyone who pulls (az acr network-rule add --name ${name} --ip-address …), ` +
    `then deny the rest (az acr update --name ${name} --default-action Deny): this locks out ${outside}`
  );
}

function notesOf(target: RegistryTarget, registry: Registry): Reason[] {
  const notes = [...openNotes(target, registry), ...accessNotes(target, registry), ...bypassNotes(target, registry)];
  const { provisioningState } = registry;
  if (provisioningState === undefined || provisioningState === 'Succeeded') return notes;
  const message = `${target.resourceId} is in provisioning state ${provisioningState}: the app reads it again in the next run`;
  return [...notes, { code: 'settling', message }];
}

function openNotes(target: RegistryTarget, { networkRuleSet, sku }: Registry): Reason[] {
  // Azure sometimes leaves it out, although the SDK's type says that it is always there.
  const { defaultAction } = (networkRuleSet ?? {}) as { readonly defaultAction?: string };
  if (sku.name.toLowerCase() !== 'premium' || defaultAction?.toLowerCase() !== 'allow') return [];
  const closing = howToClose(target, networkRuleSet?.ipRules?.length ?? 0);
  const message = `${target.resourceId} lets in everybody (defaultAction Allow): its IP rules have no effect. ${closing}`;
  return [{ code: 'inert', message }];
}

function accessNotes({ resourceId }: RegistryTarget, { publicNetworkAccess = 'Enabled' }: Registry): Reason[] {
  const access = publicNetworkAccess.toLowerCase();
  if (access === 'enabled') return [];
  const why =
    access === 'disabled'
      ? `has public network access disabled, so that only private endpoints get in: its IP rules have no effect (az acr update --name ${nameOf({ resourceId })} --public-network-enabled true makes them count again)`
      : `has public network access ${publicNetworkAccess}, so that its network security perimeter decides who gets in: its IP rules have no effect. Manage access there, or take the target out`;
  return [{ code: 'inert', message: `${resourceId} ${why}` }];
}

/** No note for trusted services alone: that is the default, and it does not include tasks. */
function bypassNotes({ resourceId }: RegistryTarget, registry: Registry): Reason[] {
  const { networkRuleBypassOptions = 'AzureServices', networkRuleBypassAllowedForTasks } = registry;
  if (networkRuleBypassOptions.toLowerCase() !== 'azureservices' || !networkRuleBypassAllowedForTasks) return [];
  const message = `${resourceId} lets in tasks of Azure Container Registry whatever its IP rules say (networkRuleBypassAllowedForTasks): for them the rules have no effect. Turn that off, or take the target out`;
  return [{ code: 'inert', message }];
}
