/** Lists that cannot be true: what is held, what goes through all the same, and when it ends. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { ApiApp } from '../../src/app/api/route.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { readOverview } from '../../src/app/queries/overview/overview.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import { mergePrefixes } from '../../src/core/prefixes.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { quarantineLimits } from '../../src/core/history/limits.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { call } from './api/call.ts';
import { acr, codesOf, dayInMs, hooks, prefixesIn, prod, publish, publishNextWeek, recordsOf } from './stories.ts';
import { ipRulesOf, useWorlds, writesOf, type TagLists } from './stories.ts';

const worlds = useWorlds();
const impatient = hooks({ limits: { ...defaultLimits, removalGraceDays: 0, removalConfirmations: 0 } });

/** Fifty prefixes, of which 2 % is one. */
const fifty = Array.from({ length: 50 }, (_, index) => `20.42.${index}.0/24`);
const full: TagLists = { [acr]: fifty, [`${acr}.WestEurope`]: fifty.slice(0, 5), Storage: ['20.60.0.0/24'] };
const { [acr]: _whole, ...missing } = full;

async function settledWorld(): Promise<World> {
  const world = await worlds.open({ targets: [impatient] });
  await publish(world, full);
  return world;
}

async function planOf(world: World): Promise<Plan> {
  return world.actions.planTarget('hooks');
}

