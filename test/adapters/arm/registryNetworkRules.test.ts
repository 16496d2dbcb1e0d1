import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ArmError as SimulatedError } from '../../../dev/simulator/armError.ts';
import { faults } from '../../../dev/simulator/faults.ts';
import type { ArmSession, CurrentState } from '../../../src/app/ports.ts';
import { TargetMovedError } from '../../../src/core/errors.ts';
import type { RuleChange } from '../../../src/core/plan.ts';
import { registryId, registryTarget } from './targets.ts';
import { retryCodes, startWorld, type World } from './world.ts';

const target = registryTarget();
const foreign = [
  { action: 'Allow', value: '203.0.113.9' },
  { value: '203.0.113.64/26' },
  { action: 'Allow', value: '203.0.113.10/32' },
] as const;
const put = (...prefixes: string[]): RuleChange => ({ rule: 'ipRules', operation: 'put', prefixes });
const ours = ['192.0.2.0/25', '198.51.100.7/32'];

let world: World;

beforeEach(async () => {
  world = await startWorld();
  seed();
});
afterEach(() => world.simulator.stop());

function seed(change: Partial<Parameters<World['simulator']['putRegistry']>[0]> = {}): void {
  world.simulator.putRegistry({
    id: registryId,
    location: 'westeurope',
    networkRuleSet: { defaultAction: 'Deny', ipRules: foreign },
    ...change,
  });
}

async function apply(session: ArmSession, change: RuleChange, owned: readonly string[] = []): Promise<CurrentState> {
  const current = await session.registryNetworkRules.read(target);
  await session.registryNetworkRules.write(target, current, [change], owned);
  return session.registryNetworkRules.read(target);
}

const ruleSet = () => world.simulator.registry(registryId)!.properties.networkRuleSet;
const patches = () => world.simulator.requests.filter(({ method }) => method === 'PATCH');

