/**
 * The only file that imports adapters. The part that answers queries is small and built at once; the part that pulls,
 * writes and notifies is loaded by the first invocation that needs it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AzureArm } from '../adapters/arm/arm.ts';
import { cloudSettings } from '../adapters/arm/cloudSettings.ts';
import { BlobChangeStore } from '../adapters/blob/changes.ts';
import { BlobContainer } from '../adapters/blob/container.ts';
import { buildDeliveryStore } from '../adapters/blob/deliveries.ts';
import { BlobHistoryStore } from '../adapters/blob/histories.ts';
import { keepSnapshots } from '../adapters/blob/keptSnapshots.ts';
import { BlobLedger } from '../adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../adapters/blob/targetStates.ts';
import { buildTaggedResourceMemory } from '../adapters/blob/taggedResources.ts';
import { buildTimerStore } from '../adapters/blob/timers.ts';
import { createStorageClients, type StorageClients } from '../adapters/storageClients.ts';
import { createTargetsSource } from '../adapters/targetsSource.ts';
import { createTelemetry } from '../adapters/telemetry.ts';
import { readConfig, type Config } from '../config.ts';
import { areTargetsExpected } from '../config/targets.ts';
import { measureUndelivered } from '../core/metrics.ts';
import { once } from '../core/once.ts';
import { dayInMs, hourInMs } from '../core/time.ts';
import type { TimerWatch } from '../core/timers.ts';
import { withMethods } from '../core/withMethods.ts';
import type { ApiApp } from './api/route.ts';
import { CurrentListReader } from './history/currentList.ts';
import { HistoryReader } from './history/historyReader.ts';
import { createDiscoveringSource } from './discoverTargets.ts';
import { invocationLogger } from './logging.ts';
import { ownerIdOf } from './ownerId.ts';
import type { Clock, Logger, SnapshotStore, Telemetry, TimerStore } from './ports.ts';
import type { PullServices } from './pullServiceTags.ts';
import { buildQueries } from './queries.ts';
import type { QueryServices } from './queries/queryServices.ts';
import type { TargetActions } from './targetActions.ts';
import type { UpdateServices } from './update/updateServices.ts';

/** The whole app: it answers queries, pulls and writes. */
export interface App extends ApiApp {
  readonly config: Config;
  readonly actions: TargetActions;
  readonly services: UpdateServices & PullServices & Pick<Shared, 'isTargetsFileMissing' | 'timers'>;
  readonly telemetry: Telemetry;
}

interface LightApp extends ApiApp {
  /** Loads the rest of the app, once. */
  readonly load: () => Promise<App>;
}

let built: LightApp | undefined;

/** The part of this process's app that the routes need. Throws ConfigurationError. */
export function getApiApp(): ApiApp {
  return getLightApp();
}

/** The whole app of this process. Throws ConfigurationError. */
export async function getApp(): Promise<App> {
  return getLightApp().load();
}

/** Builds another app, with its own settings, log and clock. */
export function buildApp(config: Config, logger: Logger, clock: Clock): Promise<App> {
  return buildLightApp(config, logger, clock).load();
}

function getLightApp(): LightApp {
  built ??= buildLightApp(readConfig(), invocationLogger, systemClock);
  return built;
}

const systemClock: Clock = { now: () => new Date(), sleep: (ms) => sleep(ms) };

/** `GET health` answers 503 if the last pull is older: then four pulls of the default schedule were missed. */
const maxPullAgeInHours = 26;

function buildLightApp(config: Config, logger: Logger, clock: Clock): LightApp {
  const storage = createStorageClients(config.storage, {
    authorityHost: cloudSettings[config.cloud].authorityHost,
    logger,
  });
  const loadArm = once(() => buildAzure(config, logger, clock));
  const deliveries = buildDeliveryStore(storage.blobs);
  const stores = {
    snapshots: keepSnapshots(new BlobSnapshotStore(storage.blobs)),
    changes: new BlobChangeStore(storage.blobs),
    histories: new BlobHistoryStore(storage.blobs),
    states: new BlobTargetStateStore(storage.blobs),
    ledger: new BlobLedger(storage.blobs),
    readDeliveries: () => Promise.all(config.notificationWebhooks.map((webhook) => deliveries.read(webhook))),
    timers: { ...buildTimerStore(storage.blobs), ...watchTimers(config, clock) },
    ...buildTargets(config, storage, async () => (await loadArm()).arm, logger, clock),
  };
  const { cloud, updatesPaused } = config;
  const shared: Shared = { ...stores, clock, cloud, logger, updatesPaused, maxPullAgeInHours };
  const light: ApiApp = {
    queries: buildQueries(shared),
    loadActions: async () => (await load()).actions,
  };
  const load = once(async () => loadApp(config, light, shared, storage, await loadArm()));
  return { ...light, load };
}

