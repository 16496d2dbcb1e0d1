/** Reads the Service Tag Discovery API. Its list has no date and can be weeks older than the weekly file. */
import type { NetworkManagementClient } from '@azure/arm-network';
import type { ServiceTagsSource } from '../../app/ports.ts';
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { parseServiceTags } from '../../core/serviceTags/parseServiceTags.ts';
import type { Cloud, ServiceTagsDownload } from '../../core/serviceTags/serviceTags.ts';
import { withoutSecrets } from '../../core/urls.ts';
import { readPages } from './apiPages.ts';
import { defaultMaxBytes } from './fetchText.ts';
import { parseFrom } from './readDownload.ts';
import { retryDefaults, timeLimit, type RetryOptions } from './retry.ts';

export interface DiscoveryApiSettings extends RetryOptions {
  /** Called by the first fetch, so that the SDK is not loaded earlier. */
  readonly client: (subscriptionId: string) => Promise<NetworkManagementClient>;
  readonly subscriptionId: string | undefined;
  /** The region that answers: a new list reaches regions at different times. Does not filter the list. */
  readonly location: string;
  readonly cloud: Cloud;
  /** Limit for all pages together. */
  readonly maxBytes?: number;
}

const name = 'api';

/** The source `api`. */
export function discoveryApiSource(settings: DiscoveryApiSettings): ServiceTagsSource {
  return { name, fetch: () => fetchServiceTags(settings) };
}

async function fetchServiceTags(settings: DiscoveryApiSettings): Promise<ServiceTagsDownload> {
  const { subscriptionId, cloud, location, maxBytes = defaultMaxBytes } = settings;
  if (subscriptionId === undefined) {
    throw new SourceError(name, 'SERVICE_TAGS_SUBSCRIPTION_ID is not set, expected the id of a subscription');
  }
  const controller = timeLimit(settings.timeoutInMs ?? retryDefaults.timeoutInMs);
  try {
    const client = await settings.client(subscriptionId);
    const { url, json } = await readPages(client, location, { controller, maxBytes, retry: settings });
    const origin = withoutSecrets(url);
    const { document, warnings } = parseFrom(name, origin, () => parseServiceTags(json, cloud));
    return { source: name, date: undefined, origin, document, warnings };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const where = `service tags of ${location} in subscription ${subscriptionId}`;
    throw new SourceError(name, `${where}: ${describeFailure(error)}`, { cause: error });
  }
}

function describeFailure(error: unknown): string {
  const { statusCode, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
  const status = typeof statusCode === 'number' ? `HTTP ${statusCode}` : undefined;
  const facts = [status, typeof code === 'string' ? code : undefined, toErrorMessage(error)];
  const hint =
    statusCode === 403
      ? '; the identity needs Microsoft.Network/locations/serviceTags/read on the subscription itself'
      : '';
  return `${facts.filter((fact) => fact !== undefined).join(' ')}${hint}`;
}
