/** Reads the Service Tag Discovery API with the credentials of `az login` or of the environment. */
import { buildArmClients } from '../adapters/arm/client.ts';
import { discoveryApiSource } from '../adapters/sources/discoveryApi.ts';
import { readArmEndpoint } from '../config/armEndpoint.ts';
import type { Cloud } from '../core/serviceTags/serviceTags.ts';
import { UsageError } from './exitCodes.ts';
import type { Io } from './io.ts';
import type { SourceValues } from './source.ts';

/** Options take precedence over the app's settings with the same meaning. Throws UsageError without a subscription. */
export function apiSource(cloud: Cloud, values: Pick<SourceValues, 'subscription' | 'location'>, env: Io['env']) {
  const subscriptionId = values.subscription ?? env.SERVICE_TAGS_SUBSCRIPTION_ID;
  if (subscriptionId === undefined) {
    throw new UsageError('--subscription: is missing; accepted: the id of a subscription, which --source api needs.');
  }
  const location = values.location ?? env.SERVICE_TAGS_LOCATION ?? 'westeurope';
  const clients = buildArmClients({ cloud, ...readArmEndpoint(env, cloud) });
  return discoveryApiSource({ client: (id) => clients.networkClient(id), subscriptionId, location, cloud });
}
