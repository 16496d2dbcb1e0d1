/** One target: what stands in the way is said, and then nothing is written. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { AuthSettings } from '../../dev/simulator/access.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import type { UpdateRecord } from '../../src/core/ledger/runRecord.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, codesOf, editIpRules, hooks, ipRulesOf, prefixesIn, prod, publish } from './stories.ts';
import { publishNextWeek, recordsOf, ruleOfOthers, rulesOf, useWorlds, writesOf, type TagLists } from './stories.ts';

const worlds = useWorlds();
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const first = list('20.42.0.0/24', '20.42.2.0/24');

/** May look at everything and change nothing. */
const readOnly: AuthSettings = {
  principals: {},
  withoutToken: {
    client: 'app',
    objectId: '00000000-0000-0000-0000-00000000000f',
    permissions: [{ scope: '/', actions: ['*/read', '*/listUsages/action'] }],
  },
};

interface Obstacle {
  readonly what: string;
  readonly target: Target;
  readonly tags?: TagLists;
  readonly prepare: (world: World) => void;
  readonly code: string;
  readonly message: RegExp;
}

const obstacles: readonly Obstacle[] = [
  {
    what: 'a missing NSG',
    target: hooks(),
    prepare: (world) => world.simulator.removeNsg(hooks().resourceId),
    code: 'notFound',
    message: /nsg-hooks.* does not exist/,
  },
  {
    what: 'a missing registry',
    target: prod(),
    prepare: (world) => world.simulator.removeRegistry(prod().resourceId),
    code: 'notFound',
    message: /registries\/prod.* does not exist/,
  },
  {
    what: 'a registry that is not Premium',
    target: prod(),
    prepare: (world) => world.simulator.putRegistry({ id: prod().resourceId, sku: 'Standard' }),
    code: 'wrongSku',
    message: /is Standard: only Premium/,
  },
  {
    what: 'a registry with virtual network rules',
    target: prod(),
    prepare: (world) => {
      const subnet =
        '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/apps';
      world.simulator.putRegistry({
        id: prod().resourceId,
        networkRuleSet: { defaultAction: 'Deny', virtualNetworkRules: [{ action: 'Allow', id: subnet }] },
      });
    },
    code: 'virtualNetworkRules',
    message: /1 virtual network rule /,
  },
  {
    what: 'a registry that others have filled up',
    target: prod(),
    prepare: (world) => {
      const ipRules = Array.from({ length: 200 }, (_, index) => ({ value: `198.51.100.${index}` }));
      world.simulator.putRegistry({ id: prod().resourceId, networkRuleSet: { defaultAction: 'Deny', ipRules } });
    },
    code: 'quota',
    message:
      /2 of 2 prefixes do not fit: the registry takes 200 IP rules \(200 of them are other people’s\), and 2 rules are needed/,
  },
  {
    what: 'a rule of our name',
    target: hooks(),
    prepare: (world) => world.simulator.putRule(hooks().resourceId, { name: 'AllowAcr', properties: ruleOfOthers() }),
    code: 'foreignRule',
    message: /A rule named AllowAcr exists/,
  },
  {
    what: 'a priority that is taken',
    target: hooks(),
    prepare: (world) => world.simulator.putRule(hooks().resourceId, { name: 'Theirs', properties: ruleOfOthers() }),
    code: 'priorityTaken',
    message: /rule Theirs has priority 300 Inbound/,
  },
  {
    what: 'no permission on the NSG',
    target: hooks(),
    prepare: (world) => world.simulator.configure({ auth: readOnly }),
    code: 'noPermission',
    message: /may not do Microsoft.Network\/networkSecurityGroups\/securityRules\/write/,
  },
  {
    what: 'no permission on the registry',
    target: prod(),
    prepare: (world) => world.simulator.configure({ auth: readOnly }),
    code: 'noPermission',
    message: /may not do Microsoft.ContainerRegistry\/registries\/write/,
  },
  {
    what: 'a lock',
    target: hooks(),
    prepare: (world) => world.simulator.putLock(hooks().resourceId, 'ReadOnly'),
    code: 'locked',
    message: /lock on .*nsg-hooks/,
  },
  {
    what: 'a region that nobody knows',
    target: prod({ regions: ['westeurop'] }),
    prepare: () => undefined,
    code: 'unknownRegion',
    message: /"westeurop".*nearest: westeurope/,
  },
  {
    what: 'a tag that nobody knows',
    target: hooks({ serviceTag: 'AzureContainerRegistri' }),
    prepare: () => undefined,
    code: 'missingTag',
    message: /serviceTag: "AzureContainerRegistri" is not in .*, nearest: AzureContainerRegistry/,
  },
];

