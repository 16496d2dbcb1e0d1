/** What a pull takes for granted, and what it refuses: bad documents lose nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { fileSource } from '../../src/adapters/sources/file.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  acr,
  codesOf,
  deadSource,
  hooks,
  prefixesIn,
  prod,
  publish,
  publishNextWeek,
  recordsOf,
  source,
  useWorlds,
  weeklyDocument,
  writesOf,
  type TagLists,
} from './stories.ts';

const worlds = useWorlds();
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** The text as a weekly file on disk, given to the world as its only source. */
async function offer(world: World, text: string, date = '20260112'): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weekly-'));
  folders.push(folder);
  const path = join(folder, `ServiceTags_Public_${date}.json`);
  await writeFile(path, text);
  world.setSources(fileSource(`file:${path}`, path, 'Public'));
}

const first = { [acr]: ['20.42.66.0/24', '20.42.68.0/24', '2603:1030:401::/122'] };
const text = JSON.stringify(weeklyDocument({ [acr]: ['20.42.66.0/24'] }));

async function settledWorld(): Promise<World> {
  const world = await worlds.open({ targets: [hooks({ limits: openLimits })] });
  await publish(world, first);
  world.clock.advance(7 * 24 * 60 * 60 * 1000);
  return world;
}

describe('a document that cannot be believed', () => {
  const withoutPrefixes = text.replace(/,"addressPrefixes":\[[^\]]*\]/, '');

  const unbelievable: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', 'service tags of this week', /JSON/],
    ['JSON that ends in the middle', text.slice(0, text.length / 2), /JSON/],
    ['an HTML page', '<!DOCTYPE html><html><body>Sorry</body></html>', /HTML page, not JSON/],
    ['nothing', '', /empty/],
    ['no tags', JSON.stringify({ changeNumber: 1, cloud: 'Public', values: [] }), /values.*at least one service tag/],
    ['another cloud', text.replace('"Public"', '"AzureGovernment"'), /cloud: "AzureGovernment", expected "Public"/],
    ['a tag without addressPrefixes', withoutPrefixes, /values\[0\]\.properties\.addressPrefixes/],
    ['prefixes that are no texts', text.replace('"20.42.66.0/24"', '17'), /addressPrefixes\[0\]/],
  ];

  test('each fails the pull, which says what is wrong; pointer and rules stay, and the next good one goes on', async () => {
    const world = await settledWorld();
    const pointer = await world.services.snapshots.readPointer('Public');
    const writes = writesOf(world);
    for (const [what, body, message] of unbelievable) {
      world.clock.advance(60_000);
      await offer(world, body);

      await expect(world.pull()).rejects.toThrow(message);

      expect({ what, pointer: await world.services.snapshots.readPointer('Public') }).toEqual({ what, pointer });
      expect(world.queue.messages).toEqual([]);
      const error = expect.stringMatching(message) as unknown;
      expect((await recordsOf(world, 'pull')).at(-1)).toMatchObject({ outcome: 'failed', details: { error } });
      expect((await world.services.snapshots.readPullStatus('Public'))?.lastPull).toMatchObject({
        outcome: 'failed',
        error,
      });
    }
    await world.reconcile();
    expect(writesOf(world)).toEqual(writes);
    expect(prefixesIn(world)).toEqual(first[acr]);
    expect(await recordsOf(world, 'pull')).toHaveLength(1 + unbelievable.length);
    expect(world.notifications.at(-1)).toMatchObject({ type: 'source.failed' });

    await offer(world, JSON.stringify(weeklyDocument({ [acr]: [...first[acr], '20.42.70.0/24'] })));
    await world.pull();
    await world.drain();
    expect(prefixesIn(world)).toContain('20.42.70.0/24');
  });
});

