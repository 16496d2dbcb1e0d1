/** Ownership under attack: whatever is done to state and rules, nothing is removed that the app did not add. */
import { describe, expect, test } from '@jest/globals';
import { ArmError } from '../../dev/simulator/armError.ts';
import type { World } from '../../dev/world.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { subtractPrefixes } from '../../src/core/prefixes.ts';
import type { NsgRuleTarget, Target } from '../../src/core/targets/target.ts';
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
import { publishNextWeek, recordsOf, ruleOfOthers, rulesOf, useWorlds, writesOf, type TagLists } from './stories.ts';

const worlds = useWorlds();
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const eagerHooks = hooks({ limits: openLimits });
const eagerProd = prod({ limits: openLimits });
const [a, b, c] = ['20.42.0.0/24', '20.42.2.0/24', '20.42.4.0/24'] as const;
/** Somebody's own. */
const theirs = '192.0.2.0/24';

interface Opened {
  readonly world: World;
  readonly connectionString: string;
}

/** Both targets hold a and b. */
async function settled(targets: readonly Target[] = [eagerHooks, eagerProd]): Promise<Opened> {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ targets, connectionString });
  await publish(world, list(a, b));
  return { world, connectionString };
}

async function containerOf(connectionString: string, name: string) {
  const blobs = await createStorageClients({ kind: 'connectionString', connectionString }).blobs();
  return blobs.getContainerClient(name);
}

async function damageStates(connectionString: string, how: 'lost' | 'corrupted'): Promise<void> {
  for (const target of ['hooks', 'prod']) {
    const blob = (await containerOf(connectionString, 'targets')).getBlockBlobClient(`state/${target}.json`);
    if (how === 'lost') await blob.delete();
    else await blob.upload('{"version": 1, "owned": [', 25);
  }
}

describe.each(['lost', 'corrupted'] as const)('the state is %s', (how) => {
  test('what was owned comes from the ledger: updates and removals go on, and it is said', async () => {
    const { world, connectionString } = await settled();
    editIpRules(world, (rules) => [theirs, ...rules]);
    await damageStates(connectionString, how);

    const runs = await publishNextWeek(world, list(a, c));
    runs.push(...(await world.reconcile()));

    expect(prefixesIn(world)).toEqual([a, c]);
    expect(ipRulesOf(world)).toEqual([theirs, a, c]);
    for (const name of ['hooks', 'prod']) {
      const first = runs.find(({ chain }) => chain === name);
      expect(codesOf(first)[0]).toBe('recovered');
      expect(first?.reasons[0]?.message).toContain('2 owned prefixes were taken from the ledger');
    }
  });

  test('a pin and a pause are not forgotten', async () => {
    const { world, connectionString } = await settled();
    const id = (await world.services.states.get('hooks'))?.run.lastResult?.snapshot ?? '';
    await world.actions.rollbackTarget('hooks', id, 'operator');
    await world.actions.pauseTarget('prod', 'operator');
    await damageStates(connectionString, how);

    await publishNextWeek(world, list(a, b, c));
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b]);
    expect(ipRulesOf(world)).toEqual([a, b]);
    await world.actions.resumeTarget('hooks', 'operator');
    await world.actions.resumeTarget('prod', 'operator');
    await damageStates(connectionString, how);
    await world.reconcile();
    expect(prefixesIn(world)).toEqual([a, b, c]);
    expect(ipRulesOf(world)).toEqual([a, b, c]);
  });

  test('with the ledger gone too, an IP rule is nobody’s and stays; the NSG rule is known by its mark', async () => {
    const { world, connectionString } = await settled();
    await damageStates(connectionString, how);
    const ledger = await containerOf(connectionString, 'ledger');
    for await (const { name } of ledger.listBlobsFlat()) {
      if (!name.startsWith('pull/')) await ledger.deleteBlob(name);
    }

    await publishNextWeek(world, list(a, c));
    await world.reconcile();

    expect(ipRulesOf(world)).toEqual([a, b, c]);
    // b is in our rule, unlisted, and no claim of it is left: a person decides.
    expect(prefixesIn(world)).toEqual([a, b, c]);
    expect(await world.actions.planTarget('hooks')).toMatchObject({ held: { remove: [b] } });
  });
});