describe('reading', () => {
  test('costs one call; prefixes are canonical and carry no mark', async () => {
    const session = world.arm.openSession();

    const current = await session.registryNetworkRules.read(target);

    expect(current).toMatchObject({
      rules: [
        {
          rule: 'ipRules',
          prefixes: ['203.0.113.9/32', '203.0.113.10/32', '203.0.113.64/26'],
          mark: 'unmarked',
          drift: [],
        },
      ],
      location: 'westeurope',
      maxPrefixes: undefined,
      blockers: [],
      notes: [],
    });
    expect(session.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
  });

  test('no rules, no mark', async () => {
    seed({ networkRuleSet: { defaultAction: 'Deny' } });

    const current = await world.arm.openSession().registryNetworkRules.read(target);

    expect(current.rules).toEqual([{ rule: 'ipRules', prefixes: [], mark: undefined, drift: [] }]);
  });

  test.each([
    ['everybody is let in', { networkRuleSet: { defaultAction: 'Allow' } }, ['inert']],
    ['nobody is let in', { publicNetworkAccess: 'Disabled' }, ['inert']],
    ['both', { networkRuleSet: { defaultAction: 'Allow' }, publicNetworkAccess: 'Disabled' }, ['inert', 'inert']],
  ] as const)('rules without effect are told: %s', async (_, change, codes) => {
    seed(change);

    const { notes } = await world.arm.openSession().registryNetworkRules.read(target);

    expect(notes.map(({ code }) => code)).toEqual(codes);
  });

  test('a registry that is not Premium is blocked', async () => {
    seed({ sku: 'Standard', networkRuleSet: { defaultAction: 'Allow' } });

    const { blockers } = await world.arm.openSession().registryNetworkRules.read(target);

    expect(blockers).toEqual([{ code: 'wrongSku', message: expect.stringContaining('is Standard') }]);
  });

  test('the quota is asked for only where the target does not say it', async () => {
    world.simulator.configure({ maxIpRules: 200 });
    const session = world.arm.openSession();
    const capacity = { ...target.capacity, maxRules: 50 };

    expect(await session.registryNetworkRules.readQuota?.(registryTarget({ capacity }))).toBe(50);
    expect(session.usage().reads).toBe(0);
    expect(await session.registryNetworkRules.readQuota?.(target)).toBe(200);
    expect(session.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
  });
});

test.each([
  ['without permission for it', 403, 'AuthorizationFailed'],
  ['where there is no such thing', 404, 'NotFound'],
])('the quota is 100 %s', async (_, status, code) => {
  const error = new SimulatedError(status, code, 'No.');
  world.simulator.failNext({ method: 'POST' }, { kind: 'error', error });

  expect(await world.arm.openSession().registryNetworkRules.readQuota?.(target)).toBe(100);
});

describe('writing', () => {
  test('foreign rules are carried through to the byte, nothing but the rule set is sent, defaultAction stays', async () => {
    const session = world.arm.openSession();

    const after = await apply(session, put(...ours), ours);

    expect(patches().map(({ body }) => body)).toEqual([
      {
        properties: {
          networkRuleSet: {
            defaultAction: 'Deny',
            ipRules: [...foreign, ...ours.map((value) => ({ action: 'Allow', value }))],
          },
        },
      },
    ]);
    expect(JSON.stringify(ruleSet().ipRules.slice(0, 3))).toBe(JSON.stringify(foreign));
    expect(after.rules[0]?.prefixes).toEqual(expect.arrayContaining(ours));
    expect(session.usage()).toMatchObject({ writes: 1, retries: [] });
  });

  test('defaultAction Allow stays Allow', async () => {
    seed({ networkRuleSet: { defaultAction: 'Allow' } });

    await apply(world.arm.openSession(), put(...ours), ours);

    expect(ruleSet()).toMatchObject({ defaultAction: 'Allow', ipRules: [{ value: ours[0] }, { value: ours[1] }] });
  });

  test('ours that go are taken out, nothing else', async () => {
    await apply(world.arm.openSession(), put(...ours), ours);

    await apply(world.arm.openSession(), put('192.0.2.0/25'), ours);

    expect(ruleSet().ipRules).toEqual([...foreign, { action: 'Allow', value: '192.0.2.0/25' }]);
  });

  test('delete takes out all of ours and leaves the rest', async () => {
    await apply(world.arm.openSession(), put(...ours), ours);

    await apply(world.arm.openSession(), { rule: 'ipRules', operation: 'delete', prefixes: [] }, ours);

    expect(ruleSet().ipRules).toEqual(foreign);
  });

  test('IPv6 is never sent', async () => {
    await expect(apply(world.arm.openSession(), put('2001:db8::/48'), [])).rejects.toThrow('IPv4 rules only');

    expect(patches()).toEqual([]);
  });

  test.each([200, 201, 202] as const)(
    'an update that answers %i and takes its time is followed to its end',
    async (status) => {
      world.simulator.configure({ registryOperationInMs: 40, registryPatchStatus: status });

      await apply(world.arm.openSession(), put(...ours), ours);

      expect(world.simulator.registry(registryId)?.properties.provisioningState).toBe('Succeeded');
      expect(patches()).toHaveLength(1);
    },
  );
});

describe('blocked, with what is missing', () => {
  test('virtual network rules, which the newer api-version would drop', async () => {
    const subnet = '/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/v/subnets/s';
    const virtualNetworkRules = [{ action: 'Allow', id: subnet }] as const;
    seed({ networkRuleSet: { defaultAction: 'Deny', ipRules: foreign, virtualNetworkRules } });

    await expect(apply(world.arm.openSession(), put(...ours), ours)).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'virtualNetworkRules',
      message: expect.stringContaining('has 1 virtual network rules'),
    });

    expect(patches()).toEqual([]);
    expect(ruleSet()).toMatchObject({ ipRules: foreign, virtualNetworkRules });
  });

  test('the day the old api-version is gone: noted, and the write goes on', async () => {
    const error = new SimulatedError(400, 'NoRegisteredProviderFound', 'No registered resource provider found.');
    const session = world.arm.openSession();
    world.simulator.failAt(2, { kind: 'error', error });

    await apply(session, put(...ours), ours);

    expect(session.usage().retries).toEqual([
      { call: 'GET registry with api-version 2021-08-01-preview', code: 'NoRegisteredProviderFound', waitedInMs: 0 },
    ]);
    expect(patches()).toHaveLength(1);
  });

  test('the quota', async () => {
    world.simulator.configure({ maxIpRules: 4 });

    await expect(apply(world.arm.openSession(), put(...ours), ours)).rejects.toMatchObject({
      code: 'quota',
      message: expect.stringContaining('exceeds allowed quota 4'),
    });
  });

  test('downgraded from Premium in the very moment', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    const message = 'Network rules are only supported for managed registries in Premium SKU.';
    const error = new SimulatedError(400, 'BadRequest', message);
    world.simulator.failNext({ method: 'PATCH' }, { kind: 'error', error });

    await expect(session.registryNetworkRules.write(target, current, [put(...ours)], ours)).rejects.toMatchObject({
      code: 'wrongSku',
    });
  });

  test('gone, locked', async () => {
    world.simulator.putLock(registryId, 'ReadOnly');
    await expect(apply(world.arm.openSession(), put(...ours), ours)).rejects.toMatchObject({ code: 'locked' });

    world.simulator.removeRegistry(registryId);
    await expect(world.arm.openSession().registryNetworkRules.read(target)).rejects.toMatchObject({ code: 'notFound' });
  });

  test.each(['GET', 'PATCH'])('no permission to %s', async (method) => {
    const action = `Microsoft.ContainerRegistry/registries/${method === 'GET' ? 'read' : 'write'}`;
    const message = `The client 'a' with object id 'b' does not have authorization to perform action '${action}' over scope '${registryId}' or the scope is invalid.`;
    const error = new SimulatedError(403, 'AuthorizationFailed', message);
    world.simulator.failNext({ method }, { kind: 'error', error });

    await expect(apply(world.arm.openSession(), put(...ours), ours)).rejects.toMatchObject({
      code: 'noPermission',
      message: expect.stringContaining(`may not do ${action} on ${registryId}`),
    });
  });
});

