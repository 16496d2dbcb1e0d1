import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { HistoryReader } from '../../src/app/history/historyReader.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { readReleases } from '../../src/app/queries/releases.ts';
import { rejectRelease } from '../../src/app/releaseDecisions.ts';
import { listedPeriods } from '../../src/core/explain/listedPeriods.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import { releasedToFeeds } from '../../src/core/history/releasedToFeeds.ts';
import {
  acr,
  dayInMs,
  dayOf,
  deadSource,
  hooks,
  prefixesIn,
  publish,
  publishNextWeek,
  recordsOf,
  source,
  useWorlds,
} from './stories.ts';

const worlds = useWorlds({ wholeHistory: true });
const [a, b, c] = ['20.42.66.0/24', '20.42.68.0/24', '20.42.70.0/24'];
const italy = `${acr}.ItalyNorth`;
const good = { [acr]: [a, b] };
const bad = { [acr]: [a, b, '60.0.0.0/20', '61.0.0.0/20'] };

async function currentOf(world: World): Promise<string> {
  const answer = await world.services.snapshots.readPointer('Public');
  if (answer === undefined || answer === 'notModified') throw new Error('nothing was pulled');
  return answer.pointer.snapshot;
}

async function feedOf(world: World, tag = acr): Promise<readonly string[] | undefined> {
  return releasedToFeeds(await new HistoryReader(world.services).read(), tag)?.served;
}

