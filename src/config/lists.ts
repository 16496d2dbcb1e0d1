/** The two settings that are comma lists: SERVICE_TAGS_SOURCES and NOTIFICATION_WEBHOOKS. */
import { ConfigurationError } from '../core/errors.ts';
import { isInAzure, quote, readList, refuse, refuseReference, type Environment } from './environment.ts';
import { parseServiceUrl, withoutSecrets, withSecretsHidden } from '../core/urls.ts';

/** Records and messages show the `name`, so that of a URL leaves out the query, which may contain a signature. */
export type SourceSetting =
  | { readonly kind: 'download' | 'api'; readonly name: string }
  | { readonly kind: 'url'; readonly name: string; readonly url: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string };

const sourcesSetting = 'SERVICE_TAGS_SOURCES';
const acceptedSources = 'a comma list of download, api, an https: URL, file:PATH';

export interface Sources {
  readonly sources: readonly SourceSetting[];
  readonly notes: readonly string[];
}

/** If the setting is missing, the app asks the download, and also the API if a subscription is configured. */
export function readSources(env: Environment, hasSubscription: boolean): Sources {
  const entries = readList(env, sourcesSetting, acceptedSources);
  if (entries === undefined) return defaultSources(hasSubscription);
  const sources = entries.map(parseSource);
  const duplicate = sources.find(({ name }, index) => sources.findIndex((other) => other.name === name) !== index);
  if (duplicate) refuse(sourcesSetting, `${quote(duplicate.name)} twice`, 'each source once');
  if (!hasSubscription && sources.some(({ kind }) => kind === 'api')) {
    throw new ConfigurationError(
      'SERVICE_TAGS_SUBSCRIPTION_ID',
      `is missing, and ${sourcesSetting} lists api; accepted: the GUID of a subscription, or a list without api`,
    );
  }
  return { sources, notes: [] };
}

function defaultSources(hasSubscription: boolean): Sources {
  const download: SourceSetting = { kind: 'download', name: 'download' };
  if (hasSubscription) return { sources: [download, { kind: 'api', name: 'api' }], notes: [] };
  return {
    sources: [download],
    notes: ['SERVICE_TAGS_SUBSCRIPTION_ID is not set: the Service Tag Discovery API is not asked, only the download'],
  };
}

function parseSource(entry: string): SourceSetting {
  const word = entry.toLowerCase();
  if (word === 'download' || word === 'api') return { kind: word, name: word };
  if (/^file:./i.test(entry)) {
    const path = entry.slice('file:'.length);
    return { kind: 'file', name: `file:${path}`, path };
  }
  const url = parseServiceUrl(entry, false);
  if (!url) return refuse(sourcesSetting, quote(withSecretsHidden(entry)), acceptedSources);
  return { kind: 'url', name: withoutSecrets(url.href), url: url.href };
}

const webhooksSetting = 'NOTIFICATION_WEBHOOKS';

/** Returns https URLs; outside Azure also http on a loopback address. Throws ConfigurationError. */
export function readWebhooks(env: Environment): readonly string[] {
  const accepted = 'a comma list of https: URLs without a password in them';
  const entries = readList(env, webhooksSetting, accepted) ?? [];
  const urls = entries.map((entry, index) => {
    refuseReference(webhooksSetting, entry);
    const url = parseServiceUrl(entry, !isInAzure(env));
    // The path of a webhook URL is a secret, so the message names the entry by its number.
    return (
      url?.href ??
      refuse(webhooksSetting, `something else as entry ${index + 1} (not shown: it may be a key)`, accepted)
    );
  });
  // Nobody wants the same message twice.
  return [...new Set(urls)];
}
