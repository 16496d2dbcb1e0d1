/** How full a target is, publication by publication, and what becomes of a list that outgrows it. */
import { describe, expect, test } from '@jest/globals';
import { viewTarget } from '../../src/app/queries/targetQueries.ts';
import type { CapacityUse } from '../../src/core/plan/capacityUse.ts';
import { sortPrefixes } from '../../src/core/prefixes.ts';
import type { Target } from '../../src/core/targets/target.ts';
import type { World } from '../../dev/world.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, codesOf, editIpRules, hooks, ipRulesOf, prod, publish, publishNextWeek, useWorlds } from './stories.ts';

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

describe('a list that outgrows a registry', () => {
  const target = prod({ serviceTag: acr, regions: 'all', limits: openLimits });

  test('what was deleted by hand is put back, the rest is held, and no more is written after that', async () => {
    const world = await worlds.open({ targets: [target], simulation: { maxIpRules: 100 } });
    await publish(world, { [acr]: list(100) }, 1);
    editIpRules(world, (rules) => rules.slice(5));

    const [record] = await publishNextWeek(world, { [acr]: list(106) }, 2);
    const [again] = await world.reconcile();

    expect(sortPrefixes(ipRulesOf(world))).toEqual(list(100));
    expect(record).toMatchObject({ outcome: 'applied', plan: { verdict: 'held', add: list(5) } });
    expect(codesOf(record)).toEqual(['fit']);
    expect(again).toMatchObject({ outcome: 'held' });
    expect((await world.services.states.get(target.name))?.run.seen?.missing.map(({ prefix }) => prefix)).toEqual(
      list(106).slice(100),
    );
    expect((await capacityOf(world, target))?.weeksUntilFull).toBe(0);
  });

  test('a quota that was raised is found by the next reconciliation', async () => {
    const world = await worlds.open({ targets: [target], simulation: { maxIpRules: 100 } });
    await publish(world, { [acr]: list(106) }, 1);

    world.simulator.configure({ maxIpRules: 200 });
    await world.reconcile();

    expect(sortPrefixes(ipRulesOf(world))).toEqual(list(106));
  });
});

test('a region that vanished does not keep out what is new in another one: wider prefixes make room', async () => {
  const europe = ['20.50.0.0/26', '20.50.0.128/26', '20.50.2.0/26', '20.51.0.0/26'];
  const italy = ['4.232.0.0/26', '4.233.0.0/26', '4.234.0.0/26'];
  const target = prod({
    regions: ['westeurope', 'italynorth'],
    capacity: { maxRules: 6, fit: 'supernet', maxExtraAddresses: 5000 },
  });
  const world = await worlds.open({ targets: [target] });
  const both = { [`${acr}.WestEurope`]: europe, [`${acr}.ItalyNorth`]: italy, [acr]: [...europe, ...italy] };
  await publish(world, both, 1);

  const more = [...europe, '20.51.4.0/26'];
  await publishNextWeek(world, { [`${acr}.WestEurope`]: more, [acr]: [...more, ...italy] }, 2);
  const [again] = await world.reconcile();

  expect(sortPrefixes(ipRulesOf(world))).toEqual([...italy, '20.50.0.0/22', '20.51.0.0/26', '20.51.4.0/26']);
  expect(again).toMatchObject({ outcome: 'unchanged' });
});

test('wider rules use all the rules that the registry takes, in every run and not only in the first', async () => {
  const capacity = { maxRules: undefined, fit: 'supernet', maxExtraAddresses: 2 ** 24 } as const;
  const target = prod({ serviceTag: acr, regions: 'all', limits: openLimits, capacity });
  const world = await worlds.open({ targets: [target], simulation: { maxIpRules: 200 } });
  // Far more than fit, and no two of them are neighbours.
  const many = Array.from({ length: 300 }, (_, index) => `20.${index % 100}.${(index * 7) % 250}.0/26`);
  await publish(world, { [acr]: many }, 1);
  const written = sortPrefixes(ipRulesOf(world));

  const [again] = await world.reconcile();

  expect(written).toHaveLength(200);
  expect(again).toMatchObject({ outcome: 'unchanged' });
  expect(sortPrefixes(ipRulesOf(world))).toEqual(written);

  await publishNextWeek(world, { [acr]: [...many, '20.200.1.0/24'] }, 2);
  expect(ipRulesOf(world)).toHaveLength(200);
});
