/**
 * `node bench/coldStart.ts [--runs 15] [--json FILE] [--folder DIR]`: measures the cold start, from the start of a
 * process to its first HTTP answer. Compares the packaged app with a hello world that has as many triggers, in turn, in
 * the same local host. Storage is empty; with a folder of weekly files, `health` is also measured after a pull of them.
 */
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctions } from '../dev/build.ts';
import { startAzurite } from '../dev/azurite.ts';
import { startHostProcess } from '../dev/host/hostProcess.ts';
import { packageApp } from '../dev/package.ts';
import { unpack } from '../dev/unpack.ts';

const goals = { openapi: 1.1, health: 1.15 };
const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, json: { type: 'string' }, folder: { type: 'string' } },
});
const runs = Number(values.runs);

interface Contestant {
  readonly name: string;
  readonly root: string;
  readonly route: string;
  readonly settings: Readonly<Record<string, string>>;
}

const folder = mkdtempSync(path.join(tmpdir(), 'cold-start-'));
// Node reads extra certificates before the first line of code. That would distort the result.
delete process.env.NODE_EXTRA_CA_CERTS;
const empty = await startAzurite();
const filled = await startAzurite();
try {
  await main();
} finally {
  await empty.stop();
  await filled.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const hello = await buildHello('helloWorld');
  const helloStorage = await buildHello('helloStorage');
  const { app, zipBytes, distBytes } = await buildApp();
  const settings = { AzureWebJobsStorage: empty.connectionString, SERVICE_TAGS_SOURCES: 'file:none.json' };
  const contestants: Contestant[] = [
    { name: 'hello world', root: hello, route: '/api/hello', settings },
    { name: 'hello world that looks for a blob', root: helloStorage, route: '/api/hello', settings },
    { name: 'app, first answer (openapi.json)', root: app, route: '/api/openapi.json', settings },
    { name: 'app, first answer through storage (health)', root: app, route: '/api/health', settings },
  ];
  if (values.folder !== undefined) contestants.push(await pullInto(app, path.resolve(values.folder)));
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]));
  for (const contestant of contestants) await measure(contestant);
  for (let run = 0; run < runs; run += 1) {
    // There and back: what one leaves behind, such as memory to free, meets each of the others.
    const order = run % 2 === 0 ? contestants : contestants.toReversed();
    for (const contestant of order) samples.get(contestant.name)?.push(await measure(contestant));
  }

  const medians = contestants.map(({ name }) => medianOf(samples.get(name) ?? []));
  const figures = contestants.map(({ name }, index) => compare(name, medians[index], medians[0]));
  console.log('ms until ready, until the first answer, of CPU (each beside hello world)');
  for (const { name, readyInMs, readyRatio, wallInMs, wallRatio, cpuInMs, cpuRatio } of figures) {
    console.log(`${name}: ${readyInMs} (${readyRatio}), ${wallInMs} (${wallRatio}), ${cpuInMs} (${cpuRatio})`);
  }
  console.log(`package: ${zipBytes} bytes zipped, ${distBytes} bytes of code; Node ${process.version}, ${runs} runs`);
  for (const [index, limit] of [
    [2, goals.openapi],
    [3, goals.health],
  ] as const) {
    const ratio = figures[index]?.cpuRatio ?? NaN;
    console.log(`goal: ${figures[index]?.name} at most ${limit}: ${ratio <= limit ? 'met' : `MISSED, ${ratio}`}`);
  }
  if (values.json === undefined) return;
  const environment = { node: process.version, cores: availableParallelism(), runs };
  writeFileSync(values.json, `${JSON.stringify({ environment, goals, figures, zipBytes, distBytes }, null, 2)}\n`);
}

/** CPU time is measured too, because it does not depend on other load on the machine. */
interface Sample {
  /** Until the functions are loaded and the port is open. */
  readonly readyInMs: number;
  readonly wallInMs: number;
  readonly cpuInMs: number;
}

async function measure({ root: hostRoot, route, settings }: Contestant): Promise<Sample> {
  const start = performance.now();
  const host = await startHostProcess({ root: hostRoot, settings, drainInMs: 0, sourceMaps: false });
  const readyInMs = performance.now() - start;
  const response = await fetch(`${host.url}${route}`);
  await response.arrayBuffer();
  const sample = { readyInMs, wallInMs: performance.now() - start, cpuInMs: readCpuTimeInMs(host.pid) };
  if (response.status !== 200 && response.status !== 503) throw new Error(`${route} answered ${response.status}`);
  await host.kill();
  return sample;
}

/** The list that the app has pulled is read and checked before `health` answers. */
async function pullInto(app: string, weeklyFiles: string): Promise<Contestant> {
  const settings = { AzureWebJobsStorage: filled.connectionString, SERVICE_TAGS_SOURCES: `file:${weeklyFiles}` };
  const host = await startHostProcess({ root: app, settings });
  const { outcome, error } = await host.runNow('pullServiceTags');
  await host.stop();
  if (outcome !== 'succeeded') throw new Error(`${weeklyFiles} cannot be pulled: ${error}`);
  return { name: 'app, first answer through storage with a list (health)', root: app, route: '/api/health', settings };
}

async function buildHello(name: string): Promise<string> {
  const target = path.join(folder, name);
  mkdirSync(target);
  await buildFunctions({
    source: path.join(import.meta.dirname, name),
    out: path.join(target, 'dist'),
    minify: true,
  });
  // Source maps do not ship with the package either.
  for (const map of globSync('dist/**/*.map', { cwd: target })) rmSync(path.join(target, map));
  for (const file of ['host.json', 'package.json']) copyFileSync(path.join(root, file), path.join(target, file));
  return target;
}

async function buildApp(): Promise<{ app: string; zipBytes: number; distBytes: number }> {
  const zip = path.join(folder, 'app.zip');
  const { bytes } = await packageApp({ root, zip });
  const app = path.join(folder, 'app');
  await unpack(zip, app);
  const files = globSync('dist/{functions,chunks}/*.js', { cwd: app });
  const distBytes = files.reduce((sum, file) => sum + statSync(path.join(app, file)).size, 0);
  return { app, zipBytes: bytes, distBytes };
}

/** User and system time of a process, which the kernel counts in ticks of 10 ms. NaN if there is no /proc. */
function readCpuTimeInMs(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return NaN;
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function medianOf(samples: readonly Sample[]): Sample {
  return {
    readyInMs: median(samples.map((sample) => sample.readyInMs)),
    wallInMs: median(samples.map((sample) => sample.wallInMs)),
    cpuInMs: median(samples.map((sample) => sample.cpuInMs)),
  };
}

function compare(name: string, own: Sample | undefined, baseline: Sample | undefined) {
  const none = { readyInMs: NaN, wallInMs: NaN, cpuInMs: NaN };
  const { readyInMs, wallInMs, cpuInMs } = own ?? none;
  return {
    name,
    readyInMs: round(readyInMs),
    readyRatio: round(readyInMs / (baseline?.readyInMs ?? NaN)),
    wallInMs: round(wallInMs),
    wallRatio: round(wallInMs / (baseline?.wallInMs ?? NaN)),
    cpuInMs: round(cpuInMs),
    cpuRatio: round(cpuInMs / (baseline?.cpuInMs ?? NaN)),
  };
}

function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
