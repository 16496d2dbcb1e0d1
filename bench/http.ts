/**
 * `node bench/http.ts [folder of weekly files] [rounds]`: measures requests per second and latency of the query API,
 * and compares it with a function that returns a constant in the same host. A list is compared with a constant list too,
 * as sending one takes time whoever made it.
 *
 * Each round measures both for a second, one after the other, so that other load affects both. The median round counts.
 * The processor time per request does not depend on other load.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import autocannon from 'autocannon';
import { buildFunctions } from '../dev/build.ts';
import { startHostProcess } from '../dev/host/hostProcess.ts';

const [folder = '', rounds = '7'] = process.argv.slice(2);
const goal = 0.8;

interface Case {
  readonly title: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Route of the constant that it is compared with: `constant`, or the list. */
  readonly beside?: 'constantList';
  readonly hasGoal?: boolean;
}

interface Figure {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the host's processor time. NaN if there is no /proc. */
  readonly cpuPerRequest: number;
}

const root = mkdtempSync(path.join(tmpdir(), 'bench-http-'));
writeFileSync(path.join(root, 'package.json'), JSON.stringify({ type: 'module', main: 'dist/functions/*.js' }));
writeFileSync(path.join(root, 'host.json'), JSON.stringify({ version: '2.0' }));
await buildFunctions({ source: path.join(import.meta.dirname, 'httpApp'), out: path.join(root, 'dist') });
const host = await startHostProcess({ root, settings: { BENCH_FOLDER: folder === '' ? '' : path.resolve(folder) } });

async function measure({ url, headers = {}, status }: Case, duration: number): Promise<Figure> {
  const cpuBefore = readCpuTimeInUs(host.pid);
  const result = await autocannon({
    url: `${host.url}/api/${url}`,
    headers: { ...headers },
    connections: 16,
    duration,
  });
  const answered = Object.entries(result.statusCodeStats ?? {});
  if (answered.some(([code]) => code !== String(status))) throw new Error(`${url}: ${JSON.stringify(answered)}`);
  return {
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpuPerRequest: (readCpuTimeInUs(host.pid) - cpuBefore) / result.requests.total,
  };
}

/** The kernel counts in ticks of 10 ms. */
function readCpuTimeInUs(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return NaN;
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function toMedians(figures: readonly Figure[]): Figure {
  const of = (pick: (figure: Figure) => number): number => Math.round(median(figures.map(pick)));
  return {
    perSecond: of((figure) => figure.perSecond),
    p50: of((figure) => figure.p50),
    p99: of((figure) => figure.p99),
    cpuPerRequest: of((figure) => figure.cpuPerRequest),
  };
}

function describe({ perSecond, p50, p99, cpuPerRequest }: Figure): string {
  return `${perSecond}/s, p50 ${p50} ms, p99 ${p99} ms, ${cpuPerRequest} µs`;
}

try {
  const etag =
    (await fetch(`${host.url}/api/prefixes`, { headers: { 'accept-encoding': 'identity' } })).headers.get('etag') ?? '';
  const constant: Case = { title: 'constant', url: 'constant', status: 200 };
  const constantList: Case = { title: 'constant list', url: 'constantList', status: 200 };
  const cases: readonly Case[] = [
    { title: 'prefixes 304', url: 'prefixes', headers: { 'if-none-match': etag }, status: 304, hasGoal: true },
    { title: 'prefixes text', url: 'prefixes?format=text', status: 200 },
    { title: 'prefixes json', url: 'prefixes', status: 200 },
    { title: 'prefixes json', url: 'prefixes', status: 200, beside: 'constantList' },
    { title: 'lookup', url: 'lookup?ip=20.42.66.1', status: 200, hasGoal: true },
  ];
  for (const warmUp of [constant, constantList, ...cases]) await measure(warmUp, 2);
  for (const measured of cases) {
    const baseline = measured.beside === 'constantList' ? constantList : constant;
    const pairs: { readonly constantFigure: Figure; readonly figure: Figure }[] = [];
    for (let round = 0; round < Number(rounds); round += 1) {
      pairs.push({ constantFigure: await measure(baseline, 1), figure: await measure(measured, 1) });
    }
    const share = median(pairs.map(({ constantFigure, figure }) => figure.perSecond / constantFigure.perSecond));
    const cpuShare = median(
      pairs.map(({ constantFigure, figure }) => constantFigure.cpuPerRequest / figure.cpuPerRequest),
    );
    const figure = toMedians(pairs.map((pair) => pair.figure));
    const constantFigure = toMedians(pairs.map((pair) => pair.constantFigure));
    console.log(
      `${measured.title.padEnd(14)} ${describe(figure)}; ${baseline.title} ${describe(constantFigure)}: ` +
        `${Math.round(share * 100)} % of the rate, ${Math.round(cpuShare * 100)} % by processor time`,
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
