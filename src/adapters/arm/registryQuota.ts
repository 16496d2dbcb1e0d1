import type { CurrentState, Quota } from '../../app/ports.ts';
import type { RegistryTarget } from '../../core/targets/target.ts';
import { defaultMaxIpRules, largestMaxIpRules } from '../../core/targets/targetKinds.ts';
import { recordIgnoredFailure, withinTime } from './calls.ts';
import type { ArmClients } from './client.ts';
import { classifyArmError } from './errors.ts';
import { nameOf, parseResourceId } from './resourceId.ts';

/** Enough for three attempts. An update does not wait longer for this number, because it works without it. */
const patienceInMs = 3_500;

/**
 * Returns how many IP rules a registry accepts: the number that Azure reports, else the one in the targets file, else a
 * safe assumption. Azure is not asked if the target wants no more rules than every registry accepts.
 */
export async function readQuota(clients: ArmClients, target: RegistryTarget, current: CurrentState): Promise<Quota> {
  const { resourceId, capacity } = target;
  const { maxRules: wanted } = capacity;
  if (wanted !== undefined && wanted <= defaultMaxIpRules) return { limit: wanted };
  const { subscriptionId, resourceGroup, name } = parseResourceId(resourceId, 'registryNetworkRules');
  const { registries } = await clients.registryClient(subscriptionId);
  const { value } = await withinTime(patienceInMs, () => registries.listUsages(resourceGroup, name).catch(noUsages));
  const limit = value?.find((usage) => /^ip\W*rules?$/i.test(usage.name ?? ''))?.limit;
  if (limit !== undefined && limit > 0) return { limit };
  return wanted === undefined ? assumeQuota(target, current) : { limit: wanted };
}

/** Assumes the smaller limit, unless the registry already contains more rules than that. */
function assumeQuota(target: RegistryTarget, { rules }: CurrentState): Quota {
  const used = rules.reduce((sum, { prefixes }) => sum + prefixes.length, 0);
  const limit = used > defaultMaxIpRules ? largestMaxIpRules : defaultMaxIpRules;
  const message = `Azure does not say how many IP rules ${nameOf(target)} takes: the app assumes ${limit} rules. Set capacity.maxRules to the right number if you know it.`;
  return { limit, note: { code: 'assumedQuota', message } };
}

function noUsages(error: unknown): { readonly value?: undefined } {
  const { code, detailCode } = classifyArmError(error);
  recordIgnoredFailure('GET listUsages', detailCode ?? code);
  return {};
}
