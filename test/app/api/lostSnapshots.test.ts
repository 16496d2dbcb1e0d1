/** Some stored snapshot is gone or damaged: the history goes on around it. */
import { beforeEach, expect, test } from '@jest/globals';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { call } from './call.ts';
import { makeWorld, type World } from './fakes.ts';

let world: World;

beforeEach(() => {
  world = makeWorld();
});

const idOf = (index: number): string => world.snapshots.all[index]?.id ?? '';
const historyOf = async () => {
  const reply = await call(world.app, 'history?tag=AzureContainerRegistry');
  const { changes } = reply.json() as { changes: { snapshot: string; previous: string; added: string[] }[] };
  // What the sample has instead of the real list is a change too.
  const pulled = changes.filter(({ previous }) => !previous.endsWith('builtin'));
  return pulled.map(({ snapshot, previous, added }) => [snapshot, previous, added.length]);
};

test('gone in the middle: what the later ones changed is known, and older ones are found', async () => {
  const [oldest, middle, newest] = [0, 1, 2].map(idOf);
  world.snapshots.all.splice(1, 1);
  expect(middle).toBeDefined();

  expect(await historyOf()).toEqual([[newest, oldest, 2]]);
  const asOf = await call(world.app, 'prefixes?asOf=2026-07-07');
  expect(asOf.headers['x-snapshot-id']).toBe(oldest);
});

test('damaged: what the later ones changed is known all the same', async () => {
  const [oldest, middle, newest] = [0, 1, 2].map(idOf);
  const get = world.snapshots.get.bind(world.snapshots);
  world.snapshots.get = (cloud, id) =>
    id === middle ? Promise.reject(new InvalidDocumentError('no gzip')) : get(cloud, id);

  // Each list's changes are stored beside it.
  expect(await historyOf()).toEqual([
    [newest, middle, 1],
    [middle, oldest, 1],
  ]);
});
