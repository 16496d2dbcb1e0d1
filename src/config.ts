/**
 * The only reader of process.env: the app settings of docs/contract.md, section 1. Every cold start runs it, so it does
 * not use zod, which takes long to load.
 */
import { readArmApiVersions } from './config/armApiVersions.ts';
import { readArmEndpoint } from './config/armEndpoint.ts';
import {
  findChoice,
  guid,
  isInAzure,
  quote,
  readAll,
  readChoice,
  readMatching,
  readText,
  refuse,
  type Environment,
} from './config/environment.ts';
import type { ManagedIdentity } from './config/identity.ts';
import { readSources, readWebhooks, type SourceSetting } from './config/lists.ts';
import { settleProxies } from './config/proxy.ts';
import { readSecret } from './config/secret.ts';
import { readStorage, storageNotes, type StorageSetting } from './config/storage.ts';
import { readTargets, targetsNotes, type TargetsSetting } from './config/targets.ts';
import { ConfigurationError } from './core/errors.ts';
import { findScheduleFault, normalizeSchedule } from './core/ncrontab.ts';
import { normalizeRegion } from './core/serviceTags/regions.ts';
import { clouds, type Cloud } from './core/serviceTags/serviceTags.ts';
import { isLoopback } from './core/urls.ts';

export interface Config {
  readonly storage: StorageSetting;
  readonly cloud: Cloud;
  /** Without a trailing slash. */
  readonly armEndpoint: string;
  /** True for a simulated Azure on a loopback address: the app then needs no credential and sends none. */
  readonly armIsLoopback: boolean;
  /** Provider or resource type in lower case → api-version. Others: the SDK's version, or the newest that the cloud has. */
  readonly armApiVersions: ReadonlyMap<string, string>;
  /** Signs in to ARM: AZURE_CLIENT_ID, else the identity in the storage settings. Undefined: the app's only identity. */
  readonly identity?: ManagedIdentity;
  readonly sources: readonly SourceSetting[];
  readonly serviceTagsSubscriptionId?: string;
  readonly serviceTagsLocation: string;
  readonly targets: TargetsSetting;
  readonly pullSchedule: string;
  readonly reconcileSchedule: string;
  /** A configured time zone other than UTC. If the platform honours it, the schedules are in local time. */
  readonly timeZone?: string;
  readonly updatesPaused: boolean;
  readonly notificationWebhooks: readonly string[];
  /** Name of the Function App; undefined outside Azure. */
  readonly siteName?: string;
  /** True if the platform has set its own settings (see isInAzure). */
  readonly isInAzure: boolean;
  /** Scheme and host name of the app, the start of links in notifications. Undefined if the platform does not set it. */
  readonly baseUrl?: string;
  /** Key that signs notifications. */
  readonly notificationSecret?: string;
  readonly applicationInsights?: { readonly connectionString: string; readonly authentication?: string };
  /** Remarks for people about settings that are missing or not used. */
  readonly notes: readonly string[];
}

export interface Schedules {
  readonly pull: string;
  readonly reconcile: string;
}

const defaultSchedules: Schedules = { pull: '0 30 */6 * * *', reconcile: '0 0 * * * *' };

/** The schedules of the timers. Uses the default for an invalid one, because the app must load to report the mistake. */
export function readSchedules(): Schedules {
  const read = (setting: string, instead: string) => {
    try {
      return readSchedule(process.env, setting) ?? instead;
    } catch (error) {
      if (error instanceof ConfigurationError) return instead;
      throw error;
    }
  };
  return {
    pull: read('PULL_SCHEDULE', defaultSchedules.pull),
    reconcile: read('RECONCILE_SCHEDULE', defaultSchedules.reconcile),
  };
}

/** Reads the settings of this process. Throws ConfigurationError. */
export function readConfig(): Config {
  proxyNote = settleProxies(process.env) ?? proxyNote;
  const config = loadConfig(process.env);
  return proxyNote === undefined ? config : { ...config, notes: [...config.notes, proxyNote] };
}

/** Kept from the first call, which deletes the proxy variables. */
let proxyNote: string | undefined;

/** True if App Service Authentication is on. It identifies callers, and removes identity headers that callers send. */
export function isSignInOn(): boolean {
  return readText(process.env, 'WEBSITE_AUTH_ENABLED')?.toLowerCase() === 'true';
}

