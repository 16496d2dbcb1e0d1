/** Removals leave late: days and publications, clocks that start anew, and additions that take effect first. */
import { describe, expect, test } from '@jest/globals';
import { startWorld, type World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, codesOf, dayInMs, dayOf, hooks, ipRulesOf, prefixesIn, prod, publish } from './stories.ts';
import { publishNextWeek, recordsOf, source, useWorlds, writesOf, type TagLists } from './stories.ts';

const worlds = useWorlds();

const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
/** More than the limits let go at once is another story. */
const hundred = Array.from({ length: 100 }, (_, index) => `20.42.${index}.0/24`);
const leaver = '20.42.99.0/24';
const without = list(...hundred.slice(0, 99));
const whole = list(...hundred);

/** The same list under another number: a publication that confirms what is gone. */
async function confirm(world: World, days: number, changeNumber: number, tags = without): Promise<void> {
  world.clock.advance(days * dayInMs);
  await publish(world, tags, changeNumber);
  await world.reconcile();
}

describe('days and publications', () => {
  test('a prefix leaves after 14 days and two further publications without it, not before', async () => {
    const world = await worlds.open({ targets: [hooks(), prod({ limits: { ...defaultLimits } })] });
    await publish(world, whole);
    const [gone] = await publishNextWeek(world, without, 2);
    expect(gone?.plan).toMatchObject({ remove: [], retain: [leaver] });
    expect(gone?.reasons[0]?.message).toBe(
      `${leaver} (256 addresses) has not been listed since 12 Jan 2026. The app removes it after 26 Jan 2026 and 2 further releases without it.`,
    );

    await confirm(world, 7, 3);
    await confirm(world, 6, 4);
    expect(prefixesIn(world)).toContain(leaver);

    world.clock.advance(dayInMs);
    await world.reconcile();

    expect(prefixesIn(world)).toEqual(hundred.slice(0, 99));
    expect(ipRulesOf(world)).toEqual(hundred.slice(0, 99));
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ outcome: 'applied', plan: { remove: [leaver] } });
  });

  test('days alone are not enough', async () => {
    const world = await worlds.open();
    await publish(world, whole);
    await publishNextWeek(world, without, 2);
    await confirm(world, 60, 3);
    for (let hour = 0; hour < 3; hour += 1) await world.reconcile();

    expect(prefixesIn(world)).toContain(leaver);
    expect((await world.services.states.get('hooks'))?.run.seen?.absent[0]?.confirmations).toBe(1);
  });

  test('publications alone are not enough', async () => {
    const world = await worlds.open();
    await publish(world, whole);
    await publishNextWeek(world, without, 2);
    for (const number of [3, 4, 5]) await confirm(world, 1, number);

    expect(prefixesIn(world)).toContain(leaver);
  });

  test('policy addOnly never removes, however long it is gone', async () => {
    const world = await worlds.open({ targets: [hooks({ policy: 'addOnly', limits: openLimits })] });
    await publish(world, whole);
    await publishNextWeek(world, without, 2);
    for (const number of [3, 4, 5]) await confirm(world, 30, number);

    expect(prefixesIn(world)).toEqual(hundred);
    expect((await world.actions.planTarget('hooks')).reasons.map(({ code }) => code)).toEqual(['addOnly']);
  });
});

describe('a prefix that comes back', () => {
  test('is kept, and its clock starts anew', async () => {
    const world = await worlds.open();
    await publish(world, whole);
    await publishNextWeek(world, without, 2);
    await confirm(world, 13, 3);
    await publishNextWeek(world, whole, 4);
    expect((await world.services.states.get('hooks'))?.run.seen?.absent).toEqual([]);

    await publishNextWeek(world, without, 5);
    await confirm(world, 7, 6);

    expect(prefixesIn(world)).toContain(leaver);
    expect((await world.services.states.get('hooks'))?.run.seen?.absent).toMatchObject([
      { prefix: leaver, confirmations: 1 },
    ]);
  });

  test('again and again stays in, and people are told', async () => {
    const world = await worlds.open({ targets: [hooks({ limits: { ...defaultLimits, removalGraceDays: 1 } })] });
    await publish(world, whole);
    for (const number of [2, 4]) {
      await publishNextWeek(world, without, number);
      await publishNextWeek(world, whole, number + 1);
    }
    await publishNextWeek(world, without, 6);
    await confirm(world, 7, 7);
    await confirm(world, 7, 8);

    expect(prefixesIn(world)).toContain(leaver);
    const plan = await world.actions.planTarget('hooks');
    expect(plan).toMatchObject({ verdict: 'held', held: { remove: [leaver] } });
    expect(plan.reasons.map(({ code }) => code)).toEqual(['flapping']);
    expect(world.notifications.at(-1)).toMatchObject({ type: 'plan.held', subject: 'hooks' });
  });
});

