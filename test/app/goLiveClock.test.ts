/** The week of grace runs for whatever a target lacks of the current list, whyever it lacks it. */
import { describe, expect, test } from '@jest/globals';
import type { AuthSettings } from '../../dev/simulator/access.ts';
import type { World } from '../../dev/world.ts';
import type { App } from '../../src/app/composition.ts';
import { runReconcileIn } from '../../src/app/invocations.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { readOverview } from '../../src/app/queries/overview/overview.ts';
import { summarizeTargets } from '../../src/app/update/targetSummaries.ts';
import { calculateGoLive, describeGoLive, type GoLiveClock } from '../../src/core/goLive.ts';
import type { Measurement } from '../../src/core/metrics.ts';
import type { MissingPrefix } from '../../src/core/targets/targetState.ts';
import { dayInWords } from '../../src/core/words.ts';
import { acr, codesOf, dayInMs, editIpRules, hooks, prefixesIn, prod, publish } from './stories.ts';
import { publishNextWeek, useWorlds } from './stories.ts';

const worlds = useWorlds({ wholeHistory: true });
const first = '20.42.66.0/24';
/** As the built-in history knows. */
const listedSince = '2020-08-03';
const second = '20.42.68.0/24';
const third = '20.42.70.0/24';
const registryId = prod().resourceId.replace('prod', 'source');

function access(...actions: readonly string[]): AuthSettings {
  const principal = { client: 'app', objectId: '00000000-0000-0000-0000-00000000000f' };
  return { principals: {}, withoutToken: { ...principal, permissions: [{ scope: '/', actions }] } };
}

const forbid = (world: World): void => world.simulator.configure({ auth: access('*/listUsages/action') });
const permit = (world: World): void => world.simulator.configure({ auth: access('*') });

async function clockOf(world: World): Promise<GoLiveClock> {
  const targets = await world.services.targets.read();
  const summaries = await summarizeTargets(world.services, targets);
  return calculateGoLive(summaries, world.clock.now());
}

async function waitingOf(world: World, target = 'hooks'): Promise<readonly MissingPrefix[] | undefined> {
  return (await world.services.states.get(target))?.run.seen?.missing;
}

async function daysLeftMeasured(world: World, isFileMissing = false): Promise<number | undefined> {
  const measured: Measurement[] = [];
  const telemetry: App['telemetry'] = {
    span: (_name, _options, work) => work({ traceparent: undefined, set: () => undefined }),
    record: (more) => void measured.push(...more),
    flush: () => Promise.resolve(),
  };
  const services = { ...world.services, isTargetsFileMissing: () => Promise.resolve(isFileMissing) };
  await runReconcileIn({ services, telemetry, logger: world.services.logger } as unknown as App);
  return measured.find(({ metric }) => metric === 'deadline.days_left')?.value;
}