test('a corrupted state is kept in a copy beside it', async () => {
  const { world, connectionString } = await settled();
  await damageStates(connectionString, 'corrupted');
  await world.reconcile();

  const names: string[] = [];
  for await (const { name } of (await containerOf(connectionString, 'targets')).listBlobsFlat()) names.push(name);
  expect(names.filter((name) => name.includes('unreadable'))).toHaveLength(2);
});

describe('an NSG rule of ours is edited by hand', () => {
  const ofPeople: readonly [string, (world: World) => void, Readonly<Record<string, unknown>>][] = [
    ['a prefix out', (world) => editRule(world, { sourceAddressPrefixes: [a] }), { sourceAddressPrefixes: [a, b] }],
    ['the rule', (world) => world.simulator.removeRule(eagerHooks.resourceId, 'AllowAcr'), { access: 'Allow' }],
    ['the port', (world) => editRule(world, { destinationPortRange: '8443' }), { destinationPortRange: '443' }],
    ['the priority', (world) => editRule(world, { priority: 555 }), { priority: 300 }],
    ['Allow to Deny', (world) => editRule(world, { access: 'Deny' }), { access: 'Allow' }],
    ['the protocol', (world) => editRule(world, { protocol: '*' }), { protocol: 'Tcp' }],
    [
      'the other side',
      (world) => editRule(world, { destinationAddressPrefix: '*' }),
      { destinationAddressPrefix: 'VirtualNetwork' },
    ],
    [
      'the mark away',
      (world) => editRule(world, { description: undefined }),
      { description: 'acr-address-keeper owner=world0000001 target=hooks' },
    ],
    [
      'the addresses to a tag',
      (world) => editRule(world, { sourceAddressPrefixes: undefined, sourceAddressPrefix: 'Internet', priority: 300 }),
      { sourceAddressPrefixes: [a, b] },
    ],
  ];

  test('a prefix that Azure refused, and that a person then puts in by hand, is the person’s', async () => {
    const { world } = await settled([eagerHooks]);
    const error = new ArmError(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy.');
    world.simulator.failNext({ method: 'PUT' }, { kind: 'error', error });
    const [refused] = await publishNextWeek(world, list(a, b, c));
    expect(refused).toMatchObject({ outcome: 'blocked', owned: [a, b] });

    editRule(world, { sourceAddressPrefixes: [a, b, c] });
    await world.reconcile();
    await publishNextWeek(world, list(a, b));
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, b, c]);
    expect(await world.actions.planTarget('hooks')).toMatchObject({ held: { remove: [c] } });
  });

  test('in whatever way: the next reconciliation puts it right, and people hear of it', async () => {
    const { world } = await settled([eagerHooks]);
    for (const [what, edit, expected] of ofPeople) {
      world.clock.advance(dayInMs);
      world.notifications.length = 0;
      edit(world);

      const [run] = await world.reconcile();

      expect({ what, outcome: run?.outcome, prefixes: prefixesIn(world) }).toEqual({
        what,
        outcome: 'applied',
        prefixes: [a, b],
      });
      expect(rulesOf(world).AllowAcr?.properties).toMatchObject(expected);
      expect({ what, told: world.notifications }).toMatchObject({
        what,
        told: [{ type: 'drift.repaired', subject: 'hooks' }],
      });
    }
  });

  test('a prefix that was put in stays, through updates as well, until a person approves', async () => {
    const { world } = await settled([eagerHooks]);
    editRule(world, { sourceAddressPrefixes: [a, b, theirs] });

    await publishNextWeek(world, list(a, c));
    await world.reconcile();
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([a, c, theirs]);
    const plan = await world.actions.planTarget('hooks');
    expect(plan).toMatchObject({ verdict: 'held', foreign: [theirs], held: { remove: [theirs] } });
    await world.actions.approvePlan('hooks', plan.id, 'operator');
    await world.drain();
    expect(prefixesIn(world)).toEqual([a, c]);
  });

  test('mark and addresses both gone: it is somebody else’s rule now, blocked and left alone', async () => {
    const { world } = await settled([eagerHooks]);
    editRule(world, { description: 'mine', sourceAddressPrefixes: [theirs] });
    const writes = writesOf(world);

    const runs = await world.reconcile();

    expect(runs.find(({ chain }) => chain === 'hooks')).toMatchObject({ outcome: 'blocked' });
    expect(writesOf(world)).toEqual(writes);
    expect(prefixesIn(world)).toEqual([theirs]);
  });
});

