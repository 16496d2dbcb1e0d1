/**
 * `npm start`: runs the built app on this machine, with Azurite as storage and a simulator as Azure.
 *
 * 1. Pulls the releases of dev/sample, or of a folder (`--source file:FOLDER`), one after the other.
 * 2. Prints what each release changed.
 * 3. Serves the app until Ctrl-C.
 */
import { writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { formatLogEntry, isAtLeast, type LogEntry } from './host/log.ts';
import { sampleNsgId } from './sample/resources.ts';
import { parseStartOptions, usage, type StartOptions } from './startOptions.ts';
import { formatAddresses, formatCheck, formatHeading, formatPull, formatTargets } from './startReport.ts';
import type { PullAnswer, TargetAnswer } from './startReport.ts';
import { dateFromToday, listReleases, publish, startServices, type LocalServices } from './startServices.ts';

const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
});

/** Additions to an NSG count as effective after ten seconds; this is twice as long. */
const longestSettlingInMs = 20_000;

async function main(options: StartOptions): Promise<void> {
  let isServing = false;
  const printLog = (entry: LogEntry) => {
    if (isServing && isAtLeast(entry.level, 'warning')) console.error(formatLogEntry(entry));
  };
  print([formatHeading('Starting Azurite, the simulator of Azure Resource Manager and the functions …')]);
  const services = await startServices(options, printLog);
  try {
    const pulled = await Promise.race([pullReleases(options, services), interrupted]);
    if (pulled === 'interrupted' || options.once) return;
    isServing = true;
    const { host, simulator, targets } = services;
    print(formatAddresses(host.url, simulator.url, targets[0]?.resourceId ?? sampleNsgId));
    const isFollowed = options.source !== undefined && options.releasesFolder !== undefined;
    const hint = isFollowed ? ` A further weekly file in ${options.releasesFolder} is pulled at once.` : '';
    print([formatHeading(`Serving until Ctrl-C.${hint}`)]);
    const following = isFollowed ? follow(options.releasesFolder, services) : new Promise<never>(() => undefined);
    const ended = await Promise.race([interrupted, services.host.exited, following]);
    if (ended !== 'interrupted') throw new Error(`The host ended by itself with code ${ended}.`);
  } finally {
    isServing = false;
    await services.stop();
  }
}

/** Pulls each new file of the folder as soon as its size has stopped growing. */
async function follow(folder: string, services: LocalServices): Promise<never> {
  const pulled = new Set((await listReleases(folder)).map(({ path }) => path));
  const sizes = new Map<string, number>();
  for (let before: readonly TargetAnswer[] = await readTargets(services); ;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const release of await listReleases(folder)) {
      const { size } = await stat(release.path);
      const isWhole = sizes.get(release.path) === size;
      sizes.set(release.path, size);
      if (pulled.has(release.path) || !isWhole) continue;
      pulled.add(release.path);
      await publish(services, release);
      before = await pullAndPrint(services, before);
    }
  }
}

async function pullAndPrint(
  services: LocalServices,
  before: readonly TargetAnswer[],
): Promise<readonly TargetAnswer[]> {
  const pull = (await ask(services, 'POST', 'pull')) as PullAnswer;
  return printUpdates(services, before, (...targets) => [...formatPull(pull), ...formatTargets(...targets)]);
}

async function pullReleases(options: StartOptions, services: LocalServices): Promise<void> {
  let before: readonly TargetAnswer[] = [];

  if (options.releasesFolder !== undefined) {
    const files = await listReleases(options.releasesFolder);
    for (const release of options.source === undefined ? dateFromToday(files, new Date()) : files) {
      await publish(services, release);
      before = await pullAndPrint(services, before);
    }
  } else {
    before = await pullAndPrint(services, before);
  }
  await reconcile(services, before);
  await printUpdates(services, before, formatCheck);
}

/** Waits until every target was updated. Removals come in a later message, after the additions have taken effect. */
async function reconcile(services: LocalServices, before: readonly TargetAnswer[]): Promise<void> {
  await services.host.runNow('reconcileTargets');
  const last = new Map(before.map(({ name, lastResult }) => [name, lastResult?.runId]));
  const isUnderWay = ({ name, status, lastResult }: TargetAnswer) =>
    status === 'pending' || lastResult === undefined || lastResult.runId === last.get(name);
  const end = Date.now() + longestSettlingInMs;
  await services.settle();
  while ((await readTargets(services)).some(isUnderWay) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await services.settle();
  }
}

async function readTargets(services: LocalServices): Promise<readonly TargetAnswer[]> {
  const { items } = (await ask(services, 'GET', 'targets?limit=1000')) as { items: readonly TargetAnswer[] };
  return items;
}

async function printUpdates(
  services: LocalServices,
  before: readonly TargetAnswer[],
  format: typeof formatTargets,
): Promise<readonly TargetAnswer[]> {
  await services.settle();
  const items = await readTargets(services);
  print(format(before, items));
  const failed = services.host.invocations.find(({ outcome }) => outcome === 'failed');
  if (failed) throw new Error(`${failed.functionName} failed: ${failed.error ?? 'unknown'}`);
  return items;
}

/** Returns the JSON of the answer. For an error, throws the text of the problem document. */
async function ask(services: LocalServices, method: 'GET' | 'POST', path: string): Promise<unknown> {
  const response = await fetch(`${services.host.url}/api/${path}`, { method });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const problem = response.headers.get('content-type')?.includes('json')
    ? (JSON.parse(text) as { detail?: string; title?: string })
    : {};
  const lines = services.host.log.filter(({ level }) => isAtLeast(level, 'error')).map(({ message }) => message);
  throw new Error(
    `${method} /api/${path}: ${response.status} ${problem.detail ?? problem.title ?? lines.at(-1) ?? ''}`,
  );
}

/** Writes synchronously, so that a pipe gets everything before the process ends. */
function print(lines: readonly string[]): void {
  if (lines.length > 0) writeSync(process.stdout.fd, `${lines.join('\n')}\n`);
}

try {
  if (process.argv.includes('--help')) print([usage]);
  else await main(parseStartOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd()));
  process.exit();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
