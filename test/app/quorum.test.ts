/** A quorum of sources: in when any healthy one has it, out only when none has. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import type { ServiceTagsSource } from '../../src/app/ports.ts';
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

test('additions come from the file alone, from the API alone, and from the only one that answers', async () => {
  const world = await settledWorld();
  const [x, y, z] = ['20.42.70.0/24', '20.42.72.0/24', '20.42.74.0/24'] as const;

  await pullNextWeek(world, { download: [...both, x], api: both });
  expect(prefixesIn(world)).toEqual([...both, x]);

  await pullNextWeek(world, { download: [...both, x], api: [...both, x, y] });
  expect(prefixesIn(world)).toEqual([...both, x, y]);

  await pullNextWeek(world, { api: [...both, x, y, z] });
  expect(prefixesIn(world)).toEqual([...both, x, y, z]);
});

describe('removals', () => {
  test('start only when all healthy sources lack the prefix, whichever still lists it', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { download: less, api: both });
    expect(prefixesIn(world)).toEqual(both);

    await pullNextWeek(world, { download: both, api: less });
    expect(prefixesIn(world)).toEqual(both);

    await pullNextWeek(world, { download: less, api: less });
    expect(prefixesIn(world)).toEqual(less);
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
    expect((await world.services.states.get('hooks'))?.run.seen?.absent).toEqual([]);
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

/** Everything at once: what a firewall that polls sees, and what stands in the rules. */
async function pullFrom(world: World, ...sources: readonly ServiceTagsSource[]) {
  world.setSources(...sources);
  const result = await world.pull();
  await world.drain();
  await world.reconcile();
  const { snapshot } = await currentOf(world);
  return { ...result, listed: snapshot?.document.values[0]?.addressPrefixes };
}

async function currentOf(world: World) {
  const answer = await world.services.snapshots.readPointer('Public');
  if (typeof answer !== 'object') throw new Error('nothing was pulled');
  return { ...answer, snapshot: await world.services.snapshots.get('Public', answer.pointer.snapshot) };
}

const file = (date: string, prefixes: readonly string[]) => source({ [acr]: prefixes }, { date });
const api = (prefixes: readonly string[]) => source({ [acr]: prefixes }, { name: 'api' });
const mirror = (prefixes: readonly string[], date?: string) =>
  source({ [acr]: prefixes }, { name: 'https://mirror.example.com/tags.json', date });

describe('lists that are late', () => {
  const [x, y] = ['20.42.70.0/24', '20.42.72.0/24'];

  test('a lagging file leads, and what the API has goes in all the same', async () => {
    const world = await worlds.open({ targets: [eager] });
    await pullFrom(world, file('2026-01-05', both), api(both), mirror(both, '2026-01-05'));
    world.clock.advance(7 * dayInMs);
    await pullFrom(world, file('2026-01-12', [...both, x]), api(both), mirror(both, '2026-01-05'));

    world.clock.advance(5 * dayInMs);
    await pullFrom(world, deadSource(), api([...both, x, y]), mirror(both, '2026-01-05'));

    expect(prefixesIn(world)).toEqual([...both, x, y]);
    expect((await currentOf(world)).pointer).toMatchObject({ date: '2026-01-12', fileDate: '2026-01-12' });
  });

  test('last week is not followed again after a pull of the API alone', async () => {
    const world = await worlds.open({ targets: [eager] });
    await pullFrom(world, file('2026-01-05', both), api(both));
    world.clock.advance(7 * dayInMs);
    await pullFrom(world, file('2026-01-12', [...both, x]), api(both));
    world.clock.advance(dayInMs);
    await pullFrom(world, deadSource(), api([...both, y]));

    world.clock.advance(dayInMs);
    const pulled = await pullFrom(world, file('2026-01-05', both), deadSource('api'));

    expect(pulled).toMatchObject({ outcome: 'unchanged', listed: [...both, x, y] });
    expect(pulled.message).toContain('of 5 Jan 2026, older than the current snapshot of 12 Jan 2026');
    expect(prefixesIn(world)).toEqual([...both, x, y]);
  });

  test('a page that shows last week and this week in turns changes the list once, until next week', async () => {
    const world = await worlds.open({ targets: [eager], start: new Date('2026-01-13T12:00:00Z') });
    await pullFrom(world, file('2026-01-12', less));

    const outcomes: string[] = [];
    for (const [date, list] of [
      ['2026-01-05', both],
      ['2026-01-12', less],
      ['2026-01-05', both],
    ] as const) {
      outcomes.push((await pullFrom(world, file(date, list))).outcome);
    }
    expect(outcomes).toEqual(['changed', 'unchanged', 'unchanged']);
    expect(prefixesIn(world)).toEqual(both);

    world.clock.advance(7 * dayInMs);
    await pullFrom(world, file('2026-01-19', less));
    expect(prefixesIn(world)).toEqual(less);
  });

  test('a source that is silent for one pull takes nothing with it', async () => {
    const world = await settledWorld();
    await pullFrom(world, file('2026-01-05', both), api(more));

    const { listed } = await pullFrom(world, file('2026-01-05', both), deadSource('api'));

    expect(listed).toEqual(more);
  });

  test('the API left alone by the configuration starts no removal for four weeks', async () => {
    const world = await settledWorld();

    for (const days of [7, 7, 14]) {
      world.clock.advance(days * dayInMs);
      await pullFrom(world, api([...less, `20.43.${days}.0/24`]));
      expect(prefixesIn(world)).toEqual(expect.arrayContaining(both));
    }

    world.clock.advance(dayInMs);
    await pullFrom(world, api(less));
    expect(prefixesIn(world)).toEqual(less);
  });

  test('what a late list adds confirms no removal that waits', async () => {
    const world = await settledWorld();
    const before = (await world.services.snapshots.readPullStatus('Public'))?.publication;

    await pullNextWeek(world, { api: more });

    expect((await world.services.snapshots.readPullStatus('Public'))?.publication).toEqual(before);
    expect((await recordsOf(world, 'pull')).at(-1)?.details).toMatchObject({ addsOnly: true });
  });
});

