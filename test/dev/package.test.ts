/** The package as it is deployed: unpacked where there is no node_modules, and asked for its health. */
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startHostProcess, type HostProcess } from '../../dev/host/hostProcess.ts';
import { packageApp, packBuild, selectShipped, type PackageResult } from '../../dev/package.ts';
import { unpack } from '../../dev/unpack.ts';
import { useAzurite } from '../support/azurite.ts';
import { builtApp } from '../support/builtApp.ts';
import { isFullRun } from '../support/fullRun.ts';

const root = path.resolve(import.meta.dirname, '../..');
const maxZipBytes = 3 * 1024 * 1024;

let folder: string;
let result: PackageResult;
let app: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'package-test-'));
  app = path.join(folder, 'app');
  const zip = path.join(folder, 'a.zip');
  // To build once more takes long.
  result = isFullRun
    ? await packageApp({ root, zip })
    : await packBuild({ root, dist: path.join(await builtApp(), 'dist'), zip });
  await unpack(path.join(folder, 'a.zip'), app);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm run package', () => {
  test('holds the functions, and what the host needs beside them', () => {
    expect(result.files).toEqual(
      expect.arrayContaining([
        'host.json',
        'package.json',
        'dist/THIRD-PARTY-NOTICES.txt',
        'dist/openapi.json',
        'dist/sbom.json',
        'dist/functions/app.js',
      ]),
    );
  });

  test('holds nothing of development, no source and no settings', () => {
    const unwanted = result.files.filter(
      (file) =>
        /^(dev|test|infra|bench|docs|src|coverage|node_modules)\//.test(file) ||
        /(^|\/)\.|\.ts$|\.md$|local\.settings/.test(file),
    );

    expect(unwanted).toEqual([]);
  });

  test('holds the licences of the packages that are in its code', async () => {
    const notices = await readFile(path.join(app, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');

    for (const name of ['@azure/storage-blob', '@azure/arm-network', 'zod', '@opentelemetry/api', 'sax']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d[^ ]* \\(.+\\)$`, 'm'));
    }
    expect(notices).toContain('Permission is hereby granted, free of charge');
    expect(notices).toContain('Apache License');
    expect(notices).not.toMatch(/^(esbuild|jest|azurite) /m);
  });

  test('holds the files that func publishes from the folder after npm run build, byte for byte', async () => {
    const copy = await builtApp();
    const built = globSync('dist/**/*', { cwd: copy, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(copy, path.join(entry.parentPath, entry.name)));
    const published = selectShipped(root, built);

    expect(built.filter((file) => file.endsWith('.map'))).not.toEqual([]);
    expect(result.files.filter((file) => file.startsWith('dist/'))).toEqual(published);
    for (const file of published) expect(await sha256(path.join(app, file))).toBe(await sha256(path.join(copy, file)));
  });

  test('lists its parts, the shipped alone, with hashes', async () => {
    const sbom = JSON.parse(await readFile(path.join(app, 'dist/sbom.json'), 'utf8')) as {
      bomFormat: string;
      components: { name: string; hashes?: unknown[] }[];
    };

    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['@azure/storage-blob', 'zod']));
    expect(sbom.components.filter(({ name }) => /^(jest|esbuild|azurite)$/.test(name))).toEqual([]);
    expect(sbom.components.filter(({ hashes = [] }) => hashes.length === 0)).toEqual([]);
  });

  test(`is small: at most ${maxZipBytes / 1024} kB`, () => {
    console.log(`package: ${result.bytes} bytes, ${result.unpackedBytes} unpacked, ${result.files.length} files`);

    expect(result.bytes).toBeLessThan(maxZipBytes);
  });

  test('the same sources give the same bytes', async () => {
    const again = path.join(folder, 'b.zip');

    await packBuild({ root, dist: path.join(await builtApp(), 'dist'), zip: again });

    expect(await sha256(again)).toBe(await sha256(path.join(folder, 'a.zip')));
  });
});

describe('the unpacked package in the local host, without node_modules', () => {
  const azurite = useAzurite();
  let connectionString: string;
  let host: HostProcess | undefined;

  beforeAll(async () => {
    connectionString = azurite.freshConnectionString();
    host = await startHostProcess({
      root: app,
      settings: { AzureWebJobsStorage: connectionString, SERVICE_TAGS_SOURCES: 'file:none.json' },
      keys: { function: 'key-of-the-test', master: 'master-of-the-test' },
    });
  });

  afterAll(async () => {
    await host?.stop();
  });

  test('registers a function for every trigger', () => {
    expect(host?.functions).toEqual(
      expect.arrayContaining([
        'pullServiceTags',
        'updateTarget',
        'reconcileTargets',
        'reportFailedUpdate',
        'getHealth',
      ]),
    );
  });

  test.each([
    [{ PULL_SCHEDULE: 'often' }, /^PULL_SCHEDULE: holds "often"/m, /^PULL_SCHEDULE: holds "often"/],
    [{ TARGETS: '{ "targets": ] }' }, /^TARGETS: is not JSON/m, /^the targets cannot be read/],
    [{ AzureWebJobsStorage: 'nonsense' }, /^AzureWebJobsStorage: holds /m, /^AzureWebJobsStorage: holds /],
  ])('with a wrong setting it loads, and log and health name it: %j', async (wrong, logged, told) => {
    const settings = { AzureWebJobsStorage: connectionString, ...wrong };
    const misconfigured = await startHostProcess({ root: app, settings });
    try {
      const response = await fetch(`${misconfigured.url}/api/health`);
      const { problems } = (await response.json()) as { problems: string[] };

      expect(response.status).toBe(503);
      expect(problems).toContainEqual(expect.stringMatching(told));
      expect(misconfigured.functions).toEqual(host?.functions);
      expect(misconfigured.log.map(({ message }) => message).join('\n')).toMatch(logged);
    } finally {
      await misconfigured.stop();
    }
  });

  test('a time zone is warned of at start', async () => {
    const settings = { AzureWebJobsStorage: connectionString, TZ: 'Europe/Berlin' };
    const inBerlin = await startHostProcess({ root: app, settings });

    // By its end all that it logged has arrived.
    await inBerlin.stop();
    expect(inBerlin.log.map(({ message }) => message).join('\n')).toMatch(/The time zone is set to "Europe\/Berlin": /);
  });

  test('a body in chunks, which the platform drops, is answered with what to do', async () => {
    const response = await fetch(`${host?.url}/api/lookup`, {
      method: 'POST',
      headers: { 'x-functions-key': 'key-of-the-test', 'content-type': 'application/json' },
      body: new Blob(['["20.42.66.1"]']).stream(),
      duplex: 'half',
    } as RequestInit);

    expect(response.status).toBe(411);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('with a Content-Length header') });
  });

  test('health answers, through the storage SDK in the bundle', async () => {
    const response = await fetch(`${host?.url}/api/health`);

    expect([200, 503]).toContain(response.status);
    expect(await response.json()).toMatchObject({ status: expect.any(String), targets: { total: 0 } });
  });

  test('the API refuses to answer without a key, and describes itself', async () => {
    const [locked, open] = await Promise.all([
      fetch(`${host?.url}/api/prefixes`),
      fetch(`${host?.url}/api/openapi.json`),
    ]);

    expect(locked.status).toBe(401);
    expect(await open.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./) });
  });

  test.each([
    ['docs', /assets\/docs\.js/],
    ['assets/docs.js', /openapi\.json/],
    ['dashboard', /assets\/dashboard\.js/],
    ['assets/dashboard.css', /color-scheme/],
    ['assets/dashboard.js', /from '\.\/api\.js'/],
    ['assets/api.js', /x-functions-key/],
    ['assets/actions.js', /planId/],
  ])('the pages are whole: %s', async (path, content) => {
    const response = await fetch(`${host?.url}/api/${path}`);

    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(content);
  });
});

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
