/** Conditional requests, codings, staleness: RFC 9110 and 9111. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '../../../src/core/errors.ts';
import { call, type Reply } from './call.ts';
import { makeWorld, type World } from './fakes.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});

const get = async (target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
  call(world.app, target, { headers, method });

const readable = [
  'prefixes',
  'prefixes?format=text',
  'prefixes?format=csv',
  'feeds/AzureContainerRegistry.txt',
  'lookup?ip=20.42.66.1',
  'tags',
  'tags/AzureContainerRegistry',
  'snapshots',
  'changes',
  'history',
  'history.atom',
];

describe.each(readable)('%s', (target) => {
  test('strong ETag, snapshot, Last-Modified, Cache-Control, Vary', async () => {
    const { headers } = await get(target);

    expect(headers.etag).toMatch(/^"[\w-]+"$/);
    expect(headers['x-snapshot-id']).toBe(world.snapshots.all[2]?.id);
    expect(headers['last-modified']).toBe('Mon, 20 Jul 2026 06:30:00 GMT');
    expect(headers['cache-control']).toContain('private');
    expect(headers.vary).toBe('accept, accept-encoding');
  });

  test('If-None-Match: 304 without a body, with the headers that a cache needs', async () => {
    const first = await get(target);
    const etag = first.headers.etag ?? '';

    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const reply = await get(target, { 'if-none-match': header });
      expect(reply.status).toBe(304);
      expect(reply.bytes).toHaveLength(0);
      expect(reply.headers).toMatchObject({
        etag,
        'cache-control': first.headers['cache-control'],
        vary: first.headers.vary,
      });
      expect(reply.headers['content-type']).toBeUndefined();
    }
    expect((await get(target, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('If-Modified-Since counts only without If-None-Match', async () => {
    const modified = 'Mon, 20 Jul 2026 06:30:00 GMT';

    expect((await get(target, { 'if-modified-since': modified })).status).toBe(304);
    expect((await get(target, { 'if-modified-since': 'Mon, 20 Jul 2026 06:29:59 GMT' })).status).toBe(200);
    expect((await get(target, { 'if-modified-since': 'not a date' })).status).toBe(200);
    expect((await get(target, { 'if-modified-since': modified, 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('HEAD: the headers of GET, no body', async () => {
    const full = await get(target);
    const head = await get(target, {}, 'HEAD');

    expect(head.status).toBe(200);
    expect(head.bytes).toHaveLength(0);
    expect(head.headers).toEqual({ ...full.headers, 'content-length': String(full.bytes.length) });
    expect((await get(target, { 'if-none-match': full.headers.etag ?? '' }, 'HEAD')).status).toBe(304);
  });
});

describe('codings', () => {
  const target = 'openapi.json';

  test.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['deflate', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['gzip;q=0', undefined],
    ['', undefined],
  ])('Accept-Encoding: %s gives %s', async (accept, coding) => {
    const plain = await get(target);
    const reply = await get(target, { 'accept-encoding': accept });

    expect(reply.headers['content-encoding']).toBe(coding);
    expect(reply.text).toBe(plain.text);
    if (coding !== undefined) {
      expect(reply.bytes.length).toBeLessThan(plain.bytes.length / 2);
      expect(reply.headers.etag).not.toBe(plain.headers.etag);
    }
  });

  test('each coding has its own ETag, and answers 304 to it alone', async () => {
    const gzip = (await get(target, { 'accept-encoding': 'gzip' })).headers.etag ?? '';

    expect((await get(target, { 'accept-encoding': 'gzip', 'if-none-match': gzip })).status).toBe(304);
    expect((await get(target, { 'accept-encoding': 'br', 'if-none-match': gzip })).status).toBe(200);
  });

  test('short answers are not coded, unless plain is refused', async () => {
    expect((await get('prefixes', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
    const coded = await get('prefixes', { 'accept-encoding': 'gzip, identity;q=0' });
    expect(coded.headers['content-encoding']).toBe('gzip');
    expect(coded.json()).toMatchObject({ count: 3 });
  });

  test('nothing acceptable: 406', async () => {
    expect((await get('prefixes', { 'accept-encoding': 'identity;q=0' })).status).toBe(406);
    expect((await get('prefixes', { 'accept-encoding': '*;q=0' })).status).toBe(406);
  });
});

describe('a warm instance', () => {
  test('reads nothing but the pointer, at most every 30 seconds, however many ask', async () => {
    const ask = async (): Promise<unknown> => Promise.all(readable.map((target) => get(target)));
    await ask();
    world.snapshots.calls.length = 0;

    for (let second = 0; second < 30; second += 5) {
      await ask();
      world.clock.pass(5);
    }
    expect(world.snapshots.calls).toEqual([]);
    await ask();
    expect(world.snapshots.calls).toEqual(['readPointer']);
  });

  test('many first requests share one read', async () => {
    await Promise.all(Array.from({ length: 50 }, () => get('prefixes')));

    expect(world.snapshots.calls).toEqual(['readPointer', `get ${world.snapshots.all[2]?.id ?? ''}`]);
  });

  test('a new release is served within 30 seconds', async () => {
    const before = await get('prefixes');
    const published = world.snapshots.publish({ AzureContainerRegistry: ['52.146.2.0/24'] }, '2026-07-27');
    expect((await get('prefixes')).headers['x-snapshot-id']).toBe(before.headers['x-snapshot-id']);
    world.clock.pass(30);

    expect((await get('prefixes', { 'if-none-match': before.headers.etag ?? '' })).headers['x-snapshot-id']).toBe(
      published.id,
    );
  });
});

describe('what has expired', () => {
  const publish = (): string => {
    const { id } = world.snapshots.publish({ AzureContainerRegistry: ['52.146.2.0/24'] }, '2026-07-27');
    world.app.queries.current.expire();
    return id;
  };
  const snapshotOf = async (): Promise<string | undefined> => (await get('prefixes')).headers['x-snapshot-id'];

  test('is looked for again by the next request', async () => {
    await get('prefixes');

    const id = publish();

    expect(await snapshotOf()).toBe(id);
  });

  test('so it is where nothing was there', async () => {
    world = makeWorld([]);
    expect((await get('prefixes')).status).toBe(503);

    publish();

    expect((await get('prefixes')).status).toBe(200);
  });

  test('a read that began before does not count', async () => {
    await get('prefixes');
    world.clock.pass(31);
    const read = world.snapshots.readPointer.bind(world.snapshots);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    world.snapshots.readPointer = async (...asked) => {
      const answer = await read(...asked);
      await held;
      return answer;
    };
    const reading = snapshotOf();
    await new Promise(setImmediate);

    const id = publish();
    goOn();

    expect(await reading).toBe(id);
    expect(await snapshotOf()).toBe(id);
  });
});

describe('storage down', () => {
  test('the last known list, marked stale, and asked again only every 30 seconds', async () => {
    const good = await get('prefixes');
    world.clock.pass(45);
    world.snapshots.isDown = true;
    world.snapshots.calls.length = 0;

    const stale = await get('prefixes');
    await get('prefixes');

    expect(stale.text).toBe(good.text);
    expect(stale.status).toBe(200);
    expect(stale.headers).toMatchObject({
      age: '45',
      warning: '110 - "Response is Stale"',
      'x-stale': 'true',
      etag: good.headers.etag,
    });
    expect(world.snapshots.calls).toEqual(['readPointer']);
  });

  test.each(['prefixes?format=text', 'feeds/AzureContainerRegistry.txt', 'lookup?ip=20.42.66.1'])(
    '%s says that the list is stale when its release is more than three weeks old',
    async (target) => {
      world.clock.time = Date.parse('2026-08-10T00:00:00Z');
      expect((await get(target)).headers['x-stale']).toBeUndefined();

      world.clock.pass(60);
      const { status, headers } = await get(target);
      const { headers: notModified } = await get(target, { 'if-none-match': headers.etag ?? '' });

      expect(status).toBe(200);
      expect(headers['x-stale']).toBe('true');
      expect(headers.age).toBeUndefined();
      expect(notModified['x-stale']).toBe('true');
    },
  );

  test('and fresh again once it is back', async () => {
    await get('prefixes');
    world.clock.pass(45);
    world.snapshots.isDown = true;
    await get('prefixes');
    world.snapshots.isDown = false;
    world.clock.pass(31);

    const { headers } = await get('prefixes');
    expect(headers['x-stale']).toBeUndefined();
    expect(headers.age).toBeUndefined();
  });

  test.each(readable)(
    'with nothing known, %s is a 503 that says when to come back and nothing of the inside',
    async (target) => {
      world.snapshots.isDown = true;
      const logged: unknown[] = [];
      const reply = await call(world.app, target, { logged });

      expect(reply.status).toBe(503);
      expect(reply.headers['retry-after']).toBe('30');
      expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:storage-unavailable' });
      expect(reply.text).not.toMatch(/ECONNREFUSED|AccountKey/);
      expect(JSON.stringify(logged)).toContain('ECONNREFUSED');
    },
  );

  test('an older snapshot that is not in memory: 503; the current one by id: served', async () => {
    await get('prefixes');
    world.snapshots.isDown = true;

    expect((await get(`prefixes?snapshot=${world.snapshots.all[0]?.id ?? ''}`)).status).toBe(503);
    expect((await get(`prefixes?snapshot=${world.snapshots.all[2]?.id ?? ''}`)).status).toBe(200);
  });

  test('before the first pull: 503', async () => {
    world = makeWorld([]);
    const reply = await get('feeds/AzureContainerRegistry.txt');

    expect(reply.status).toBe(503);
    expect(reply.json()).toMatchObject({ type: 'urn:acr-address-keeper:problem:no-snapshot' });
  });
});

test('an error that nobody expected says nothing of the inside', async () => {
  const logged: unknown[] = [];
  world.app.queries.current.get = () => Promise.reject(new TypeError('secret inside'));
  const reply = await call(world.app, 'prefixes', { logged });

  expect(reply.status).toBe(500);
  expect(reply.text).not.toContain('secret');
  expect(JSON.stringify(logged)).toContain('secret inside');
});

test('an app that is not configured says so, and what it lacks to the log only', async () => {
  const logged: unknown[] = [];
  world.app.queries.current.get = () => Promise.reject(new ConfigurationError('TARGETS', 'secret is not accepted'));
  const reply = await call(world.app, 'prefixes', { logged });

  expect(reply.status).toBe(503);
  expect(reply.text).not.toContain('secret');
  expect(JSON.stringify(logged)).toContain('TARGETS');
});