describe('a rule that somebody else wrote', () => {
  async function withForeignRule(target: NsgRuleTarget, prefixes: readonly string[]): Promise<World> {
    const world = await worlds.open({ targets: [target] });
    const properties = ruleOfOthers({ sourceAddressPrefixes: prefixes });
    world.simulator.putRule(target.resourceId, { name: 'AllowAcr', properties });
    await publish(world, list(a, b));
    return world;
  }

  test('of our name: blocked with the three ways out, nothing written', async () => {
    const world = await withForeignRule(eagerHooks, [theirs]);

    const [record] = await recordsOf(world, 'hooks');
    expect(record).toMatchObject({ outcome: 'blocked' });
    expect(codesOf(record)).toEqual(['foreignRule']);
    expect(record?.reasons[0]?.message).toMatch(/Rename the rule .*, delete the live rule, or set "adopt": true/);
    expect(writesOf(world)).toEqual([]);
    expect(world.notifications).toMatchObject([{ type: 'target.blocked', subject: 'hooks' }]);
  });

  test('of our name with our addresses: blocked all the same', async () => {
    const world = await withForeignRule(eagerHooks, [a, b]);

    expect(writesOf(world)).toEqual([]);
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ outcome: 'blocked' });
  });

  test('adopt takes it over: listed addresses are ours from then on, the others stay until approved', async () => {
    const world = await withForeignRule(hooks({ adopt: true, limits: openLimits }), [a, theirs]);
    expect(prefixesIn(world)).toEqual([a, b, theirs]);
    expect(rulesOf(world).AllowAcr?.properties).toMatchObject({
      description: 'acr-address-keeper owner=world0000001 target=hooks',
    });

    await publishNextWeek(world, list(b, c));
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([b, c, theirs]);
  });

  test('of another name with our addresses is never touched', async () => {
    const { world } = await settled([eagerHooks]);
    const properties = ruleOfOthers({ sourceAddressPrefixes: [a, b], priority: 400 });
    world.simulator.putRule(eagerHooks.resourceId, { name: 'Theirs', properties });

    await publishNextWeek(world, list(c));
    await world.reconcile();

    expect(prefixesIn(world)).toEqual([c]);
    expect(rulesOf(world).Theirs?.prefixes).toEqual([a, b]);
  });
});

describe('two deployments of this app', () => {
  test('aimed at one NSG rule: the second is blocked, and writes nothing', async () => {
    const { world } = await settled([eagerHooks]);
    const second = await worlds.open({ targets: [eagerHooks], simulator: world.simulator, ownerId: 'world0000002' });
    const writes = writesOf(world);

    const [run] = await publish(second, list(a, b, c));

    expect(run).toMatchObject({ outcome: 'blocked' });
    expect(codesOf(run)).toEqual(['otherOwner']);
    expect(writesOf(world)).toEqual(writes);
  });

  test('aimed at one registry: neither takes away what the other let in', async () => {
    const { world } = await settled([eagerProd]);
    const second = await worlds.open({ targets: [eagerProd], simulator: world.simulator, ownerId: 'world0000002' });

    await publish(second, list(a, b, c));
    expect(ipRulesOf(world)).toEqual([a, b, c]);
    await publishNextWeek(second, list(c));
    await second.reconcile();
    expect(ipRulesOf(world)).toEqual([a, b, c]);

    await publishNextWeek(world, list(a));
    await world.reconcile();
    expect(ipRulesOf(world)).toEqual([a, c]);
  });

  test('a copy of the storage account is blocked: its state is of the first one', async () => {
    const { world, connectionString } = await settled();
    const copy = await worlds.open({
      targets: [eagerHooks, eagerProd],
      connectionString,
      simulator: world.simulator,
      ownerId: 'world0000002',
      start: world.clock.now(),
    });
    copy.clock.advance(60_000);
    const writes = writesOf(world);

    const runs = await publishNextWeek(copy, list(c));

    expect(runs.map(({ outcome }) => outcome)).toEqual(['blocked', 'blocked']);
    for (const run of runs) expect(codesOf(run)).toContain('otherOwner');
    expect(writesOf(world)).toEqual(writes);
  });
});

