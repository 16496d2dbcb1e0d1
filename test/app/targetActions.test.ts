/** What people do: approve exactly one plan, roll back, resume, pause. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { RequestError } from '../../src/core/errors.ts';
import { defaultLimits, type Target } from '../../src/core/targets/target.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { viewTarget } from '../../src/app/queries/targetQueries.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, codesOf, dayInMs, hooks, ipRulesOf, prefixesIn, prod, publish, publishNextWeek } from './stories.ts';
import { editRule, recordsOf, ruleOfOthers, useWorlds, writesOf, type TagLists } from './stories.ts';
import { dayAndTimeInWords } from '../../src/core/words.ts';

const worlds = useWorlds();
const fifty = Array.from({ length: 50 }, (_, index) => `20.42.${index}.0/24`);
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const wide = '20.64.0.0/19';
const impatient = { ...defaultLimits, removalGraceDays: 0, removalConfirmations: 0 };

/** What a refused action says. */
async function refusal(action: Promise<unknown>): Promise<RequestError> {
  const error: unknown = await action.then(
    () => new Error('it was not refused'),
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'RequestError' });
  return error as RequestError;
}

async function heldWorld(targets: readonly Target[] = [hooks()]): Promise<World> {
  const world = await worlds.open({ targets });
  await publish(world, list(...fifty));
  await publishNextWeek(world, list(...fifty, wide));
  return world;
}