describe('quarantine of removals', () => {
  test.each([
    ['missing', missing, `${acr} is missing from the list; it had 50 prefixes before.`],
    ['empty', { ...full, [acr]: [] }, `${acr} is in the list without a prefix; it had 50 prefixes before.`],
    [
      'shrunken',
      { ...full, [acr]: fifty.slice(0, 40) },
      `${acr} shrank: the list leaves out 10 of 50 prefixes, 20.0 % of the IPv4 prefixes`,
    ],
  ] as const)('a tag that is %s removes nothing, and says why', async (kind, tags, reason) => {
    const world = await settledWorld();

    const [run] = await publishNextWeek(world, tags);

    expect(prefixesIn(world)).toEqual(fifty);
    expect(run?.plan?.remove).toEqual([]);
    expect(codesOf(run)).toContain('quarantined');
    expect(run?.reasons.find(({ code }) => code === 'quarantined')?.message).toContain(reason);
    const items = await world.services.snapshots.list('Public');
    expect(items[0]?.quarantine).toMatchObject([
      { tag: acr, kind, reason: expect.stringContaining(reason) as unknown, baseline: expect.any(String) as unknown },
    ]);
    expect((await recordsOf(world, 'pull')).at(-1)?.reasons).toMatchObject([{ code: 'quarantined' }]);
    const told = world.notifications.filter(({ type, subject }) => type === 'tag.changed' && subject === acr);
    expect(told.map(({ message }) => message)).toEqual([expect.stringContaining(reason)]);
    expect(told[0]?.message).toContain('Nothing is removed because of it');
    expect(told[0]?.message).not.toContain('updated now');
  });

  test('each target goes by its own limits: a lenient one takes nothing from the others', async () => {
    const rule = { ...hooks().rule, name: 'Lenient', priority: 400 };
    const lenient = hooks({ name: 'lenient', limits: openLimits, rule });
    const world = await worlds.open({ targets: [impatient, lenient] });
    await publish(world, full);

    const runs = await publishNextWeek(world, { ...full, [acr]: fifty.slice(0, 40) });

    expect(prefixesIn(world, lenient)).toEqual(fifty.slice(0, 40));
    expect(prefixesIn(world)).toEqual(fifty);
    expect(runs.map((run) => [run.chain, codesOf(run).includes('quarantined')])).toEqual(
      expect.arrayContaining([
        ['hooks', true],
        ['lenient', false],
      ]),
    );
  });

  test('what a quarantined list adds goes through', async () => {
    const world = await settledWorld();

    const [run] = await publishNextWeek(world, { ...full, [acr]: [...fifty.slice(0, 10), '20.43.0.0/24'] });

    expect(run?.plan?.add).toEqual(['20.43.0.0/24']);
    expect(prefixesIn(world)).toEqual([...fifty, '20.43.0.0/24']);
    expect(run?.plan?.held.remove).toEqual(fifty.slice(10));
  });

  test('it survives several pulls, each measured against the list that was believed last', async () => {
    const world = await settledWorld();
    for (const count of [40, 39, 38, 38]) {
      await publishNextWeek(world, { ...full, [acr]: fifty.slice(0, count), Storage: [`20.60.${count}.0/24`] }, count);
      await world.reconcile();
      expect(prefixesIn(world)).toEqual(fifty);
    }
    const items = (await world.services.snapshots.list('Public')).slice(0, 4);
    const [first] = (await world.services.snapshots.list('Public')).slice(-1);
    expect(items.flatMap(({ quarantine }) => quarantine.map(({ baseline }) => baseline))).toEqual(
      items.slice(0, 3).map(() => first?.id),
    );
  });

  test('it ends when the tag is back: nothing is held, and no trace is left in the rules', async () => {
    const world = await settledWorld();
    await publishNextWeek(world, missing);
    const writes = writesOf(world);

    await publishNextWeek(world, full);
    const [run] = await world.reconcile();

    const items = await world.services.snapshots.list('Public');
    expect(items[0]?.quarantine).toEqual([]);
    expect(run).toMatchObject({ outcome: 'unchanged', reasons: [] });
    expect(await planOf(world)).toMatchObject({ verdict: 'apply', held: { add: [], remove: [] } });
    expect(writesOf(world)).toEqual(writes);
  });

  test('a removal within the limits is believed', async () => {
    const world = await settledWorld();

    await publishNextWeek(world, { ...full, [acr]: fifty.slice(1) });

    expect(prefixesIn(world)).toEqual(fifty.slice(1));
  });

  test('a region is judged for itself, and a small list as a long one', async () => {
    const regional = prod({ limits: impatient.limits });
    const world = await worlds.open({ targets: [impatient, regional] });
    await publish(world, full);

    const [run] = await publishNextWeek(world, { ...full, [`${acr}.WestEurope`]: fifty.slice(0, 4) });

    expect(run).toMatchObject({ chain: 'prod', outcome: 'held' });
    expect(run?.plan?.held.remove).toEqual([fifty[4]]);
    expect(ipRulesOf(world)).toEqual(fifty.slice(0, 5));
  });

  test('a region that no target uses is judged too: a firewall may poll its feed', async () => {
    const world = await worlds.open({ targets: [] });
    await publish(world, full);
    world.clock.advance(7 * dayInMs);

    await publish(world, { ...full, [`${acr}.WestEurope`]: fifty.slice(0, 2) });

    const items = await world.services.snapshots.list('Public');
    expect(items[0]?.quarantine).toMatchObject([{ tag: `${acr}.WestEurope`, kind: 'shrunken' }]);
    const app: ApiApp = {
      queries: buildQueries({ ...world.services, maxPullAgeInHours: 26 }),
      loadActions: () => Promise.resolve(world.actions),
    };
    const feed = await call(app, `feeds/${acr}.westeurope.ipv4.txt`);
    expect(feed.text.trimEnd().split('\n')).toEqual(fifty.slice(0, 5));
    expect(world.notifications).toEqual([]);
  });

  test('health names it, also if there are feeds alone, until it is over or the tag is retired', async () => {
    const world = await worlds.open({ targets: [] });
    const [regional, confirmations] = [`${acr}.WestEurope`, quarantineLimits.removalConfirmations];
    const health = () => buildQueries({ ...world.services, maxPullAgeInHours: 26 }).health();
    await publish(world, full);
    expect(await health()).toMatchObject({ status: 'healthy', problems: [] });

    await publishNextWeek(world, { ...full, [regional]: fifty.slice(0, 2) });
    expect(await health()).toMatchObject({
      status: 'degraded',
      problems: [
        expect.stringMatching(/^AzureContainerRegistry\.WestEurope shrank: the list leaves out 3 of 5 prefixes/),
      ],
    });

    const { [regional]: _region, ...without } = full;
    await publishNextWeek(world, without);
    expect((await health()).problems).toEqual([
      expect.stringMatching(/^AzureContainerRegistry\.WestEurope is missing from the list; it had 5 prefixes before\./),
    ]);
    // The list is the same from now on: the stored snapshot still has the tag in quarantine.
    for (let week = 0; week < confirmations; week += 1) await publishNextWeek(world, without);
    expect((await world.services.snapshots.list('Public'))[0]?.quarantine).toHaveLength(1);
    expect(await health()).toMatchObject({ status: 'healthy', problems: [] });
  });

  test('a tag that is gone for good: health and the page name it while a target follows it, and people hear of what waits', async () => {
    const italy = `${acr}.ItalyNorth`;
    const target = hooks({ regions: ['italynorth', 'westeurope'] });
    const world = await worlds.open({
      targets: [
        target,
        hooks({ name: 'whole', rule: { ...target.rule, name: 'B', priority: 400, ipv6Priority: 401 } }),
      ],
    });
    const queries = buildQueries({ ...world.services, maxPullAgeInHours: 26 });
    const look = async () => {
      const { problems } = await queries.health();
      const { now, targets } = await readOverview(queries);
      return { problems, details: now.details, why: targets?.find(({ name }) => name === 'hooks')?.why };
    };
    const kept = { ...full, [italy]: ['20.42.60.0/24'] };
    await publish(world, { ...kept, [acr]: [...fifty, '20.42.60.0/24'] });
    for (const week of [1, 2]) {
      await publishNextWeek(world, { ...full, [acr]: [...fifty, '20.42.60.0/24'] }, week);
      expect((await look()).problems).toEqual([expect.stringContaining(`${italy} is missing from the list`)]);
    }

    await publishNextWeek(world, { ...full, [acr]: [...fifty, '20.42.60.0/24'] }, 3);
    await world.reconcile();

    const gone = `${italy} has been missing from the list since 12 Jan 2026, so Microsoft has probably given it up`;
    expect(await look()).toEqual({
      problems: [
        `${gone}, and 1 target still follows it: take it out of that target in the targets file (the page names it)`,
      ],
      details: [`${gone}. Take it out of hooks in the targets file.`],
      why: `Regions: "italynorth": ${gone}. The app removes what it had only if you approve that, or take the entry out of the target.`,
    });
    const state = await world.services.states.get('hooks');
    expect(state?.run.lastResult?.reasons.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^20\.42\.60\.0\/24 \(256 addresses\) has not been listed since 12 Jan 2026\./),
    );
    world.notifications.length = 0;

    for (const week of [4, 5, 6]) await publishNextWeek(world, full, week);
    await world.reconcile();

    expect(world.notifications.filter(({ type }) => type === 'plan.held')).toMatchObject([
      { subject: 'hooks', message: expect.stringContaining(gone) as unknown },
    ]);
    world.setTargets([hooks({ regions: ['westeurope'] })]);
    await world.reconcile();
    expect((await look()).problems.filter((problem) => problem.includes(italy))).toEqual([]);
  });

  test('a tag that is gone counts for a target whose registry is in that region, and no call to Azure says so', async () => {
    const italy = `${acr}.ItalyNorth`;
    const source = prod().resourceId.replace('prod', 'source');
    const target = hooks({ regions: { ofRegistry: source } });
    const never = hooks({ name: 'never', regions: { ofRegistry: source }, rule: { ...target.rule, name: 'Never' } });
    const world = await worlds.open({ targets: [target] });
    world.simulator.putRegistry({ id: source, location: 'westeurope', replicaLocations: ['italynorth'] });
    await publish(world, { ...full, [italy]: ['20.42.60.0/24'] });
    for (const week of [1, 2, 3]) await publishNextWeek(world, full, week);
    await world.reconcile();
    world.setTargets([target, never]);
    const calls = world.simulator.requests.length;

    const queries = buildQueries({ ...world.services, maxPullAgeInHours: 26 });
    const { problems } = await queries.health();
    const { now, targets } = await readOverview(queries);

    const gone = `${italy} has been missing from the list since 12 Jan 2026, so Microsoft has probably given it up`;
    const instead =
      'If a target takes its regions from a registry (ofRegistry), list the other regions by name instead.';
    expect(problems.filter((problem) => problem.includes(italy))).toEqual([
      `${gone}, and 1 target still follows it: take it out of that target in the targets file (the page names it). ${instead}`,
    ]);
    expect(now.details).toContain(`${gone}. Take it out of hooks in the targets file. ${instead}`);
    expect(targets?.find(({ name }) => name === 'hooks')?.why).toBe(
      `Regions: "italynorth" of the registry source: ${gone}. The app removes what it had only if you approve that, or list the other regions by name instead of ofRegistry.`,
    );
    expect(world.simulator.requests).toHaveLength(calls);
  });

  test.each([
    ['changes', (week: number) => [`20.61.${week}.0/24`]],
    ['does not change', () => ['20.61.0.0/24']],
  ])('a whole tag that is gone waits for an approval, also if the rest of the list %s', async (_, others) => {
    const world = await worlds.open({ targets: [hooks({ serviceTag: 'Storage' })] });
    const { Storage: _storage, ...without } = full;
    await publish(world, full);
    for (const week of [1, 2, 3, 4, 5, 6]) {
      await publishNextWeek(world, { ...without, Other: others(week) }, week);
      await world.reconcile();
    }

    expect((await world.services.states.get('hooks'))?.run.lastResult?.reasons.map(({ message }) => message)).toEqual([
      'serviceTag: Storage has been missing from the list since 12 Jan 2026, so Microsoft has probably given it up. The app removes what it had only if you approve that, or take the entry out of the target.',
      '20.60.0.0/24 (256 addresses) has been missing from the list for longer than the grace period: it stays until you approve the plan.',
    ]);
    expect(world.notifications.filter(({ type }) => type === 'plan.held')).toHaveLength(1);
    const { id } = await world.actions.planTarget('hooks');
    await world.actions.approvePlan('hooks', id, 'operator');
    await world.drain();
    expect(prefixesIn(world)).toEqual([]);
  });

  test('it lasts through a change of the letter case', async () => {
    const world = await worlds.open();
    await publish(world, full);
    await publishNextWeek(world, { ...full, [acr]: fifty.slice(0, 40) });

    await publishNextWeek(world, { ...missing, [acr.toLowerCase()]: fifty.slice(0, 40), Storage: ['20.60.1.0/24'] });

    const items = (await world.services.snapshots.list('Public')).slice(0, 3);
    expect(
      items.map(({ quarantine }) => quarantine.map(({ baseline, confirmations }) => [baseline, confirmations])),
    ).toEqual([[[items[2]?.id, 1]], [[items[2]?.id, 0]], []]);
    expect(prefixesIn(world)).toEqual(fifty);
  });

  test('an approval applies exactly what was held, whatever the list says meanwhile', async () => {
    const world = await settledWorld();
    await publishNextWeek(world, { ...full, [acr]: fifty.slice(0, 40) });
    const plan = await planOf(world);
    expect(plan).toMatchObject({ verdict: 'held', held: { add: [], remove: fifty.slice(40) } });

    await world.actions.approvePlan('hooks', plan.id, 'operator');
    await world.drain();

    expect(prefixesIn(world)).toEqual(fifty.slice(0, 40));
    const records = await recordsOf(world, 'hooks');
    expect(records.at(-1)).toMatchObject({ outcome: 'applied', trigger: { reason: 'approval', by: 'operator' } });
  });
});