function watchTimers({ pullSchedule, reconcileSchedule, timeZone }: Config, clock: Clock): Omit<TimerWatch, 'runs'> {
  return {
    schedules: { pullServiceTags: pullSchedule, reconcileTargets: reconcileSchedule },
    startedAt: clock.now(),
    toleranceInMs: timeZone === undefined ? hourInMs / 6 : dayInMs,
  };
}

type Shared = QueryServices & { readonly timers: NonNullable<QueryServices['timers']> & TimerStore } & Pick<
    UpdateServices,
    'snapshots' | 'states' | 'ledger'
  > &
  Pick<PullServices, 'snapshots' | 'changes' | 'histories' | 'ledger'>;

async function loadApp(
  config: Config,
  light: ApiApp,
  shared: Shared,
  storage: StorageClients,
  azure: Azure,
): Promise<App> {
  const [{ buildTargetActions }, { measuredActionRuns }, { buildSources }, { createNotifier }, { StorageUpdateQueue }] =
    await Promise.all([
      import('./targetActions.ts'),
      import('./measuredRuns.ts'),
      import('../adapters/sources/buildSources.ts'),
      import('../adapters/notifications.ts'),
      import('../adapters/updateQueue.ts'),
    ]);
  const { logger } = shared;
  const { notificationWebhooks: webhooks, notificationSecret: secret, baseUrl } = config;
  const telemetry = buildTelemetry(config, logger);
  const notifierOptions = {
    deliveries: buildDeliveryStore(storage.blobs),
    onFailure: (host: string) => telemetry.record(measureUndelivered(host)),
  };
  const history = new HistoryReader(shared);
  // The queries of this process see the result of its pulls at once.
  const replacePointer: SnapshotStore['replacePointer'] = (pointer, etag) =>
    shared.snapshots.replacePointer(pointer, etag).finally(() => {
      light.queries.current.expire();
      light.queries.history.expire();
    });
  const services: App['services'] = {
    ...shared,
    history,
    lists: new CurrentListReader(shared.cloud, shared.snapshots, history),
    snapshots: withMethods(shared.snapshots, { replacePointer }),
    sources: buildSources(config, azure.clients),
    arm: azure.arm,
    queue: new StorageUpdateQueue(storage.queues),
    notifier: createNotifier({ webhooks, logger, secret, baseUrl, ...notifierOptions }),
    ownerId: ownerIdOf(config.storage),
    randomHex: () => randomBytes(4).toString('hex'),
  };
  const actions = buildTargetActions(services, measuredActionRuns({ services, telemetry }));
  return { ...light, config, services, actions, telemetry };
}

interface Azure {
  readonly clients: ReturnType<typeof import('../adapters/arm/client.ts').buildArmClients>;
  readonly arm: AzureArm;
}

async function buildAzure(config: Config, logger: Logger, clock: Clock): Promise<Azure> {
  const { buildArm } = await import('../adapters/arm/arm.ts');
  // Costs nothing: arm.ts has loaded it.
  const { buildArmClients } = await import('../adapters/arm/client.ts');
  const clients = buildArmClients(config, { logger });
  return { clients, arm: buildArm(config, ownerIdOf(config.storage), { clients, clock }) };
}

function buildTargets(
  config: Config,
  storage: StorageClients,
  loadArm: () => Promise<AzureArm>,
  logger: Logger,
  clock: Clock,
): Pick<QueryServices, 'targets' | 'isTargetsFileMissing'> {
  const file = createTargetsSource(config.targets, {
    appRoot: process.cwd(),
    isExpected: areTargetsExpected(config.targets),
    logger,
    readBlob: (container, name, etag) => new BlobContainer(storage.blobs, container).readUnless(name, etag),
  });
  const targets = createDiscoveringSource({
    clock,
    logger,
    readFile: () => file.readFile(),
    loadFinder: loadArm,
    memory: buildTaggedResourceMemory(storage.blobs),
  });
  return { targets, isTargetsFileMissing: () => file.isMissing() };
}

function buildTelemetry({ applicationInsights, siteName }: Config, logger: Logger): Telemetry {
  const start =
    applicationInsights &&
    (async () => {
      const { startAzureMonitor } = await import('../adapters/azureMonitor.ts');
      return startAzureMonitor({ ...applicationInsights, role: siteName ?? 'acr-address-keeper' });
    });
  return createTelemetry({ start, logger });
}
