import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createRoutes } from '../../dev/host/routes.ts';
import { startTimer } from '../../dev/host/timers.ts';
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
});

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

  test('a query parameter that comes twice is one value with a comma, without its empty ones', async () => {
    expect(await getJson('/api/echo?tag=a&tag=&tag=b&empty=')).toMatchObject({
      query: [
        ['tag', 'a,b'],
        ['empty', ''],
      ],
    });
  });

  test('a body that is sent in chunks does not arrive', async () => {
    const body = new Blob(['hi']).stream();

    expect(await getJson('/api/echo', { method: 'POST', body, duplex: 'half' } as RequestInit)).toMatchObject({
      length: 0,
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

  test.each([
    ['a body over 100 MiB', 'POST /api/echo', 'content-length: 104857601', 500],
    ['a query over 8 KB', `GET /api/echo?q=${'x'.repeat(8300)}`, '', 414],
    ['a header of 20 kB', 'GET /api/echo', `x-long: ${'x'.repeat(20_000)}`, 200],
    ['a header of 40 kB', 'GET /api/echo', `x-long: ${'x'.repeat(40_000)}`, 431],
    ['a query of 70 kB', `GET /api/echo?q=${'x'.repeat(70_000)}`, '', 414],
    ['a header of 70 kB', 'GET /api/echo', `x-long: ${'x'.repeat(70_000)}`, 431],
    ['a path with dots', 'GET /api/none/../echo', '', 200],
    ['a path with encoded dots', 'GET /api/items/%2e%2E/./echo', '', 200],
    ['a path with dots and an encoded slash', 'GET /api/items/..%2fecho', '', 200],
    ['a path with %00', 'GET /api/items/a%00b', '', 400],
    ['a method that nobody knows', 'FOO /api/echo', '', 404],
  ])('%s', async (_, line, header, status) => {
    expect(await statusOf(`${line} HTTP/1.1\r\nhost: x\r\n${header === '' ? '' : `${header}\r\n`}\r\n`)).toBe(status);
  });
});

/** Of a request that `fetch` would not send. */
function statusOf(head: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(host.url).port), '127.0.0.1', () => socket.write(head));
    socket.on('error', reject).once('data', (data: Buffer) => {
      resolve(Number(data.toString('latin1').split(' ')[1]));
      socket.destroy();
    });
  });
}

describe('routes', () => {
  test.each([
    ['/api/items/42', '42'],
    ['/API/Items/42', '42'],
    ['/api/items/42/', '42'],
    ['/api/items/Case%20Kept', 'Case Kept'],
    ['/api/items/a%2Fb%2fc', 'a%2Fb%2fc'],
    ['/api/items/%zz', '%zz'],
    ['/api/items/%E0%A4%A', '%E0%A4%A'],
    ['/api/items/%C3%A4', 'ä'],
  ])('%s has id = %s', async (path, id) => {
    expect(await getJson(path)).toMatchObject({ params: { id } });
  });

  test('where a text and a parameter both match, the text wins', async () => {
    expect(await getJson('/api/items/fixed')).toMatchObject({ params: {} });
  });

  test.each(['/api/none', '/echo', '/api/items', '/api/items/', '/api/items//b', '/api/items/a/b'])(
    '%s is a 404 without a body',
    async (path) => {
      const response = await get(path);

      expect([response.status, await response.text()]).toEqual([404, '']);
    },
  );

  test('another method of a known route is a 404 too, HEAD among them', async () => {
    expect((await get('/api/getOnly', { method: 'POST' })).status).toBe(404);
    expect((await get('/api/getOnly', { method: 'HEAD' })).status).toBe(404);
  });

  test.each(['{a}.{b}', '{a:int}', '{a?}', '{*a}', '{a'])(
    'template %s is refused: the product has none such',
    (route) => {
      const bindings = { request: { type: 'httpTrigger', route, methods: ['GET'] } };

      expect(() => createRoutes([{ name: 'f', bindings }], 'api')).toThrow(/is not a text and not \{name\}/);
    },
  );
});

