/** Reads a registry for a plan, and again right before a write. */
import type { NetworkRuleSet, Registry } from '@azure/arm-containerregistry';
import { TargetBlockedError } from '../../core/errors.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { agree, counted } from '../../core/words.ts';
import { revealingApiVersion } from './apiVersions.ts';
import { ArmError, unreadable } from './armError.ts';
import { recordIgnoredFailure, withRetries } from './calls.ts';
import type { ArmClients } from './client.ts';
import { toRuleSet } from './ipRules.ts';
import { nameOf, parseResourceId } from './resourceId.ts';

export async function readRegistry(clients: ArmClients, { resourceId }: RegistryTarget): Promise<Registry> {
  const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
  return (await clients.registryClient(subscriptionId)).registries.get(resourceGroup, name);
}

/** What a write must know of the registry. */
interface LiveRegistry {
  readonly ruleSet: NetworkRuleSet;
  readonly provisioningState: string | undefined;
}

type ReadBeforeWrite = (target: RegistryTarget) => Promise<LiveRegistry>;

/**
 * One read for two checks: the rules are as the plan saw them, and there are no virtual network rules, which the write
 * could drop. Only the old api-version shows those. When Azure switches it off, the app reads with the current one and
 * assumes that no registry has such rules any more.
 */
export function buildReadBeforeWrite(clients: ArmClients): ReadBeforeWrite {
  let isSwitchedOff = false;
  return async (target) => {
    const { resourceId } = target;
    const { subscriptionId } = parseResourceId(resourceId, 'registryNetworkRules');
    try {
      if (!isSwitchedOff)
        return await withRetries(`GET registries/${nameOf(target)}`, async () =>
          parseRegistry(resourceId, await clients.getJson(subscriptionId, resourceId, revealingApiVersion)),
        );
    } catch (error) {
      if (!(error instanceof ArmError) || !refusedApiVersion.has(error.code.toLowerCase())) throw error;
      recordIgnoredFailure(`GET registry with api-version ${revealingApiVersion}`, error.code);
      isSwitchedOff = true;
    }
    const registry = await readRegistry(clients, target);
    return { ruleSet: toRuleSet(registry), provisioningState: registry.provisioningState };
  };
}

const refusedApiVersion = new Set([
  'noregisteredproviderfound',
  'invalidapiversionparameter',
  'unsupportedapiversion',
  'invalidresourcetype',
]);

interface OldRegistry {
  readonly properties?: {
    readonly provisioningState?: string;
    readonly networkRuleSet?: {
      readonly defaultAction?: string;
      readonly ipRules?: readonly { readonly action?: string; readonly value: string }[];
      readonly virtualNetworkRules?: readonly unknown[];
    } | null;
  } | null;
}

function parseRegistry(resourceId: string, answer: unknown): LiveRegistry {
  const { properties } = (answer ?? {}) as OldRegistry;
  // An answer without properties does not prove that there are no virtual network rules.
  if (typeof properties !== 'object' || properties === null) throw unreadable('GET', resourceId);
  const { provisioningState, networkRuleSet } = properties;
  assertNoVirtualNetworkRules(resourceId, networkRuleSet?.virtualNetworkRules?.length ?? 0);
  const ipRules = (networkRuleSet?.ipRules ?? []).map(({ action, value }) => ({
    ...(action !== undefined && { action }),
    iPAddressOrRange: value,
  }));
  return { ruleSet: { defaultAction: networkRuleSet?.defaultAction ?? 'Allow', ipRules }, provisioningState };
}

function assertNoVirtualNetworkRules(resourceId: string, count: number): void {
  if (count === 0) return;
  throw new TargetBlockedError(
    'virtualNetworkRules',
    `${resourceId} has ${counted(count, 'virtual network rule')} (service endpoints), which a write of IP rules could drop: ` +
      `replace ${agree(count, 'it by a private endpoint and remove it', 'them by private endpoints and remove them')} ` +
      '(az acr network-rule remove --subnet), or take the target out',
  );
}
