/** The one place where the stories meet the adapters. Built once a process, with the first invocation. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobServiceClient } from '@azure/storage-blob';
import { buildArm, type AzureArm } from '../adapters/arm/arm.ts';
import { buildArmClients, cloudSettings } from '../adapters/arm/client.ts';
import { BlobChangeStore } from '../adapters/blob/changes.ts';
import { keepSnapshots } from '../adapters/blob/keptSnapshots.ts';
import { BlobLedger } from '../adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../adapters/blob/targetStates.ts';
import { buildTaggedResourceMemory } from '../adapters/blob/taggedResources.ts';
import { buildSources } from '../adapters/sources/index.ts';
import { createNotifier } from '../adapters/notifications.ts';
import { createStorageClients, type StorageClients } from '../adapters/storageClients.ts';
import { createTargetsSource } from '../adapters/targetsSource.ts';
import { createTelemetry } from '../adapters/telemetry.ts';
import { StorageUpdateQueue } from '../adapters/updateQueue.ts';
import { readConfig, type Config } from '../config.ts';
import { checkClaims, targetFromProfile } from '../core/targetsFile.ts';
import type { TargetActions } from './api/targetActions.ts';
import { createDiscoveringSource } from './discoverTargets.ts';
import { invocationLogger } from './logging.ts';
import type { Clock, Logger, TargetsSource, Telemetry } from './ports.ts';
import type { PullServices } from './pullServiceTags.ts';
import { buildQueries, type Queries } from './queries.ts';
import { buildTargetActions } from './targetActions.ts';
import type { UpdateServices } from './updateTarget.ts';

export interface App {
  readonly config: Config;
  readonly services: UpdateServices & PullServices;
  readonly queries: Queries;
  readonly actions: TargetActions;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

let built: Promise<App> | undefined;

/** The app of this process. */
export function getApp(): Promise<App> {
  built ??= buildApp(readConfig(), invocationLogger);
  return built;
}

/** Health is 503 where the last pull is older: four pulls of the default schedule were missed. */
const maxPullAgeInHours = 26;

export async function buildApp(config: Config, logger: Logger, clock: Clock = systemClock): Promise<App> {
  const storage = createStorageClients(config.storage, { authorityHost: cloudSettings[config.cloud].authorityHost });
  const blobs = (): ReturnType<StorageClients['blobs']> => storage.blobs();
  const blobClient = await storage.blobs();
  const ownerId = toOwnerId(blobClient.url);
  const armClients = buildArmClients(config);
  const arm = buildArm(config, ownerId, { clients: armClients, clock });
  const shared = {
    clock,
    cloud: config.cloud,
    logger,
    snapshots: keepSnapshots(new BlobSnapshotStore(blobs)),
    changes: new BlobChangeStore(blobs),
    states: new BlobTargetStateStore(blobs),
    ledger: new BlobLedger(blobs),
    targets: buildTargets(config, blobClient, arm, logger, clock),
    updatesPaused: config.updatesPaused,
  };
  const services: UpdateServices & PullServices = {
    ...shared,
    sources: buildSources(config, armClients),
    arm,
    queue: new StorageUpdateQueue(() => storage.queues()),
    notifier: createNotifier({
      webhooks: config.notificationWebhooks,
      logger,
      secret: config.notificationSecret,
      baseUrl: config.baseUrl,
    }),
    ownerId,
    randomHex: () => randomBytes(4).toString('hex'),
  };
  return {
    config,
    services,
    queries: buildQueries({ ...shared, maxPullAgeInHours }),
    actions: buildTargetActions(services),
    telemetry: buildTelemetry(config, logger),
    logger,
  };
}

function buildTargets(
  config: Config,
  blobClient: BlobServiceClient,
  arm: AzureArm,
  logger: Logger,
  clock: Clock,
): TargetsSource {
  const file = createTargetsSource(config.targets, {
    appRoot: process.cwd(),
    blobClient: (container, name) => blobClient.getContainerClient(container).getBlockBlobClient(name),
  });
  return createDiscoveringSource({
    clock,
    logger,
    readFile: () => file.readFile(),
    findTaggedResources: () => arm.findTaggedResources(),
    memory: buildTaggedResourceMemory(() => Promise.resolve(blobClient)),
    toTarget: targetFromProfile,
    checkClaims,
  });
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

/** The deployment, as its rules name it: whoever shares the storage account shares the state, and so the rules. */
function toOwnerId(blobServiceUrl: string): string {
  return createHash('sha256').update(new URL(blobServiceUrl).href).digest('hex').slice(0, 12);
}

const systemClock: Clock = { now: () => new Date(), sleep: (ms) => sleep(ms) };