describe('an approval', () => {
  test('applies the plan of its id, once and nothing more; who asked is in the record', async () => {
    const world = await heldWorld();
    const plan = await world.actions.planTarget('hooks');
    expect(plan).toMatchObject({ verdict: 'held', add: [], held: { add: [wide], remove: [] } });

    const answer = await world.actions.approvePlan('hooks', plan.id, 'operator');

    expect(prefixesIn(world)).toEqual([...fifty, wide]);
    expect(answer).toMatchObject({ target: 'hooks', outcome: 'applied' });
    const record = (await recordsOf(world, 'hooks')).at(-1);
    expect(record).toMatchObject({ id: answer.runId, trigger: { reason: 'approval', by: 'operator' } });
    expect((await world.services.states.get('hooks'))?.operator.approval).toBeUndefined();

    const error = await refusal(world.actions.approvePlan('hooks', plan.id, 'operator'));
    expect(error.status).toBe(409);
    expect(error.problem).toBe('plan-changed');
    expect(error.details).toMatchObject({ plan: { verdict: 'apply', held: { add: [] } } });

    // What is held next week waits for its own.
    await publishNextWeek(world, list(...fifty, wide, '20.96.0.0/19'));
    expect(prefixesIn(world)).toEqual([...fifty, wide]);
  });

  test('of the plan that was announced counts after its run has applied the rest, unless anything else has changed', async () => {
    const held = list(...fifty, '20.43.0.0/24', wide);
    const moves: readonly ((world: World) => unknown)[] = [
      (world) => editRule(world, { sourceAddressPrefixes: [...fifty, '20.43.0.0/24', '192.0.2.0/24'] }),
      (world) => world.setTargets([hooks({ limits: { ...defaultLimits, maxRemovedCount: 9 } })]),
    ];
    for (const move of [undefined, ...moves]) {
      const world = await worlds.open();
      await publish(world, list(...fifty));
      await publishNextWeek(world, held);
      const { data } = world.notifications.find(({ type }) => type === 'plan.held') ?? {};
      const planId = data?.planId as string;
      expect(prefixesIn(world)).toEqual([...fifty, '20.43.0.0/24']);
      move?.(world);

      const action = world.actions.approvePlan('hooks', planId, 'operator');

      if (move) expect((await refusal(action)).problem).toBe('plan-changed');
      else expect(await action.then(() => prefixesIn(world))).toEqual([...fifty, '20.43.0.0/24', wide]);
    }
  });

  test('is refused with the new plan when target, configuration, a limit of it, or snapshot has moved', async () => {
    const world = await heldWorld();
    const rule = { ...hooks().rule, priority: 310 };
    const limits = { ...defaultLimits, maxRemovedCount: 9 };
    const moves: readonly (readonly [string, () => unknown])[] = [
      ['the target', () => editRule(world, { description: 'by hand' })],
      ['the configuration', () => world.setTargets([hooks({ rule })])],
      ['a limit of the configuration', () => world.setTargets([hooks({ rule, limits })])],
      ['the snapshot', () => publishNextWeek(world, list(...fifty, wide, '20.43.0.0/24'))],
    ];
    for (const [what, move] of moves) {
      const { id } = await world.actions.planTarget('hooks');
      await Promise.resolve(move());
      const writes = writesOf(world);

      const error = await refusal(world.actions.approvePlan('hooks', id, 'operator'));

      const now = await world.actions.planTarget('hooks');
      expect({ what, status: error.status, plan: error.details.plan }).toEqual({ what, status: 409, plan: now });
      expect({ what, isTheSame: now.id === id }).toEqual({ what, isTheSame: false });
      expect(writesOf(world)).toEqual(writes);
    }
  });

  test('of one target says nothing about another', async () => {
    const other = hooks({ name: 'other', resourceId: hooks().resourceId.replace('nsg-hooks', 'nsg-other') });
    const world = await heldWorld([hooks(), other]);
    const { id } = await world.actions.planTarget('hooks');

    expect((await refusal(world.actions.approvePlan('other', id, 'operator'))).status).toBe(409);
    await world.actions.approvePlan('hooks', id, 'operator');

    expect(prefixesIn(world, other)).toEqual(fifty);
  });

  test.each([
    ['policy plan', { targets: [hooks({ policy: 'plan' })] }, 'planOnly', 'target-plan-only'],
    ['a target that the file pauses', { targets: [hooks({ paused: true })] }, 'paused', 'target-paused'],
    ['UPDATES_PAUSED', { updatesPaused: true }, 'paused', 'target-paused'],
  ])('does not help against %s, as the plan itself says', async (_what, options, code, problem) => {
    const world = await worlds.open(options);
    await publish(world, list(...fifty, wide));
    const plan = await world.actions.planTarget('hooks');
    expect(plan).toMatchObject({ verdict: 'held', gate: { code } });

    const error = await refusal(world.actions.approvePlan('hooks', plan.id, 'operator'));

    expect(error).toMatchObject({ status: 409, problem, details: { plan } });
    expect(error.message).toBe(`nothing is written to hooks: ${plan.gate?.message ?? ''}`);
    expect(writesOf(world)).toEqual([]);
    expect(world.simulator.nsg(hooks().resourceId)?.properties.securityRules).toEqual([]);
  });

  test('does not help against a block: the answer says what to do', async () => {
    const world = await heldWorld();
    const { id } = await world.actions.planTarget('hooks');
    expect(id).toBeDefined();
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');
    world.simulator.putRule(hooks().resourceId, {
      name: 'AllowAcr',
      properties: ruleOfOthers({ description: 'acr-address-keeper owner=someone-else target=hooks' }),
    });
    const plan = await world.actions.planTarget('hooks');
    expect(plan.verdict).toBe('blocked');

    const error = await refusal(world.actions.approvePlan('hooks', plan.id, 'operator'));

    expect(error.message).toMatch(
      /hooks is blocked, and an approval does not help: Rule AllowAcr belongs to another deployment/,
    );
    expect(error.problem).toBe('target-blocked');
  });

  test.each([
    ['nsgRule', hooks({ limits: impatient }), (world: World) => prefixesIn(world)],
    ['registry', prod({ limits: impatient }), (world: World) => ipRulesOf(world)],
  ])('%s: carries through both phases, past pulls and reconciliations in between', async (_kind, target, live) => {
    const world = await worlds.open({ targets: [target] });
    await publish(world, list(...fifty));
    await publishNextWeek(world, list(...fifty.slice(0, 40), wide));
    const plan = await world.actions.planTarget(target.name);
    expect(plan.held).toEqual({ add: [wide], remove: fifty.slice(40) });

    const answer = await world.actions.approvePlan(target.name, plan.id, 'operator');
    expect(answer).toMatchObject({ outcome: 'pending' });
    expect(live(world)).toEqual([...fifty, wide]);
    await world.pull();
    // Too early for the removals: looks, and waits.
    await world.actions.planTarget(target.name);
    const due = world.queue.messages.at(-1)?.visibleAt ?? 0;
    await world.services.queue.send({ target: target.name, reason: 'reconcile' });
    await world.drain();

    expect(world.clock.now().getTime()).toBeGreaterThanOrEqual(due);
    expect([...live(world)]).toEqual([...fifty.slice(0, 40), wide]);
    expect((await world.services.states.get(target.name))?.operator.approval).toBeUndefined();
  });

  test('of a target that is being updated is refused for now', async () => {
    const world = await heldWorld();
    const { id } = await world.actions.planTarget('hooks');

    const error = await world.services.states.withLease('hooks', () =>
      refusal(world.actions.approvePlan('hooks', id, 'operator')),
    );

    expect(error).toMatchObject({
      status: 409,
      message: 'hooks is being updated now: try again in a minute',
      problem: 'target-busy',
      details: { retryAfterInSeconds: 60 },
    });
  });

  test('of an unknown target is a 404 that names the nearest', async () => {
    const world = await worlds.open();

    expect(await refusal(world.actions.planTarget('hook'))).toMatchObject({ status: 404 });
  });
});

