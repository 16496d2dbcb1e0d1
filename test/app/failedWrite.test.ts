/** What an update leaves behind whose write fails, or which is blocked: no more let in than was asked, no claim given up. */
import { expect, test } from '@jest/globals';
import { faults } from '../../dev/simulator/faults.ts';
import type { RuleSeed } from '../../dev/simulator/seeds.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, dayOf, editRule, hooks, prefixesIn, publish, recordsOf, source, useWorlds } from './stories.ts';

const worlds = useWorlds();
const first = '20.42.60.0/24';
const [a, b, c] = ['20.42.64.0/24', '20.42.66.0/24', '20.42.68.0/24'] as const;

test('a write that fails has used its share of maxAddedAddresses: later ones let in the same, and nothing beyond', async () => {
  const world = await worlds.open({ targets: [hooks({ limits: { ...openLimits, maxAddedAddresses: 256 } })] });
  await publish(world, { [acr]: [first] });
  world.clock.advance(7 * 86_400_000);
  world.setSources(source({ [acr]: [first, a, b, c] }, { date: dayOf(world), changeNumber: 2 }));
  await world.pull();
  world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 20);

  const failed = await updateTarget(world.services, { target: 'hooks', reason: 'change' });
  const claimed = await world.services.states.get('hooks');
  await world.drain();
  await world.reconcile();

  expect(failed).toMatchObject({ outcome: 'pending' });
  expect(claimed?.ownership.prefixes.map(({ prefix }) => prefix).sort()).toEqual([first, a]);
  expect(prefixesIn(world)).toEqual([first, a]);
});

test('a write that nobody followed to its end may come through as late as any: removals wait that long from the write', async () => {
  const world = await worlds.open();
  world.setSources(source({ [acr]: [a] }, { date: dayOf(world) }));
  await world.pull();
  // Half of the session's time is gone before the write begins.
  world.simulator.failNext({ method: 'GET', path: /nsg-hooks$/ }, faults.tooManyRequests(120));
  world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 20);
  const startedAt = world.clock.now().getTime();

  await updateTarget(world.services, { target: 'hooks', reason: 'change' });

  const state = await world.services.states.get('hooks');
  const { removalsNotBefore = '' } = state?.run ?? {};
  const writtenAt = Date.parse(state?.ownership.prefixes[0]?.since ?? '');
  expect(writtenAt).toBeGreaterThanOrEqual(startedAt + 120_000);
  expect(Date.parse(removalsNotBefore)).toBeGreaterThanOrEqual(writtenAt + 4 * 60_000 + 10_000);
});

test('a run that is blocked gives up no claim: what waited for its removal waits on', async () => {
  const world = await worlds.open();
  world.setSources(source({ [acr]: [a, b] }, { date: dayOf(world) }));
  await world.pull();
  await world.drain();
  world.clock.advance(7 * 86_400_000);
  world.setSources(source({ [acr]: [a] }, { date: dayOf(world), changeNumber: 2 }));
  await world.pull();
  await world.drain();
  const before = await world.services.states.get('hooks');
  const [live] = world.simulator.nsg(hooks().resourceId)?.properties.securityRules ?? [];
  if (!live) throw new Error('the rule was not written');
  const { provisioningState, ...properties } = live.properties as RuleSeed['properties'] & Record<string, unknown>;
  const describe = (description: string): void =>
    world.simulator.putRule(hooks().resourceId, { name: live.name, properties: { ...properties, description } });

  describe('acr-address-keeper owner=another target=hooks');
  const [blocked] = await world.reconcile();
  const during = await world.services.states.get('hooks');
  describe(properties.description ?? '');
  const [after] = await world.reconcile();

  expect(before?.ownership.prefixes.map(({ prefix }) => prefix)).toEqual([a, b]);
  expect(blocked).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'otherOwner' }] });
  expect(during?.ownership).toEqual(before?.ownership);
  expect(after?.outcome).toBe('unchanged');
  expect((await world.services.states.get('hooks'))?.ownership).toEqual(before?.ownership);
});

test('a write that fails every hour for the same reason leaves no write in flight, so nobody hears of an interruption', async () => {
  const world = await worlds.open();
  await publish(world, { [acr]: [first] });
  editRule(world, { protocol: 'Udp' });
  const fault = { kind: 'raw', status: 501, contentType: 'text/html', body: '<p>no</p>' } as const;
  world.simulator.failNext({ method: 'PUT' }, fault, 4);

  for (let hour = 0; hour < 4; hour += 1) {
    world.clock.advance(60 * 60_000);
    const failing = updateTarget(world.services, { target: 'hooks', reason: 'reconcile' });
    await expect(failing).rejects.toThrow('501');
    const state = await world.services.states.get('hooks');
    expect(state?.run.inFlight).toBeUndefined();
    expect((await world.services.states.listSummaries()).get('hooks')?.status).toBe('failed');
  }

  const outcomes = (await recordsOf(world, 'hooks')).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['applied', 'failed']);
});