describe('answers', () => {
  test('a gzip body and its headers are left alone', async () => {
    const response = await get('/api/gzipped');

    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('etag')).toBe('"1"');
    expect(response.headers.get('content-length')).toBeNull();
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
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
    ['/admin/host/status', '', 401],
    ['/admin/host/status', 'f-key', 403],
    ['/admin/functions/echo', 'm-key', 200],
    ['/ADMIN/Functions/ECHO', 'm-key', 200],
    ['/Admin/Host/Status', 'm-key', 200],
    ['/admin/functions', 'm-key', 200],
    ['/admin/functions', 'f-key', 403],
    ['/admin/host/status', 'm-key', 200],
  ])('%s with key "%s" is %d', async (path, key, status) => {
    expect((await fetch(keyed.url + path, { headers: key ? { 'x-functions-key': key } : {} })).status).toBe(status);
    expect((await fetch(`${keyed.url}${path}?code=${key}`)).status).toBe(status);
    expect((await fetch(`${keyed.url}${path}?CODE=${key}`)).status).toBe(status);
  });

  test('without keys every caller is let in', async () => {
    expect((await get('/api/mastered')).status).toBe(200);
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
  test('an entry file that throws leaves the host running, without functions', async () => {
    const broken = await buildFixtureApp({ source: join(fixtures, '../broken') });
    const started = await broken.start();

    expect(started.functions).toEqual([]);
    expect((await fetch(`${started.url}/api/health`)).status).toBe(404);
    const status = await fetch(`${started.url}/admin/host/status`);
    expect(await status.json()).toMatchObject({ state: 'Running' });
    expect(started.log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: expect.stringContaining('unable to load entry point: Error: PULL_SCHEDULE: "often" is not NCRONTAB'),
      }),
    );
    await started.stop();
    await broken.remove();
  });

  test('a function whose binding names a setting that nobody set is in error, and no other', async () => {
    const { FAST_SCHEDULE: _, ...without } = settings;
    const started = await app.start({ settings: without });

    expect(inError(started)).toEqual(['everySecond']);
    expect(started.log.map(({ message }) => message).join()).toContain('names the setting FAST_SCHEDULE, which is not');
    expect((await fetch(`${started.url}/api/echo`)).status).toBe(200);
    await started.stop();
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
    await writeFile(join(folder, 'host.json'), '{ "functionTimeout": "soon" }');
    const child = spawn(process.execPath, [main, `--root=${folder}`, '--port=0']);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));

    const [code] = (await once(child, 'close')) as [number];

    expect(code).toBe(1);
    expect(output).toContain('host.json functionTimeout: "soon" is not a time');
    await rm(folder, { recursive: true });
  });

  test.each(['* * * * *', 'often', '00:05:00', '0 0 0 L * *', '0\t0 0 * * *', '0\u00a00 0 * * *'])(
    'the schedule "%s" is refused',
    (schedule) => {
      // It is read before anything is called.
      const neverCalled = undefined as never;
      const metadata = { name: 'timer', bindings: { timer: { type: 'timerTrigger', schedule } } };

      expect(() => startTimer({ metadata, env: {}, invoker: neverCalled, log: neverCalled })).toThrow(
        'is not NCRONTAB of six fields',
      );
    },
  );

  test('a function with a wrong schedule is in error, and no other', async () => {
    const started = await app.start({ settings: { ...settings, FAST_SCHEDULE: 'often' } });

    expect(inError(started)).toEqual(['everySecond']);
    expect(started.log.map(({ message }) => message).join()).toContain('is not NCRONTAB of six fields');
    await started.stop();
  });
});

function inError({ log }: HostProcess): (string | undefined)[] {
  return log.filter(({ message }) => message.includes('is in error')).map(({ functionName }) => functionName);
}