describe('rollback', () => {
  const old = list('20.42.0.0/24', '20.42.1.0/24');
  const next = list('20.42.0.0/24', '20.42.2.0/24');

  async function movedOn(target: Target): Promise<{ world: World; oldId: string }> {
    const world = await worlds.open({ targets: [target] });
    world.clock.advance(1);
    await publish(world, old);
    const oldId = (await world.services.states.get(target.name))?.run.lastResult?.snapshot ?? '';
    await publishNextWeek(world, next);
    await world.reconcile();
    return { world, oldId };
  }

  test.each([
    ['nsgRule', hooks({ limits: openLimits }), (world: World) => prefixesIn(world)],
    ['registry', prod({ limits: openLimits }), (world: World) => ipRulesOf(world)],
  ])('%s: pins, adds what is missing, then removes what is too much; resume goes back', async (_kind, target, live) => {
    const { world, oldId } = await movedOn(target);
    expect(live(world)).toEqual(['20.42.0.0/24', '20.42.2.0/24']);

    const answer = await world.actions.rollbackTarget(target.name, oldId, 'operator');
    expect(answer.message).toBe(`rolled back to ${oldId} until somebody resumes it; the app goes on in a later run`);
    expect([...live(world)].sort()).toEqual(['20.42.0.0/24', '20.42.1.0/24', '20.42.2.0/24']);
    await world.drain();
    expect(live(world)).toEqual(['20.42.0.0/24', '20.42.1.0/24']);

    await publishNextWeek(world, list('20.42.0.0/24', '20.42.2.0/24', '20.42.3.0/24'));
    await world.reconcile();
    expect(live(world)).toEqual(['20.42.0.0/24', '20.42.1.0/24']);

    await world.actions.resumeTarget(target.name, 'operator');
    await world.drain();
    await world.reconcile();
    expect([...live(world)].sort()).toEqual(['20.42.0.0/24', '20.42.2.0/24', '20.42.3.0/24']);
    expect((await world.services.states.get(target.name))?.operator.pin).toBeUndefined();
    const reasons = (await recordsOf(world, target.name)).map(({ trigger }) => `${trigger.reason} ${trigger.by ?? ''}`);
    expect(reasons).toEqual(expect.arrayContaining(['rollback operator', 'resume operator']));
  });

  test('lets nothing in that waited for approval when the release was current', async () => {
    const world = await worlds.open();
    const few = Array.from({ length: 60 }, (_, index) => `20.42.${2 * index}.0/24`);
    const many = Array.from({ length: 300 }, (_, index) => `52.${index >> 7}.${2 * (index & 127)}.0/24`);
    await publish(world, { [acr]: few }, 1);
    await publishNextWeek(world, { [acr]: few }, 2);
    await publishNextWeek(world, { [acr]: [...few, ...many] }, 3);
    const id = (await world.services.states.get('hooks'))?.run.lastResult?.snapshot ?? '';
    const before = prefixesIn(world).length;
    await publishNextWeek(world, { [acr]: few }, 4);

    await world.actions.rollbackTarget('hooks', id, 'operator');
    const [run] = await world.reconcile();

    expect(before).toBeLessThan(few.length + many.length);
    expect(prefixesIn(world)).toHaveLength(before);
    expect(codesOf(run)).toContain('maxAddedAddresses');
  });

  test('removes at once what is too much, but only within the limits', async () => {
    const world = await worlds.open({ targets: [hooks()] });
    await publish(world, list(...fifty));
    const oldId = (await world.services.states.get('hooks'))?.run.lastResult?.snapshot ?? '';
    await publishNextWeek(world, list(...fifty, '20.43.0.0/24'));
    const newId = (await world.services.states.get('hooks'))?.run.lastResult?.snapshot ?? '';

    await world.actions.rollbackTarget('hooks', oldId, 'operator');
    await world.drain();
    expect(prefixesIn(world)).toEqual(fifty);

    await world.actions.resumeTarget('hooks', 'operator');
    await publishNextWeek(world, list(...fifty, ...Array.from({ length: 20 }, (_, index) => `20.43.${index}.0/24`)));
    await world.actions.rollbackTarget('hooks', newId, 'operator');
    await world.drain();

    expect(prefixesIn(world)).toHaveLength(70);
    expect(await world.actions.planTarget('hooks')).toMatchObject({ verdict: 'held' });
  });

  test('to a snapshot that is not there is a 404, and pins nothing', async () => {
    const { world } = await movedOn(hooks({ limits: openLimits }));

    for (const id of ['Public-20200101-1-000000000000', '../../etc', '']) {
      expect((await refusal(world.actions.rollbackTarget('hooks', id, 'operator'))).status).toBe(404);
    }
    expect((await world.services.states.get('hooks'))?.operator.pin).toBeUndefined();
  });

  test('back and forth makes no flapping prefix of what a person moved', async () => {
    const { world, oldId } = await movedOn(hooks({ limits: openLimits }));
    for (let count = 0; count < 3; count += 1) {
      await world.actions.rollbackTarget('hooks', oldId, 'operator');
      await world.drain();
      expect(prefixesIn(world)).toEqual(['20.42.0.0/24', '20.42.1.0/24']);
      await world.actions.resumeTarget('hooks', 'operator');
      await world.drain();
      await world.reconcile();
      expect(prefixesIn(world)).toEqual(['20.42.0.0/24', '20.42.2.0/24']);
    }
  });
});

