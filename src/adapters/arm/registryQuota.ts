import type { RegistryTarget } from '../../core/targets/target.ts';
import { defaultMaxIpRules } from '../../core/targets/targetKinds.ts';
import { noteGoingOn, withinTime } from './calls.ts';
import type { ArmClients } from './client.ts';
import { classifyArmError } from './errors.ts';
import { parseResourceId } from './resourceId.ts';

/** Room for three tries: no update waits longer for a figure that it can do without. */
const patienceInMs = 3_500;

/** How many IP rules a registry takes: what its target says, else what Azure says, else what is safe to assume. */
export async function readQuota(clients: ArmClients, { resourceId, capacity }: RegistryTarget): Promise<number> {
  if (capacity.maxRules !== undefined) return capacity.maxRules;
  const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
  const { registries } = await clients.registryClient(subscriptionId);
  const { value } = await withinTime(patienceInMs, () => registries.listUsages(resourceGroup, name).catch(noUsages));
  const limit = value?.find((usage) => /^ip\W*rules?$/i.test(usage.name ?? ''))?.limit;
  return limit !== undefined && limit > 0 ? limit : defaultMaxIpRules;
}

function noUsages(error: unknown): { readonly value?: undefined } {
  const { code, detailCode } = classifyArmError(error);
  noteGoingOn('GET listUsages', detailCode ?? code);
  return {};
}
