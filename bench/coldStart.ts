/**
 * Cold start: from the start of a process to its first HTTP answer, of the packaged app beside a bare hello world in
 * the same local host, in turns. `node bench/coldStart.ts [--runs 15] [--json FILE]`
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctions } from '../dev/build.ts';
import { startAzurite } from '../dev/azurite.ts';
import { startHostProcess } from '../dev/host/hostProcess.ts';
import { packageApp } from '../dev/package.ts';

const goal = 1.2;
const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' }, json: { type: 'string' } } });
const runs = Number(values.runs);

interface Contestant {
  readonly name: string;
  readonly root: string;
  readonly route: string;
}

const folder = mkdtempSync(path.join(tmpdir(), 'cold-start-'));
// A company's certificates are read before the first line of code, and have nothing to do with it.
delete process.env.NODE_EXTRA_CA_CERTS;
const azurite = await startAzurite({ inMemory: true });
try {
  await main();
} finally {
  await azurite.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const hello = await buildHelloWorld();
  const { app, zipBytes, distBytes } = await buildApp();
  const contestants: Contestant[] = [
    { name: 'hello world', root: hello, route: '/api/hello' },
    { name: 'app, first answer (openapi.json)', root: app, route: '/api/openapi.json' },
    { name: 'app, first answer through storage (health)', root: app, route: '/api/health' },
  ];
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (const contestant of contestants) await measure(contestant);
  for (let run = 0; run < runs; run += 1) {
    for (const contestant of contestants) times.get(contestant.name)?.push(await measure(contestant));
  }

  const baseline = median(times.get('hello world') ?? []);
  const figures = contestants.map(({ name }) => {
    const medianInMs = median(times.get(name) ?? []);
    return { name, medianInMs: round(medianInMs), ratio: round(medianInMs / baseline) };
  });
  for (const { name, medianInMs, ratio } of figures) console.log(`${name}: ${medianInMs} ms, ${ratio} of hello world`);
  console.log(`package: ${zipBytes} bytes zipped, ${distBytes} bytes of code; Node ${process.version}, ${runs} runs`);
  console.log(`goal: at most ${goal} for the first answer: ${(figures[1]?.ratio ?? NaN) <= goal ? 'met' : 'MISSED'}`);
  if (values.json === undefined) return;
  const environment = { node: process.version, cores: availableParallelism(), runs };
  writeFileSync(values.json, `${JSON.stringify({ environment, goal, figures, zipBytes, distBytes }, null, 2)}\n`);
}

async function measure({ root: hostRoot, route }: Contestant): Promise<number> {
  const settings = { AzureWebJobsStorage: azurite.connectionString, SERVICE_TAGS_SOURCES: 'file:none.json' };
  const start = performance.now();
  const host = await startHostProcess({ root: hostRoot, settings, drainInMs: 0 });
  const response = await fetch(`${host.url}${route}`);
  await response.arrayBuffer();
  const elapsed = performance.now() - start;
  if (response.status !== 200 && response.status !== 503) throw new Error(`${route} answered ${response.status}`);
  await host.kill();
  return elapsed;
}

async function buildHelloWorld(): Promise<string> {
  const target = path.join(folder, 'hello');
  mkdirSync(target);
  await buildFunctions({
    source: path.join(import.meta.dirname, 'helloWorld'),
    out: path.join(target, 'dist'),
    minify: true,
  });
  for (const file of ['host.json', 'package.json']) copyFileSync(path.join(root, file), path.join(target, file));
  return target;
}

async function buildApp(): Promise<{ app: string; zipBytes: number; distBytes: number }> {
  const { bytes } = await packageApp({ root, zip: path.join(folder, 'app.zip') });
  const app = path.join(folder, 'app');
  mkdirSync(app);
  await buildFunctions({ source: path.join(root, 'src/functions'), out: path.join(app, 'dist'), minify: true });
  for (const file of ['host.json', 'package.json']) copyFileSync(path.join(root, file), path.join(app, file));
  const files = (await readdir(path.join(app, 'dist'), { recursive: true })).filter((file) => file.endsWith('.js'));
  const distBytes = files.reduce((sum, file) => sum + statSync(path.join(app, 'dist', file)).size, 0);
  return { app, zipBytes: bytes, distBytes };
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