describe('one prefix that cannot be read', () => {
  const broken = { [acr]: ['20.42.66.0/24', '300.1.2.0/24', '20.42.70.0/24', '2603:1030:401::/122'] };

  test('costs not the week: additions go in, nothing is removed, and people are told', async () => {
    const world = await settledWorld();
    await offer(world, JSON.stringify(weeklyDocument(broken)));

    const pull = await world.pull();
    const [run] = await world.drain();

    expect(pull.warnings).toEqual([
      expect.objectContaining({ kind: 'unreadable', tag: acr, prefix: '300.1.2.0/24' }) as object,
    ]);
    expect(prefixesIn(world)).toEqual([...first[acr].slice(0, 2), '20.42.70.0/24', '2603:1030:401::/122']);
    expect(run?.plan?.held.remove).toEqual(['20.42.68.0/24']);
    expect(run?.reasons.find(({ code }) => code === 'unreadablePrefix')?.message).toContain('300.1.2.0/24');
    expect((await recordsOf(world, 'pull')).at(-1)?.details).toMatchObject({ warningCount: 1 });
  });

  test('holds nothing in a target that does not use the tag', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: openLimits })] });
    await publish(world, { ...first, Storage: ['20.60.0.0/24'] });
    await publishNextWeek(world, { [acr]: ['20.42.66.0/24'], Storage: ['300.1.2.0/24'] });

    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
  });

  test('once the list is whole again, removals go on', async () => {
    const world = await settledWorld();
    await offer(world, JSON.stringify(weeklyDocument(broken)));
    await world.pull();
    await world.drain();

    await publishNextWeek(world, { [acr]: ['20.42.66.0/24', '20.42.70.0/24', '2603:1030:401::/122'] });
    await world.reconcile();

    expect(prefixesIn(world)).toEqual(['20.42.66.0/24', '20.42.70.0/24', '2603:1030:401::/122']);
  });
});

