/**
 * `node bench/soak.ts [--scale 1] [--subscriptions 20] [--releases 12] [--workers 4] [--speed 0.2] [--folder DIR of
 * weekly files]`: runs a thousand targets through real releases, with a fault in one of ten calls, in four worker
 * processes on one storage account. Fails if a target is not in sync at the end, a rule of somebody else is lost, or a
 * message was given up.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { QueueServiceClient } from '@azure/storage-queue';
import { startAzurite } from '../dev/azurite.ts';
import { badDay, type ChaosSettings } from '../dev/simulator/chaos.ts';
import { startSimulator } from '../dev/simulator/simulator.ts';
import { azureLimits } from '../dev/simulator/throttling.ts';
import { verifyLedger } from '../dev/verifyLedger.ts';
import { createStorageClients } from '../src/adapters/storageClients.ts';
import { pullServiceTags } from '../src/app/pullServiceTags.ts';
import { reconcileTargets } from '../src/app/reconcileTargets.ts';
import { parseServiceTagsText } from '../src/core/serviceTags/parseServiceTags.ts';
import { buildSoakApp } from './soak/app.ts';
import { CallCounter, leastTimeInSeconds } from './soak/calls.ts';
import { findFaults } from './soak/check.ts';
import { createClocks } from './soak/clocks.ts';
import { madeReleases, putEstate, toTargets, toTargetsFile, type Size } from './soak/estate.ts';
import type { WorkerMessage } from './soak/worker.ts';

export interface SoakOptions {
  readonly size: Size;
  readonly releases: number;
  readonly workers: number;
  /** How many seconds of Azure's clock pass per real second. */
  readonly speed: number;
  /** Folder of Microsoft's weekly files. Undefined: uses generated ones. */
  readonly folder?: string | undefined;
  readonly log?: (line: string) => void;
}

export interface SoakResult {
  readonly targets: number;
  readonly releases: number;
  /** Everything that is wrong at the end. Empty if all is well. */
  readonly faults: readonly string[];
  readonly seconds: number;
  readonly leastSeconds: number;
  readonly ratio: number;
  readonly calls: number;
  readonly shareOfFaults: number;
  readonly throttled: number;
  readonly messages: number;
  readonly failedRuns: readonly string[];
  readonly poison: number;
  /** Heap in the last third of the releases, relative to the first third, of the worker that grew most. */
  readonly heapGrowth: number;
  /** The same ratio for the size of the documents, because a worker keeps some of them. */
  readonly documentGrowth: number;
}

/** With this factor one of ten calls gets a fault. */
const chaosFactor = 0.6;

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { size, speed, log = () => undefined } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'soak-'));
  const azurite = await startAzurite();
  const startedAt = Date.now();
  const clocks = createClocks(startedAt, speed);
  const simulator = await startSimulator({
    now: () => clocks.azure.now(),
    throttling: azureLimits,
    nsgOperationInMs: 200,
    registryOperationInMs: 500,
  });
  const workers: ChildProcess[] = [];
  try {
    putEstate(simulator, size);
    await mkdir(path.join(folder, 'releases'));
    await writeFile(path.join(folder, 'targets.json'), toTargetsFile(size));
    const env = {
      ...process.env,
      AzureWebJobsStorage: azurite.connectionString,
      ARM_ENDPOINT: simulator.url,
      TARGETS: path.join(folder, 'targets.json'),
      SERVICE_TAGS_SOURCES: `file:${path.join(folder, 'releases')}`,
      SOAK_STARTED_AT: String(startedAt),
      SOAK_SPEED: String(speed),
    };
    const soak = await buildSoakApp(env);
    const memory = new Map<ChildProcess, number[]>();
    const failures: string[] = [];
    for (let index = 0; index < options.workers; index += 1) workers.push(await startWorker(env, memory, failures));
    simulator.configure({ chaos: { seed: 1, probabilities: scaled(badDay), slowInMs: 50 } });
    const counter = new CallCounter(simulator);
    const begin = clocks.azure.now().getTime();

    const tail = Math.ceil((size.nsgRules + size.registries) * 0.03);
    const releases = await listReleases(options);
    const sizes: number[] = [];
    for (const [index, release] of releases.entries()) {
      await release(path.join(folder, 'releases'));
      sizes.push(await newestSize(path.join(folder, 'releases')));
      const pulled = await pullServiceTags(soak.app.services, { reason: 'timer' });
      await waitForQueue(azurite.connectionString, counter, tail);
      await reconcileTargets(soak.app.services);
      await waitForQueue(azurite.connectionString, counter, tail);
      for (const worker of workers) worker.send('memory');
      const queued = pulled === 'busy' ? 0 : pulled.queued.length;
      const passed = (clocks.azure.now().getTime() - begin) / 1_000;
      log(`${index + 1}/${releases.length}: ${queued} targets queued, ${passed.toFixed(0)} s of Azure passed`);
    }
    await waitForQueue(azurite.connectionString, counter, 0);
    // Does removals that were left for the next reconciliation, and changes that a stale answer hid.
    await reconcileTargets(soak.app.services);
    await waitForQueue(azurite.connectionString, counter, 0);
    const seconds = (clocks.azure.now().getTime() - begin) / 1_000;
    const { counts } = counter;
    const leastSeconds = leastTimeInSeconds(counts.admitted);
    const newest = await newestDocument(path.join(folder, 'releases'));
    const chains = await verifyLedger(
      createStorageClients({ kind: 'connectionString', connectionString: azurite.connectionString }),
      'Public',
    );
    const broken = chains.filter(({ breaks }) => breaks.length > 0).map(({ chain }) => `${chain}: broken ledger`);
    const poison = await depthOf(azurite.connectionString, 'update-target-poison');
    const heaps = [...memory.values()];
    return {
      targets: toTargets(size).length,
      releases: releases.length,
      faults: [...(await findFaults(simulator, soak.app.services.states, toTargets(size), newest, size)), ...broken],
      seconds,
      leastSeconds,
      ratio: seconds / leastSeconds,
      calls: counts.total,
      shareOfFaults: counts.faults / counts.total,
      throttled: counts.throttled,
      messages: chains.reduce((sum, { count }) => sum + count, 0),
      failedRuns: failures,
      poison,
      heapGrowth: Math.max(...heaps.map(growthOf)),
      documentGrowth: growthOf(sizes),
    };
  } finally {
    await Promise.all(workers.map(stopWorker));
    await simulator.stop();
    await azurite.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function scaled(probabilities: ChaosSettings['probabilities']): ChaosSettings['probabilities'] {
  return Object.fromEntries(Object.entries(probabilities).map(([kind, value]) => [kind, value * chaosFactor]));
}

async function startWorker(
  env: NodeJS.ProcessEnv,
  memory: Map<ChildProcess, number[]>,
  failures: string[],
): Promise<ChildProcess> {
  const script = path.join(import.meta.dirname, 'soak/worker.ts');
  const worker = fork(script, {
    env,
    execArgv: ['--expose-gc', '--no-warnings', ...(env.SOAK_NODE_ARGS?.split(' ') ?? [])],
  });
  const heaps: number[] = [];
  memory.set(worker, heaps);
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'memory') heaps.push(message.heapInMb);
    if (message.kind === 'failed') failures.push(message.error);
  });
  await once(worker, 'message');
  return worker;
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  const timer = setTimeout(() => worker.kill('SIGKILL'), 10_000);
  worker.send('stop');
  await ended;
  clearTimeout(timer);
}

