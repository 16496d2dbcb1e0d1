/** The host's storage, as the platform defines its settings: a connection string, or an identity and an account. */
import type { Cloud } from '../core/serviceTags/serviceTags.ts';
import { normalizeConnectionString } from './connectionString.ts';
import {
  guid,
  isInAzure,
  missing,
  quote,
  readAll,
  readChoice,
  readMatching,
  readText,
  refuse,
  type Environment,
} from './environment.ts';
import { parseServiceUrl, withSecretsHidden } from '../core/urls.ts';

export type StorageSetting =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly blobServiceUri: string;
      readonly queueServiceUri: string;
      readonly clientId?: string;
    };

const setting = 'AzureWebJobsStorage';

const suffixes: Readonly<Record<Cloud, string>> = {
  Public: 'core.windows.net',
  AzureGovernment: 'core.usgovcloudapi.net',
  China: 'core.chinacloudapi.cn',
};

const acceptedConnectionStrings =
  'UseDevelopmentStorage=true, AccountName=…;AccountKey=… (with DefaultEndpointsProtocol, EndpointSuffix, BlobEndpoint, ' +
  'QueueEndpoint where they differ), or BlobEndpoint=…;QueueEndpoint=…;SharedAccessSignature=…';

export function readStorage(env: Environment, cloud: Cloud): StorageSetting {
  // The host lets the plain setting win over those with a suffix, and so does this.
  const text = readText(env, setting);
  if (text === undefined) return readIdentity(env, cloud);
  const found = normalizeConnectionString(text, suffixes[cloud]);
  if ('connectionString' in found) return { kind: 'connectionString', ...found };
  return refuse(setting, `${found.fault} (not shown: it may hold a key)`, acceptedConnectionStrings);
}

function readIdentity(env: Environment, cloud: Cloud): StorageSetting {
  const { credential, clientId, ...services } = readAll({
    credential: () => readChoice(env, `${setting}__credential`, ['managedidentity']),
    clientId: () => readMatching(env, `${setting}__clientId`, guid, 'a GUID'),
    blobServiceUri: () => readServiceUri(env, cloud, 'blob'),
    queueServiceUri: () => readServiceUri(env, cloud, 'queue'),
  });
  return { kind: 'identity', ...services, ...(clientId === undefined ? {} : { clientId }) };
}

function readServiceUri(env: Environment, cloud: Cloud, service: 'blob' | 'queue'): string {
  const name = `${setting}__${service}ServiceUri`;
  const text = readText(env, name);
  if (text !== undefined) {
    const url = parseServiceUrl(text, !isInAzure(env));
    return url
      ? url.href.replace(/\/$/, '')
      : refuse(name, quote(withSecretsHidden(text)), 'an https: URL without a password');
  }
  const account = readMatching(
    env,
    `${setting}__accountName`,
    /^[a-z\d]{3,24}$/,
    'the name of a storage account (3 to 24 lower-case letters and digits)',
  );
  if (account !== undefined) return `https://${account}.${service}.${suffixes[cloud]}`;
  const isHalf = ['blob', 'queue'].some((other) => readText(env, `${setting}__${other}ServiceUri`) !== undefined);
  if (isHalf) missing(name, `the https: URL of the ${service} service, as the other service's is given`);
  return missing(
    setting,
    `a connection string, UseDevelopmentStorage=true, or instead of it ${setting}__accountName, ` +
      `or ${setting}__blobServiceUri and ${setting}__queueServiceUri`,
  );
}

/**
 * Where the account's blobs are: the same for a connection string and for an identity. It holds no key and no signature,
 * and is known without the SDK.
 */
export function toBlobServiceUrl(storage: StorageSetting): string {
  if (storage.kind === 'identity') return withoutQuery(storage.blobServiceUri);
  const [, endpoint = developmentStorage] = /(?:^|;)BlobEndpoint=([^;]+)/.exec(storage.connectionString) ?? [];
  return withoutQuery(endpoint);
}

const developmentStorage = 'http://127.0.0.1:10000/devstoreaccount1';

function withoutQuery(text: string): string {
  const { origin, pathname } = new URL(text);
  return new URL(pathname.replace(/\/+$/, ''), origin).href;
}