/** Throws one ConfigurationError that lists every setting that is missing or wrong. */
export function loadConfig(env: Environment): Config {
  const knownCloud = findChoice(readText(env, 'AZURE_CLOUD') ?? 'Public', clouds);
  const cloud = knownCloud ?? 'Public';
  const { arm, sources, subscriptionId, location, clientId, notificationSecret, ...settings } = readAll({
    storage: () => readStorage(env, cloud),
    cloud: () => readChoice(env, 'AZURE_CLOUD', clouds) ?? 'Public',
    arm: () => readArmEndpoint(env, knownCloud),
    armApiVersions: () => readArmApiVersions(env),
    clientId: () => readMatching(env, 'AZURE_CLIENT_ID', guid, 'the client id of an identity, a GUID'),
    sources: () => readSources(env, readText(env, 'SERVICE_TAGS_SUBSCRIPTION_ID') !== undefined),
    subscriptionId: () => readMatching(env, 'SERVICE_TAGS_SUBSCRIPTION_ID', guid, 'the GUID of a subscription'),
    location: () => readLocation(env) ?? defaultLocations[cloud],
    targets: () => readTargets(env),
    pullSchedule: () => readSchedule(env, 'PULL_SCHEDULE') ?? defaultSchedules.pull,
    reconcileSchedule: () => readSchedule(env, 'RECONCILE_SCHEDULE') ?? defaultSchedules.reconcile,
    updatesPaused: () => readUpdatesPaused(env),
    notificationWebhooks: () => readWebhooks(env),
    notificationSecret: () => readSecret(env),
  });
  const siteName = readText(env, 'WEBSITE_SITE_NAME');
  const ofStorage = settings.storage.kind === 'identity' ? settings.storage.identity : undefined;
  const identity = clientId === undefined ? ofStorage : { clientId };
  return {
    ...settings,
    ...arm,
    ...sources,
    notes: [...sources.notes, ...targetsNotes(settings.targets), ...storageNotes(env)],
    ...(identity === undefined ? {} : { identity }),
    ...(subscriptionId === undefined ? {} : { serviceTagsSubscriptionId: subscriptionId }),
    serviceTagsLocation: location,
    ...(notificationSecret === undefined ? {} : { notificationSecret }),
    ...(siteName === undefined ? {} : { siteName }),
    ...readTimeZone(env),
    ...readObservers(env),
    isInAzure: isInAzure(env),
  };
}

/** Reads settings that the platform and Application Insights define. */
function readObservers(env: Environment): Pick<Config, 'baseUrl' | 'applicationInsights'> {
  const host = readText(env, 'WEBSITE_HOSTNAME');
  const connectionString = readText(env, 'APPLICATIONINSIGHTS_CONNECTION_STRING');
  const authentication = readText(env, 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING');
  return {
    ...(host === undefined ? {} : { baseUrl: toBaseUrl(host) }),
    ...(connectionString === undefined
      ? {}
      : { applicationInsights: { connectionString, ...(authentication === undefined ? {} : { authentication }) } }),
  };
}

/** The local tools set `localhost:7071` and speak http; Azure speaks https. */
function toBaseUrl(host: string): string {
  const local = `http://${host}`;
  return URL.canParse(local) && isLoopback(new URL(local)) ? local : `https://${host}`;
}

function readTimeZone(env: Environment): Pick<Config, 'timeZone'> {
  const zone = readText(env, 'WEBSITE_TIME_ZONE') ?? readText(env, 'TZ');
  return zone === undefined || /^:?(etc\/)?(utc|uct|gmt|universal|zulu|greenwich)$/i.test(zone)
    ? {}
    : { timeZone: zone };
}

export function describeTimeZone(zone: string): string {
  return (
    `The time zone is set to ${quote(zone)}: where the platform honours it, PULL_SCHEDULE and RECONCILE_SCHEDULE are in ` +
    'local time and jump with summer time. Remove WEBSITE_TIME_ZONE and TZ to have them in UTC.'
  );
}

/** The region whose copy of the list the Discovery API returns. It must exist in the cloud. */
const defaultLocations: Readonly<Record<Cloud, string>> = {
  Public: 'westeurope',
  AzureGovernment: 'usgovvirginia',
  China: 'chinaeast2',
};

function readLocation(env: Environment): string | undefined {
  const location = readMatching(env, 'SERVICE_TAGS_LOCATION', /^[a-z\d ]+$/i, 'an ARM location such as westeurope');
  return location === undefined ? undefined : normalizeRegion(location);
}

function readSchedule(env: Environment, setting: string): string | undefined {
  const schedule = readText(env, setting);
  const fault = schedule === undefined ? undefined : findScheduleFault(schedule);
  if (schedule === undefined) return undefined;
  if (fault === undefined) return normalizeSchedule(schedule);
  return refuse(
    setting,
    `${quote(schedule)} (${fault})`,
    'NCRONTAB in UTC, {second} {minute} {hour} {day} {month} {day of week}, such as 0 30 */6 * * *',
  );
}

function readUpdatesPaused(env: Environment): boolean {
  const choice = readChoice(env, 'UPDATES_PAUSED', ['true', 'false', '1', '0']);
  return choice === 'true' || choice === '1';
}
