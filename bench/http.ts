/**
 * Requests a second and latency of the query API beside a function that returns a constant, in one host:
 * `node bench/http.ts [folder of weekly files] [seconds each]`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import autocannon from 'autocannon';
import { buildFunctions } from '../dev/build.ts';
import { startHostProcess } from '../dev/host/hostProcess.ts';

const [folder = '', seconds = '5'] = process.argv.slice(2);
const goal = 0.8;

interface Case {
  readonly title: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly hasGoal?: boolean;
}

interface Figure {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const root = mkdtempSync(path.join(tmpdir(), 'bench-http-'));
writeFileSync(path.join(root, 'package.json'), JSON.stringify({ type: 'module', main: 'dist/functions/*.js' }));
writeFileSync(path.join(root, 'host.json'), JSON.stringify({ version: '2.0' }));
await buildFunctions({ source: path.join(import.meta.dirname, 'httpApp'), out: path.join(root, 'dist') });
const host = await startHostProcess({ root, settings: { BENCH_FOLDER: folder === '' ? '' : path.resolve(folder) } });

async function measure({ url, headers = {}, status }: Case, duration: number): Promise<Figure> {
  const result = await autocannon({
    url: `${host.url}/api/${url}`,
    headers: { ...headers },
    connections: 16,
    duration,
  });
  const answered = Object.entries(result.statusCodeStats ?? {});
  if (answered.some(([code]) => code !== String(status))) throw new Error(`${url}: ${JSON.stringify(answered)}`);
  return { perSecond: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

try {
  const etag =
    (await fetch(`${host.url}/api/prefixes`, { headers: { 'accept-encoding': 'identity' } })).headers.get('etag') ?? '';
  const constant: Case = { title: 'constant', url: 'constant', status: 200 };
  const cases: readonly Case[] = [
    { title: 'prefixes 304', url: 'prefixes', headers: { 'if-none-match': etag }, status: 304, hasGoal: true },
    { title: 'prefixes text', url: 'prefixes?format=text', status: 200 },
    { title: 'prefixes json', url: 'prefixes', status: 200 },
    { title: 'lookup', url: 'lookup?ip=20.42.66.1', status: 200, hasGoal: true },
  ];
  for (const warmUp of [constant, ...cases]) await measure(warmUp, 2);
  for (const measured of cases) {
    // The constant beside each, so that a busier minute counts for both.
    const beside = await measure(constant, Number(seconds));
    const figure = await measure(measured, Number(seconds));
    const share = figure.perSecond / beside.perSecond;
    console.log(
      `${measured.title.padEnd(14)} ${Math.round(figure.perSecond)}/s, p50 ${figure.p50} ms, p99 ${figure.p99} ms; ` +
        `constant ${Math.round(beside.perSecond)}/s, p50 ${beside.p50} ms, p99 ${beside.p99} ms: ${Math.round(share * 100)} %`,
    );
    if (measured.hasGoal && share < goal) {
      console.error(`${measured.title}: below ${goal * 100} % of the constant`);
      process.exitCode = 1;
    }
  }
} finally {
  await host.stop();
  rmSync(root, { recursive: true, force: true });
}
