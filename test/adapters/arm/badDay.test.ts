import { expect, test } from '@jest/globals';
import { badDay } from '../../../dev/simulator/chaos.ts';
import { TargetBlockedError } from '../../../src/core/errors.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
import { foreignRule, nsgId, nsgTarget, registryId, registryTarget } from './targets.ts';
import { startWorld, type World } from './world.ts';

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

const foreignIp = { action: 'Allow', value: '203.0.113.9' } as const;

/** Every kind of fault at once; three of ten calls meet one. */
async function startBadDay(seed: number): Promise<World> {
  const world = await startWorld({
    chaos: { seed, probabilities: badDay, slowInMs: 5 },
    nsgOperationInMs: 5,
    registryOperationInMs: 5,
  });
  world.simulator.putNsg({ id: nsgId, securityRules: [foreignRule] });
  world.simulator.putRegistry({ id: registryId, networkRuleSet: { defaultAction: 'Deny', ipRules: [foreignIp] } });
  return world;
}

/** As a run does it: what failed or moved is read again; nothing of a bad day may look as if a person had to act. */
async function untilDone(work: () => Promise<void>): Promise<number> {
  for (let attempt = 1; attempt < 20; attempt += 1) {
    try {
      await work();
      return attempt;
    } catch (error) {
      if (error instanceof TargetBlockedError) throw error;
    }
  }
  throw new Error('not done after 20 attempts');
}

test.each(seeds)('NSG rules come through a bad day (seed %i)', async (seed) => {
  const world = await startBadDay(seed);
  const target = nsgTarget();
  const changes: RuleChange[] = [
    { rule: target.rule.name, operation: 'put', prefixes: ['192.0.2.0/24'] },
    { rule: `${target.rule.name}-ipv6`, operation: 'put', prefixes: ['2001:db8::/48'] },
  ];

  for (const changed of [
    changes,
    changes.map((change): RuleChange => ({ ...change, operation: 'delete', prefixes: [] })),
  ]) {
    await untilDone(async () => {
      const session = world.arm.openSession();
      await session.nsgRules.write(target, await session.nsgRules.read(target), changed, []);
    });
    const rules = world.simulator.nsg(nsgId)?.properties.securityRules ?? [];
    const own = rules
      .filter(({ name }) => name !== 'AllowOffice')
      .map(({ properties }) => properties.sourceAddressPrefixes);
    expect(own).toEqual(changed === changes ? [['192.0.2.0/24'], ['2001:db8::/48']] : []);
    expect(rules[0]?.properties).toMatchObject(foreignRule.properties);
  }
  await world.simulator.stop();
});

test.each(seeds)('registry rules come through a bad day (seed %i)', async (seed) => {
  const world = await startBadDay(seed);
  const target = registryTarget();
  const owned = ['192.0.2.0/24', '198.51.100.0/25'];

  for (const prefixes of [owned, ['192.0.2.0/24'], []]) {
    await untilDone(async () => {
      const session = world.arm.openSession();
      const current = await session.registryNetworkRules.read(target);
      const change: RuleChange = { rule: 'ipRules', operation: 'put', prefixes };
      await session.registryNetworkRules.write(target, current, [change], owned);
    });
    const { networkRuleSet } = world.simulator.registry(registryId)!.properties;
    expect(networkRuleSet).toMatchObject({
      defaultAction: 'Deny',
      ipRules: [foreignIp, ...prefixes.map((value) => ({ action: 'Allow', value }))],
    });
  }
  await world.simulator.stop();
});
