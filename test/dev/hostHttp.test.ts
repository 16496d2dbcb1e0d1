import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toRouterPaths } from '../../dev/host/routes.ts';
import type { HostProcess } from '../../dev/host/hostProcess.ts';
import { buildFixtureApp, fixtures, type FixtureApp } from './fixtures/apps.ts';

const settings = {
  FAST_SCHEDULE: '0 0 0 1 1 *',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  'AzureWebJobs.work.Disabled': 'true',
  'AzureWebJobs.poisoned.Disabled': 'true',
  'AzureWebJobs.slowerThanItsSchedule.Disabled': 'true',
  FIXTURE_SETTING: 'from the host',
};
const main = resolve(import.meta.dirname, '../../dev/host/main.ts');
let app: FixtureApp;
let host: HostProcess;

beforeAll(async () => {
  app = await buildFixtureApp();
  host = await app.start({ settings });
}, 60_000);

afterAll(async () => {
  await host.stop();
  await app.remove();
});

const get = (path: string, init?: RequestInit) => fetch(host.url + path, init);
const getJson = async (path: string, init?: RequestInit) =>
  (await (await get(path, init)).json()) as Record<string, unknown>;

describe('requests', () => {
  test('method, path, header and body arrive', async () => {
    const echoed = await getJson('/api/echo?b=2', { method: 'POST', body: 'hi', headers: { 'x-test': 'y' } });

    expect(echoed).toMatchObject({
      method: 'POST',
      path: '/api/echo',
      header: 'y',
      base64: 'aGk=',
      query: [['b', '2']],
    });
  });

  test('a query parameter that comes twice is one value with a comma, as of the platform', async () => {
    expect(await getJson('/api/echo?tag=a&tag=b&empty=')).toMatchObject({
      query: [
        ['tag', 'a,b'],
        ['empty', ''],
      ],
    });
  });

  test('bytes arrive as they were sent', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

    expect(await getJson('/api/echo', { method: 'POST', body: bytes })).toMatchObject({
      base64: bytes.toString('base64'),
    });
  });

  test('the trace of the caller is carried on', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

    expect(await getJson('/api/echo', { headers: { traceparent } })).toMatchObject({ traceParent: traceparent });
  });

  test('a body over 100 MB is refused', async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${host.url}/api/echo`, {
        method: 'POST',
        headers: { 'content-length': 100 * 1024 * 1024 + 1 },
      });
      sent.on('response', (response) => resolve(response.statusCode)).on('error', reject);
      sent.flushHeaders();
    });

    expect(status).toBe(413);
  });

  test('a path that cannot be decoded is a 400', async () => {
    expect((await get('/api/items/%zz')).status).toBe(400);
  });
});

describe('routes', () => {
  test.each([
    ['/api/items/42', 'id', '42'],
    ['/api/items/Case%20Kept', 'id', 'Case Kept'],
    ['/API/Items/42', 'id', '42'],
    ['/api/days/-7', 'day', '-7'],
    ['/api/files/a/b.txt', 'rest', 'a/b.txt'],
    ['/api/feeds/x.y.txt', 'name', 'x.y'],
  ])('%s has %s = %s', async (path, name, value) => {
    expect(await getJson(path)).toMatchObject({ params: { [name]: value } });
  });

  test.each(['/api/items/fixed', '/api/days', '/api/days/', '/api/files'])('%s has no parameter', async (path) => {
    expect(await getJson(path)).toMatchObject({ params: {} });
  });

  test.each(['/api/none', '/echo', '/api/days/monday', '/api/items/a/b', '/api/feeds/x'])(
    '%s is a 404',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  test('another method of a known route is a 404 too, HEAD among them', async () => {
    expect((await get('/api/getOnly', { method: 'POST' })).status).toBe(404);
    expect((await get('/api/getOnly', { method: 'HEAD' })).status).toBe(404);
  });

  test.each([
    ['/api/tags/{tag}', ['/api/tags/:tag']],
    ['/api/{a}/b/{c:int?}', ['/api/:a/b/:c(^(?:-?\\d{1,10})$)', '/api/:a/b']],
    ['/{*all}', ['/*', '/']],
    ['/api/a:b', ['/api/a::b']],
  ])('template %s is served', (template, paths) => {
    expect(toRouterPaths(template)).toEqual(paths);
  });

  test.each([
    ['/api/{a}.{b}', 'one parameter a segment'],
    ['/api/{a:phone}', 'constraint "phone" is not one of int, long'],
    ['/api/{a', undefined],
    ['/api/{a=1}', 'is not {name}'],
  ])('template %s is refused or literal', (template, message) => {
    if (message === undefined) expect(toRouterPaths(template)).toEqual([template]);
    else expect(() => toRouterPaths(template)).toThrow(message);
  });
});

describe('answers', () => {
  test('a gzip body and its headers are left alone', async () => {
    const response = await get('/api/gzipped');

    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await response.text()).toBe('hello '.repeat(1000));
  });

  test('HEAD has the headers and no body', async () => {
    const response = await get('/api/gzipped', { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await response.text()).toBe('');
  });

  test('304 keeps its ETag and nothing is 204', async () => {
    const notModified = await get('/api/notModified');

    expect([notModified.status, notModified.headers.get('etag')]).toEqual([304, '"1"']);
    expect((await get('/api/nothing')).status).toBe(204);
  });

  test('a handler that throws is a 500 that tells nothing, and the log tells all', async () => {
    const response = await get('/api/fails');

    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(host.log.find(({ functionName }) => functionName === 'fails')?.message).toContain('a secret detail');
  });

  test('settings are those of the host alone', async () => {
    process.env.UNRELATED = 'of the parent';

    const isolated = await app.start({ settings });
    const seen: unknown = await (await fetch(`${isolated.url}/api/setting`)).json();
    await isolated.stop();

    expect(seen).toEqual({ value: 'from the host', home: null });
  });

  test('the SDKs load from the bundle when they are first called for', async () => {
    const response = await get('/api/sdks');

    expect(await response.json()).toEqual([
      'DefaultAzureCredential',
      'NetworkManagementClient',
      'ContainerRegistryManagementClient',
      'QueueClient',
    ]);
  });
});

describe('keys', () => {
  let keyed: HostProcess;
  beforeAll(async () => {
    keyed = await app.start({ settings, keys: { function: 'f-key', master: 'm-key' } });
  });
  afterAll(async () => {
    await keyed.stop();
  });

  test.each([
    ['/api/echo', '', 200],
    ['/api/keyed', '', 401],
    ['/api/keyed', 'wrong', 401],
    ['/api/keyed', 'f-key', 200],
    ['/api/keyed', 'm-key', 200],
    ['/api/mastered', 'f-key', 401],
    ['/api/mastered', 'm-key', 200],
    ['/admin/host/status', 'f-key', 401],
    ['/admin/host/status', 'm-key', 200],
  ])('%s with key "%s" is %d', async (path, key, status) => {
    expect((await fetch(keyed.url + path, { headers: key ? { 'x-functions-key': key } : {} })).status).toBe(status);
    expect((await fetch(`${keyed.url}${path}?code=${key}`)).status).toBe(status);
  });

  test('without keys every caller is let in', async () => {
    expect((await get('/api/mastered')).status).toBe(200);
  });
});

describe('streaming', () => {
  let streaming: FixtureApp;
  let streamed: HostProcess;
  beforeAll(async () => {
    streaming = await buildFixtureApp({ source: join(fixtures, '../streaming') });
    streamed = await streaming.start();
  });
  afterAll(async () => {
    await streamed.stop();
    await streaming.remove();
  });

  test('bodies flow both ways, and a parameter that comes twice is a list', async () => {
    const counted = await fetch(`${streamed.url}/api/count/big?tag=a&tag=b`, {
      method: 'POST',
      body: Buffer.alloc(5_000_000),
    });

    expect(await counted.json()).toEqual({ bytes: 5_000_000, name: 'big', tags: ['a', 'b'] });
    expect(await (await fetch(`${streamed.url}/api/lines`)).text()).toBe('one\ntwo\nthree\n');
  });

  test('a handler that fails is a 500', async () => {
    const response = await fetch(`${streamed.url}/api/failsLate`);

    expect([response.status, await response.text()]).toEqual([500, '']);
  });
});

describe('stop', () => {
  test('a request that runs is answered before the host ends', async () => {
    const stopping = await app.start({ settings });
    const slow = fetch(`${stopping.url}/api/slow`);
    await new Promise((resolve) => setTimeout(resolve, 200));

    const code = await stopping.stop();

    expect(await (await slow).text()).toBe('done');
    expect(code).toBe(0);
  });

  test('a request that runs too long is not waited for', async () => {
    const stopping = await app.start({ settings, drainInMs: 100 });
    const slow = fetch(`${stopping.url}/api/slow`).catch(() => 'cut off');
    await new Promise((resolve) => setTimeout(resolve, 200));

    await stopping.stop();

    expect(await slow).toBe('cut off');
  });
});

describe('start', () => {
  test('an entry file that throws stops the start with its message', async () => {
    const broken = await buildFixtureApp({ source: join(fixtures, '../broken') });

    await expect(broken.start()).rejects.toThrow('The host did not start. PULL_SCHEDULE: "often" is not NCRONTAB');
    await broken.remove();
  });

  test('a setting that a binding names and nobody sets is named', async () => {
    const { FAST_SCHEDULE: _, ...without } = settings;

    await expect(app.start({ settings: without })).rejects.toThrow('names the setting FAST_SCHEDULE, which is not set');
  });

  test('alone, it reads local.settings.json, which the environment overrides, and ends on SIGINT', async () => {
    const Values = { ...settings, FIXTURE_SETTING: 'of the file', FAST_SCHEDULE: 'overridden' };
    await writeFile(join(app.root, 'local.settings.json'), JSON.stringify({ IsEncrypted: false, Values }));
    const child = spawn(process.execPath, [main, `--root=${app.root}`, '--port=0'], {
      env: { PATH: process.env.PATH, FAST_SCHEDULE: settings.FAST_SCHEDULE },
    });
    const url = await new Promise<string>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        const found = /Serving \d+ functions on (\S+);/.exec(chunk.toString());
        if (found?.[1]) resolve(found[1]);
      });
    });

    const seen: unknown = await (await fetch(`${url}/api/setting`)).json();
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];

    expect(seen).toMatchObject({ value: 'of the file' });
    expect(code).toBe(0);
    await rm(join(app.root, 'local.settings.json'));
  });

  test('alone, a start that fails ends with 1 and one message', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no-app-'));
    await writeFile(join(folder, 'host.json'), '{}');
    await writeFile(join(folder, 'package.json'), '{ "main": "dist/functions/*.js" }');
    const child = spawn(process.execPath, [main, `--root=${folder}`, '--port=0']);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));

    const [code] = (await once(child, 'close')) as [number];

    expect(code).toBe(1);
    expect(output).toContain('"main" (dist/functions/*.js) matches no file; run "npm run build".');
    await rm(folder, { recursive: true });
  });

  test.each(['* * * * *', 'often', '00:05:00', '0 0 0 L * *'])('schedule "%s" is refused', async (schedule) => {
    await expect(app.start({ settings: { ...settings, FAST_SCHEDULE: schedule } })).rejects.toThrow(
      `schedule "${schedule}" is not NCRONTAB of six fields`,
    );
  });
});