describe('a publication that does not reach the rules', () => {
  test('Azure answers 403 since before it', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [first] });
    forbid(world);

    const runs = await publishNextWeek(world, { [acr]: [first, second] });
    world.clock.advance(9 * dayInMs);
    await world.reconcile();

    expect(runs.map((run) => codesOf(run))).toEqual([['noPermission']]);
    expect(await waitingOf(world)).toEqual([{ prefix: second, published: '2026-01-12' }]);
    expect(await clockOf(world)).toMatchObject({ status: 'overdue', first: { prefix: second, targets: ['hooks'] } });
    expect(world.notifications.filter(({ type }) => type === 'deadline.near')).toHaveLength(1);
  });

  test('Azure refuses the first write: one notice of the block, and no deadline for what was never applied', async () => {
    const world = await worlds.open();
    const body = '{"error":{"code":"RequestDisallowedByPolicy","message":"Disallowed by policy."}}';
    world.simulator.failNext({ method: 'PUT' }, { kind: 'raw', status: 403, contentType: 'application/json', body }, 9);

    const runs = await publish(world, { [acr]: [first, '60.0.0.0/16'] });

    expect(runs.map(({ outcome }) => outcome)).toEqual(['blocked']);
    expect(world.notifications.map(({ type }) => type)).toEqual(['target.blocked']);
    expect(await daysLeftMeasured(world)).toBe(7);

    world.simulator.forgetFaults();
    await world.reconcile();
    expect(prefixesIn(world)).toEqual([first]);
    expect(world.notifications.map(({ type }) => type)).toEqual(['target.blocked', 'plan.held']);
  });

  test('the message of the pull is never handled', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [first] });
    world.clock.advance(7 * dayInMs);
    expect(await clockOf(world)).toMatchObject({ status: 'done' });

    world.setTargets([hooks(), hooks({ name: 'new' })]);
    await publishUnhandled(world, { [acr]: [first, second] });
    world.clock.advance(9 * dayInMs);

    const { prefixes } = await clockOf(world);
    expect(prefixes).toMatchObject([
      { prefix: first, published: listedSince, targets: ['new'] },
      { prefix: second, published: '2026-01-12', targets: ['hooks', 'new'] },
    ]);
    // Nobody waits for a target that no run has looked at yet: only what the other one lacks counts.
    expect(await daysLeftMeasured(world)).toBe(-2.5);
    const queries = buildQueries({ ...world.services, maxPullAgeInHours: 1_000 });
    expect(await queries.health()).toMatchObject({
      status: 'degraded',
      targets: { total: 2, inSync: 1, pending: 1 },
      goLive: { status: 'overdue', deadline: '2026-01-19T00:00:00.000Z' },
    });
  });

  test('the target is pinned to an earlier list', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [first] });
    const pinned = (await world.services.lists.readCurrent()).snapshot ?? '';
    await publishNextWeek(world, { [acr]: [first, second] }, 2);
    await world.actions.rollbackTarget('hooks', pinned, 'Ada');
    const { id } = await world.actions.planTarget('hooks');
    await world.actions.approvePlan('hooks', id, 'Ada');
    await world.drain();
    expect(prefixesIn(world)).toEqual([first]);

    await publishNextWeek(world, { [acr]: [first, second, third] }, 3);
    world.clock.advance(1.5 * dayInMs);
    const [run] = await world.reconcile();

    const newest = (await world.services.lists.readCurrent()).snapshot ?? '';
    expect(run?.outcome).toBe('unchanged');
    expect(run?.reasons).toEqual([
      {
        code: 'pinned',
        message: `Rolled back to ${pinned} by Ada on 12 Jan 2026, and so without 2 prefixes of the current list ${newest}: resume the target to follow the list.`,
        prefixes: [second, third],
      },
    ]);
    expect(await waitingOf(world)).toEqual([
      { prefix: second, published: '2026-01-12' },
      { prefix: third, published: '2026-01-19' },
    ]);
    expect(await clockOf(world)).toMatchObject({ status: 'overdue', first: { published: '2026-01-12' } });
    expect(world.notifications.at(-1)).toMatchObject({ type: 'deadline.near', subject: 'hooks' });

    const queries = buildQueries({ ...world.services, maxPullAgeInHours: 1_000 });
    expect((await readOverview(queries)).waiting).toMatchObject([
      {
        kind: 'overdue',
        text: ['Rolled back by Ada on 12 Jan 2026: it does not follow new lists. Resume it to let them in.'],
      },
    ]);
    await world.actions.resumeTarget('hooks', 'Ada');
    expect(prefixesIn(world)).toEqual([first, second, third]);
    expect(await clockOf(world)).toMatchObject({ status: 'done' });
  });

  test('the list changes again before the rules can be read: each prefix keeps its own day', async () => {
    const world = await worlds.open({ targets: [hooks({ policy: 'plan' })] });
    await publish(world, { [acr]: [first] });
    forbid(world);
    await publishNextWeek(world, { [acr]: [first, second] }, 2);
    await publishNextWeek(world, { [acr]: [first, second, third] }, 3);
    permit(world);
    await world.reconcile();

    expect(await waitingOf(world)).toEqual([
      { prefix: first, published: listedSince },
      { prefix: second, published: '2026-01-12' },
      { prefix: third, published: '2026-01-19' },
    ]);
  });
});

