/** The command as it is shipped: built, in a process of its own. */
import { beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleSubscriptionId, seedSampleResources } from '../../dev/sample/resources.ts';
import { startSimulator } from '../../dev/simulator/simulator.ts';
import { builtApp } from '../support/builtApp.ts';
import { cli } from './cli.ts';

const root = join(import.meta.dirname, '../..');
const sample = `file:${join(root, 'dev/sample/releases')}`;
let folder: string;

beforeAll(async () => {
  folder = await builtApp();
});

function command(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'dist/cli/acr-addresses.cjs'), ...args],
    {
      input,
      encoding: 'utf8',
      cwd: folder,
    },
  );
  return { code: status, output: stdout, notes: stderr };
}

test.each([
  [['--help']],
  [['--version']],
  [['list', '--source', sample, '--region', 'westeurope', '--format', 'nginx']],
  [['list', '--as-of', '2024-03-01', '--format', 'csv', '--region', 'westeurope']],
  [['list', '--source', sample, '--fit', '15']],
  [['lookup', '20.42.66.1', '192.0.2.1', '--source', sample]],
  [['diff', '2024-03-01', '2024-09-01', '--format', 'markdown']],
  [['check', '-', '--source', 'built-in', '--json']],
  [['targets', 'validate', join(root, 'targets.sample.json')]],
  [['targets', 'schema']],
  [['list', '--source', sample, '--region', 'mars']],
  [['list', '--source', 'file:none']],
  [['list', '--source', sample, '--tag', 'Nothing']],
])('%j answers as its source does', async (args) => {
  const fromSource = await cli(args, { input: '20.42.66.0/24\n', folder });

  expect(command(args, '20.42.66.0/24\n')).toEqual(fromSource);
});

test('the Discovery API is a source too', async () => {
  const simulator = await startSimulator();
  seedSampleResources(simulator);
  const file = join(root, 'dev/sample/releases/ServiceTags_Public_20260803.json');
  simulator.setServiceTags(
    '*',
    JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof simulator.setServiceTags>[1],
  );
  const env = { ARM_ENDPOINT: simulator.url, SERVICE_TAGS_SUBSCRIPTION_ID: sampleSubscriptionId };
  try {
    const fromApi = await cli(['list', '--source', 'api'], { env });

    expect(fromApi.notes).toBe('');
    expect(fromApi.output).toBe((await cli(['list', '--source', `file:${file}`])).output);
  } finally {
    await simulator.stop();
  }
});

test('what is packed is what runs, and says whose code it holds', () => {
  const { bin, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    files: string[];
  };

  expect(bin).toEqual({ 'acr-addresses': 'bin/acr-addresses.cjs' });
  expect(files).toEqual(expect.arrayContaining(['bin', 'dist/cli', 'targets.schema.json']));
  expect(files.filter((file) => !file.startsWith('dist') && !existsSync(join(root, file)))).toEqual([]);
  expect(readFileSync(join(folder, 'dist/cli/THIRD-PARTY-NOTICES.txt'), 'utf8')).toMatch(/^zod \S+ \(MIT\)$/m);
});

test('the launcher runs the source where nothing was built', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'bin/acr-addresses.cjs'), '--help'], {
    encoding: 'utf8',
  });

  expect(status).toBe(0);
  expect(stdout).toMatch(/^acr-addresses: the addresses/);
});
