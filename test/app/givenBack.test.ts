/**
 * What a write that came to nothing leaves behind: whose a rule is, what an approval and an owed record outlive, no more
 * let in than was asked, no claim given up.
 */
import { describe, expect, test } from '@jest/globals';
import { ArmError } from '../../dev/simulator/armError.ts';
import { faults, type Fault } from '../../dev/simulator/faults.ts';
import type { RuleSeed } from '../../dev/simulator/seeds.ts';
import type { World } from '../../dev/world.ts';
import type { Ledger } from '../../src/app/ports.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import {
  acr,
  codesOf,
  dayInMs,
  dayOf,
  editIpRules,
  editRule,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
} from './stories.ts';
import { publishNextWeek, recordsOf, ruleOfOthers, rulesOf, source, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
/** Neither `a` nor next to it. */
const first = '20.42.60.0/24';
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
    const approved = (await world.services.snapshots.list('Public'))[0]?.id ?? '';
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
  const mark = (description: string): void =>
    world.simulator.putRule(hooks().resourceId, { name: live.name, properties: { ...properties, description } });

  mark('acr-address-keeper owner=another target=hooks');
  const [blocked] = await world.reconcile();
  const during = await world.services.states.get('hooks');
  mark(properties.description ?? '');
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