/** The pull does its work, and nobody handles what it sends. */
async function publishUnhandled(world: World, tags: Parameters<typeof publish>[1]): Promise<void> {
  const send = world.queue.send.bind(world.queue);
  world.queue.send = () => Promise.resolve();
  await publish(world, tags, 2);
  world.queue.send = send;
}

test('a run that is ahead of the list at hand is believed', async () => {
  const world = await worlds.open();
  await publish(world, { [acr]: [first] });
  const before = await world.services.snapshots.readPointer('Public');
  await publishNextWeek(world, { [acr]: [first, second] }, 2);
  world.services.snapshots.readPointer = () => Promise.resolve(before);

  expect(await clockOf(world)).toMatchObject({ status: 'done' });
});

describe('the day of a prefix', () => {
  test('is that of its publication, also for a target that is new', async () => {
    const world = await worlds.open({ targets: [] });
    await publish(world, { [acr]: [first] });
    await publishNextWeek(world, { [acr]: [first, second], Storage: ['20.60.0.0/24'] }, 2);
    await publishNextWeek(world, { [acr]: [first, second, third] }, 3);

    world.setTargets([hooks({ policy: 'plan' })]);
    await world.reconcile();

    expect(await waitingOf(world)).toEqual([
      { prefix: first, published: listedSince },
      { prefix: second, published: '2026-01-12' },
      { prefix: third, published: '2026-01-19' },
    ]);
    expect(describeGoLive(await clockOf(world), world.clock.now())).toBe(
      `hooks lacks 1 listed prefix: ${first} (listed since ${dayInWords(listedSince)}). Azure may have used it since 10 Aug 2020, 00:00 UTC. The page says why, and what to do.`,
    );
  });
});

test('a new target without room for old prefixes is overdue since the first look at it, not for 53 days', async () => {
  const world = await worlds.open({ targets: [] });
  await publish(world, { [acr]: [first, second, third] });
  world.clock.advance(60 * dayInMs);
  const target = prod({ regions: 'all', capacity: { fit: 'exact', maxRules: 1, maxExtraAddresses: 0 } });
  world.simulator.putRegistry({
    id: target.resourceId,
    sku: 'Premium',
    networkRuleSet: { defaultAction: 'Deny', ipRules: [] },
  });
  world.setTargets([target]);
  await world.reconcile();
  const looked = world.clock.now().toISOString();
  world.clock.advance(dayInMs / 2);
  const queries = buildQueries({ ...world.services, maxPullAgeInHours: 1_000 });

  const { now, targets, waiting } = await readOverview(queries);
  expect(now.sentence).toBe('1 target is overdue: Azure may already use 2 prefixes that it does not allow.');
  expect(targets).toMatchObject([{ isOverdue: true, missing: 2, deadline: looked }]);
  expect(waiting).toMatchObject([{ kind: 'doesNotFit', deadline: looked }]);
  expect((await queries.health()).goLive).toEqual({ status: 'overdue', daysLeft: -0.5, deadline: looked });
  expect(await daysLeftMeasured(world)).toBe(-0.5);
  expect(world.notifications.filter(({ type }) => type === 'deadline.near')).toMatchObject([
    { data: { daysLeft: 0, prefixes: [{ deadline: looked }, { deadline: looked }] } },
  ]);
});

test('a listed prefix that is never allowed has no deadline, and those inside it have theirs', async () => {
  const world = await worlds.open();
  await publish(world, { [acr]: [first] });
  await publishNextWeek(world, { [acr]: [first, '0.0.0.0/0', '10.1.0.0/16', '60.0.0.0/16'] });
  world.clock.advance(9 * dayInMs);
  await publishUnhandled(world, { [acr]: [first, '0.0.0.0/0', '10.1.0.0/16', '10.2.0.0/16', '60.0.0.0/16'] });

  expect(await waitingOf(world)).toEqual([{ prefix: '60.0.0.0/16', published: '2026-01-12' }]);
  expect((await clockOf(world)).prefixes.map(({ prefix }) => prefix)).toEqual(['60.0.0.0/16']);
  await world.reconcile();
  world.clock.advance(dayInMs);
  await publish(world, { [acr]: [first, '0.0.0.0/0', '10.1.0.0/16'] });
  await world.reconcile();
  expect(await clockOf(world)).toMatchObject({ status: 'done' });
});

