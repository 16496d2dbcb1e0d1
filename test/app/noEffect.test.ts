/** A registry that does not look at its rules any more: a status, a health problem and a notice of its own. */
import { describe, expect, test } from '@jest/globals';
import type { RegistrySeed } from '../../dev/simulator/seeds.ts';
import type { World } from '../../dev/world.ts';
import { readHealth } from '../../src/app/queries/health.ts';
import { CurrentSnapshot } from '../../src/app/queries/currentSnapshot.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, editIpRules, ipRulesOf, prod, publish, useWorlds } from './stories.ts';

const worlds = useWorlds();
const listed = ['20.42.66.0/24', '40.74.100.0/24'];
const target = prod({ limits: openLimits, regions: 'all' });

async function open(): Promise<World> {
  const world = await worlds.open({ targets: [target] });
  await publish(world, { [acr]: listed });
  return world;
}

/** As it stands, but for a change that somebody made. */
function change(world: World, seed: Partial<RegistrySeed>): void {
  const { networkRuleSet } = world.simulator.registry(target.resourceId)!.properties;
  world.simulator.putRegistry({ id: target.resourceId, networkRuleSet, ...seed });
}

const opened = (world: World) => {
  const { ipRules } = world.simulator.registry(target.resourceId)!.properties.networkRuleSet;
  change(world, { networkRuleSet: { defaultAction: 'Allow', ipRules } });
};

const statusOf = async (world: World) => (await world.services.states.get(target.name))?.run.lastResult?.status;
const notices = (world: World) => world.notifications.filter(({ type }) => type === 'target.noEffect');

describe.each([
  ['opened to everybody', opened, /lets in everybody/],
  [
    'closed to public networks',
    (world: World) => change(world, { publicNetworkAccess: 'Disabled' }),
    /only private endpoints/,
  ],
])('%s between two runs', (_, break_, message) => {
  test('is told once, and ends when it is put right', async () => {
    const world = await open();

    break_(world);
    const [record] = await world.reconcile();

    expect(record?.reasons.find(({ code }) => code === 'inert')?.message).toMatch(message);
    expect(await statusOf(world)).toBe('noEffect');
    expect(notices(world)).toHaveLength(1);
    expect(notices(world)[0]?.message).toMatch(message);
    const health = await readHealth(
      { ...world.services, maxPullAgeInHours: 26 },
      new CurrentSnapshot(world.services.snapshots, world.services.cloud, world.clock),
    );
    expect(health.status).toBe('degraded');
    expect(health.targets).toMatchObject({ total: 1, inSync: 0, noEffect: 1 });
    expect(health.problems.join()).toContain('the rules of 1 of 1 target have no effect');

    await world.reconcile();
    expect(notices(world)).toHaveLength(1);

    change(world, {
      networkRuleSet: {
        defaultAction: 'Deny',
        ipRules: world.simulator.registry(target.resourceId)!.properties.networkRuleSet.ipRules,
      },
    });
    await world.reconcile();
    expect(await statusOf(world)).toBe('inSync');
  });
});

test('seen in the answer to our own write', async () => {
  const world = await open();
  editIpRules(world, () => [], target);
  const { services } = world;
  const arm: typeof services.arm = {
    openSession: (options) => {
      const session = services.arm.openSession(options);
      const { registryNetworkRules } = session;
      return {
        ...session,
        registryNetworkRules: {
          ...registryNetworkRules,
          async write(...args) {
            await registryNetworkRules.write(...args);
            change(world, { publicNetworkAccess: 'Disabled' });
            return registryNetworkRules.read(target);
          },
        },
      };
    },
  };

  const { updateTarget } = await import('../../src/app/updateTarget.ts');
  const record = await updateTarget({ ...services, arm }, { target: target.name, reason: 'reconcile' });

  expect(record).toMatchObject({ outcome: 'applied' });
  expect(ipRulesOf(world, target)).toEqual(listed);
  expect(await statusOf(world)).toBe('noEffect');
  expect(notices(world)).toHaveLength(1);
});

test('no longer Premium: blocked, and what was written has no effect', async () => {
  const world = await open();

  change(world, { sku: 'Standard', networkRuleSet: { defaultAction: 'Allow' } });
  const [record] = await world.reconcile();

  expect(record).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'wrongSku' }] });
  expect(await statusOf(world)).toBe('noEffect');
});

test('a write into an open registry leaves one reason, of the rules as they are then', async () => {
  const world = await open();
  change(world, { networkRuleSet: { defaultAction: 'Allow', ipRules: [] } });

  const [record] = await world.reconcile();

  const inert = (record?.reasons ?? []).filter(({ code }) => code === 'inert');
  expect(inert.map(({ message }) => message)).toEqual([expect.stringContaining('in none of its 2 IP rules')]);
});