describe('exposure guard', () => {
  async function publishMore(world: World, ...prefixes: readonly string[]): Promise<RunRecord | undefined> {
    return (await publishNextWeek(world, { ...full, [acr]: [...fifty, ...prefixes] }))[0];
  }

  /** With what is new in the same list: no list before has anything around it. */
  const refused = [
    ['192.168.0.0/24', 'specialPurpose', '20.43.0.0/24'],
    // A special-purpose range inside of a wide one.
    ['10.0.0.0/8', 'specialPurpose', '20.43.1.0/24'],
    ['fd00::/120', 'specialPurpose', '20.43.2.0/24'],
    ['20.64.0.0/19', 'widestPrefix', '20.43.3.0/24'],
    ['2603:1030:401::/111', 'widestPrefix', '20.43.4.0/24'],
    // Around what was there and what is new.
    ['20.32.0.0/11', 'widestPrefix', '20.43.5.0/24'],
    ['0.0.0.0/0', 'specialPurpose', '20.72.0.0/24'],
  ] as const;

  test('special purpose and wide prefixes stay out, the rest goes in', async () => {
    const world = await settledWorld();
    const more: string[] = [];
    for (const [prefix, code, isNew] of refused) {
      more.push(isNew);
      world.notifications.length = 0;

      const run = await publishMore(world, ...more, prefix);

      expect({ prefix, live: mergePrefixes(prefixesIn(world)) }).toEqual({
        prefix,
        live: mergePrefixes([...fifty, ...more]),
      });
      expect(run).toMatchObject({ outcome: 'applied', plan: { verdict: 'held' } });
      expect(run?.reasons.find((reason) => reason.code === code)?.message).toMatch(
        /^[0-9a-f.:]+\/\d+ \(.*listed since \d+ [A-Z][a-z]+ 2026\) (overlaps|is wider)/,
      );
      expect(world.notifications.filter(({ type }) => type === 'plan.held')).toHaveLength(1);
      expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('held');
    }
  });

  test('what nobody can approve is not announced as waiting for an approval', async () => {
    const world = await settledWorld();

    await publishMore(world, '192.168.0.0/24');

    const [held] = world.notifications.filter(({ type }) => type === 'plan.held');
    expect(held?.message).toContain('hooks: what is missing is never allowed, approved or not.');
  });

  test('is told of once, also where an update in between failed for good', async () => {
    const world = await settledWorld();
    await publishMore(world, '20.64.0.0/19');
    await reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' });

    await world.reconcile();

    expect(world.notifications.filter(({ type }) => type === 'plan.held')).toHaveLength(1);
  });

  test('more addresses at once than maxAddedAddresses: as many as there is room for, the smallest first', async () => {
    const world = await worlds.open({
      targets: [hooks({ limits: { ...impatient.limits, maxAddedAddresses: 300 } })],
    });

    await publish(world, { [acr]: ['20.41.0.0/24'] });
    await publishNextWeek(world, { [acr]: ['20.41.0.0/24', '20.42.0.0/24', '20.43.0.0/27', '20.44.0.0/24'] });

    expect(prefixesIn(world)).toEqual(['20.41.0.0/24', '20.42.0.0/24', '20.43.0.0/27']);
    const plan = await planOf(world);
    expect(plan.held.add).toEqual(['20.44.0.0/24']);
    expect(plan.reasons.map(({ code }) => code)).toContain('maxAddedAddresses');

    world.clock.advance(dayInMs);
    await world.reconcile();
    expect(prefixesIn(world)).toHaveLength(3);
  });

  test('an approval lets in exactly what was held, but never a special-purpose range', async () => {
    const world = await settledWorld();
    await publishMore(world, '20.64.0.0/19', '192.168.0.0/24');
    const plan = await planOf(world);
    expect(plan.held.add).toEqual(['20.64.0.0/19']);

    await world.actions.approvePlan('hooks', plan.id, 'operator');

    expect(prefixesIn(world)).toEqual([...fifty, '20.64.0.0/19']);
  });

  test('a hold is told of once, until something else is held', async () => {
    const world = await settledWorld();
    // What is added at once makes the next plan another one, with the same hold.
    await publishMore(world, '20.43.0.0/24', '20.64.0.0/19');
    await world.reconcile();
    await world.reconcile();
    expect(world.notifications.filter(({ type }) => type === 'plan.held')).toHaveLength(1);

    await publishMore(world, '20.43.0.0/24', '20.64.0.0/19', '20.96.0.0/19');

    expect(world.notifications.filter(({ type }) => type === 'plan.held')).toHaveLength(2);
  });
});