test('a pull while another one runs is refused for now', async () => {
  const world = await worlds.open();

  const error = await world.services.snapshots.withPullLease('Public', () =>
    refusal(world.actions.pullNow('operator')),
  );

  expect(error).toMatchObject({ status: 409, problem: 'pull-busy', details: { retryAfterInSeconds: 60 } });
});

describe('pause', () => {
  test('stops a target until it is resumed; it is in the ledger, and what came meanwhile is made up for', async () => {
    const world = await worlds.open();
    await publish(world, list('20.42.0.0/24'));
    await world.actions.pauseTarget('hooks', 'operator');
    const writes = writesOf(world);

    await publishNextWeek(world, list('20.42.0.0/24', '20.42.1.0/24'));
    await world.reconcile();
    expect(writesOf(world)).toEqual(writes);
    const state = await world.services.states.get('hooks');
    expect(state?.run.lastResult).toMatchObject({ status: 'paused' });
    expect(state?.run.lastResult?.reasons[0]?.message).toBe(
      `Paused by operator on ${dayAndTimeInWords(state?.operator.paused?.at ?? '')}: nothing is written until someone resumes the target.`,
    );

    await world.actions.resumeTarget('hooks', 'operator');

    expect(prefixesIn(world)).toEqual(['20.42.0.0/24', '20.42.1.0/24']);
    const triggers = (await recordsOf(world, 'hooks')).map(({ trigger }) => trigger);
    expect(triggers).toContainEqual({ reason: 'pause', by: 'operator' });
    expect(triggers.at(-1)).toEqual({ reason: 'resume', by: 'operator' });
  });

  test('is seen at once, not only after the next run', async () => {
    const world = await worlds.open();
    await publish(world, list('20.42.0.0/24'));

    await world.actions.pauseTarget('hooks', 'Ada');

    const { targets } = await buildQueries({ ...world.services, maxPullAgeInHours: 26 }).health();
    expect(targets).toMatchObject({ total: 1, inSync: 0 });
    const view = await viewTarget(world.services.states, hooks(), false);
    expect(view.status).toBe('paused');
    expect(view.reasons).toEqual([
      {
        code: 'paused',
        message: 'Paused by Ada on 5 Jan 2026, 12:00 UTC: nothing is written until someone resumes the target.',
      },
    ]);
    await world.actions.resumeTarget('hooks', 'Ada');
    expect(await viewTarget(world.services.states, hooks(), false)).toMatchObject({ status: 'inSync', reasons: [] });
  });

  test('a rollback of a paused target pins it and writes nothing', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: openLimits })] });
    await publish(world, list('20.42.0.0/24'));
    const id = (await world.services.states.get('hooks'))?.run.lastResult?.snapshot ?? '';
    await publishNextWeek(world, list('20.42.1.0/24'));
    await world.reconcile();
    await world.actions.pauseTarget('hooks', 'operator');
    const writes = writesOf(world);

    const answer = await world.actions.rollbackTarget('hooks', id, 'operator');

    expect(answer).toMatchObject({ outcome: 'paused' });
    expect(writesOf(world)).toEqual(writes);
  });

  test('shows in the plan, and its id stays the same; looking at it writes nothing anywhere', async () => {
    const world = await heldWorld();
    const open = await world.actions.planTarget('hooks');
    expect(open.gate).toBeUndefined();
    await world.actions.pauseTarget('hooks', 'operator');
    const before = JSON.stringify(await world.services.states.get('hooks'));
    const writes = writesOf(world);
    world.clock.advance(dayInMs);

    const plans = [await world.actions.planTarget('hooks'), await world.actions.planTarget('hooks')];

    for (const plan of plans) {
      // The gate is no part of what is approved.
      expect(plan).toMatchObject({ id: open.id, gate: { code: 'paused' } });
      expect(plan.gate?.message).toMatch(/^Paused by operator on /);
    }
    expect(JSON.stringify(await world.services.states.get('hooks'))).toBe(before);
    expect(writesOf(world)).toEqual(writes);
  });
});
