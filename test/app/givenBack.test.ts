/** Whose a rule is after a write of ours that came to nothing, and what an approval and an owed record outlive. */
import { describe, expect, test } from '@jest/globals';
import { ArmError } from '../../dev/simulator/armError.ts';
import { faults, type Fault } from '../../dev/simulator/faults.ts';
import type { World } from '../../dev/world.ts';
import type { Ledger } from '../../src/app/ports.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  acr,
  codesOf,
  dayInMs,
  editIpRules,
  editRule,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
} from './stories.ts';
import { publishNextWeek, recordsOf, ruleOfOthers, rulesOf, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
const [a, b, c] = ['20.42.64.0/24', '20.42.66.0/24', '20.42.68.0/24'] as const;
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
/** They were for runs that the test does not want. */
const forgetMessages = (world: World) => world.queue.drain(() => Promise.resolve());
const update = (world: World, target: string) =>
  updateTarget(world.services, { target, reason: 'message' }).catch(() => undefined);

const refused: Fault = {
  kind: 'error',
  error: new ArmError(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy.', { details: [] }),
};
const writeOf = {
  hooks: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
  prod: 'Microsoft.ContainerRegistry/registries/write',
};
const ends = [
  ['is refused', refused, 40],
  ['gets no answer', faults.nsgLocked(), 10_000],
] as const;

describe.each(ends)('the first write of a rule %s', (_, fault, times) => {
  test('a rule that a person then writes under that name is theirs, whatever addresses it has', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: openLimits })] });
    world.simulator.failNext({ method: 'PUT' }, fault, times);
    await publish(world, list(a, b)).catch(() => undefined);
    world.simulator.forgetFaults();
    const theirs = ruleOfOthers({ priority: 410, destinationPortRange: '8443', sourceAddressPrefixes: [a] });
    world.simulator.putRule(hooks().resourceId, { name: 'AllowAcr', properties: theirs });

    const [record] = await world.reconcile();

    expect(record).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'foreignRule' }] });
    expect(rulesOf(world).AllowAcr?.properties).toMatchObject(theirs);
  });

  test('the next run writes it all the same', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: openLimits })] });
    world.simulator.failNext({ method: 'PUT' }, fault, times);
    await publish(world, list(a, b)).catch(() => undefined);
    world.simulator.forgetFaults();

    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b]);
  });
});

describe.each(ends)('a write of one more prefix %s, then the target is paused', (_, fault, times) => {
  test.each(['hooks', 'prod'] as const)(
    '%s: a person adds the prefix by hand: it stays when the list drops it',
    async (name) => {
      const target = name === 'hooks' ? hooks({ limits: openLimits }) : prod({ limits: openLimits });
      const live = (world: World) => (name === 'hooks' ? prefixesIn(world) : ipRulesOf(world));
      const world = await worlds.open({ targets: [target] });
      await publish(world, list(a));
      world.simulator.failNext({ action: writeOf[name] }, fault, times);
      await publishNextWeek(world, list(a, b), 2).catch(() => undefined);
      world.simulator.forgetFaults();
      await world.actions.pauseTarget(name, 'operator').catch(() => undefined);
      await world.reconcile();
      if (name === 'hooks') editRule(world, { sourceAddressPrefixes: [a, b], sourceAddressPrefix: undefined });
      else editIpRules(world, (rules) => [...rules, b]);
      await world.reconcile();
      await world.actions.resumeTarget(name, 'operator');

      await publishNextWeek(world, list(a), 3);
      await world.reconcile();

      expect(live(world)).toEqual([a, b]);
      expect((await world.services.states.get(name))?.ownership.prefixes.map(({ prefix }) => prefix)).toEqual([a]);
    },
  );
});

