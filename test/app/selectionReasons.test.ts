/** What a target is told of the list: regions that it leaves out, names that it does not know, what a registry cannot take. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { Reason } from '../../src/core/reasons.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { acr, hooks, ipRulesOf, prefixesIn, prod, publish, publishNextWeek, useWorlds } from './stories.ts';
import type { TagLists } from './stories.ts';

const worlds = useWorlds({ wholeHistory: true });
const europe = { [`${acr}.WestEurope`]: ['20.42.66.0/24'] };
const italy = { [`${acr}.ItalyNorth`]: ['20.43.66.0/24'] };
const whole: TagLists = { [acr]: ['20.42.66.0/24', '20.43.66.0/24'], ...europe, ...italy };
const { [`${acr}.ItalyNorth`]: _italy, ...withoutItaly } = whole;
const both = ['westeurope', 'italynorth'];
const registryId = prod().resourceId.replace('prod', 'source');

function said(run: RunRecord | undefined, code: Reason['code']): string[] {
  return (run?.reasons ?? []).filter((reason) => reason.code === code).map(({ message }) => message);
}

async function snapshotId(world: World): Promise<string> {
  const items = await world.services.snapshots.list('Public');
  return items[0]?.id ?? '';
}

describe('a region that the list leaves out', () => {
  test('is told of where nothing of it is owned yet, and the others are let in', async () => {
    const target = hooks({ regions: both });
    const world = await worlds.open({ targets: [hooks({ ...target, policy: 'plan' })] });
    await publish(world, whole);
    await publishNextWeek(world, withoutItaly, 2);
    world.setTargets([target]);

    const [run] = await world.reconcile();

    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
    expect(run).toMatchObject({ outcome: 'applied', plan: { verdict: 'apply' } });
    expect(said(run, 'quarantined')).toEqual([
      expect.stringMatching(
        /^regions: "italynorth": AzureContainerRegistry.ItalyNorth is missing from the list; it had .* before\. Nothing is removed because of it until it is back or further releases confirm it; new prefixes are still added\.$/,
      ),
    ]);
  });

  test('is told of where its tag is empty', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: both })] });

    const [run] = await publish(world, { ...whole, [`${acr}.ItalyNorth`]: [] });

    expect(said(run, 'missingTag')).toEqual([
      `regions: "italynorth": AzureContainerRegistry.ItalyNorth is empty in ${await snapshotId(world)}. Nothing is removed because of it. Take the entry out if you no longer need it.`,
    ]);
  });

  test('is told of with the registry that is there, and is no obstacle to its other regions', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: { ofRegistry: registryId } })] });
    world.simulator.putRegistry({ id: registryId, location: 'westeurope', replicaLocations: ['newzealandnorth'] });

    const [run] = await publish(world, whole);

    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
    expect(said(run, 'missingTag')).toEqual([
      `regions: "newzealandnorth" of the registry source: AzureContainerRegistry.newzealandnorth is missing in ${await snapshotId(world)}. Nothing is removed because of it. Take the entry out if you no longer need it.`,
    ]);
  });

  test('is named with the registry where it is the only one', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: { ofRegistry: registryId } })] });
    world.simulator.putRegistry({ id: registryId, location: 'newzealandnorth' });

    const [run] = await publish(world, whole);

    expect(run?.outcome).toBe('blocked');
    expect(run?.reasons.map(({ message }) => message)).toEqual([
      `The target has nothing to allow: regions: "newzealandnorth" of the registry source: AzureContainerRegistry.newzealandnorth is missing in ${await snapshotId(world)}. Check serviceTag, regions and addressFamilies.`,
    ]);
  });
});

describe('a region that left the list is missing, no mistake', () => {
  test('for a target of all regions that comes to name some', async () => {
    const world = await worlds.open({ targets: [hooks()] });
    await publish(world, whole);
    await publishNextWeek(world, withoutItaly, 2);
    world.setTargets([hooks({ regions: both })]);

    const [run] = await world.reconcile();

    expect(run?.outcome).toBe('unchanged');
    expect(said(run, 'quarantined')).toEqual([expect.stringContaining('regions: "italynorth": ')]);
    expect(prefixesIn(world)).toEqual(whole[acr]);
  });

  test('for a target that is new, where the app has the region in quarantine', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: ['italynorth'] })] });
    await publish(world, whole);
    await publishNextWeek(world, withoutItaly, 2);
    const fresh = hooks({ name: 'fresh', regions: both, rule: { ...hooks().rule, name: 'Fresh', priority: 400 } });
    world.setTargets([hooks({ regions: ['italynorth'] }), fresh]);

    const run = (await world.reconcile()).find(({ chain }) => chain === 'fresh');

    expect(run?.outcome).toBe('applied');
    expect(said(run, 'quarantined')).toEqual([
      expect.stringContaining('AzureContainerRegistry.ItalyNorth is missing from the list'),
    ]);
    expect(prefixesIn(world, fresh)).toEqual(['20.42.66.0/24']);
  });
});

describe('a service tag that makes no sense', () => {
  test('mistyped on a running target: blocked with the nearest name, nothing is on its way out', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: ['westeurope'] })] });
    await publish(world, whole);
    world.setTargets([hooks({ regions: ['westeurope'], serviceTag: 'AzureContainerRegistri' })]);

    const [run] = await world.reconcile();

    expect(run?.outcome).toBe('blocked');
    expect(said(run, 'missingTag')).toEqual([
      `serviceTag: "AzureContainerRegistri" is not in ${await snapshotId(world)}, nearest: AzureContainerRegistry. Correct it in the targets file; nothing is removed meanwhile.`,
    ]);
    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
    expect((await world.services.states.get('hooks'))?.run.seen?.absent).toEqual([]);
  });

  test('that left the list is no mistake: the target goes on', async () => {
    const world = await worlds.open();
    await publish(world, { ...whole, Storage: ['20.60.0.0/24'] });

    const [run] = await publishNextWeek(world, { Storage: ['20.60.0.0/24'] }, 2);

    expect(run?.outcome).toBe('unchanged');
    expect(said(run, 'quarantined')).toEqual([
      expect.stringMatching(/^serviceTag: AzureContainerRegistry is missing from the list/),
    ]);
  });

  test('of one region, with regions: says how to write it', async () => {
    const world = await worlds.open({
      targets: [hooks({ serviceTag: `${acr}.WestEurope`, regions: ['westeurope'] })],
    });

    await publish(world, whole);
    const [run] = await world.reconcile();

    expect(run?.reasons.map(({ message }) => message)).toEqual([
      'serviceTag: "AzureContainerRegistry.WestEurope" is the tag of one region already. Set "serviceTag": "AzureContainerRegistry" with regions, or keep this tag with "regions": "all".',
    ]);
    world.setTargets([hooks({ serviceTag: `${acr}.WestEurope`, regions: 'all' })]);
    expect(await world.reconcile()).toMatchObject([{ outcome: 'applied', reasons: [] }]);
  });
});

describe('IPv6', () => {
  const tags = { [`${acr}.WestEurope`]: ['20.42.66.0/24', '2603:1030:20e:3::480/122', '2603:1030:20e:3::500/122'] };

  test('a registry says how many prefixes it cannot take, and is in sync all the same', async () => {
    const world = await worlds.open({ targets: [prod()] });

    await publish(world, tags);
    const [run] = await world.reconcile();

    expect(ipRulesOf(world)).toEqual(['20.42.66.0/24']);
    expect(run).toMatchObject({ outcome: 'unchanged' });
    expect(run?.reasons).toEqual([
      {
        code: 'ipv6Dropped',
        message:
          'Left out: 2 IPv6 prefixes of AzureContainerRegistry.WestEurope, because a registry accepts IPv4 rules only. Nothing to do.',
      },
    ]);
    expect((await world.services.states.get('prod'))?.run.lastResult?.status).toBe('inSync');
  });

  test('a rule for which only IPv4 was chosen says nothing', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: ['westeurope'], addressFamilies: ['ipv4'] })] });

    expect(await publish(world, tags)).toMatchObject([{ reasons: [] }]);
  });
});
