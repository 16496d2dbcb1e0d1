/** Starts Azurite, the simulator and the host for `npm start`, and waits for their work. */
import { access, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueClient } from '@azure/storage-queue';
import { toErrorMessage } from '../src/core/errors.ts';
import { clouds } from '../src/core/serviceTags/serviceTags.ts';
import type { Target } from '../src/core/targets/target.ts';
import { parseTargetsText } from '../src/core/targets/targetsFile.ts';
import { dayInMs } from '../src/core/time.ts';
import { startAzurite } from './azurite.ts';
import { startHostProcess, type HostProcess } from './host/hostProcess.ts';
import type { HostKeys } from './host/httpServer.ts';
import type { LogEntry } from './host/log.ts';
import { sampleSubscriptionId, seedSampleResources } from './sample/resources.ts';
import { choosePort } from './port.ts';
import { seedResources } from './seedResources.ts';
import { startSimulator, type Simulator } from './simulator/simulator.ts';
import { sampleReleases, type StartOptions } from './startOptions.ts';
import { listWeeklyFiles, type WeeklyFile } from './weeklyFiles.ts';

export interface LocalServices {
  readonly host: HostProcess;
  /** App settings of the host. */
  readonly settings: Readonly<Record<string, string>>;
  readonly simulator: Simulator;
  /** From the targets file, without targets that come from Azure tags. */
  readonly targets: readonly Target[];
  /** Folder from which the host reads weekly files. `publish` adds them one by one. */
  readonly inbox: string;
  /** Makes storage unreachable. */
  stopStorage(): Promise<void>;
  /** Waits until every visible message is handled. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const sampleFolder = join(import.meta.dirname, 'sample');
const settleTimeoutInMs = 60_000;
const onceAYear = '0 0 0 1 1 *';

/** Returns the weekly files of one cloud in a folder, oldest first. Prefers Public. */
export async function listReleases(folder = sampleReleases): Promise<readonly WeeklyFile[]> {
  const files = await listWeeklyFiles(folder);
  const cloud = clouds.find((candidate) => files.some((file) => file.cloud === candidate));
  return files.filter((file) => file.cloud === cloud);
}

/** Dates the files a week apart, the last one yesterday, so that the sample never looks old. */
export function dateFromToday(files: readonly WeeklyFile[], now: Date): readonly WeeklyFile[] {
  return files.map((file, index) => {
    const daysAgo = 1 + 7 * (files.length - 1 - index);
    return { ...file, date: new Date(now.getTime() - daysAgo * dayInMs).toISOString().slice(0, 10) };
  });
}

/** Starts all three. If one fails, stops those that have started. Without keys the host lets everybody in. */
export async function startServices(
  options: StartOptions,
  onLog: (entry: LogEntry) => void,
  keys?: HostKeys,
): Promise<LocalServices> {
  await checkSource(options);
  const port = await choosePort(options.port);
  const cloud = (await listReleases(options.releasesFolder))[0]?.cloud ?? 'Public';
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
    const azurite = await startAzurite();
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
      AZURE_CLOUD: cloud,
      SERVICE_TAGS_SOURCES:
        options.releasesFolder === undefined ? (options.source ?? `file:${inbox}`) : `file:${inbox}`,
      SERVICE_TAGS_SUBSCRIPTION_ID: sampleSubscriptionId,
      AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.5',
      // A timer would run a check among those that are asked for.
      ...(options.once && { PULL_SCHEDULE: onceAYear, RECONCILE_SCHEDULE: onceAYear }),
    };
    const host = await startHostProcess({ root: options.root, port, settings, onLog, ...(keys && { keys }) });
    stops.push(() => host.stop());
    const queue = new QueueClient(azurite.connectionString, 'update-target');
    return {
      host,
      settings,
      simulator,
      targets,
      inbox,
      stopStorage: () => azurite.stop(),
      settle: () => settle(queue, host),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function checkSource({ source, releasesFolder }: StartOptions): Promise<void> {
  if (releasesFolder !== undefined) {
    if ((await listReleases(releasesFolder)).length > 0) return;
    throw new Error(`--source: ${releasesFolder} has no ServiceTags_<cloud>_<YYYYMMDD>.json.`);
  }
  if (!source?.startsWith('file:')) return;
  const path = source.slice('file:'.length);
  await access(path).catch(() => {
    throw new Error(
      `--source: ${path} does not exist; accepted: the path of a folder of weekly files, or of one file.`,
    );
  });
}

export async function publish(services: LocalServices, { path, cloud, date }: WeeklyFile): Promise<void> {
  await cp(path, join(services.inbox, `ServiceTags_${cloud}_${date.replaceAll('-', '')}.json`));
}

/** Gives the source `api` the newest sample release, in every region. */
async function seedServiceTags(simulator: Simulator): Promise<void> {
  const newest = (await listReleases()).at(-1)?.path ?? '';
  simulator.setServiceTags('*', JSON.parse(await readFile(newest, 'utf8')));
}

/** Waits until nothing runs and the queue shows no message. A peek does not show delayed messages. */
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
