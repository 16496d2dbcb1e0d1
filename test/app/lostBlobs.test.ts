/** One blob of a pull is gone or damaged: the next pull goes on, takes nothing away, and says so. */
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import { verifyLedger } from '../../dev/verifyLedger.ts';
import type { World } from '../../dev/world.ts';
import { createStorageClients, type StorageClients } from '../../src/adapters/storageClients.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import type { TagLists } from './stories.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  acr,
  dayInMs,
  dayOf,
  expectWholeLedger,
  hooks,
  prefixesIn,
  publish,
  recordsOf,
  source,
  useWorlds,
} from './stories.ts';

const worlds = useWorlds();
/** What makes a history anew begins with every release that is built in. */
const wholeWorlds = useWorlds({ wholeHistory: true });
const [a, b, c] = ['20.42.66.0/24', '20.42.68.0/24', '20.42.70.0/24'] as const;
const italy = `${acr}.ItalyNorth`;
const first: TagLists = { [acr]: [a, b], [italy]: [a, b] };
/** No grace: what is believed gone is gone at once. */
const eager = hooks({ limits: openLimits });

interface Stored {
  readonly connectionString: string;
  readonly world: World;
  readonly clients: StorageClients;
  readonly container: ContainerClient;
  readonly snapshot: string;
}

async function settled(from = worlds): Promise<Stored> {
  const connectionString = worlds.freshConnectionString();
  const world = await from.open({ targets: [eager], connectionString, forgetsSnapshots: true });
  await publish(world, first);
  const clients = createStorageClients({ kind: 'connectionString', connectionString });
  const container = (await clients.blobs()).getContainerClient('service-tags');
  return { connectionString, world, clients, container, snapshot: (await currentOf(world)).id };
}

async function currentOf(world: World) {
  const answer = await world.services.snapshots.readPointer('Public');
  const id = typeof answer === 'object' ? answer.pointer.snapshot : '';
  const snapshot = await world.services.snapshots.get('Public', id);
  if (!snapshot) throw new Error('nothing is current');
  return snapshot;
}

async function historyIn(world: World) {
  const answer = await world.services.histories.read('Public');
  if (answer === undefined || answer === 'notModified') throw new Error('there is no history');
  return answer.document;
}

const harms = {
  gone: async (container: ContainerClient, name: string) => {
    await container.getBlockBlobClient(name).delete();
  },
  damaged: async (container: ContainerClient, name: string) => {
    await container.getBlockBlobClient(name).upload('{"cl', 4);
  },
};

async function pullNextWeek(world: World, tags: TagLists) {
  world.clock.advance(7 * dayInMs);
  world.setSources(source(tags, { date: dayOf(world) }));
  const pulled = await world.pull();
  const runs = [...(await world.drain()), ...(await world.reconcile())];
  return { pulled, runs };
}

const damageTold = (world: World) =>
  world.notifications.filter(({ type }) => type === 'storage.damaged').map(({ message }) => message);

