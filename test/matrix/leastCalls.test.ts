/** What is in sync costs one read of Azure; what is unchanged costs none. */
import { describe, expect, test } from '@jest/globals';
import { acr, hooks, prod, publish, useWorlds } from '../app/stories.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { kinds, listed, openWorld } from './cells.ts';

const worlds = useWorlds();

describe.each(kinds)('%s', (_, target) => {
  test('a reconciliation of what is in sync costs exactly one read', async () => {
    const world = await openWorld(worlds, target);
    const before = world.simulator.requests.length;

    const [record] = await world.reconcile();

    const calls = world.simulator.requests.slice(before);
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${target.resourceId}`]);
    expect(record).toMatchObject({ outcome: 'unchanged', arm: { reads: 1, writes: 0, retries: [] } });
  });

  test('a target that is paused or only planned costs no more', async () => {
    const world = await openWorld(worlds, target);
    for (const change of [{ paused: true }, { policy: 'plan' as const }]) {
      world.setTargets([{ ...target, ...change }]);
      const before = world.simulator.requests.length;
      await world.reconcile();
      expect(world.simulator.requests.length - before).toBe(1);
    }
  });
});

test.each([
  ['its own', prod().resourceId, ['prod', 'prod/replications']],
  ['its own, in other letter case', prod().resourceId.toUpperCase(), ['prod', 'PROD/replications']],
  ['another', prod().resourceId.replace(/prod$/, 'build'), ['prod', 'build', 'build/replications']],
])('regions of a registry, %s, cost what is not known yet', async (_, ofRegistry, reads) => {
  const target = prod({ limits: openLimits, regions: { ofRegistry } });
  const world = await worlds.open({ targets: [target] });
  await publish(world, { [acr]: listed, [`${acr}.WestEurope`]: ['20.42.66.0/24'] });
  const before = world.simulator.requests.length;

  const [record] = await world.reconcile();

  expect(record).toMatchObject({ outcome: 'unchanged', arm: { reads: reads.length, writes: 0, retries: [] } });
  const calls = world.simulator.requests.slice(before);
  expect(calls.map(({ method, path }) => `${method} ${path.split('/registries/')[1] ?? path}`)).toEqual(
    reads.map((path) => `GET ${path}`),
  );
});

test('a pull that finds nothing new costs no call, and queues nothing', async () => {
  const world = await worlds.open({ targets: [hooks(), prod({ regions: 'all' })] });
  await publish(world, { [acr]: listed });
  const before = world.simulator.requests.length;

  const records = await publish(world, { [acr]: listed });

  expect(records).toEqual([]);
  expect(world.simulator.requests.length).toBe(before);
});

test('a change that is not of a target’s tags costs it nothing', async () => {
  const world = await worlds.open({ targets: [prod({ regions: ['westeurope'] })] });
  const regional = { [acr]: listed, [`${acr}.WestEurope`]: ['20.42.66.0/24'], Storage: ['20.60.0.0/24'] };
  await publish(world, regional);
  const before = world.simulator.requests.length;

  const records = await publish(world, { ...regional, Storage: ['20.60.1.0/24'] }, 2);

  expect(records).toEqual([]);
  expect(world.simulator.requests.length).toBe(before);
});
