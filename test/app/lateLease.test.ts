/** An update reads without the lease and takes it with its first write: whoever acts in between is not overlooked. */
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import { acr, hooks, prefixesIn, publish, publishNextWeek, recordsOf, useWorlds, writesOf } from './stories.ts';

const worlds = useWorlds();
const [a, b] = ['20.42.66.0/24', '20.42.68.0/24'];
const message = { target: 'hooks', reason: 'reconcile' };

interface Story {
  readonly world: World;
  readonly connectionString: string;
  /** The snapshot that lists `a` alone. */
  readonly before: string;
}

/** The target has `a`, and the current list has `b` as well. */
async function withWork(): Promise<Story> {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ connectionString });
  const [run] = await publish(world, { [acr]: [a] });
  world.setTargets([]);
  await publishNextWeek(world, { [acr]: [a, b] });
  world.setTargets([hooks()]);
  return { world, connectionString, before: run?.snapshot?.id ?? '' };
}

/** The update, and `meanwhile` between its plan and its first write. */
async function updateWith({ world }: Story, meanwhile: () => Promise<unknown>): ReturnType<typeof updateTarget> {
  const { states } = world.services;
  let isDone = false;
  const withLeaseToWrite: typeof states.withLeaseToWrite = (name, work) =>
    states.withLeaseToWrite(name, (session) =>
      work({
        ...session,
        put: async (state) => {
          if (!isDone) await meanwhile();
          isDone = true;
          await session.put(state);
        },
      }),
    );
  const result = await updateTarget({ ...world.services, states: withMethods(states, { withLeaseToWrite }) }, message);
  expect(isDone).toBe(true);
  return result;
}

describe('between the plan and the first write of an update', () => {
  test('a person pauses the target: nothing is written', async () => {
    const story = await withWork();
    const { world } = story;
    const writes = writesOf(world).length;

    const record = await updateWith(story, () => world.actions.pauseTarget('hooks', 'a person'));

    expect(record).toMatchObject({ outcome: 'paused', reasons: [{ code: 'paused' }] });
    expect(writesOf(world)).toHaveLength(writes);
    expect((await recordsOf(world, 'hooks')).map(({ outcome }) => outcome)).toEqual(['applied', 'paused', 'paused']);
  });

  test('a person rolls the target back: it follows the list of the pin', async () => {
    const story = await withWork();
    const { world, before } = story;

    const record = await updateWith(story, () => world.actions.rollbackTarget('hooks', before, 'a person'));

    expect(record).toMatchObject({ outcome: 'unchanged', snapshot: { id: before } });
    expect(prefixesIn(world)).toEqual([a]);
  });

  test('another update does the work: it is not done twice, and the record is not said to be missing', async () => {
    const story = await withWork();
    const { world } = story;

    const record = await updateWith(story, () => updateTarget(world.services, message));

    expect(record).toMatchObject({ outcome: 'unchanged' });
    expect(prefixesIn(world)).toEqual([a, b]);
    expect((await recordsOf(world, 'hooks')).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  });

  test('the state is lost: it is rebuilt, and the work is done', async () => {
    const story = await withWork();
    const { world, connectionString } = story;
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');

    const record = await updateWith(story, () => container.deleteBlob('state/hooks.json'));

    expect(record).toMatchObject({ outcome: 'applied', reasons: [{ code: 'recovered' }] });
    expect(prefixesIn(world)).toEqual([a, b]);
  });

  test('somebody else takes the lease: the update gives way before it writes', async () => {
    const story = await withWork();
    const { world } = story;
    const writes = writesOf(world).length;
    const { states } = world.services;

    const result = await states.withLease('hooks', () => updateTarget(world.services, message));

    expect(result).toBe('busy');
    expect(writesOf(world)).toHaveLength(writes);
    expect((await world.services.states.get('hooks'))?.ownership.prefixes).toMatchObject([{ prefix: a }]);
  });
});