describe('an approval', () => {
  const wide = '20.64.0.0/12';
  const guarded = hooks({ limits: defaultLimits });

  /** Approved, and the write fails. */
  async function approvedInVain(): Promise<World> {
    const world = await worlds.open({ targets: [guarded] });
    await publish(world, list(a));
    await publishNextWeek(world, list(a, wide), 2);
    const { id } = await world.actions.planTarget('hooks');
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 10_000);
    await world.actions.approvePlan('hooks', id, 'operator').catch(() => undefined);
    await forgetMessages(world);
    world.simulator.forgetFaults();
    return world;
  }

  test('counts as long as nothing has changed', async () => {
    const world = await approvedInVain();

    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, wide]);
  });

  test('ends after seven days', async () => {
    const world = await approvedInVain();
    world.clock.advance(7 * dayInMs);

    const [record] = await world.reconcile();

    expect(record).toMatchObject({ outcome: 'held', plan: { held: { add: [wide] } } });
    expect(prefixesIn(world)).toEqual([a]);
  });

  test('ends with the next release, also for a target that is rolled back to the list that was approved', async () => {
    const world = await approvedInVain();
    const approved = (await world.services.snapshots.list('Public', { limit: 1 })).items[0]?.id ?? '';
    world.clock.advance(dayInMs);
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 10_000);
    await publish(world, list(a, c, wide), 3).catch(() => undefined);
    await forgetMessages(world);
    world.simulator.forgetFaults();

    await world.actions.rollbackTarget('hooks', approved, 'operator');

    expect(prefixesIn(world)).toEqual([a]);
  });

  test('ends with a change of the target', async () => {
    const world = await approvedInVain();
    world.setTargets([{ ...guarded, limits: { ...defaultLimits, removalGraceDays: 30 } }]);

    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a]);
  });

  test('has a record of its own before anything is written, and does not count without it', async () => {
    const world = await approvedInVain();
    const record = (await recordsOf(world, 'hooks')).find(({ outcome }) => outcome === 'approved');
    expect(record).toMatchObject({
      trigger: { reason: 'approval', by: 'operator' },
      operator: { approval: { add: [wide] } },
    });
    const state = await world.services.states.get('hooks');
    if (!state?.operator.approval) throw new Error('there is no approval');
    const approval = { ...state.operator.approval, add: [wide, '10.0.0.0/8'] };
    await world.services.states.withLease('hooks', (session) => session.put({ ...state, operator: { approval } }));

    const [run] = await world.reconcile();

    expect(run).toMatchObject({ outcome: 'held' });
    expect(codesOf(run)).toContain('unprovenApproval');
    expect(prefixesIn(world)).toEqual([a]);
  });
});

describe.each(['hooks', 'prod'])('records that are owed: %s', (name) => {
  test('storage fails while an owed one is brought to the ledger, and the run adds its own: none is lost', async () => {
    const target = name === 'hooks' ? hooks({ limits: openLimits }) : prod({ limits: openLimits });
    const world = await worlds.open({ targets: [target] });
    await publish(world, list(a));
    world.clock.advance(7 * dayInMs);
    await diesAfterItsWrite(world, name);
    world.clock.advance(60_000);
    let calls = 0;
    const { ledger } = world.services;
    const flaky: Ledger = {
      newestAfter: (chain, head, now) => ledger.newestAfter(chain, head, now),
      get: (id) => ledger.get(id),
      list: (query) => ledger.list(query),
      put: (record) => ((calls += 1) === 1 ? Promise.reject(new Error('503')) : ledger.put(record)),
    };

    await updateTarget({ ...world.services, ledger: flaky }, { target: name, reason: 'reconcile' }).catch(
      () => undefined,
    );
    world.clock.advance(60_000);
    await update(world, name);

    const outcomes = (await recordsOf(world, name)).map(({ outcome }) => outcome);
    expect(outcomes.slice(0, 2)).toEqual(['applied', 'interrupted']);
    expect((await world.services.states.get(name))?.run.outbox).toEqual([]);
  });

  /** Its state can be written once: the claim. */
  async function diesAfterItsWrite(world: World, target: string): Promise<void> {
    const { states, snapshots } = world.services;
    expect(await snapshots.readPointer('Public')).toBeDefined();
    const { source } = await import('./stories.ts');
    world.setSources(source(list(a, b), { date: world.clock.now().toISOString().slice(0, 10), changeNumber: 2 }));
    await world.pull();
    await forgetMessages(world);
    const dying: typeof states = {
      get: (each) => states.get(each),
      listSummaries: () => states.listSummaries(),
      withLease: (each, work) =>
        states.withLease(each, (session) => {
          let puts = 0;
          const put: typeof session.put = (state) =>
            (puts += 1) === 1 ? session.put(state) : Promise.reject(new Error('the process died'));
          return work({ state: session.state, put, assertHeld: () => session.assertHeld() });
        }),
      withLeaseToWrite: (each, work) => dying.withLease(each, work),
    };
    await updateTarget({ ...world.services, states: dying }, { target, reason: 'message' }).catch(() => undefined);
  }
});