test('a removal that Azure took back, behind an answer that shows it done: the claim is kept', async () => {
  const { world } = await settled([eagerHooks]);
  const nsgRead = { method: 'GET', path: /nsg-hooks$/ };
  world.simulator.failNext({ method: 'PUT' }, { kind: 'operationSuperseded' });
  // What is read before the write is as it is; what is read behind it shows what was accepted and canceled.
  world.simulator.failNext(nsgRead, { kind: 'slow', delayInMs: 0 }, 2);
  world.simulator.failNext(nsgRead, { kind: 'staleRead' });

  await publishNextWeek(world, list(a));
  await world.reconcile();

  expect(prefixesIn(world)).toEqual([a]);
  expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('inSync');
});

describe('a registry’s IP rules', () => {
  test('a rule that a person added, and that the tag lists later and then drops, is never removed', async () => {
    const { world } = await settled([eagerProd]);
    editIpRules(world, (rules) => [...rules, c]);

    await publishNextWeek(world, list(a, b, c));
    expect(ipRulesOf(world)).toEqual([a, b, c]);
    await publishNextWeek(world, list(a, b));
    await world.reconcile();

    expect(ipRulesOf(world)).toEqual([a, b, c]);
    expect((await world.services.states.get('prod'))?.ownership.prefixes.map(({ prefix }) => prefix)).toEqual([a, b]);
  });

  test('a rule of ours that a person removed is put back; one that is not listed any more is forgotten', async () => {
    const { world } = await settled([eagerProd]);
    editIpRules(world, () => [theirs]);
    await world.reconcile();
    expect(ipRulesOf(world)).toEqual([theirs, a, b]);

    editIpRules(world, () => [theirs]);
    await publishNextWeek(world, list(a));
    await world.reconcile();
    editIpRules(world, (rules) => [...rules, b]);
    await publishNextWeek(world, list(a, c));
    await world.reconcile();

    expect(subtractPrefixes([b, theirs], ipRulesOf(world))).toEqual([]);
  });

  test('a rule that Azure refused, and that a person then adds by hand, is the person’s', async () => {
    const { world } = await settled([
      prod({ limits: openLimits, capacity: { maxRules: 50, fit: 'exact', maxExtraAddresses: 0 } }),
    ]);
    world.simulator.configure({ maxIpRules: 2 });
    const [refused] = await publishNextWeek(world, list(a, b, c));
    expect(refused).toMatchObject({ outcome: 'blocked' });
    expect(codesOf(refused)).toEqual(['quota']);

    world.simulator.configure({ maxIpRules: 100 });
    editIpRules(world, (rules) => [...rules, c]);
    await world.reconcile();
    await publishNextWeek(world, list(a, b));
    await world.reconcile();

    expect(ipRulesOf(world)).toEqual([a, b, c]);
  });

  test('while updates are paused, what a person adds in their place is the person’s', async () => {
    const { world } = await settled([eagerProd]);
    await world.actions.pauseTarget('prod', 'operator');
    editIpRules(world, () => [a]);
    await world.reconcile();
    editIpRules(world, () => [a, b]);
    await world.actions.resumeTarget('prod', 'operator');

    await publishNextWeek(world, list(a));
    await world.reconcile();

    expect(ipRulesOf(world)).toEqual([a, b]);
  });

  test('an address of ours that somebody let in as well: ours goes with the list, theirs stays, and is never ours', async () => {
    const target = prod({ limits: openLimits, regions: 'all' });
    const world = await worlds.open({ targets: [target] });
    const kept = '20.42.66.0/24';
    const without: TagLists = { [acr]: [kept] };
    const listed: TagLists = { [acr]: [kept, '40.74.100.7/32'] };
    const owned = async () =>
      (await world.services.states.get(target.name))?.ownership.prefixes.map(({ prefix }) => prefix);
    await publish(world, listed);
    editIpRules(world, (rules) => [...rules, '40.74.100.7'], target);

    await publishNextWeek(world, without, 2);

    expect(ipRulesOf(world, target)).toEqual([kept, '40.74.100.7']);
    expect(await owned()).toEqual([kept]);

    await publishNextWeek(world, listed, 3);
    await publishNextWeek(world, without, 4);

    expect(ipRulesOf(world, target)).toEqual([kept, '40.74.100.7']);
    expect(await owned()).toEqual([kept]);
  });
});
