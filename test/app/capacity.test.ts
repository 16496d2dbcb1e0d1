/** How full a target is, publication by publication. */
import { expect, test } from '@jest/globals';
import { viewTarget } from '../../src/app/queries/targetQueries.ts';
import type { CapacityUse } from '../../src/core/capacityUse.ts';
import type { Target } from '../../src/core/target.ts';
import type { World } from '../../dev/world.ts';
import { acr, hooks, prod, publish, publishNextWeek, useWorlds } from './stories.ts';

const worlds = useWorlds();

/** Prefixes that cannot be merged. */
const list = (count: number): string[] => Array.from({ length: count }, (_, index) => `20.42.${index}.0/25`);

async function capacityOf(world: World, target: Target): Promise<CapacityUse | undefined> {
  return (await viewTarget(world.services.states, target, false)).capacity;
}

test('a network security group fills up week by week', async () => {
  const target = hooks({ limits: { ...hooks().limits, maxAddedAddresses: 1_000_000 } });
  const world = await worlds.open({ targets: [target] });

  await publish(world, { [acr]: list(10) }, 1);
  expect(await capacityOf(world, target)).toEqual({ used: 10, limit: 4000, weeksUntilFull: null });

  await publishNextWeek(world, { [acr]: list(20) }, 2);
  const [record] = await publishNextWeek(world, { [acr]: list(30) }, 3);

  const expected = { used: 30, limit: 4000, weeksUntilFull: 397 };
  expect(await capacityOf(world, target)).toEqual(expected);
  expect(record?.capacity).toEqual(expected);
});

test('a registry counts the rules of others, and its own limit', async () => {
  const target = prod({ serviceTag: acr, regions: 'all', capacity: { ...prod().capacity, maxRules: 40 } });
  const world = await worlds.open({ targets: [target] });
  world.simulator.putRegistry({
    id: target.resourceId,
    location: 'westeurope',
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '198.51.100.7' }] },
  });

  await publish(world, { [acr]: list(9) }, 1);
  await publishNextWeek(world, { [acr]: list(14) }, 2);

  expect(await capacityOf(world, target)).toEqual({ used: 15, limit: 40, weeksUntilFull: 5 });
});

test('a target that is only planned shows what the list would take', async () => {
  const target = prod({
    serviceTag: acr,
    regions: 'all',
    policy: 'plan',
    capacity: { ...prod().capacity, maxRules: 40 },
  });
  const world = await worlds.open({ targets: [target] });

  await publish(world, { [acr]: list(9) }, 1);
  await publishNextWeek(world, { [acr]: list(14) }, 2);

  expect(await capacityOf(world, target)).toEqual({ used: 0, limit: 40, weeksUntilFull: 5 });
});
