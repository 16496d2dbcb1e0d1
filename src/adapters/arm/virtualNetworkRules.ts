/** Rules of the days of service endpoints, which a write through the newer api-version could drop without showing them. */
import { TargetBlockedError } from '../../core/errors.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { ArmError, unreadable } from './armError.ts';
import { noteGoingOn, withRetries } from './calls.ts';
import type { ArmClients } from './client.ts';
import { nameOf, parseResourceId } from './resourceId.ts';

/** The last one that shows them. */
const apiVersion = '2021-08-01-preview';

export async function assertNoVirtualNetworkRules(clients: ArmClients, target: RegistryTarget): Promise<void> {
  const { resourceId } = target;
  const { subscriptionId } = parseResourceId(resourceId, 'registryNetworkRules');
  const count = await withRetries(`GET registries/${nameOf(target)}`, () =>
    clients
      .getJson(subscriptionId, resourceId, apiVersion)
      .then((registry) => countVirtualNetworkRules(resourceId, registry), noteRefusedApiVersion),
  );
  if (count === 0) return;
  throw new TargetBlockedError(
    'virtualNetworkRules',
    `${resourceId} has ${count} virtual network rules (service endpoints), which a write of IP rules could drop: ` +
      'replace them by private endpoints and remove them (az acr network-rule remove --subnet), or take the target out',
  );
}

function countVirtualNetworkRules(resourceId: string, registry: unknown): number {
  const { properties } = (registry ?? {}) as {
    properties?: { networkRuleSet?: { virtualNetworkRules?: unknown } | null } | null;
  };
  // What says nothing does not say that there are none.
  if (typeof properties !== 'object' || properties === null) throw unreadable('GET', resourceId);
  const rules = properties.networkRuleSet?.virtualNetworkRules;
  return Array.isArray(rules) ? rules.length : 0;
}

/** The day that Azure switches the old api-version off, nothing is left that could be lost; the run's record shows it. */
function noteRefusedApiVersion(error: unknown): number {
  const codes = [
    'NoRegisteredProviderFound',
    'InvalidApiVersionParameter',
    'UnsupportedApiVersion',
    'InvalidResourceType',
  ];
  if (!(error instanceof ArmError) || !codes.includes(error.code)) throw error;
  noteGoingOn(`GET registry with api-version ${apiVersion}`, error.code);
  return 0;
}