describe('blocked, with a reason a person can act on', () => {
  test.each(obstacles)('$what', async ({ target, tags, prepare, code, message }) => {
    const world = await worlds.open({ targets: [target] });
    prepare(world);
    const before = JSON.stringify(world.simulator.snapshotState());

    const runs = await publish(world, tags ?? first);
    runs.push(...(await world.reconcile()));

    expect(new Set(runs.map(({ outcome }) => outcome))).toEqual(new Set(['blocked']));
    const reason = runs[0]?.reasons.find((entry) => entry.code === code);
    expect(reason?.message).toMatch(message);
    expect(JSON.stringify(world.simulator.snapshotState())).toBe(before);
    expect((await world.services.states.get(target.name))?.run.lastResult).toMatchObject({ status: 'blocked' });
    expect(world.notifications.filter(({ type }) => type === 'target.blocked')).toHaveLength(1);
  });

  test('once the obstacle is gone, the next reconciliation makes up for it', async () => {
    const world = await worlds.open();
    world.simulator.putRule(hooks().resourceId, { name: 'Theirs', properties: ruleOfOthers() });
    await publish(world, first);
    world.simulator.removeRule(hooks().resourceId, 'Theirs');

    await world.reconcile();

    expect(prefixesIn(world)).toEqual(first[acr]);
  });

  test('without any pull yet a target is blocked, and says what to run', async () => {
    const world = await worlds.open();

    const [run] = await world.reconcile();

    expect(codesOf(run)).toEqual(['noSnapshot']);
    expect(run?.reasons[0]?.message).toContain('POST pull');
  });
});

describe('one of several', () => {
  test('one failed target, the rest applied', async () => {
    const other = hooks({ name: 'other', resourceId: hooks().resourceId.replace('nsg-hooks', 'nsg-gone') });
    const world = await worlds.open({ targets: [other, hooks(), prod()] });
    world.simulator.removeNsg(other.resourceId);

    await publish(world, first);

    expect(prefixesIn(world)).toEqual(first[acr]);
    expect(ipRulesOf(world)).toEqual(first[acr]);
  });

  test('two rules of one NSG, and a rule that was there, do not touch each other', async () => {
    const out = hooks({ name: 'out', rule: { ...hooks().rule, name: 'AllowAcrOut', direction: 'Outbound' } });
    const world = await worlds.open({ targets: [hooks(), out] });
    const theirs = ruleOfOthers({ priority: 400 });
    world.simulator.putRule(hooks().resourceId, { name: 'Theirs', properties: theirs });

    await publish(world, first);

    expect(prefixesIn(world)).toEqual(first[acr]);
    expect(prefixesIn(world, out)).toEqual(first[acr]);
    expect(rulesOf(world).Theirs?.properties).toMatchObject(theirs);
  });

  test('the regions of a registry are read live, replicas included', async () => {
    const target = hooks({ regions: { ofRegistry: prod().resourceId } });
    const world = await worlds.open({ targets: [target] });
    world.simulator.putRegistry({ id: prod().resourceId, location: 'westeurope', replicaLocations: ['eastus'] });
    const tags = { [acr]: ['20.1.0.0/24'], [`${acr}.WestEurope`]: ['20.2.0.0/24'], [`${acr}.EastUS`]: ['20.3.0.0/24'] };

    await publish(world, { ...tags, [`${acr}.NorthEurope`]: ['20.4.0.0/24'] });

    expect(prefixesIn(world, target)).toEqual(['20.2.0.0/24', '20.3.0.0/24']);
  });

  test('a target that left the file is let be', async () => {
    const world = await worlds.open();
    world.setTargets([]);

    expect(await updateTarget(world.services, { target: 'hooks', reason: 'old message' })).toBe('unknown');
  });
});

