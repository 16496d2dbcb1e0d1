/** What a local start runs: Azurite, the simulator and the host, and what it asks of them. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { QueueClient } from '@azure/storage-queue';
import { toErrorMessage } from '../src/core/errors.ts';
import type { Target } from '../src/core/targets/target.ts';
import { parseTargetsText } from '../src/core/targets/targetsFile.ts';
import { startAzurite } from './azurite.ts';
import { startHostProcess, type HostProcess } from './host/hostProcess.ts';
import type { LogEntry } from './host/log.ts';
import { sampleSubscriptionId, seedSampleResources } from './sample/resources.ts';
import { seedResources } from './seedResources.ts';
import { startSimulator, type Simulator } from './simulator/simulator.ts';
import type { StartOptions } from './startOptions.ts';

export interface LocalServices {
  readonly host: HostProcess;
  /** What the host was started with. */
  readonly settings: Readonly<Record<string, string>>;
  readonly simulator: Simulator;
  /** Of the targets file; those that carry an Azure tag come beside them. */
  readonly targets: readonly Target[];
  /** Where the host finds the weekly files that it is given one by one. */
  readonly inbox: string;
  /** Waits until every message that can be handled now has been. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const sampleFolder = join(import.meta.dirname, 'sample');
const preferredPort = 7071;
const settleTimeoutInMs = 60_000;

/** Releases of the sample, oldest first. */
export async function listReleases(): Promise<readonly string[]> {
  const folder = join(sampleFolder, 'releases');
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

/** Starts all three; what was started is stopped where one fails. */
export async function startServices(options: StartOptions, onLog: (entry: LogEntry) => void): Promise<LocalServices> {
  const targetsFile = options.targetsFile ?? join(sampleFolder, 'targets.json');
  const text = await readFile(targetsFile, 'utf8').catch((error: unknown) => {
    throw new Error(`--targets: ${toErrorMessage(error)}; accepted: the path of a targets file.`);
  });
  const { targets } = parseTargetsText(text, targetsFile);
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const inbox = await mkdtemp(join(tmpdir(), 'service-tags-'));
    stops.push(() => rm(inbox, { recursive: true }));
    const azurite = await startAzurite({ inMemory: true });
    stops.push(() => azurite.stop());
    const simulator = await startSimulator();
    stops.push(() => simulator.stop());
    seedSampleResources(simulator);
    seedResources(simulator, targets);
    await seedServiceTags(simulator);

    const settings = {
      AzureWebJobsStorage: azurite.connectionString,
      ARM_ENDPOINT: simulator.url,
      TARGETS: targetsFile,
      SERVICE_TAGS_SOURCES: options.source ?? `file:${inbox}`,
      SERVICE_TAGS_SUBSCRIPTION_ID: sampleSubscriptionId,
      AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.5',
    };
    const port = options.port ?? ((await isFree(preferredPort)) ? preferredPort : 0);
    const host = await startHostProcess({ root: options.root, port, settings, onLog });
    stops.push(() => host.stop());
    const queue = new QueueClient(azurite.connectionString, 'update-target');
    return { host, settings, simulator, targets, inbox, settle: () => settle(queue, host), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function publish(services: LocalServices, release: string): Promise<void> {
  await cp(release, join(services.inbox, basename(release)));
}

/** For the source `api`: the newest release, in every region. */
async function seedServiceTags(simulator: Simulator): Promise<void> {
  const newest = (await listReleases()).at(-1) ?? '';
  simulator.setServiceTags('*', JSON.parse(await readFile(newest, 'utf8')));
}

/** A peek does not show a message that is to wait, and one that is being handled counts as running. */
async function settle(queue: QueueClient, host: HostProcess): Promise<void> {
  const end = Date.now() + settleTimeoutInMs;
  for (let quiet = 0; quiet < 2;) {
    if (Date.now() > end) throw new Error(`The updates were not done after ${settleTimeoutInMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    quiet = host.running() === 0 && !(await hasMessages(queue)) ? quiet + 1 : 0;
  }
}

async function hasMessages(queue: QueueClient): Promise<boolean> {
  return (await queue.exists()) && (await queue.peekMessages()).peekedMessageItems.length > 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
