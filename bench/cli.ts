/**
 * Measures how fast the command starts: `node bench/cli.ts [FILE]`. Prints two ratios: `--help` to a bare start of
 * Node, and `list` of one region from a weekly file to a start of Node that only parses this file. FILE defaults to the
 * newest of the sample.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildCli } from '../dev/buildCli.ts';

const root = resolve(import.meta.dirname, '..');
const file = resolve(process.argv[2] ?? join(root, 'dev/sample/releases/ServiceTags_Public_20260907.json'));
const rounds = 40;

const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
try {
  await buildCli({ root, out: folder });
  const command = join(folder, 'acr-addresses.cjs');
  const bare = ['-e', '0'];
  const parse = ['-e', `JSON.parse(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8'))`];
  const cases = {
    bare,
    help: [command, '--help'],
    parse,
    list: [command, 'list', '--region', 'westeurope', '--source', `file:${file}`],
  };
  const times = measure(cases);
  console.table(Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, { ms: ms.toFixed(1) }])));
  console.log(`--help: ${(times.help / times.bare).toFixed(2)} times a bare start (at most 1.3)`);
  console.log(`list: ${(times.list / times.parse).toFixed(2)} times a start that parses the file (at most 1.5)`);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Returns the median time per case. Measures the cases in turn, so that other load on the machine affects all equally.
 */
function measure<const Name extends string>(all: Readonly<Record<Name, readonly string[]>>): Record<Name, number> {
  const names = Object.keys(all) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const start = performance.now();
      execFileSync(process.execPath, all[name], { stdio: ['ignore', 'pipe', 'pipe'] });
      samples[name].push(performance.now() - start);
    }
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  return Object.fromEntries(names.map((name) => [name, median(samples[name])])) as Record<Name, number>;
}