async function listReleases({ folder, releases }: SoakOptions) {
  if (folder === undefined) {
    return madeReleases(releases).map(
      ({ name, text }) =>
        (into: string) =>
          writeFile(path.join(into, name), text),
    );
  }
  const names = (await readdir(folder)).filter((name) => /^ServiceTags_Public_\d{8}\.json$/.test(name)).sort();
  return names
    .slice(-releases)
    .map((name) => (into: string) => copyFile(path.join(folder, name), path.join(into, name)));
}

async function newestFile(folder: string): Promise<string> {
  return path.join(folder, (await readdir(folder)).sort().at(-1) ?? '');
}

async function newestSize(folder: string): Promise<number> {
  return (await stat(await newestFile(folder))).size;
}

async function newestDocument(folder: string) {
  return parseServiceTagsText(await readFile(await newestFile(folder), 'utf8'), 'Public').document;
}

/** Counts all messages: visible ones, delayed ones and those that are being handled. */
async function depthOf(connectionString: string, name: string): Promise<number> {
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(name);
  if (!(await queue.exists())) return 0;
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}

async function waitForQueue(connectionString: string, counter: CallCounter, atMost: number): Promise<void> {
  while ((await depthOf(connectionString, 'update-target')) > atMost) {
    counter.take();
    await sleep(250);
  }
}

function growthOf(heaps: readonly number[]): number {
  const third = Math.max(1, Math.floor(heaps.length / 3));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(heaps.slice(-third)) / mean(heaps.slice(0, third));
}

function toSize(scale: number, subscriptions?: number): Size {
  const of = (count: number): number => Math.max(1, Math.round(count * scale));
  return { subscriptions: subscriptions ?? of(20), nsgs: of(200), nsgRules: of(700), registries: of(300) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '1' },
      subscriptions: { type: 'string' },
      releases: { type: 'string', default: '12' },
      workers: { type: 'string', default: '4' },
      speed: { type: 'string', default: '0.2' },
      folder: { type: 'string' },
    },
  });
  const shared = path.resolve(import.meta.dirname, '../../shared/service-tags');
  const folder =
    values.folder ??
    (await readdir(shared).then(
      () => shared,
      () => undefined,
    ));
  const result = await runSoak({
    size: toSize(Number(values.scale), values.subscriptions === undefined ? undefined : Number(values.subscriptions)),
    releases: Number(values.releases),
    workers: Number(values.workers),
    speed: Number(values.speed),
    folder,
    log: (line) => console.log(line),
  });
  print(result, availableParallelism());
  if (result.faults.length > 0 || result.poison > 0) process.exitCode = 1;
}

function print(result: SoakResult, processors: number): void {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows = [
    ['targets, releases', `${result.targets}, ${result.releases}`],
    ['not in sync, or something foreign lost', String(result.faults.length)],
    [
      'time, to the least that the token buckets allow',
      `${result.ratio.toFixed(2)} (${result.seconds.toFixed(0)} s to ${result.leastSeconds.toFixed(0)} s)`,
    ],
    ['calls to Azure a target and release', (result.calls / result.targets / result.releases).toFixed(1)],
    ['of them spoilt', percent(result.shareOfFaults)],
    ['of them refused for too many calls', percent(result.throttled / result.calls)],
    ['runs that ended with an error', String(result.failedRuns.length)],
    ['messages given up', String(result.poison)],
    ['heap of a worker, last third of the releases to the first', result.heapGrowth.toFixed(2)],
    ['size of the documents, likewise', result.documentGrowth.toFixed(2)],
    ['processors', String(processors)],
  ];
  for (const [name, value] of rows) console.log(`${name ?? ''}: ${value ?? ''}`);
  for (const fault of result.faults.slice(0, 20)) console.log(fault);
  for (const error of [...new Set(result.failedRuns)].slice(0, 10)) console.log(`run: ${error}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