describe.each(Object.entries(harms))('%s:', (_, harm) => {
  test('the current snapshot: the history knows what it had', async () => {
    const { world, container, snapshot } = await settled();
    await harm(container, `snapshots/Public/${snapshot}.json.gz`);

    const { pulled } = await pullNextWeek(world, { [acr]: [a, c], [italy]: [a] });

    expect(pulled.quarantine).toMatchObject([{ tag: italy, kind: 'shrunken', baseline: snapshot }]);
    expect(prefixesIn(world)).toEqual([a, c]);
    expect(damageTold(world)).toEqual([]);
  });

  test('the history: it is made anew of the snapshots', async () => {
    const { world, container } = await settled(wholeWorlds);
    const before = await historyIn(world);
    await harm(container, 'history/Public.json.gz');

    const { pulled } = await pullNextWeek(world, { [acr]: [a, b], [italy]: [a] });

    expect(pulled.quarantine).toMatchObject([{ tag: italy, kind: 'shrunken' }]);
    const after = await historyIn(world);
    expect(after.releases.slice(0, -1)).toEqual(before.releases);
    expect(after.releases.at(-1)).toMatchObject({ snapshot: pulled.snapshot, tags: { [italy]: { remove: [b] } } });
  });

  test('the history, and the release is the same: it is stored anew', async () => {
    const { world, container } = await settled(wholeWorlds);
    const before = await historyIn(world);
    await harm(container, 'history/Public.json.gz');

    await world.pull();

    expect(await historyIn(world)).toEqual(before);
  });

  test('the current snapshot, and the list is the same: it is stored anew', async () => {
    const { world, container, snapshot } = await settled();
    await harm(container, `snapshots/Public/${snapshot}.json.gz`);

    world.setSources(source(first, { date: '2026-01-05' }));
    await world.pull();

    expect((await currentOf(world)).document.values).toHaveLength(2);
    world.setSources(source(first, { date: '2026-01-05' }));
    expect((await world.pull()).outcome).toBe('unchanged');
  });

  test('the pointer: the newest snapshot takes its place', async () => {
    const { world, container, snapshot } = await settled();
    await harm(container, 'current/Public.json');

    const { pulled } = await pullNextWeek(world, { [acr]: [a, c], [italy]: [a, b] });

    expect(pulled).toMatchObject({ previous: snapshot, quarantine: [] });
    expect(prefixesIn(world)).toEqual([a, c]);
    const told = `current/Public.json was lost or is damaged: the app uses ${snapshot}, the newest snapshot. Nothing to do.`;
    expect(damageTold(world)).toEqual([told]);
    expect((await recordsOf(world, 'pull')).at(-1)?.reasons).toEqual([{ code: 'recovered', message: told }]);
  });

  test('the pointer, and the list is the same: it is written anew', async () => {
    const { world, container, snapshot } = await settled();
    await harm(container, 'current/Public.json');

    const { pulled } = await pullNextWeek(world, first);

    expect(pulled).toMatchObject({ outcome: 'unchanged', snapshot });
    expect((await currentOf(world)).id).toBe(snapshot);
    expect(damageTold(world)).toHaveLength(1);
  });

  test('the pointer and the snapshot', async () => {
    const { world, container, snapshot } = await settled();
    await harm(container, `snapshots/Public/${snapshot}.json.gz`);
    await harm(container, 'current/Public.json');

    await pullNextWeek(world, { [acr]: [a, c] });

    expect(prefixesIn(world)).toEqual(expect.arrayContaining([a, c]));
  });

  test('the list that a quarantine is compared with: the history knows it', async () => {
    const { world, container, snapshot } = await settled();
    await pullNextWeek(world, { [acr]: [a, b], [italy]: [a] });
    expect((await currentOf(world)).quarantine).toMatchObject([{ tag: italy, kind: 'shrunken', baseline: snapshot }]);
    await harm(container, `snapshots/Public/${snapshot}.json.gz`);

    await pullNextWeek(world, { [acr]: [a, b, c], [italy]: [a] });

    expect(prefixesIn(world)).toEqual([a, b, c]);
    expect((await currentOf(world)).quarantine).toMatchObject([
      { tag: italy, kind: 'shrunken', baseline: snapshot, confirmations: 1 },
    ]);
  });

  test('the status: the chain of records goes on where it ended, and nobody is told the same twice', async () => {
    const { world, container } = await settled();
    await pullNextWeek(world, { [acr]: [a, b, c], [italy]: [a, b] });
    const [, newest] = await recordsOf(world, 'pull');
    await harm(container, 'status/Public.json');

    const { pulled } = await pullNextWeek(world, { [acr]: [a, b, c], [italy]: [a, b] });

    expect(pulled).toMatchObject({ outcome: 'unchanged', queued: [] });
    expect(damageTold(world)).toEqual([
      `status/Public.json was lost or is damaged: the app made it anew from the ledger, up to the run ${newest?.id ?? ''}. Nothing to do.`,
    ]);
    expect(world.notifications.map(({ type }) => type)).toEqual(['tag.changed', 'storage.damaged']);
    await expectWholeLedger(world);
    expect((await recordsOf(world, 'pull')).at(-1)?.outcome).toBe('unchanged');
  });
});

test('the source that stood still for long is known to have, though the status is lost', async () => {
  const { world, container } = await settled();
  const stuck = source({ [acr]: [a] }, { name: 'https://mirror.example.com/tags.json' });
  for (let week = 0; week < 6; week += 1) {
    world.clock.advance(7 * dayInMs);
    world.setSources(source({ [acr]: [a, b, `20.43.${week}.0/24`] }, { date: dayOf(world) }), stuck);
    await world.pull();
  }
  await harms.gone(container, 'status/Public.json');

  const { sources } = await world.pull();

  expect(sources.map(({ status }) => status)).toEqual(['healthy', 'stale']);
});

