/** The host's storage, as the platform defines its settings: a connection string, or an identity and an account. */
import type { Cloud } from '../core/serviceTags.ts';
import type { StorageSetting } from '../config.ts';
import {
  isInAzure,
  missing,
  quote,
  readChoice,
  readMatching,
  readText,
  refuse,
  type Environment,
} from './environment.ts';
import { parseServiceUrl, withoutSecrets } from './urls.ts';

const setting = 'AzureWebJobsStorage';

const suffixes: Readonly<Record<Cloud, string>> = {
  Public: 'core.windows.net',
  AzureGovernment: 'core.usgovcloudapi.net',
  China: 'core.chinacloudapi.cn',
};

const acceptedConnectionStrings =
  'UseDevelopmentStorage=true, ' +
  'DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…;EndpointSuffix=…, ' +
  'or BlobEndpoint=…;QueueEndpoint=…;SharedAccessSignature=…';

export function readStorage(env: Environment, cloud: Cloud): StorageSetting {
  // The host lets the plain setting win over those with a suffix, and so does this.
  const connectionString = readText(env, setting);
  if (connectionString !== undefined) return { kind: 'connectionString', ...checkConnectionString(connectionString) };
  return readIdentity(env, cloud);
}

function checkConnectionString(connectionString: string): { readonly connectionString: string } {
  const lacking = findLackingParts(connectionString);
  if (lacking.length > 0) {
    refuse(setting, `a text without ${lacking.join(', ')} (not shown: it may hold a key)`, acceptedConnectionStrings);
  }
  return { connectionString };
}

function findLackingParts(connectionString: string): string[] {
  if (connectionString.startsWith('UseDevelopmentStorage=true')) return [];
  const names = connectionString
    .split(';')
    .filter((part) => /^[^=]+=./.test(part))
    .map((part) => part.slice(0, part.indexOf('=')));
  const endpoints = ['BlobEndpoint', 'QueueEndpoint'];
  const hasEndpoints = endpoints.every((name) => names.includes(name));
  const needed = names.includes('SharedAccessSignature')
    ? endpoints
    : ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey', ...(hasEndpoints ? [] : ['EndpointSuffix'])];
  return needed.filter((name) => !names.includes(name));
}

function readIdentity(env: Environment, cloud: Cloud): StorageSetting {
  readChoice(env, `${setting}__credential`, ['managedidentity']);
  const clientId = readMatching(env, `${setting}__clientId`, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, 'a GUID');
  return {
    kind: 'identity',
    blobServiceUri: readServiceUri(env, cloud, 'blob'),
    queueServiceUri: readServiceUri(env, cloud, 'queue'),
    ...(clientId === undefined ? {} : { clientId }),
  };
}

function readServiceUri(env: Environment, cloud: Cloud, service: 'blob' | 'queue'): string {
  const name = `${setting}__${service}ServiceUri`;
  const text = readText(env, name);
  if (text !== undefined) {
    const url = parseServiceUrl(text, !isInAzure(env));
    return url
      ? url.href.replace(/\/$/, '')
      : refuse(name, quote(withoutSecrets(text)), 'an https: URL without a password');
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
  if (storage.connectionString.startsWith('UseDevelopmentStorage=true')) return developmentStorage;
  const parts = new Map(storage.connectionString.split(';').map(toNameAndValue));
  const given = parts.get('BlobEndpoint');
  if (given) return withoutQuery(given);
  const account = `${parts.get('AccountName')}.blob.${parts.get('EndpointSuffix')}`;
  return withoutQuery(`${parts.get('DefaultEndpointsProtocol')}://${account}`);
}

const developmentStorage = 'http://127.0.0.1:10000/devstoreaccount1';

function toNameAndValue(part: string): [name: string, value: string] {
  const end = part.indexOf('=');
  return [part.slice(0, end).trim(), part.slice(end + 1).trim()];
}

function withoutQuery(text: string): string {
  const { origin, pathname } = new URL(text);
  return new URL(pathname.replace(/\/+$/, ''), origin).href;
}
