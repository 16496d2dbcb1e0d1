import { normalizeRegion } from '../../core/serviceTags/regions.ts';
import type { ArmClients } from './client.ts';
import { parseResourceId } from './resourceId.ts';

/** Returns a registry's home location (reads it if not given), then its replicas, as ARM locations in lower case. */
export async function readRegistryRegions(
  clients: ArmClients,
  registryId: string,
  home?: string,
): Promise<readonly string[]> {
  const { subscriptionId, resourceGroup, name } = parseResourceId(registryId, 'registryNetworkRules');
  const client = await clients.registryClient(subscriptionId);
  const locations = new Set([home ?? normalizeRegion((await client.registries.get(resourceGroup, name)).location)]);
  for await (const { location } of client.replications.list(resourceGroup, name))
    locations.add(normalizeRegion(location));
  return [...locations];
}
