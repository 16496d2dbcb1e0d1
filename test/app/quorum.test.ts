/** A quorum of sources: in when any healthy one has it, out only when none has. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { RunRecord } from '../../src/core/runRecord.ts';
import { openLimits } from '../core/planFixtures.ts';
import { acr, dayInMs, deadSource, dayOf, hooks, prefixesIn, recordsOf, source, useWorlds } from './stories.ts';

const worlds = useWorlds();
const both = ['20.42.66.0/24', '20.42.68.0/24'];
const less = ['20.42.66.0/24'];
const more = [...both, '20.42.70.0/24'];

/** No grace: what the quorum believes gone is gone at once. */
const eager = hooks({ limits: openLimits });

interface Lists {
  /** Undefined: the source is dead. */
  readonly download?: readonly string[] | undefined;
  readonly api?: readonly string[] | undefined;
}

async function pull(world: World, { download, api }: Lists): Promise<RunRecord[]> {
  world.setSources(
    download ? source({ [acr]: download }, { date: dayOf(world) }) : deadSource(),
    api ? source({ [acr]: api }, { name: 'api' }) : deadSource('api'),
  );
  await world.pull();
  return [...(await world.drain()), ...(await world.reconcile())];
}

async function pullNextWeek(world: World, lists: Lists): Promise<RunRecord[]> {
  world.clock.advance(7 * dayInMs);
  return pull(world, lists);
}

async function settledWorld(): Promise<World> {
  const world = await worlds.open({ targets: [eager] });
  await pull(world, { download: both, api: both });
  return world;
}

async function reportsOf(world: World) {
  const status = await world.services.snapshots.readPullStatus('Public');
  return Object.fromEntries((status?.sources ?? []).map((report) => [report.source, report.status]));
}

describe('additions', () => {
  test.each([
    ['the file', { download: more, api: both }],
    ['the API', { download: both, api: more }],
    ['the only one that answers', { download: undefined, api: more }],
  ])('come from %s alone', async (_who, lists: Lists) => {
    const world = await settledWorld();

    await pullNextWeek(world, lists);

    expect(prefixesIn(world)).toEqual(more);
  });
});

describe('removals', () => {
  test('start only when all healthy sources lack the prefix', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { download: less, api: both });
    expect(prefixesIn(world)).toEqual(both);

    await pullNextWeek(world, { download: less, api: less });
    expect(prefixesIn(world)).toEqual(less);
  });

  test('a source that lists what the others dropped keeps it, whichever it is', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { download: both, api: less });

    expect(prefixesIn(world)).toEqual(both);
  });

  test('a dead source is no vote against a removal that the file shows', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { download: less });

    expect(prefixesIn(world)).toEqual(less);
  });

  test('the API alone starts none: it may be weeks behind the file', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { api: less });
    await pullNextWeek(world, { api: less });

    expect(prefixesIn(world)).toEqual(both);
    expect((await world.services.states.get('hooks'))?.absent).toEqual([]);
  });

  test('a week in which only the API answered confirms no removal that waits', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: { ...openLimits, removalConfirmations: 1 } })] });
    await pull(world, { download: both, api: both });
    await pullNextWeek(world, { download: less, api: less });

    await pullNextWeek(world, { api: less });
    expect(prefixesIn(world)).toEqual(both);

    await pullNextWeek(world, { download: less, api: less });
    expect(prefixesIn(world)).toEqual(less);
  });

  test('the file that comes back after days of the API alone is followed at once, though it is dated back', async () => {
    const world = await settledWorld();
    world.clock.advance(8 * dayInMs);
    await pull(world, { api: more });

    world.setSources(source({ [acr]: [...more, '20.42.72.0/24'] }, { date: '2026-01-12' }), deadSource('api'));
    await world.pull();
    await world.drain();

    expect(prefixesIn(world)).toEqual([...more, '20.42.72.0/24']);
  });
});

describe('what people hear', () => {
  test('a dead source: status, record and one notification; the other goes on', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { api: both });
    await pullNextWeek(world, { api: both });

    expect(await reportsOf(world)).toEqual({ download: 'failed', api: 'healthy' });
    expect(world.notifications.filter(({ type }) => type === 'source.failed')).toEqual([
      {
        type: 'source.failed',
        subject: 'download',
        message: 'source download: no answer. The other sources go on.',
        data: { source: 'download', status: 'failed', error: 'source download: no answer' },
      },
    ]);
    expect(await lastPullDetails(world)).toMatchObject({
      sources: [
        { source: 'download', status: 'failed', error: 'source download: no answer' },
        { source: 'api', status: 'healthy' },
      ],
    });
  });

  test('sources that disagree: status, record and one notification that names what', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { download: less, api: both });
    await pullNextWeek(world, { download: less, api: both });

    const status = await world.services.snapshots.readPullStatus('Public');
    expect(status?.disagreements).toEqual([{ tag: acr, source: 'api', prefixes: ['20.42.68.0/24'] }]);
    const told = world.notifications.filter(({ type }) => type === 'source.disagreeing');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ subject: acr, data: { source: 'api', prefixes: ['20.42.68.0/24'] } });
    expect(await lastPullDetails(world)).toMatchObject({ disagreements: [{ source: 'api', tag: acr, prefixes: 1 }] });
  });

  test('a stale source: a file five weeks older than the newest one is told of, and counts no more', async () => {
    const world = await settledWorld();
    const stale = source({ [acr]: both }, { name: 'https://tags.example.com/list.json', date: '2025-11-24' });

    world.clock.advance(7 * dayInMs);
    world.setSources(source({ [acr]: less }, { date: dayOf(world) }), stale);
    await world.pull();
    await world.drain();

    expect(prefixesIn(world)).toEqual(less);
    expect(await reportsOf(world)).toMatchObject({ download: 'healthy', [stale.name]: 'stale' });
    expect(world.notifications.find(({ subject }) => subject === stale.name)).toMatchObject({
      type: 'source.failed',
      message: `source ${stale.name} is stale: its file is of 2025-11-24, so it is not counted. The other sources go on.`,
    });
    expect(await lastPullDetails(world)).toMatchObject({ sources: [{}, { source: stale.name, status: 'stale' }] });
  });

  test('an API that stands still for more than four weeks beside a file that moves is stale', async () => {
    const world = await settledWorld();
    for (let week = 1; week <= 5; week += 1) {
      await pullNextWeek(world, { download: [...both, `20.43.${week}.0/24`], api: both });
    }

    expect(await reportsOf(world)).toEqual({ download: 'healthy', api: 'stale' });
  });

  test('all dead: the pull fails, is recorded, and says each error', async () => {
    const world = await settledWorld();
    world.setSources(deadSource(), deadSource('api'));

    await expect(world.pull()).rejects.toThrow(/none is healthy: source download: no answer; source api: no answer/);

    expect((await recordsOf(world, 'pull')).at(-1)).toMatchObject({ outcome: 'failed' });
    expect(await reportsOf(world)).toEqual({ download: 'failed', api: 'failed' });
  });

  test('a source that is well again is in the record, and a later failure is told anew', async () => {
    const world = await settledWorld();
    await pullNextWeek(world, { api: both });
    await pullNextWeek(world, { download: both, api: both });
    expect(await lastPullDetails(world)).toMatchObject({ sources: [{ source: 'download', status: 'healthy' }, {}] });

    await pullNextWeek(world, { api: both });

    expect(world.notifications.filter(({ type }) => type === 'source.failed')).toHaveLength(2);
  });
});

async function lastPullDetails(world: World): Promise<RunRecord['details']> {
  return (await recordsOf(world, 'pull')).at(-1)?.details;
}