describe('faults of Azure', () => {
  test('a failure is recorded, told and thrown, so that the queue delivers again; then all is well', async () => {
    const world = await worlds.open();
    world.simulator.failNext(
      { method: 'PUT' },
      { kind: 'raw', status: 501, contentType: 'text/html', body: '<p>no</p>' },
    );

    await expect(publish(world, first)).rejects.toThrow();
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ outcome: 'failed', owned: first[acr] });
    expect(world.notifications.at(-1)).toMatchObject({ type: 'update.failed' });

    await world.reconcile();
    expect(prefixesIn(world)).toEqual(first[acr]);
    expect((await world.services.states.get('hooks'))?.run.lastResult).toMatchObject({ status: 'inSync' });
  });

  test('what fails again and again is told once, and once more where it is given up', async () => {
    const world = await worlds.open();
    const told = () => world.notifications.filter(({ type }) => type === 'update.failed').length;
    const tryTwice = async () => {
      for (let count = 0; count < 2; count += 1) {
        await expect(updateTarget(world.services, { target: 'hooks', reason: 'reconcile' })).rejects.toThrow();
      }
    };
    const fault = { kind: 'raw', status: 501, contentType: 'text/html', body: '<p>no</p>' } as const;
    world.simulator.failNext({ method: 'PUT' }, fault, 5);
    await expect(publish(world, first)).rejects.toThrow();
    await tryTwice();
    expect(told()).toBe(1);

    await reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' });
    await tryTwice();
    expect(told()).toBe(2);

    await world.reconcile();
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');
    world.simulator.failNext({ method: 'PUT' }, fault);
    await expect(world.reconcile()).rejects.toThrow();
    expect(told()).toBe(3);
  });

  test('somebody changes the rule between our read and our write: read and planned again, nothing lost', async () => {
    const world = await worlds.open({ targets: [prod()] });
    await publish(world, first);
    const { states } = world.services;
    let isDone = false;
    const withLeaseToWrite: typeof states.withLeaseToWrite = (name, work) =>
      states.withLeaseToWrite(name, (session) =>
        work({
          ...session,
          put: async (state) => {
            await session.put(state);
            if (isDone || !state.run.inFlight) return;
            isDone = true;
            editIpRules(world, (rules) => [...rules, '192.0.2.0/24']);
          },
        }),
      );
    const meddling = { ...world.services, states: withMethods(states, { withLeaseToWrite }) };
    world.setTargets([]);
    await publishNextWeek(world, list(...(first[acr] ?? []), '20.42.4.0/24'));
    world.setTargets([prod()]);

    const record = await updateTarget(meddling, { target: 'prod', reason: 'reconcile' });

    expect(isDone).toBe(true);
    expect(record).toMatchObject({ outcome: 'applied' });
    expect(ipRulesOf(world)).toEqual([...(first[acr] ?? []), '192.0.2.0/24', '20.42.4.0/24']);
  });

  test('an update that failed for good is recorded and told', async () => {
    const world = await worlds.open();
    await publish(world, first);

    await reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' });
    await reportFailedUpdate(world.services, 'not even JSON');

    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({
      outcome: 'failed',
      trigger: { reason: 'poison' },
    });
    expect((await world.services.states.get('hooks'))?.run.lastResult).toMatchObject({ status: 'failed' });
    expect(world.notifications.map(({ subject }) => subject)).toEqual(['hooks', 'update-target']);
    expect(writesOf(world)).toHaveLength(1);
    await world.reconcile();
    expect((await world.services.states.get('hooks'))?.run.lastResult).toMatchObject({ status: 'inSync' });
  });
});

describe('a run that planned again records what it had written before', () => {
  const nsgRead = { method: 'GET', path: /nsg-hooks$/ };
  const before = ['20.42.0.0/24', '20.42.2.0/24'];
  const added = '20.42.4.0/24';
  const prefixesOf = (rules: UpdateRecord['before']) => rules?.flatMap(({ prefixes }) => prefixes);

  /** Five looks behind the write see what was there before it. */
  async function settledWorld(limits = hooks().limits): Promise<World> {
    const world = await worlds.open({ targets: [hooks({ limits })] });
    await publish(world, first);
    world.simulator.failNext(nsgRead, { kind: 'slow', delayInMs: 0 }, 2);
    for (let look = 0; look < 5; look += 1) {
      const body = JSON.stringify(world.simulator.nsg(hooks().resourceId));
      world.simulator.failNext(nsgRead, { kind: 'raw', status: 200, contentType: 'application/json', body });
    }
    return world;
  }

  test('and finds nothing more to do', async () => {
    const world = await settledWorld();

    const [run] = await publishNextWeek(world, list(...before, added));

    expect(run).toMatchObject({ outcome: 'applied', plan: { add: [added] } });
    expect(prefixesOf(run?.before)).toEqual(before);
    expect(prefixesOf(run?.after)).toEqual([...before, added]);
    expect((await recordsOf(world, 'hooks')).at(-1)?.id).toBe(run?.id);
  });

  test('and finds that the rest is held', async () => {
    const world = await settledWorld();

    const [run] = await publishNextWeek(world, list(...before, added, '20.48.0.0/16'));

    expect(run).toMatchObject({ outcome: 'applied', plan: { add: [added], held: { add: ['20.48.0.0/16'] } } });
    expect(prefixesOf(run?.before)).toEqual(before);
    expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('held');
  });

  test('and finds that removals follow', async () => {
    const world = await settledWorld(openLimits);

    const [run] = await publishNextWeek(world, list('20.42.0.0/24', added));

    expect(run).toMatchObject({ outcome: 'pending', plan: { add: [added], remove: ['20.42.2.0/24'] } });
    expect(prefixesOf(run?.before)).toEqual(before);
  });

  test('and writes what was superseded', async () => {
    const world = await worlds.open();
    const [v6, addedV6] = ['2603:1030::/120', '2603:1030:1::/120'];
    await publish(world, list(...before, v6));
    world.simulator.failNext({ method: 'PUT', path: /AllowAcr-ipv6$/ }, { kind: 'operationSuperseded' });

    const [run] = await publishNextWeek(world, list(...before, added, v6, addedV6));

    expect(run).toMatchObject({ outcome: 'applied', plan: { add: [added, addedV6] } });
    expect(prefixesOf(run?.before)).toEqual([...before, v6]);
    expect(prefixesOf(run?.after)).toEqual([...before, added, v6, addedV6]);
  });
});
