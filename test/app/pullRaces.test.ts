/** The lease of a pull is lost while its source answers, and others work meanwhile: what they stored stays, and is whole. */
import { BlobServiceClient } from '@azure/storage-blob';
import { expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { HistoryReader } from '../../src/app/history/historyReader.ts';
import type { ServiceTagsSource } from '../../src/app/ports.ts';
import { acr, dayInMs, dayOf, hooks, publish, publishNextWeek, source, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
const [a, b, c] = ['20.42.66.0/24', '20.42.68.0/24', '20.42.70.0/24'];
const bad = '60.0.0.0/20';

interface Two {
  /** Its lease is lost. */
  readonly world: World;
  /** Another process of the app. */
  readonly other: World;
  /** A source that answers when `others` have done their work, without the lease of the pull that asks. */
  readonly slow: (tags: TagLists, others: () => Promise<unknown>) => ServiceTagsSource;
}

async function openTwo(): Promise<Two> {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ targets: [hooks()], connectionString });
  await publish(world, { [acr]: [a] });
  const { simulator } = world;
  const other = await worlds.open({ targets: [hooks()], connectionString, simulator, start: world.clock.now() });
  const breakLease = async () => {
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
    await container.getBlobClient('status/Public.json').getBlobLeaseClient().breakLease(0);
  };
  const slow = (tags: TagLists, others: () => Promise<unknown>): ServiceTagsSource => {
    const answer = source(tags, { date: dayOf(world), changeNumber: 9 });
    const fetch: ServiceTagsSource['fetch'] = async (...asked) => {
      await breakLease();
      other.clock.setTo(new Date(world.clock.now().getTime() + dayInMs));
      await others();
      return answer.fetch(...asked);
    };
    return { name: answer.name, fetch };
  };
  return { world, other, slow };
}

async function currentOf({ services }: World) {
  const answer = await services.snapshots.readPointer('Public');
  const snapshot =
    typeof answer === 'object' ? await services.snapshots.get('Public', answer.pointer.snapshot) : undefined;
  if (!snapshot) throw new Error('nothing is current');
  return { id: snapshot.id, prefixes: snapshot.document.values[0]?.addressPrefixes };
}

async function expectWhole(world: World): Promise<void> {
  const history = await new HistoryReader(world.services).read();
  expect(history.newest?.snapshot).toBe((await currentOf(world)).id);
}

test('another pull has stored a newer list', async () => {
  const { world, other, slow } = await openTwo();
  world.clock.advance(7 * dayInMs);
  world.setSources(slow({ [acr]: [a, b] }, () => publish(other, { [acr]: [a, b, c] }, 2)));

  await expect(world.pull()).rejects.toThrow('lease');

  expect((await currentOf(world)).prefixes).toEqual([a, b, c]);
  await expectWhole(world);
  const { services } = world;
  expect((await services.snapshots.list('Public')).map(({ changeNumber }) => changeNumber)).toEqual([2, 1]);
});

test('a person has rejected the release that is current', async () => {
  const { world, other, slow } = await openTwo();
  const kept = await currentOf(world);
  await publishNextWeek(world, { [acr]: [a, bad] }, 2);
  const rejected = await currentOf(world);
  world.setSources(
    slow({ [acr]: [a, bad] }, () => other.actions.rejectRelease(rejected.id, 'Not of Azure.', 'a person')),
  );

  await expect(world.pull()).rejects.toThrow('lease');

  expect(await currentOf(world)).toEqual(kept);
  await expectWhole(world);
});

test('a person has rejected an older release, and the sources list it again', async () => {
  const { world, other, slow } = await openTwo();
  await publishNextWeek(world, { [acr]: [a, bad] }, 2);
  const rejected = await currentOf(world);
  await publishNextWeek(world, { [acr]: [a, b] }, 3);
  const kept = await currentOf(world);
  world.clock.advance(7 * dayInMs);
  world.setSources(
    slow({ [acr]: [a, bad] }, () => other.actions.rejectRelease(rejected.id, 'Not of Azure.', 'a person')),
  );

  await expect(world.pull()).rejects.toThrow('lease');

  expect(await currentOf(world)).toEqual(kept);
  await expectWhole(world);
});