describe('a release that is rejected', () => {
  async function poisoned(): Promise<{ world: World; before: string; rejected: string }> {
    const world = await worlds.open();
    await publish(world, good);
    const before = await currentOf(world);
    await publishNextWeek(world, bad);
    return { world, before, rejected: await currentOf(world) };
  }

  test('counts as never published: the list before is current, feeds have it at once, and the ledger says so', async () => {
    const { world, before, rejected } = await poisoned();
    expect(await feedOf(world)).toHaveLength(4);

    const result = await world.actions.rejectRelease(rejected, 'Not of Azure.', 'ciso@contoso.com');

    expect(result).toMatchObject({ snapshot: before });
    expect(result.message).toContain('counts as never published: Not of Azure. Feeds return to ');
    expect(await currentOf(world)).toBe(before);
    expect(await feedOf(world)).toEqual([a, b]);
    const record = (await recordsOf(world, 'pull')).at(-1);
    expect(record).toMatchObject({ id: result.runId, trigger: { reason: 'reject', by: 'ciso@contoso.com' } });
    const [run] = await world.drain();
    expect(run?.snapshot?.id).toBe(before);
  });

  test('is not taken again while the sources list it, also under a later date', async () => {
    const { world, before, rejected } = await poisoned();
    await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');

    await world.pull();
    await publishNextWeek(world, bad, 9);

    expect(await currentOf(world)).toBe(before);
    await publishNextWeek(world, { [acr]: [a, b, c] });
    expect(await feedOf(world)).toEqual([a, b, c]);
  });

  test('its prefixes that a target still has are said to be of it, not to be unlisted since some other day', async () => {
    const world = await worlds.open({ targets: [hooks({ policy: 'addOnly', limits: openLimits })] });
    await publish(world, good);
    await publishNextWeek(world, bad);

    await world.actions.rejectRelease(await currentOf(world), 'Not of Azure.', 'a person');
    await world.drain();

    expect((await world.actions.planTarget('hooks')).reasons.map(({ message }) => message)).toEqual([
      '60.0.0.0/20 and 1 more (8,192 addresses) are listed only by a release that a person rejected. Policy addOnly keeps them: remove them by hand if nobody needs them.',
    ]);
  });

  test('is decided on with what was decided before, read once: another decision meanwhile is a conflict', async () => {
    const { world, rejected } = await poisoned();
    const { histories } = world.services;
    let reads = 0;
    const counting = withMethods(histories, {
      readDecisions: async (cloud) => {
        reads += 1;
        const stored = await histories.readDecisions(cloud);
        const other = { snapshot: 'other', at: '2026-01-12T00:00:00.000Z', by: 'another person', reason: 'Meanwhile.' };
        await histories.replaceDecisions({ version: 1, cloud, rejected: [other], retired: [] }, stored?.etag);
        return stored;
      },
    });

    const rejecting = rejectRelease({ ...world.services, histories: counting }, rejected, 'Not of Azure.', 'a person');

    await expect(rejecting).rejects.toMatchObject({ status: 409, problem: 'pull-busy' });
    expect(reads).toBe(1);
    expect((await histories.readDecisions('Public'))?.decisions.rejected).toMatchObject([{ snapshot: 'other' }]);
    expect(await currentOf(world)).toBe(rejected);
  });

  test('is left by the next pull if the rejection was cut off before its last step', async () => {
    const { world, before, rejected } = await poisoned();
    const { services } = world;
    const snapshots = withMethods(services.snapshots, { replacePointer: () => Promise.reject(new Error('cut off')) });
    await expect(rejectRelease({ ...services, snapshots }, rejected, 'Not of Azure.', 'a person')).rejects.toThrow();
    expect(await currentOf(world)).toBe(rejected);

    await world.pull();

    expect(await currentOf(world)).toBe(before);
    const [run] = await world.reconcile();
    expect(run?.snapshot?.id).toBe(before);
  });

  test('counts again when that is taken back', async () => {
    const { world, rejected } = await poisoned();
    await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');
    await world.actions.takeBackRejection(rejected, 'a person');
    await world.pull();

    expect(await currentOf(world)).toBe(rejected);
    expect(await feedOf(world)).toHaveLength(4);
    await expect(world.actions.takeBackRejection(rejected, 'a person')).rejects.toMatchObject({ status: 404 });
  });

  test('is left out of the history of a tag that no pull records too, even if a later release is current', async () => {
    const world = await worlds.open();
    await publish(world, { ...good, Sql: [a] });
    await publishNextWeek(world, { ...good, Sql: [a, '60.0.0.0/20'] });
    const rejected = await currentOf(world);
    await publishNextWeek(world, { ...good, Sql: [a, b] });
    const current = await currentOf(world);
    const reader = new HistoryReader(world.services);
    const listed = async () => (await reader.readFor('Sql')).releases.map(({ snapshot }) => snapshot);
    expect(await listed()).toContain(rejected);

    await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');

    expect(await currentOf(world)).toBe(current);
    expect(await listed()).not.toContain(rejected);
    await world.actions.takeBackRejection(rejected, 'a person');
    expect(await listed()).toContain(rejected);
  });

  test.each<[string, (world: World, history: BlockBlobClient) => Promise<unknown>]>([
    ['another list came', (world) => publishNextWeek(world, { [acr]: [a, b, c] }, 3)],
    ['the list before came again', (world) => publishNextWeek(world, good, 3)],
    [
      'the history was lost and another list came',
      async (world, history) => {
        await history.delete();
        await publishNextWeek(world, { [acr]: [a, b, c] }, 3);
      },
    ],
  ])('leaves a target without a grace period, even if %s before the target was updated', async (_, act) => {
    const connectionString = worlds.freshConnectionString();
    const patient = hooks({ limits: { ...openLimits, removalGraceDays: 60, removalConfirmations: 2 } });
    const world = await worlds.open({ targets: [patient], connectionString });
    await publish(world, good);
    await publishNextWeek(world, bad, 2);
    expect(prefixesIn(world)).toContain('60.0.0.0/20');
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
    world.setTargets([]);
    await world.actions.rejectRelease(await currentOf(world), 'Not of Azure.', 'a person');
    await act(world, container.getBlockBlobClient('history/Public.json.gz'));

    world.setTargets([patient]);
    await world.reconcile();
    world.clock.advance(dayInMs);
    await world.reconcile();

    expect(prefixesIn(world)).toEqual(
      (await world.services.snapshots.get('Public', await currentOf(world)))?.document.values[0]?.addressPrefixes,
    );
  });

  test('is no reason that a later release, which lists the same, does not count as the first to list it', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [a] });
    await publishNextWeek(world, { [acr]: [a, b] });
    const rejected = await currentOf(world);
    await publishNextWeek(world, { [acr]: [a, b, c] });
    await world.actions.rejectRelease(rejected, 'Too early.', 'a person');

    const releases = await readReleases(buildQueries({ ...world.services, maxPullAgeInHours: 1_000 }));

    expect(listedPeriods(releases, b)).toMatchObject([{ prefix: b, from: dayOf(world), until: null }]);
    expect(releases.slice(-2).map(({ rejected: is, tags }) => [is, tags[acr]?.add])).toEqual([
      [true, [b]],
      [undefined, [b, c]],
    ]);
  });

  test('is none that a target may be rolled back to, and a target that was rolled back to it before writes nothing', async () => {
    const { world, rejected } = await poisoned();
    const written = prefixesIn(world);
    await world.actions.rollbackTarget('hooks', rejected, 'a person');
    await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');
    const [run] = await world.reconcile();

    expect(run).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'noSnapshot' }, {}] });
    expect(run?.reasons[0]?.message).toContain(`DELETE snapshots/${rejected}/reject`);
    expect(prefixesIn(world)).toEqual(written);

    await world.actions.resumeTarget('hooks', 'a person');
    await expect(world.actions.rollbackTarget('hooks', rejected, 'a person')).rejects.toMatchObject({
      status: 409,
      problem: 'release-decided',
    });
  });

  test('is refused if it is none, is built in, is rejected already, or is all there is', async () => {
    const { world, before, rejected } = await poisoned();
    const reject = (id: string) => world.actions.rejectRelease(id, 'No.', 'a person');

    await expect(reject('Public-20250101-1-000000000000')).rejects.toMatchObject({ status: 404 });
    await expect(reject('Public-20190722-82-builtin')).rejects.toMatchObject({ status: 409 });
    await reject(rejected);
    await expect(reject(rejected)).rejects.toMatchObject({ status: 409 });
    await expect(reject(before)).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('no other') as unknown,
    });
  });
});