test('what waits until after its deadline says so, also on the card whose plan is older', async () => {
  const world = await worlds.open();
  await publish(world, { [acr]: [first] });
  await publishNextWeek(world, { [acr]: [first, '60.0.0.0/16'] });
  const queries = buildQueries({ ...world.services, maxPullAgeInHours: 1_000 });
  const said = async () => {
    const { waiting } = await readOverview(queries);
    const state = await world.services.states.get('hooks');
    return [waiting[0]?.text[0], state?.run.lastResult?.reasons[0]?.message];
  };
  const before = expect.stringContaining('Azure may use it from 19 Jan 2026.');
  expect(await said()).toEqual([before, before]);

  world.clock.advance(7 * dayInMs);
  await world.reconcile();

  const after = expect.stringContaining('Azure may have used it since 19 Jan 2026.');
  expect(await said()).toEqual([after, after]);
});

describe('without a look at the rules', () => {
  test('what others let in is not missing, as the last look had it', async () => {
    const world = await worlds.open({ targets: [prod({ regions: 'all' })] });
    editIpRules(world, () => [first]);
    await publish(world, { [acr]: [first] });
    forbid(world);

    await publishNextWeek(world, { [acr]: [first, second] }, 2);

    expect(await waitingOf(world, 'prod')).toEqual([{ prefix: second, published: '2026-01-12' }]);
  });

  test('before its next run, only the regions count in which its registry was last', async () => {
    const world = await worlds.open({ targets: [hooks({ regions: { ofRegistry: registryId } })] });
    world.simulator.putRegistry({ id: registryId, location: 'westeurope' });
    await publish(world, { [`${acr}.WestEurope`]: [first], [`${acr}.EastUS`]: ['20.60.0.0/24'] });
    world.clock.advance(7 * dayInMs);
    await publishUnhandled(world, {
      [`${acr}.WestEurope`]: [first, second],
      [`${acr}.EastUS`]: ['20.60.0.0/24', '20.60.2.0/24'],
    });

    expect((await clockOf(world)).prefixes).toMatchObject([{ prefix: second, targets: ['hooks'] }]);
  });

  test('the regions of a registry are those that it had last; of one that was never read, any', async () => {
    const target = hooks({ regions: { ofRegistry: registryId } });
    const never = hooks({ ...target, name: 'never', rule: { ...hooks().rule, name: 'Never', priority: 400 } });
    const world = await worlds.open({ targets: [target] });
    world.simulator.putRegistry({ id: registryId, location: 'westeurope' });
    await publish(world, { [`${acr}.WestEurope`]: [first], [`${acr}.EastUS`]: ['20.60.0.0/24'] });
    forbid(world);
    world.setTargets([target, never]);

    const tags = { [`${acr}.WestEurope`]: [first, second], [`${acr}.EastUS`]: ['20.60.0.0/24', '20.60.2.0/24'] };
    await publishNextWeek(world, tags, 2);

    expect(await waitingOf(world)).toEqual([{ prefix: second, published: '2026-01-12' }]);
    expect((await waitingOf(world, 'never'))?.map(({ prefix }) => prefix).sort()).toEqual(
      [first, second, '20.60.0.0/24', '20.60.2.0/24'].sort(),
    );
  });
});

test('a targets file that is gone is no all-clear: nothing is measured', async () => {
  const world = await worlds.open({ targets: [] });
  await publish(world, { [acr]: [first] });

  expect(await daysLeftMeasured(world)).toBe(7);
  expect(await daysLeftMeasured(world, true)).toBeUndefined();
});
