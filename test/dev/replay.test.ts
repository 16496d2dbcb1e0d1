/** `npm run replay`: a folder of weekly files through the product, one line a file. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PullResult } from '../../src/app/pullServiceTags.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { acr, weeklyDocument, type TagLists } from '../app/stories.ts';
import { builtApp } from '../support/builtApp.ts';
import { testInFullRun } from '../support/fullRun.ts';

const root = resolve(import.meta.dirname, '../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replay-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(date: string, tags: TagLists, changeNumber: number): Promise<void> {
  const document = JSON.stringify(weeklyDocument(tags, changeNumber));
  await writeFile(join(folder, `ServiceTags_Public_${date}.json`), document);
}

async function replay(...args: readonly string[]) {
  const run = promisify(execFile)(process.execPath, ['dev/replay.ts', '--files', folder, ...args], { cwd: root });
  const { stdout } = await run;
  return stdout.trimEnd().split('\n');
}

const hundred = Array.from({ length: 100 }, (_, index) => `20.42.${index}.0/24`);

test('one line a file in the order of dates: what came, what waits, what is held, what is refused', async () => {
  await put('20260126', { [acr]: ['20.42.0.0/24'] }, 4);
  await put('20260105', { [acr]: hundred }, 1);
  await put('20260119', { [acr]: [...hundred.slice(1), '20.43.0.0/24'] }, 3);
  await put('20260112', { [acr]: hundred }, 2);
  await writeFile(join(folder, 'ServiceTags_Public_20260202.json'), '<html></html>');
  const json = join(folder, 'report.json');

  const lines = await replay('--json', json);

  expect(lines[0]).toBe('Public: 5 files');
  expect(lines[1]).toMatch(/^2026-01-05 {2}change 1, 1 tags {2}\| whole-tag \+100 -0$/);
  expect(lines[2]).toMatch(/^2026-01-12 {2}change 2, 1 tags {2}\| same content$/);
  expect(lines[3]).toMatch(
    /whole-tag \+1 -0; removalGrace: 20\.42\.0\.0\/24 \(256 addresses\) has not been listed since/,
  );
  expect(lines[4]).toMatch(/quarantined AzureContainerRegistry \(shrunken\).*whole-tag \+0 -0;.*quarantined:/);
  expect(lines[5]).toMatch(/^2026-02-02 {2}refused: .*HTML page/);
  const report = JSON.parse(await readFile(json, 'utf8')) as { date: string; pull?: PullResult; runs: RunRecord[] }[];
  expect(report.map(({ date }) => date)).toEqual([
    '2026-01-05',
    '2026-01-12',
    '2026-01-19',
    '2026-01-26',
    '2026-02-02',
  ]);
  expect(report[0]?.runs[0]).toMatchObject({ chain: 'whole-tag', outcome: 'applied' });
  expect(report[0]?.runs[0]?.startedAt).toBe('2026-01-05T12:00:00.000Z');
});

testInFullRun(
  'targets of a file: their resources are made up; policy plan: what would be done, and each reason once',
  async () => {
    await put('20260105', { [acr]: ['20.42.0.0/24'], [`${acr}.WestEurope`]: ['20.42.0.0/25'] }, 1);
    await put('20260112', { [acr]: ['20.42.0.0/24', '20.42.1.0/24'], [`${acr}.WestEurope`]: ['20.42.0.0/25'] }, 2);
    const targets = join(folder, 'targets.json');
    const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers';
    const registry = `${group}/Microsoft.ContainerRegistry/registries/prod`;
    const nsg = `${group}/Microsoft.Network/networkSecurityGroups/nsg`;
    const rule = { name: 'AllowAcr', priority: 300 };
    await writeFile(
      targets,
      JSON.stringify({
        targets: [
          { name: 'prod', kind: 'registryNetworkRules', resourceId: registry, regions: ['westeurope'], policy: 'sync' },
          { name: 'hooks', kind: 'nsgRule', resourceId: nsg, scenario: 'webhooks', regions: 'all', rule },
        ],
      }),
    );

    const lines = await replay('--targets', targets);

    expect(lines[1]).toMatch(/^2026-01-05 {2}change 1, 2 tags {2}\| /);
    expect(lines[1]).toMatch(/\| prod \+1 -0( {2}\||$)/);
    expect(lines[1]).toMatch(/\| hooks would \+1 -0; planOnly: /);
    expect(lines[2]).toMatch(/\| hooks would \+2 -0( {2}\||$)/);
  },
);

testInFullRun('--policy: what a file in preview would really have done', async () => {
  await put('20260105', { [acr]: ['20.42.0.0/24'] }, 1);
  const targets = join(folder, 'targets.json');
  const resourceId =
    '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg';
  const rule = { name: 'AllowAcr', priority: 300 };
  const target = {
    name: 'hooks',
    kind: 'nsgRule',
    resourceId,
    scenario: 'webhooks',
    regions: 'all',
    rule,
    policy: 'plan',
  };
  await writeFile(targets, JSON.stringify({ targets: [target] }));

  expect((await replay('--targets', targets, '--policy', 'sync'))[1]).toMatch(/hooks \+1 -0$/);
});

test('without a folder: the sample with its targets, written as policy sync does; --serve serves what that left', async () => {
  const serve = ['--serve', '--port', String(await freePort()), '--root', await builtApp()];
  const child = spawn(process.execPath, ['dev/replay.ts', ...serve], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close');
  while (!output.includes('until Ctrl-C') && child.exitCode === null) await new Promise((done) => setTimeout(done, 50));
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? output;
  const { items } = (await (await fetch(`${url}/api/targets`)).json()) as { items: { name: string; status: string }[] };
  const { items: runs } = (await (await fetch(`${url}/api/runs?target=webhook-receiver`)).json()) as {
    items: object[];
  };
  child.kill('SIGINT');
  await ended;

  expect(output).toMatch(/^Public: 6 files\n2026-08-03 .*webhook-receiver \+18 -0/);
  expect(items.map(({ name }) => name).sort()).toEqual(['build-agents', 'prod-registry', 'webhook-receiver']);
  expect(items.find(({ name }) => name === 'webhook-receiver')?.status).toBe('held');
  expect(runs.length).toBeGreaterThan(1);
  expect(child.exitCode).toBe(0);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test.each([
  ['an unknown flag', ['--fils', 'x'], /^Unknown option '--fils'\.\n\nnpm run replay -- \[--files DIR\]/],
  ['a policy that there is not', ['--policy', 'all'], /--policy: "all" is not accepted; accepted: plan, addOnly, sync/],
  ['a folder without weekly files', ['--files', tmpdir()], /contains no ServiceTags_<cloud>_<YYYYMMDD>\.json/],
])('%s: a sentence that says what is accepted, and exit code 1', async (_what, args, message) => {
  const run = promisify(execFile)(process.execPath, ['dev/replay.ts', ...args], { cwd: root });

  await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) as unknown });
});
