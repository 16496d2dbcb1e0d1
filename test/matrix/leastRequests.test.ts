/** Pulls and reconciliations read each document once, and a pull writes none twice but its status, which keeps its record. */
import { afterEach, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { BlobContainer } from '../../src/adapters/blob/container.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { createTargetsSource } from '../../src/adapters/targetsSource.ts';
import type { App } from '../../src/app/composition.ts';
import { runReconcileIn } from '../../src/app/invocations.ts';
import { acr, dayOf, hooks, publish, publishNextWeek, source, useWorlds } from '../app/stories.ts';
import { startStorageFaultProxy, type SeenRequest, type StorageFaultProxy } from '../support/faultProxy.ts';

/** The history of the first pull is made of the releases that are built in. */
const worlds = useWorlds({ wholeHistory: true });
const proxies: StorageFaultProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

const hourInMs = 60 * 60_000;
const [a, b] = ['20.42.66.0/24', '20.42.68.0/24'];
const first = { [acr]: [a] };
const grown = { [acr]: [a, b] };

interface Watched {
  readonly world: World;
  readonly proxy: StorageFaultProxy;
  /** Those of a pull, without the ends of its lease. */
  readonly pull: () => Promise<readonly string[]>;
}

async function openEmpty(): Promise<Watched> {
  const proxy = await startStorageFaultProxy(worlds.freshConnectionString());
  proxies.push(proxy);
  const world = await worlds.open({ targets: [hooks()], connectionString: proxy.connectionString });
  return {
    world,
    proxy,
    pull: async () => {
      proxy.blob.reset();
      await world.pull();
      const [lease, ...rest] = proxy.blob.requests.map(inShort);
      expect([lease, rest.pop()]).toEqual(['acquire lease of status', 'release lease of status']);
      return rest;
    },
  };
}

async function openSettled(): Promise<Watched> {
  const watched = await openEmpty();
  await publish(watched.world, first);
  return watched;
}

/** Such as `GET history`: the days, ids and hashes in the names of blobs left out. */
function inShort({ method, url, headers }: SeenRequest): string {
  const [path = '', query = ''] = url.replace(/^\/[^/]+\/(service-tags\/)?/, '').split('?');
  const name = path.replace(/(\/Public.*|\/pull\/.*|\/\d{8}\.txt)$/, '');
  const action = headers['x-ms-lease-action'];
  if (typeof action === 'string') return `${action} lease of ${name}`;
  return [method, name, ...(/comp=(list|appendblock)/.exec(query)?.slice(1) ?? [])].join(' ');
}

const reads = ['GET status', 'GET decisions', 'GET current', 'GET history'];
const append = 'PUT targets/runs appendblock';

test('a pull without news: four reads and its status', async () => {
  const { pull } = await openSettled();

  expect(await pull()).toEqual([...reads, 'PUT status']);
});

test('the same list in another week: two writes more, because it confirms what is no longer listed', async () => {
  const { world, pull } = await openSettled();
  world.clock.advance(7 * 24 * hourInMs);
  world.setSources(source(first, { date: dayOf(world) }));

  expect(await pull()).toEqual([...reads, 'PUT releases', 'PUT history', 'PUT status']);
});

test('a pull with news; the first record of a day begins the index of the day', async () => {
  const { world, pull } = await openSettled();
  world.clock.advance(24 * hourInMs);
  world.setSources(source(grown, { date: dayOf(world) }));
  const stored = ['PUT snapshots', 'PUT changes', 'PUT history', 'PUT current'];

  expect(await pull()).toEqual([
    ...[...reads, ...stored, 'PUT status', 'PUT ledger', append],
    ...['PUT targets/runs', append, 'PUT status'],
  ]);

  await world.drain();
  world.clock.advance(hourInMs);
  world.setSources(source(first, { date: dayOf(world) }));
  expect(await pull()).toEqual([...reads, ...stored, 'PUT status', 'PUT ledger', append, 'PUT status']);
});

test('the first pull of all looks for each document once, and before it asks the sources for a current list', async () => {
  const { world, proxy } = await openEmpty();
  world.setSources(source(first, { date: dayOf(world) }));
  await world.pull();

  const documents = proxy.blob.requests.map(inShort).filter((request) => /^GET (?!.* list$)/.test(request));

  expect(documents).toEqual([...reads.slice(0, 1), 'GET current', ...reads.slice(1)]);
});

test('a pull after a rejection reads no older snapshot, whether the sources list what is kept or something new', async () => {
  const { world, pull } = await openSettled();
  await publishNextWeek(world, grown);
  const pointed = await world.services.snapshots.readPointer('Public');
  const rejected = typeof pointed === 'object' ? pointed.pointer.snapshot : '';
  await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');

  world.setSources(source(first, { date: '2026-01-05' }));
  expect(await pull()).toEqual([...reads, 'PUT status']);

  world.clock.advance(hourInMs);
  world.setSources(source({ [acr]: [b] }, { date: dayOf(world) }));
  expect((await pull()).filter((request) => request.startsWith('GET'))).toEqual(reads);
});

test('a reconciliation reads the targets once, lists their states once, and looks which list is current', async () => {
  const { world, proxy } = await openSettled();
  const { connectionString } = proxy;
  const container = new BlobContainer(
    createStorageClients({ kind: 'connectionString', connectionString }).blobs,
    'config',
  );
  const { name, kind, resourceId, rule } = hooks();
  const file = { targets: [{ name, kind, resourceId, scenario: 'webhooks', regions: 'all', rule }] };
  const put = { contentType: 'application/json' };
  await container.put('targets.json', Buffer.from(JSON.stringify(file)), put, {});
  const targets = createTargetsSource(
    { kind: 'blob', container: 'config', name: 'targets.json' },
    {
      appRoot: '.',
      isExpected: true,
      logger: world.services.logger,
      readBlob: (_, blob, etag) => container.readUnless(blob, etag),
    },
  );
  const services = { ...world.services, targets, isTargetsFileMissing: () => targets.isMissing() };
  const telemetry: App['telemetry'] = {
    span: (_name, _options, work) => work({ traceparent: undefined, set: () => undefined }),
    record: () => undefined,
    flush: () => Promise.resolve(),
  };
  proxy.blob.reset();

  await runReconcileIn({ services, telemetry } as unknown as App);

  expect(proxy.blob.requests.map(inShort)).toEqual(['GET config/targets.json', 'GET targets list', 'GET current']);
  expect(world.queue.messages).toMatchObject([{ message: { target: name, reason: 'reconcile' } }]);
});