describe('a tag that is retired', () => {
  test('stays in its feed until a person confirms that it is gone', async () => {
    const world = await worlds.open();
    await publish(world, { ...good, [italy]: [a] });
    for (const count of [1, 2, 3]) await publishNextWeek(world, good, count);
    expect(await feedOf(world, italy)).toEqual([a]);

    const result = await world.actions.retireTag(italy.toLowerCase(), 'a person');

    expect(result.message).toContain(`${italy} is gone for good`);
    expect(await feedOf(world, italy)).toEqual([]);
    await expect(world.actions.retireTag(italy, 'a person')).rejects.toMatchObject({ status: 409 });
    await publishNextWeek(world, { ...good, [italy]: [a] });
    expect(await feedOf(world, italy)).toEqual([a]);
  });

  test('is none while it is listed, unknown, or in quarantine', async () => {
    const world = await worlds.open();
    await publish(world, { ...good, [italy]: [a] });
    await expect(world.actions.retireTag(italy, 'a person')).rejects.toMatchObject({ status: 404 });
    await publishNextWeek(world, good);

    await expect(world.actions.retireTag(italy, 'a person')).rejects.toMatchObject({
      status: 409,
      message: `${italy} is in quarantine and not retired yet: 0 of 2 further releases have confirmed it; try again after the others`,
    });
  });
});

test('a source that has stood still is stale, also behind a lost status and a pull that failed', async () => {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ targets: [hooks()], connectionString });
  const still = source(good, { name: 'api' });
  world.setSources(source(good, { date: dayOf(world) }), still);
  await world.pull();
  for (const count of [1, 2, 3, 4, 5]) {
    world.clock.advance(7 * dayInMs);
    world.setSources(source({ [acr]: [a, b, c] }, { date: dayOf(world), changeNumber: count }), still);
    await world.pull();
  }
  const statusOf = async () => (await world.services.snapshots.readPullStatus('Public'))?.sources.at(-1)?.status;
  expect(await statusOf()).toBe('stale');

  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
  await container.getBlockBlobClient('status/Public.json').delete();
  world.setSources(deadSource(), deadSource('api'));
  await expect(world.pull()).rejects.toThrow('none is healthy');
  world.setSources(source({ [acr]: [a, b, c] }, { date: dayOf(world) }), still);
  await world.pull();

  expect(await statusOf()).toBe('stale');
});
