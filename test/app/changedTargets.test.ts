/** A targets file that is edited between runs: nobody is locked out, nothing of others is touched, and it is said. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { NsgRuleTarget } from '../../src/core/targets/target.ts';
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
import { publishNextWeek, ruleOfOthers, rulesOf, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
const [a, b, v6] = ['20.42.0.0/24', '20.42.2.0/24', '2603:1030::/120'] as const;
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const eager = { limits: openLimits };

async function statusOf(world: World, name = 'hooks'): Promise<string | undefined> {
  return (await world.services.states.get(name))?.run.lastResult?.status;
}

describe('another resource under the same name', () => {
  test('a registry: what people put in there stays, though the first one had the same rule from us', async () => {
    const world = await worlds.open({ targets: [prod(eager)] });
    await publish(world, list(a, b));
    const other = prod({ ...eager, resourceId: prod().resourceId.replace(/prod$/, 'second') });
    const networkRuleSet = { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: a }] } as const;
    world.simulator.putRegistry({ id: other.resourceId, networkRuleSet });

    world.setTargets([other]);
    const [run] = await world.reconcile();
    await publishNextWeek(world, list(b));
    await world.reconcile();

    expect(codesOf(run)).toContain('otherResource');
    expect(ipRulesOf(world, other)).toEqual([a, b]);
    expect(ipRulesOf(world)).toEqual([a, b]);
  });

  test('an NSG: a rule of our name that somebody made there is left alone', async () => {
    const world = await worlds.open({ targets: [hooks(eager)] });
    await publish(world, list(a));
    const other = hooks({ ...eager, resourceId: hooks().resourceId.replace(/nsg-hooks$/, 'nsg-second') });
    world.simulator.putNsg({ id: other.resourceId });
    world.simulator.putRule(other.resourceId, { name: 'AllowAcr', properties: ruleOfOthers({ access: 'Deny' }) });

    world.setTargets([other]);
    const [run] = await world.reconcile();

    expect(run?.outcome).toBe('blocked');
    expect(codesOf(run)).toEqual(['otherResource', 'foreignRule']);
    expect(rulesOf(world, other).AllowAcr?.properties).toMatchObject({ access: 'Deny' });
  });

  test('a state that is lost behind the change does not bring the other resource back', async () => {
    const connectionString = worlds.freshConnectionString();
    const world = await worlds.open({ targets: [prod(eager)], connectionString });
    await publish(world, list(a));
    const other = prod({ ...eager, resourceId: prod().resourceId.replace(/prod$/, 'second') });
    const networkRuleSet = { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: a }] } as const;
    world.simulator.putRegistry({ id: other.resourceId, networkRuleSet });
    const { BlobServiceClient } = await import('@azure/storage-blob');
    const targets = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');
    await targets.getBlockBlobClient('state/prod.json').delete();

    world.setTargets([other]);
    await world.reconcile();

    expect((await world.services.states.get('prod'))?.ownership.prefixes).toEqual([]);
  });
});

describe('address families', () => {
  test.each([
    [['ipv4'] as const, [a]],
    [['ipv6'] as const, [v6]],
  ])('narrowed to %j: the other rule is emptied in time, and nothing is in its own way', async (families, left) => {
    const world = await worlds.open({ targets: [hooks()] });
    await publish(world, list(a, v6));

    world.setTargets([hooks({ addressFamilies: families })]);
    await world.reconcile();
    const meanwhile = { prefixes: prefixesIn(world), status: await statusOf(world) };
    for (const week of [1, 2, 3]) {
      await publishNextWeek(world, list(a, v6), week);
      await world.reconcile();
    }
    world.clock.advance(dayInMs);
    const limited = { limits: { ...hooks().limits, maxRemovedPercent: 100 } };
    world.setTargets([hooks({ addressFamilies: families, ...limited })]);
    await world.reconcile();

    expect(meanwhile).toEqual({ prefixes: [a, v6], status: 'inSync' });
    expect(prefixesIn(world)).toEqual(left);
    expect(await statusOf(world)).toBe('inSync');
  });

  test('a rule of the other family that somebody made is no matter', async () => {
    const target = hooks({ ...eager, addressFamilies: ['ipv4'], adopt: true });
    const world = await worlds.open({ targets: [target] });
    const theirs = ruleOfOthers({ priority: 400, destinationPortRange: '22', sourceAddressPrefixes: [v6] });
    world.simulator.putRule(target.resourceId, { name: 'AllowAcr-ipv6', properties: theirs });

    const [run] = await publish(world, list(a));

    expect(run?.outcome).toBe('applied');
    expect(rulesOf(world)['AllowAcr-ipv6']?.properties).toMatchObject({ destinationPortRange: '22', priority: 400 });
  });
});

test('a target that is renamed: an NSG rule is known by its mark, IP rules are nobody’s', async () => {
  const world = await worlds.open({ targets: [hooks(eager), prod(eager)] });
  await publish(world, list(a, b));

  world.setTargets([hooks({ ...eager, name: 'receiver' }), prod({ ...eager, name: 'registry' })]);
  const runs = await world.reconcile();
  await publishNextWeek(world, list(b));
  await world.reconcile();

  const notes = runs.map((run) => codesOf(run));
  expect(notes[1]).toContain('foreignRules');
  expect(prefixesIn(world)).toEqual([b]);
  expect(rulesOf(world).AllowAcr?.properties).toMatchObject({
    description: expect.stringContaining('target=receiver') as unknown,
  });
  expect(ipRulesOf(world)).toEqual([a, b]);
});

test('a rule that is renamed: the former one is named until it is deleted, its priority too', async () => {
  const world = await worlds.open({ targets: [hooks(eager)] });
  await publish(world, list(a));
  const rule = { ...hooks().rule, name: 'AllowRegistry' };

  world.setTargets([hooks({ ...eager, rule })]);
  const [blocked] = await world.reconcile();
  world.setTargets([hooks({ ...eager, rule: { ...rule, priority: 310, ipv6Priority: 311 } })]);
  const run = await updateTarget(world.services, { target: 'hooks', reason: 'test' });

  expect(codesOf(blocked)).toContain('priorityTaken');
  expect(blocked?.reasons[0]?.message).toContain('delete that rule');
  expect(run).toMatchObject({ outcome: 'applied' });
  expect(codesOf(run as never)).toContain('formerRule');
  expect(rulesOf(world)).toMatchObject({ AllowAcr: { prefixes: [a] }, AllowRegistry: { prefixes: [a] } });
});

describe('a rule of somebody else’s with a service tag, to be adopted', () => {
  test('lets in by the tag until a person approves the list in its place', async () => {
    const target = hooks({ ...eager, adopt: true, policy: 'addOnly' });
    const world = await worlds.open({ targets: [target] });
    const { sourceAddressPrefixes, ...tagged } = ruleOfOthers({ sourceAddressPrefix: 'AzureContainerRegistry' });
    world.simulator.putRule(target.resourceId, { name: 'AllowAcr', properties: tagged });

    const [held] = await publish(world, list(a, v6));
    const before = rulesOf(world);
    const plan = await world.actions.planTarget('hooks');
    await world.actions.approvePlan('hooks', plan.id, 'operator');

    expect(held).toMatchObject({ outcome: 'applied' });
    expect(await statusOf(world)).toBe('inSync');
    expect(before.AllowAcr?.properties).toMatchObject({ sourceAddressPrefix: 'AzureContainerRegistry' });
    expect(before['AllowAcr-ipv6']?.prefixes).toEqual([v6]);
    expect(codesOf(held)).toContain('foreignInOwnedRule');
    expect(prefixesIn(world)).toEqual([a, v6]);
  });
});

test('a priority that is taken holds up its own rule only', async () => {
  const world = await worlds.open({ targets: [hooks(eager)] });
  await publish(world, list(a));
  world.simulator.putRule(hooks().resourceId, { name: 'DenyAll', properties: ruleOfOthers({ priority: 301 }) });

  await publishNextWeek(world, list(a, b, v6));

  expect(prefixesIn(world)).toEqual([a, b]);
  expect(await statusOf(world)).toBe('held');
});

test('two targets that swap their priorities stay where they are, are kept up to date, and hear how to swap', async () => {
  const named = (name: string, priority: number) =>
    hooks({
      ...eager,
      name,
      addressFamilies: ['ipv4'],
      rule: { ...hooks().rule, name, priority, ipv6Priority: priority + 1 },
    });
  const world = await worlds.open({ targets: [named('one', 300), named('two', 310)] });
  await publish(world, list(a));

  world.setTargets([named('one', 310), named('two', 300)]);
  const runs = await publishNextWeek(world, list(a, b));

  expect(runs.map(codesOf)).toEqual([['priorityTaken'], ['priorityTaken']]);
  expect(rulesOf(world)).toMatchObject({
    one: { prefixes: [a, b], properties: { priority: 300 } },
    two: { prefixes: [a, b], properties: { priority: 310 } },
  });
  expect(runs.map(({ reasons }) => reasons[0]?.message)).toEqual([
    "rule two has priority 310 Inbound, which one is to have: that rule is the app's own, of the target two. If two is to have a free priority, it moves there first, and this passes within the hour. If the two swap, give one of them a free priority for now, and the wanted one after its next run",
    expect.stringMatching(/^rule one has priority 300 Inbound, .* the app's own, of the target one\./),
  ]);

  // What the sentence says.
  world.setTargets([named('one', 320), named('two', 300)]);
  await world.reconcile();
  world.setTargets([named('one', 310), named('two', 300)]);
  await world.reconcile();
  expect(rulesOf(world)).toMatchObject({
    one: { properties: { priority: 310 } },
    two: { properties: { priority: 300 } },
  });
});

test('turned round: the rule of a family that the new way has nothing for goes too', async () => {
  const world = await worlds.open({ targets: [hooks(eager)] });
  await publish(world, list(a, v6));

  const turned = hooks({ ...eager, addressFamilies: ['ipv4'], rule: { ...hooks().rule, direction: 'Outbound' } });
  world.setTargets([turned]);
  await world.reconcile();

  expect(Object.keys(rulesOf(world))).toEqual(['AllowAcr']);
});

test('a rule that is spelled in other letters is the same rule, with all that is remembered of it', async () => {
  const world = await worlds.open();
  const fifty = Array.from({ length: 50 }, (_, index) => `20.50.${index}.0/24`);
  await publish(world, list(...fifty, a));
  await publishNextWeek(world, list(...fifty));

  world.setTargets([hooks({ rule: { ...hooks().rule, name: 'ALLOWACR' } })]);
  const [run] = await world.reconcile();

  expect(run?.plan?.held).toEqual({ add: [], remove: [] });
  expect(await statusOf(world)).toBe('inSync');
  expect((await world.services.states.get('hooks'))?.run.seen?.absent.map(({ prefix }) => prefix)).toEqual([a]);
});

test('turned round: what was let in one way is not let in the other', async () => {
  const target = hooks({
    ...eager,
    rule: { ...hooks().rule, localAddressPrefix: '10.1.0.0/24' },
    addressFamilies: ['ipv4'],
  });
  const world = await worlds.open({ targets: [target] });
  await publish(world, list(a));

  const turned = { ...target, rule: { ...target.rule, direction: 'Outbound' as const } };
  world.setTargets([turned]);
  await world.reconcile();

  expect(prefixesIn(world, turned)).toEqual([a]);
  expect(rulesOf(world, turned).AllowAcr?.properties).toMatchObject({
    direction: 'Outbound',
    sourceAddressPrefix: '10.1.0.0/24',
  });
});

test('an IP rule of ours whose address somebody put in as well: theirs stays', async () => {
  const world = await worlds.open({ targets: [prod(eager)] });
  await publish(world, list('20.42.0.7/32', b));
  editIpRules(world, (rules) => [...rules, '20.42.0.7']);

  await publishNextWeek(world, list(b));
  await world.reconcile();

  expect(ipRulesOf(world)).toContain('20.42.0.7');
});

describe('what the targets file changes is nobody’s change of the rules', () => {
  const west = { [acr]: [a, b], [`${acr}.WestEurope`]: [a], [`${acr}.EastUS`]: [b] };
  const target = (more: Partial<NsgRuleTarget> = {}) => hooks({ ...eager, regions: ['westeurope'], ...more });
  const drifts = (world: World) => world.notifications.filter(({ type }) => type === 'drift.repaired');

  test.each([
    ['another region', target({ regions: ['westeurope', 'eastus'] }), [a, b]],
    ['another priority', target({ rule: { ...hooks().rule, priority: 333 } }), [a]],
    ['other ports', target({ rule: { ...hooks().rule, portRanges: ['8443'] } }), [a]],
  ])('%s, also if updates were paused meanwhile', async (_, changed, prefixes) => {
    const world = await worlds.open({ targets: [target()] });
    await publish(world, west);
    await world.reconcile();

    await world.actions.pauseTarget('hooks', 'operator');
    world.setTargets([changed]);
    await world.reconcile();
    await world.actions.resumeTarget('hooks', 'operator');
    world.setTargets([target()]);
    await world.reconcile();
    world.setTargets([changed]);
    await world.reconcile();

    expect(prefixesIn(world)).toEqual(prefixes);
    expect(drifts(world)).toEqual([]);
    editRule(world, { sourceAddressPrefixes: ['192.0.2.0/24'] });
    await world.reconcile();
    expect(drifts(world)).toHaveLength(1);
  });

  test('nor is a new replica of the registry that a target follows', async () => {
    const registryId = prod().resourceId.replace('prod', 'source');
    const world = await worlds.open({ targets: [target({ regions: { ofRegistry: registryId } })] });
    world.simulator.putRegistry({ id: registryId, location: 'westeurope' });
    await publish(world, west);
    await world.reconcile();

    world.simulator.putRegistry({ id: registryId, location: 'westeurope', replicaLocations: ['eastus'] });
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b]);
    expect(drifts(world)).toEqual([]);
  });
});
