/** The one reader of process.env: app settings of docs/contract.md, section 1. Runs at cold start, so by hand. */
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
  /** True for a loopback stand-in: no credential is asked for or sent. */
  readonly armIsLoopback: boolean;
  /** By provider or resource type in lower case; others are asked with the SDK's version, or the newest that there is. */
  readonly armApiVersions: ReadonlyMap<string, string>;
  /** The managed identity to sign in to ARM with, where one is named: that of storage, unless AZURE_CLIENT_ID says another. */
  readonly identity?: ManagedIdentity;
  readonly sources: readonly SourceSetting[];
  readonly serviceTagsSubscriptionId?: string;
  readonly serviceTagsLocation: string;
  readonly targets: TargetsSetting;
  readonly pullSchedule: string;
  readonly reconcileSchedule: string;
  /** A time zone setting other than UTC: where the platform honours it, the schedules are in local time. */
  readonly timeZone?: string;
  readonly updatesPaused: boolean;
  readonly notificationWebhooks: readonly string[];
  /** Name of the Function App, where it runs in Azure. */
  readonly siteName?: string;
  /** True where the platform's own settings are there. */
  readonly isInAzure: boolean;
  /** Scheme and host name of the app, where the platform says them: links in notifications begin with it. */
  readonly baseUrl?: string;
  /** Signs notifications. */
  readonly notificationSecret?: string;
  readonly applicationInsights?: { readonly connectionString: string; readonly authentication?: string };
  /** What a person should know of settings that were left out. */
  readonly notes: readonly string[];
}

export interface Schedules {
  readonly pull: string;
  readonly reconcile: string;
}

const defaultSchedules: Schedules = { pull: '0 30 */6 * * *', reconcile: '0 0 * * * *' };

/** When the timers of this process fire. A schedule that is refused must not keep the app from loading: the default stands in. */
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

/** The settings of this process. Throws ConfigurationError. */
export function readConfig(): Config {
  proxyNote = settleProxies(process.env) ?? proxyNote;
  const config = loadConfig(process.env);
  return proxyNote === undefined ? config : { ...config, notes: [...config.notes, proxyNote] };
}

/** Of the first call: afterwards the variables are gone. */
let proxyNote: string | undefined;

/** True where App Service Authentication checks who asks, and takes out what a caller says of himself. */
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

/** Names as the platform and Application Insights give them. */
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

/** `localhost:7071` is what the local tools say, and they speak http. */
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

/** The location picks which region's rollout the API answers from; it has to exist in the cloud. */
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
