/** The storage account of the Functions host, in the platform's settings: a connection string, or an identity. */
import type { Cloud } from '../core/serviceTags/serviceTags.ts';
import { agree, listed } from '../core/words.ts';
import { normalizeConnectionString } from './connectionString.ts';
import type { ManagedIdentity } from './identity.ts';
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
  settingsThatBegin,
  type Environment,
} from './environment.ts';
import { parseServiceUrl, withSecretsHidden } from '../core/urls.ts';

export type StorageSetting =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly blobServiceUri: string;
      readonly queueServiceUri: string;
      /** Undefined: the app's only identity. */
      readonly identity?: ManagedIdentity;
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

/** `cloud` chooses the domain of the account if the settings name only the account. Throws ConfigurationError. */
export function readStorage(env: Environment, cloud: Cloud): StorageSetting {
  // AzureWebJobsStorage takes precedence over AzureWebJobsStorage__…, as in the host.
  const text = readText(env, setting);
  if (text === undefined) return readIdentity(env, cloud);
  const normalized = normalizeConnectionString(text, suffixes[cloud]);
  if ('connectionString' in normalized) return { kind: 'connectionString', ...normalized };
  return refuse(setting, `${normalized.fault} (not shown: it may hold a key)`, acceptedConnectionStrings);
}

function readIdentity(env: Environment, cloud: Cloud): StorageSetting {
  const { identity, ...services } = readAll({
    names: () => refuseUnknownNames(env),
    credential: () => readChoice(env, `${setting}__credential`, ['managedidentity']),
    identity: () => readManagedIdentity(env),
    blobServiceUri: () => readServiceUri(env, cloud, 'blob'),
    queueServiceUri: () => readServiceUri(env, cloud, 'queue'),
  });
  const { blobServiceUri, queueServiceUri } = services;
  return { kind: 'identity', blobServiceUri, queueServiceUri, ...(identity && { identity }) };
}

function readManagedIdentity(env: Environment): ManagedIdentity | undefined {
  const clientId = readMatching(env, `${setting}__clientId`, guid, 'a GUID');
  const resourceId = readMatching(
    env,
    `${setting}__managedIdentityResourceId`,
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i,
    '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>',
  );
  if (clientId !== undefined && resourceId !== undefined)
    refuse(`${setting}__managedIdentityResourceId`, `an identity, and ${setting}__clientId another`, 'one of the two');
  if (resourceId !== undefined) return { resourceId };
  return clientId === undefined ? undefined : { clientId };
}

/** Only the host uses `tableServiceUri` and `fileServiceUri`. */
const knownNames = [
  'accountName',
  'blobServiceUri',
  'queueServiceUri',
  'tableServiceUri',
  'fileServiceUri',
  'credential',
  'clientId',
  'managedIdentityResourceId',
];

/**
 * Refuses AzureWebJobsStorage__… settings that this app does not know: the host could use them, and both must sign in to
 * the same account with the same identity.
 */
function refuseUnknownNames(env: Environment): void {
  const known = knownNames.map((name) => `${setting}__${name}`);
  const isKnown = (name: string): boolean => known.some((one) => one.toLowerCase() === name.toLowerCase());
  const unknown = settingsThatBegin(env, `${setting}__`).find((name) => !isKnown(name));
  if (unknown !== undefined)
    refuse(unknown, 'something that this app does not use (not shown: it may be a key)', known.join(', '));
}

/** Returns a note if both AzureWebJobsStorage and AzureWebJobsStorage__… are set: the former takes precedence. */
export function storageNotes(env: Environment): readonly string[] {
  const ignored = settingsThatBegin(env, `${setting}__`);
  if (readText(env, setting) === undefined || ignored.length === 0) return [];
  return [`${setting} is set, so that ${listed(ignored)} ${agree(ignored.length, 'is', 'are')} not used`];
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
 * Returns the URL of the account's blobs, the same for a connection string and for an identity. It contains no key and no
 * signature. Does not load the SDK.
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