describe('others at the same registry', () => {
  const late = { action: 'Allow', value: '203.0.113.200' } as const;
  const addLate = () => seed({ networkRuleSet: { defaultAction: 'Deny', ipRules: [...foreign, late] } });

  test('a rule that came between read and write is not lost: nothing is written, plan again', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    addLate();

    await expect(session.registryNetworkRules.write(target, current, [put(...ours)], ours)).rejects.toThrow(
      TargetMovedError,
    );

    expect(patches()).toEqual([]);
    expect(ruleSet().ipRules).toEqual([...foreign, late]);
  });

  test('nor one that came while we waited for another update', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    world.simulator.failNext({ method: 'PATCH' }, faults.serverError(503));
    const write = session.registryNetworkRules.write(target, current, [put(...ours)], ours);
    while (patches().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    addLate();

    await expect(write).rejects.toThrow(TargetMovedError);

    expect(ruleSet().ipRules).toEqual([...foreign, late]);
  });

  test('defaultAction switched by somebody else is never switched back', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    seed({ networkRuleSet: { defaultAction: 'Allow', ipRules: foreign } });

    await expect(session.registryNetworkRules.write(target, current, [put(...ours)], ours)).rejects.toThrow(
      TargetMovedError,
    );

    expect(ruleSet().defaultAction).toBe('Allow');
  });

  test('an update of somebody else is waited for', async () => {
    world.simulator.configure({ registryOperationInMs: 300 });
    await fetch(`${world.simulator.url}${registryId}?api-version=2025-11-01`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tags: { owner: 'somebody' } }),
    });
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);

    await session.registryNetworkRules.write(target, current, [put(...ours)], ours);

    expect(current.notes).toEqual([{ code: 'settling', message: expect.stringContaining('Updating') }]);
    expect(retryCodes(session)).toContain('ResourceBeingUpdated');
    expect(ruleSet().ipRules).toHaveLength(5);
    expect(world.simulator.registry(registryId)?.tags).toEqual({ owner: 'somebody' });
  });
});