describe('additions take effect before removals', () => {
  const before = list('20.42.0.0/24', '20.42.1.0/24');
  const after = list('20.42.0.0/24', '20.42.2.0/24');
  const all = ['20.42.0.0/24', '20.42.1.0/24', '20.42.2.0/24'];
  const kinds = [
    {
      kind: 'nsgRule',
      target: hooks({ limits: openLimits }),
      live: (world: World) => prefixesIn(world),
      waitInMs: 1_000,
    },
    {
      kind: 'registry',
      target: prod({ limits: openLimits }),
      live: (world: World) => ipRulesOf(world),
      waitInMs: 300_000,
    },
  ];

  async function pullOnly(world: World, tags: TagLists): Promise<void> {
    world.clock.advance(7 * dayInMs);
    world.setSources(source(tags, { date: dayOf(world), changeNumber: 2 }));
    await world.pull();
  }

  async function handleOne(world: World) {
    const next = world.queue.messages[0];
    if (!next) throw new Error('the queue is empty');
    (world.queue.messages as unknown[]).shift();
    const record = await updateTarget(world.services, next.message);
    if (typeof record === 'string') throw new Error(record);
    return record;
  }

  test.each(kinds)('$kind: two writes, the second in a message of its own that waits', async (each) => {
    const world = await worlds.open({ targets: [each.target] });
    await publish(world, before);
    await pullOnly(world, after);

    const first = await handleOne(world);
    expect(first).toMatchObject({ outcome: 'pending', plan: { add: ['20.42.2.0/24'], remove: ['20.42.1.0/24'] } });
    expect([...each.live(world)].sort()).toEqual(all);
    const [message] = world.queue.messages;
    expect(message?.message).toEqual({ target: each.target.name, reason: 'removals' });
    expect((message?.visibleAt ?? 0) - world.clock.now().getTime()).toBeGreaterThanOrEqual(each.waitInMs);

    // A run that comes too early writes nothing, and takes nothing from the later one.
    const writes = writesOf(world);
    const early = await updateTarget(world.services, { target: each.target.name, reason: 'reconcile' });
    expect(early).toMatchObject({ outcome: 'pending' });
    expect(codesOf(typeof early === 'string' ? undefined : early)).toContain('settling');
    expect(writesOf(world)).toEqual(writes);

    const [second] = await world.drain();
    expect(second).toMatchObject({ outcome: 'applied', trigger: { reason: 'removals' } });
    expect(each.live(world)).toEqual(['20.42.0.0/24', '20.42.2.0/24']);
  });

  test.each(kinds)('$kind: a restart in between loses nothing', async (each) => {
    const connectionString = worlds.freshConnectionString();
    const world = await worlds.open({ targets: [each.target], connectionString });
    await publish(world, before);
    await pullOnly(world, after);
    await handleOne(world);

    const restarted = await startWorld({
      connectionString,
      start: new Date(world.clock.now().getTime() + 400_000),
      targets: [each.target],
      simulator: world.simulator,
    });
    await restarted.reconcile();

    expect(each.live(world)).toEqual(['20.42.0.0/24', '20.42.2.0/24']);
  });

  test.each(kinds)('$kind: additions whose run failed behind the write settle as well', async (each) => {
    const world = await worlds.open({ targets: [each.target] });
    await publish(world, before);
    await pullOnly(world, after);
    const { queue } = world.services;
    const broken = { ...queue, send: () => Promise.reject(new Error('no queue today')) };
    const message = { target: each.target.name, reason: 'selectionChanged' };
    await expect(updateTarget({ ...world.services, queue: broken }, message)).rejects.toThrow('no queue today');
    expect([...each.live(world)].sort()).toEqual(all);

    const again = await updateTarget(world.services, message);

    expect(again).toMatchObject({ outcome: 'pending' });
    expect([...each.live(world)].sort()).toEqual(all);
    await world.drain();
    expect(each.live(world)).toEqual(['20.42.0.0/24', '20.42.2.0/24']);
  });
});