describe('what makes a snapshot', () => {
  test('content decides: another change number over the same content stores nothing, but is a publication', async () => {
    const world = await worlds.open();
    await publish(world, first, 17);
    const before = await world.services.snapshots.readPullStatus('Public');

    world.clock.advance(7 * 24 * 60 * 60 * 1000);
    world.setSources(source(first, { date: '2026-01-12', changeNumber: 9 }));
    const pull = await world.pull();

    expect(pull).toMatchObject({ outcome: 'unchanged', changeNumber: 9, queued: [] });
    expect(pull.message).toMatch(/^same content as Public-20260105-17-[0-9a-f]{12}: nothing stored$/);
    expect(await world.services.snapshots.list('Public')).toHaveLength(1);
    const after = await world.services.snapshots.readPullStatus('Public');
    expect(after?.publication?.key).not.toBe(before?.publication?.key);
    expect(await recordsOf(world, 'pull')).toHaveLength(1);
  });

  test('the same change number over other content is news', async () => {
    const world = await worlds.open();
    await publish(world, first, 17);

    const [run] = await publishNextWeek(world, { [acr]: [...first[acr], '20.42.70.0/24'] }, 17);

    expect(run?.plan?.add).toEqual(['20.42.70.0/24']);
  });

  test('a list that comes back within its week is a snapshot of its own, in the history too; what it lacks of the one in between is young', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: defaultLimits })] });
    const ten = Array.from({ length: 10 }, (_, index) => `20.43.${index}.0/24`);
    const lists = { ...first, Storage: ['20.60.0.0/24'] };
    const pull = async (tags: TagLists) => {
      world.setSources(source(tags, { date: '2026-01-05' }));
      const result = await world.pull();
      await world.drain();
      return result;
    };

    const before = await pull(lists);
    const longer = await pull({ ...lists, [acr]: [...first[acr], ...ten] });
    const back = await pull(lists);
    const again = await pull({ ...lists, [acr]: [...first[acr], ...ten] });
    const end = await pull({ ...lists, Storage: ['20.61.0.0/24'] });

    expect([before, longer, back, again, end].map(({ snapshot }) => snapshot.slice(0, 15))).toEqual([
      'Public-20260105',
      'Public-20260105',
      'Public-20260106',
      'Public-20260106',
      'Public-20260105',
    ]);
    expect(back.snapshot.slice(-12)).toBe(before.snapshot.slice(-12));
    expect(back.quarantine).toEqual([]);
    const items = await world.services.snapshots.list('Public');
    expect(items.find(({ id }) => id === back.snapshot)?.quarantine).toEqual(back.quarantine);
    expect(prefixesIn(world)).toEqual(expect.arrayContaining(ten));

    const { library, timelines } = buildQueries({ ...world.services, maxPullAgeInHours: 26 });
    expect((await library.chain()).map(({ id }) => id)).toEqual(
      [end, again, back, longer, before].map(({ snapshot }) => snapshot),
    );
    const { entries } = await timelines.timeline(acr);
    // Before these comes what is built in, since 2019.
    expect(entries.slice(0, 4).map(({ added, removed }) => [added.length, removed.length])).toEqual([
      [0, 10],
      [10, 0],
      [0, 10],
      [10, 0],
    ]);
  });

  test('a file older than the current snapshot is not followed', async () => {
    const world = await worlds.open();
    await publish(world, first);
    world.setSources(source({ [acr]: ['20.42.66.0/24'] }, { date: '2025-12-29' }));

    const pull = await world.pull();

    expect(pull.outcome).toBe('unchanged');
    expect(pull.message).toMatch(/of 29 Dec 2025, older than the current snapshot of 5 Jan 2026/);
    await world.reconcile();
    expect(prefixesIn(world)).toEqual(first[acr]);
  });

  test('what an older file brings back is told as that, in the record and to people', async () => {
    const world = await worlds.open();
    await publish(world, first);
    world.setSources(source({ [acr]: ['20.42.64.0/24'] }, { date: '2025-12-29' }));

    const pull = await world.pull();

    const late = 'The newest document is of 29 Dec 2025, older than the current list of 5 Jan 2026: the app only adds';
    expect(pull).toMatchObject({ outcome: 'changed', message: expect.stringContaining(late) as unknown });
    expect((await recordsOf(world, 'pull')).at(-1)?.reasons.at(-1)?.message).toContain(late);
    expect(world.notifications.at(-1)).toMatchObject({
      type: 'tag.changed',
      message: expect.stringContaining(
        `the newest list adds 1 prefix (20.42.64.0/24). Feeds and the targets that follow the tag are updated now, within their limits. The page shows every prefix. ${late}`,
      ) as unknown,
    });
  });

  test('a prefix around many known ones is told as the list writes it, not as the pieces between them', async () => {
    const world = await worlds.open();
    const known = Array.from({ length: 60 }, (_, index) => `20.${index}.1.0/24`);
    await publish(world, { [acr]: known });
    await publishNextWeek(world, { [acr]: [...known, '0.0.0.0/0'] });
    await publishNextWeek(world, { [acr]: known });

    const everything = ['0.0.0.0/0'];
    expect(world.notifications.filter(({ type }) => type === 'tag.changed').slice(-2)).toMatchObject([
      {
        message: expect.stringContaining('the newest list adds 1 prefix (0.0.0.0/0). ') as unknown,
        data: { added: everything, removed: [] },
      },
      {
        message: expect.stringContaining('the newest list leaves out 1 prefix (0.0.0.0/0). ') as unknown,
        data: { added: [], removed: everything },
      },
    ]);
  });

  test('people hear that targets keep for now what a list leaves out', async () => {
    const world = await worlds.open();
    const many = Array.from({ length: 60 }, (_, index) => `20.42.${index}.0/24`);
    await publish(world, { [acr]: many });

    await publishNextWeek(world, { [acr]: many.slice(1) });

    expect(world.notifications.at(-1)).toMatchObject({
      type: 'tag.changed',
      message:
        'AzureContainerRegistry: the newest list leaves out 1 prefix (20.42.0.0/24). Feeds and the targets that follow the tag are updated now, within their limits. Targets keep what is left out until its grace period is over; what was listed only briefly has none. The page shows every prefix.',
    });
  });

  test('the day of a pull that knew no file is no reason to refuse the file of the day before', async () => {
    const world = await worlds.open({ start: new Date('2026-01-06T12:00:00Z') });
    world.setSources(deadSource(), source(first, { name: 'api' }));
    await world.pull();

    world.setSources(source({ [acr]: [...first[acr], '20.42.70.0/24'] }, { date: '2026-01-05' }));
    const pull = await world.pull();
    await world.drain();

    expect(pull).toMatchObject({ outcome: 'changed', date: '2026-01-05' });
    expect(prefixesIn(world)).toContain('20.42.70.0/24');
  });

  test('an unknown region blocks its target and names the nearest ones; the others go on', async () => {
    const mistaken = prod({ regions: ['westeurop'] });
    const world = await worlds.open({ targets: [hooks(), mistaken] });

    const runs = await publish(world, { ...first, [`${acr}.WestEurope`]: ['20.42.66.0/24'] });
    runs.push(...(await world.reconcile()));

    const blocked = runs.find(({ chain }) => chain === mistaken.name);
    expect(blocked).toMatchObject({ outcome: 'blocked' });
    expect(codesOf(blocked)).toEqual(expect.arrayContaining(['unknownRegion']));
    expect(blocked?.reasons[0]?.message).toMatch(/"westeurop".*nearest: westeurope/);
    expect(prefixesIn(world)).toEqual(first[acr]);
    expect(writesOf(world).filter((write) => write.startsWith('PATCH'))).toEqual([]);
  });
});