describe('faults on the way of a write', () => {
  test.each([
    ['409', { kind: 'error', error: new SimulatedError(409, 'Conflict', 'Being updated.') } as const, 'Conflict'],
    ['500', faults.serverError(500), 'InternalServerError'],
    ['429', faults.tooManyRequests(3), 'TooManyRequests'],
    ['an operation that fails in passing', faults.operationFails(), 'InternalServerError'],
    ['a connection that broke before the work', { kind: 'dropBefore' } as const, 'ECONNRESET'],
  ])('%s: tried again and on record', async (_, fault, code) => {
    world.simulator.failNext({ method: 'PATCH' }, fault);
    const session = world.arm.openSession();

    await apply(session, put(...ours), ours);

    expect(session.usage().retries).toEqual([{ call: 'PATCH registries/prod', code, waitedInMs: expect.any(Number) }]);
    expect(ruleSet().ipRules.map(({ value }) => value)).toEqual([...foreign.map(({ value }) => value), ...ours]);
    expect(patches()).toHaveLength(2);
  });

  test('the answer is lost but the work was done: nothing is written twice', async () => {
    world.simulator.configure({ registryOperationInMs: 20 });
    world.simulator.failNext({ method: 'PATCH' }, { kind: 'dropAfter' });
    const session = world.arm.openSession();

    await apply(session, put(...ours), ours);

    expect(patches()).toHaveLength(1);
    expect(ruleSet().ipRules).toHaveLength(5);
  });

  test('an operation that fails for good', async () => {
    world.simulator.failNext({ method: 'PATCH' }, faults.operationFails('SomethingNew', 'Nobody knows.'));

    await expect(apply(world.arm.openSession(), put(...ours), ours)).rejects.toThrow('Nobody knows.');

    expect(ruleSet().ipRules).toEqual(foreign);
  });

  test('the deadline ends it', async () => {
    world.simulator.configure({ registryOperationInMs: 60_000 });
    const session = world.arm.openSession({ deadline: new Date(Date.now() + 300) });

    await expect(apply(session, put(...ours), ours)).rejects.toThrow(
      'was still running when the time of the run was over',
    );
  });
});

describe('regions of a registry', () => {
  test('home and replicas, each once, over several pages', async () => {
    seed({ replicaLocations: ['eastus', 'Japan East', 'norwayeast'] });
    world.simulator.configure({ pageSize: 2 });
    const session = world.arm.openSession();

    expect(await session.readRegistryRegions(registryId)).toEqual(['westeurope', 'eastus', 'japaneast', 'norwayeast']);
    expect(session.usage()).toEqual({ reads: 3, writes: 0, retries: [] });
  });

  test('a registry that is gone is named', async () => {
    world.simulator.removeRegistry(registryId);

    await expect(world.arm.openSession().readRegistryRegions(registryId)).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'notFound',
      message: expect.stringContaining(registryId),
    });
  });

  test('a missing permission is named', async () => {
    const action = 'Microsoft.ContainerRegistry/registries/replications/read';
    const message = `The client 'a' with object id 'b' does not have authorization to perform action '${action}' over scope '${registryId}' or the scope is invalid.`;
    const error = new SimulatedError(403, 'AuthorizationFailed', message);
    world.simulator.failNext({ path: /replications/ }, { kind: 'error', error });

    await expect(world.arm.openSession().readRegistryRegions(registryId)).rejects.toMatchObject({
      code: 'noPermission',
      message: expect.stringContaining(`may not do ${action} on ${registryId}`),
    });
  });

  test('an id of something else is a configuration error', async () => {
    await expect(world.arm.openSession().readRegistryRegions('/subscriptions/x')).rejects.toThrow(
      '"/subscriptions/x" is not accepted: /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerRegistry/registries/<name> is',
    );
  });
});
