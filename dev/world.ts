/**
 * Runs the product without the Functions host: real storage clients with Azurite, real ARM clients with the simulator in
 * the same thread.
 */
import { buildArm } from '../src/adapters/arm/arm.ts';
import { buildArmClients } from '../src/adapters/arm/client.ts';
import { BlobChangeStore } from '../src/adapters/blob/changes.ts';
import { BlobHistoryStore } from '../src/adapters/blob/histories.ts';
import { BlobLedger } from '../src/adapters/blob/ledger.ts';
import { keepSnapshots } from '../src/adapters/blob/keptSnapshots.ts';
import { BlobSnapshotStore } from '../src/adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../src/adapters/blob/targetStates.ts';
import { createStorageClients, type StorageClientOptions } from '../src/adapters/storageClients.ts';
import { CurrentListReader } from '../src/app/history/currentList.ts';
import { HistoryReader } from '../src/app/history/historyReader.ts';
import type { Logger, Notification, ServiceTagsSource, TargetsSource } from '../src/app/ports.ts';
import { pullServiceTags, type PullResult, type PullServices } from '../src/app/pullServiceTags.ts';
import { reconcileTargets } from '../src/app/reconcileTargets.ts';
import { buildTargetActions } from '../src/app/targetActions.ts';
import type { UpdateServices } from '../src/app/update/updateServices.ts';
import { updateTarget } from '../src/app/updateTarget.ts';
import type { TargetActions } from '../src/app/targetActions.ts';
import type { UpdateRecord } from '../src/core/ledger/runRecord.ts';
import type { Cloud } from '../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../src/core/targets/target.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from './simulator/simulator.ts';
import { createVirtualClock, createVirtualQueue, type VirtualClock, type VirtualQueue } from './virtualTime.ts';

export interface WorldOptions {
  /** For an account that nothing else writes to. */
  readonly connectionString: string;
  /** Time limits and retries of the storage clients. */
  readonly storage?: StorageClientOptions;
  readonly cloud?: Cloud;
  readonly start: Date;
  readonly targets: readonly Target[];
  readonly ownerId?: string;
  readonly updatesPaused?: boolean;
  /** Reads a snapshot each time, as a process that has just begun does. Default: keeps it in memory. */
  readonly forgetsSnapshots?: boolean;
  /** The simulator of another world, to share its Azure. */
  readonly simulator?: Simulator;
  readonly simulation?: Omit<SimulatorOptions, 'now'>;
}

export type WorldServices = UpdateServices & PullServices;

export interface World {
  readonly clock: VirtualClock;
  readonly queue: VirtualQueue;
  readonly simulator: Simulator;
  readonly notifications: Notification[];
  readonly services: WorldServices;
  readonly actions: TargetActions;
  setTargets(targets: readonly Target[]): void;
  setSources(...sources: readonly ServiceTagsSource[]): void;
  pull(): Promise<PullResult>;
  /** Handles all messages and returns the records of the runs. Throws if a run throws. */
  drain(): Promise<UpdateRecord[]>;
  reconcile(): Promise<UpdateRecord[]>;
  stop(): Promise<void>;
}

const silent: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export async function startWorld(options: WorldOptions): Promise<World> {
  const clock = createVirtualClock(options.start);
  const queue = createVirtualQueue(clock);
  const simulator = options.simulator ?? (await startSimulator({ ...options.simulation, now: () => clock.now() }));
  const notifications: Notification[] = [];
  let targets = options.targets;
  let sources: readonly ServiceTagsSource[] = [];
  const source: TargetsSource = { read: () => Promise.resolve(targets) };
  const services = {
    ...buildServices(options, clock, simulator),
    queue,
    targets: source,
    notifier: {
      notify: (notification: Notification) => {
        notifications.push(notification);
        return Promise.resolve();
      },
    },
    get sources() {
      return sources;
    },
  };

  async function drain(): Promise<UpdateRecord[]> {
    const records: UpdateRecord[] = [];
    await queue.drain(async (message) => {
      const record = await updateTarget(services, message);
      if (typeof record === 'object') records.push(record);
    });
    return records;
  }

  return {
    clock,
    queue,
    simulator,
    notifications,
    services,
    actions: buildTargetActions(services),
    setTargets: (next) => {
      targets = next;
    },
    setSources: (...next) => {
      sources = next;
    },
    pull: async () => {
      const result = await pullServiceTags(services, { reason: 'timer' });
      if (result === 'busy') throw new Error('another pull is running');
      return result;
    },
    drain,
    reconcile: async () => {
      await reconcileTargets(services);
      return drain();
    },
    stop: async () => {
      if (!options.simulator) await simulator.stop();
    },
  };
}

function buildServices(options: WorldOptions, clock: VirtualClock, simulator: Simulator) {
  const { cloud = 'Public', ownerId = 'world0000001', connectionString } = options;
  const storage = createStorageClients({ kind: 'connectionString', connectionString }, options.storage);
  const blobs = () => storage.blobs();
  const armConfig = { cloud, armEndpoint: simulator.url, armIsLoopback: true };
  const clients = buildArmClients(armConfig, { httpClient: simulator.httpClient });
  let runs = 0;
  const stored = new BlobSnapshotStore(blobs);
  const snapshots = options.forgetsSnapshots ? stored : keepSnapshots(stored);
  const histories = new BlobHistoryStore(blobs);
  const history = new HistoryReader({ cloud, snapshots, histories });
  return {
    clock,
    cloud,
    ownerId,
    logger: silent,
    snapshots,
    changes: new BlobChangeStore(blobs),
    histories,
    history,
    lists: new CurrentListReader(cloud, snapshots, history),
    states: new BlobTargetStateStore(blobs),
    ledger: new BlobLedger(blobs),
    arm: buildArm(armConfig, ownerId, { clients, clock, pollIntervalInMs: 1 }),
    updatesPaused: options.updatesPaused ?? false,
    randomHex: () => {
      runs += 1;
      return runs.toString(16).padStart(8, '0');
    },
  };
}