describe('a file that is dated in the future', () => {
  test('is of the day of the pull, freezes nothing, and is told of', async () => {
    const world = await settledWorld();
    world.clock.advance(7 * dayInMs);
    const { warnings, snapshot } = await pullFrom(world, file('2027-01-12', [...less, '20.42.70.0/24']));

    expect(prefixesIn(world)).toEqual([...less, '20.42.70.0/24']);
    expect(warnings).toEqual([expect.objectContaining({ kind: 'futureDate' })]);
    expect(snapshot).toContain('Public-20260112-');

    world.clock.advance(7 * dayInMs);
    await pullFrom(world, file('2026-01-19', [...less, '20.42.72.0/24']));
    expect(prefixesIn(world)).toEqual([...less, '20.42.72.0/24']);
  });

  test('grows old all the same', async () => {
    const world = await worlds.open({ targets: [eager] });
    const stuck = mirror(less, '2027-01-12');
    for (let week = 0; week <= 5; week += 1) {
      await pullFrom(world, file(dayOf(world), both), stuck);
      world.clock.advance(7 * dayInMs);
    }
    expect(await reportsOf(world)).toMatchObject({ [stuck.name]: 'stale' });

    await pullFrom(world, deadSource(), stuck);
    expect(prefixesIn(world)).toEqual(both);
  });

  test('as the first one of all is a snapshot of the day of the pull', async () => {
    const world = await worlds.open({ targets: [eager] });

    expect((await pullFrom(world, file('2027-01-12', both))).date).toBe('2026-01-05');
  });

  test('does no harm in a pointer of an earlier version', async () => {
    const world = await settledWorld();
    const { pointer, etag } = await currentOf(world);
    const { fileDate, ...earlier } = pointer;
    expect(fileDate).toBe('2026-01-05');
    await world.services.snapshots.replacePointer({ ...earlier, date: '2027-01-12' }, etag);

    world.clock.advance(7 * dayInMs);
    await pullFrom(world, file('2026-01-12', less));

    expect(prefixesIn(world)).toEqual(less);
  });
});

describe('a stale source', () => {
  const grown = (weeks: number) => [...both, ...Array.from({ length: weeks }, (_, week) => `20.43.${week}.0/24`)];

  async function sixWeeks(world: World, stuck: ServiceTagsSource): Promise<void> {
    for (let week = 0; week <= 6; week += 1) {
      await pullFrom(world, file(dayOf(world), grown(week)), stuck);
      world.clock.advance(7 * dayInMs);
    }
  }

  test.each([
    ['of a file', mirror(less, '2026-01-05')],
    ['without a date', mirror(less)],
  ])('%s does not get well because it failed for once, nor when the good one fails', async (_, stuck) => {
    const world = await worlds.open({ targets: [eager] });
    await sixWeeks(world, stuck);
    const good = grown(7);

    await pullFrom(world, file(dayOf(world), good), deadSource(stuck.name));
    await pullFrom(world, file(dayOf(world), good), stuck);
    expect(await reportsOf(world)).toMatchObject({ [stuck.name]: 'stale' });

    for (const days of [1, 1, 40]) {
      world.clock.advance(days * dayInMs);
      const { listed, message } = await pullFrom(world, deadSource(), stuck);
      expect(listed).toEqual(good);
      expect(message).toMatch(/: Public-20260223-\S+ stays current$/);
    }

    expect(prefixesIn(world)).toEqual(good);
    expect(await reportsOf(world)).toMatchObject({ download: 'failed', [stuck.name]: 'stale' });
  });

  test('is better than none where nothing was pulled yet', async () => {
    const world = await worlds.open({ targets: [eager] });

    await pullFrom(world, deadSource(), mirror(both, '2020-01-06'));

    expect(prefixesIn(world)).toEqual(both);
  });
});

describe('what people hear', () => {
  test('a dead source: status, record and one notification; well again, and a later failure is told anew', async () => {
    const world = await settledWorld();

    await pullNextWeek(world, { api: both });
    await pullNextWeek(world, { api: both });

    expect(await reportsOf(world)).toEqual({ download: 'failed', api: 'healthy' });
    expect(world.notifications.filter(({ type }) => type === 'source.failed')).toEqual([
      {
        type: 'source.failed',
        subject: 'download',
        message:
          'source download: no answer. The other sources continue, and every pull asks this one again. If it stays so, correct or replace it in SERVICE_TAGS_SOURCES.',
        data: { source: 'download', status: 'failed', error: 'source download: no answer' },
      },
    ]);
    expect(await lastPullDetails(world)).toMatchObject({
      sources: [
        { source: 'download', status: 'failed', error: 'source download: no answer' },
        { source: 'api', status: 'healthy' },
      ],
    });

    await pullNextWeek(world, { download: both, api: both });
    expect(await lastPullDetails(world)).toMatchObject({ sources: [{ source: 'download', status: 'healthy' }, {}] });

    await pullNextWeek(world, { api: both });
    expect(world.notifications.filter(({ type }) => type === 'source.failed')).toHaveLength(2);
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
      message: `source ${stale.name} is stale: its file is of 24 Nov 2025, so the app takes nothing from it. The other sources continue, and every pull asks this one again. If it stays so, correct or replace it in SERVICE_TAGS_SOURCES.`,
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
});

async function lastPullDetails(world: World): Promise<RunRecord['details']> {
  return (await recordsOf(world, 'pull')).at(-1)?.details;
}