test('a stale list does not take the place of a snapshot that is lost', async () => {
  const { world, container, snapshot } = await settled();
  await harms.gone(container, `snapshots/Public/${snapshot}.json.gz`);
  world.setSources(source({ [acr]: [a] }, { date: '2025-11-24' }));

  await expect(world.pull()).rejects.toThrow('none is healthy, and the current snapshot was lost or is damaged');

  expect((await recordsOf(world, 'pull')).at(-1)).toMatchObject({ outcome: 'failed' });
  expect(prefixesIn(world)).toEqual([a, b]);
});

test('a history that a newer program wrote stops pulls and updates, and stays as it is', async () => {
  const { world, container } = await settled();
  const document = { ...(await historyIn(world)), version: 2 };
  const bytes = gzipSync(JSON.stringify(document));
  const blob = container.getBlockBlobClient('history/Public.json.gz');
  await blob.upload(bytes, bytes.length);
  const message =
    'service-tags/history/Public.json.gz has version 2, and this program knows versions up to 1: it stays as it is. ' +
    'Publish the newer program again.';

  world.clock.advance(7 * dayInMs);
  world.setSources(source({ [acr]: [a] }, { date: dayOf(world) }));
  await expect(world.pull()).rejects.toThrow(message);
  const [run] = await world.reconcile();

  expect((await recordsOf(world, 'pull')).at(-1)).toMatchObject({ outcome: 'failed', details: { error: message } });
  expect(run).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'newerVersion', message }] });
  expect(prefixesIn(world)).toEqual([a, b]);
  expect(await blob.downloadToBuffer()).toEqual(bytes);
});

describe('storage that does not answer is no loss', () => {
  test('the pull fails, is recorded, and told of once', async () => {
    const { world } = await settled();
    const { snapshots } = world.services;
    const error = '403 AuthorizationFailure';
    const get = () => Promise.reject(new Error(error));
    Object.assign(world.services, { snapshots: withMethods(snapshots, { get }) });
    const before = await snapshots.readPointer('Public');

    for (let hour = 0; hour < 2; hour += 1) await expect(world.pull()).rejects.toThrow(error);

    Object.assign(world.services, { snapshots });
    expect(await snapshots.readPointer('Public')).toEqual(before);
    expect((await recordsOf(world, 'pull')).slice(1)).toMatchObject([
      { outcome: 'failed', details: { error } },
      { outcome: 'failed', details: { error } },
    ]);
    expect((await snapshots.readPullStatus('Public'))?.lastPull).toMatchObject({ outcome: 'failed', error });
    expect(world.notifications).toEqual([
      {
        type: 'pull.failed',
        subject: 'Public',
        message: `The pull of the service tags (Public) failed: ${error}. Rules and feeds stay as they are, and the next pull tries again.`,
        data: { error },
      },
    ]);
    await pullNextWeek(world, { [acr]: [a, b, c] });
    expect(prefixesIn(world)).toContain(c);
  });

  test('a pull that fails behind its record is in the ledger once', async () => {
    const { world } = await settled();
    const notifier = { notify: () => Promise.reject(new Error('no answer')) };
    const told = world.services.notifier;
    Object.assign(world.services, { notifier });
    world.clock.advance(7 * dayInMs);
    world.setSources(source({ [acr]: [a, b, c] }, { date: dayOf(world) }));

    await expect(world.pull()).rejects.toThrow('no answer');

    Object.assign(world.services, { notifier: told });
    expect(await recordsOf(world, 'pull')).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
    expect((await world.pull()).outcome).toBe('unchanged');
  });
});

test('two clouds in one account: each has its own chain under the one name', async () => {
  const { world, clients, container, connectionString } = await settled();
  const china = await worlds.open({ targets: [], connectionString, cloud: 'China' });
  const chinese = (prefix: string) =>
    source({ [acr]: [prefix] }, { date: dayOf(china), cloud: 'China', name: 'china' });
  for (const prefix of [a, b]) {
    china.clock.advance(7 * dayInMs);
    china.setSources(chinese(prefix));
    await china.pull();
    await pullNextWeek(world, { [acr]: [a, b, prefix === a ? c : '20.42.72.0/24'] });
  }
  await harms.gone(container, 'status/China.json');
  china.clock.advance(7 * dayInMs);
  china.setSources(chinese(c));
  await china.pull();

  for (const [cloud, count] of [
    ['Public', 3],
    ['China', 3],
  ] as const) {
    const report = (await verifyLedger(clients, cloud)).find(({ chain }) => chain === 'pull');
    expect(report).toEqual({ chain: 'pull', count, breaks: [] });
  }
});
