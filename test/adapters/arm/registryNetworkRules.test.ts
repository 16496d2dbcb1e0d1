import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ArmError as SimulatedError } from '../../../dev/simulator/armError.ts';
import { faults } from '../../../dev/simulator/faults.ts';
import type { ArmSession, CurrentState } from '../../../src/app/ports.ts';
import { TargetMovedError } from '../../../src/core/errors.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
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
      maxRules: undefined,
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

    const current = await session.registryNetworkRules.read(target);

    expect(await session.registryNetworkRules.readQuota?.(registryTarget({ capacity }), current)).toEqual({
      limit: 50,
    });
    expect(session.usage().reads).toBe(1);
    expect(await session.registryNetworkRules.readQuota?.(target, current)).toEqual({ limit: 200 });
    expect(session.usage()).toEqual({ reads: 2, writes: 0, retries: [] });
  });
});

describe('a quota that is not told is assumed', () => {
  const failed = (status: number, code: string) =>
    ({ kind: 'error', error: new SimulatedError(status, code, 'No.') }) as const;
  const emptyAnswer = (body: string) => ({ kind: 'raw', status: 200, contentType: 'application/json', body }) as const;

  test.each([
    ['without permission for it', failed(403, 'AuthorizationFailed'), 1, 'AuthorizationFailed'],
    ['where there is no such thing', failed(404, 'NotFound'), 1, 'NotFound'],
    ['without a token', failed(401, 'ExpiredAuthenticationToken'), 1, 'ExpiredAuthenticationToken'],
    ['where it is refused', failed(400, 'SomethingNew'), 1, 'SomethingNew'],
    ['at the third server error', faults.serverError(500), 3, 'InternalServerError'],
    ['at the third lost connection', { kind: 'dropBefore' } as const, 3, 'ECONNRESET'],
    ['where Azure wants to be left alone', faults.tooManyRequests(17), 1, 'TooManyRequests'],
    ['at the third answer that says nothing', emptyAnswer('null'), 3, 'PARSE_ERROR'],
    ['where it is not among the usages', emptyAnswer('{"value":[{"name":"Size","limit":5}]}'), 1, undefined],
  ])('%s', async (_, fault, tries, code) => {
    world.simulator.configure({ maxIpRules: 200 });
    world.simulator.failNext({ path: /listUsages/ }, fault, 50);
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);

    const note = { code: 'assumedQuota', message: expect.stringContaining('the app assumes 100 rules') };
    expect(await session.registryNetworkRules.readQuota?.(target, current)).toEqual({ limit: 100, note });

    const { reads, retries } = session.usage();
    expect(reads - 1).toBe(tries);
    expect(retries.map((retry) => retry.code)).toEqual(code === undefined ? [] : Array<string>(tries).fill(code));
    if (code !== undefined) expect(retries.at(-1)).toEqual({ call: 'GET listUsages', code, waitedInMs: 0 });
    expect(retries.reduce((sum, { waitedInMs }) => sum + waitedInMs, 0)).toBeLessThan(3_500);
  });

  test('a server error that passes is ridden out', async () => {
    world.simulator.configure({ maxIpRules: 200 });
    world.simulator.failNext({ path: /listUsages/ }, faults.serverError(503), 2);

    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);

    expect(await session.registryNetworkRules.readQuota?.(target, current)).toEqual({ limit: 200 });
  });

  test.each([
    [100, 100],
    [101, 200],
  ])('%i rules there today: %i', async (count, limit) => {
    const ipRules = Array.from({ length: count }, (_, index) => ({ value: `198.51.${index}.0/24` }));
    world.simulator.configure({ maxIpRules: 200 });
    seed({ networkRuleSet: { defaultAction: 'Deny', ipRules } });
    world.simulator.failNext({ path: /listUsages/ }, failed(403, 'AuthorizationFailed'), 50);
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);

    expect(await session.registryNetworkRules.readQuota?.(target, current)).toMatchObject({ limit });
  });
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
      message: expect.stringContaining('has 1 virtual network rule '),
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

  test.each(['null', '', '{}', '{"properties":null}', '{"properties":"?"}'])(
    'an answer that says nothing (%j) is not taken for a registry without virtual network rules',
    async (body) => {
      const old = { path: /registries\/prod$/ };
      const session = world.arm.openSession();
      const current = await session.registryNetworkRules.read(target);
      world.simulator.failNext(old, { kind: 'raw', status: 200, contentType: 'application/json', body });

      await session.registryNetworkRules.write(target, current, [put(...ours)], ours);

      expect(session.usage().retries).toEqual([
        { call: 'GET registries/prod', code: 'PARSE_ERROR', waitedInMs: expect.any(Number) },
      ]);
      expect(ruleSet().ipRules).toHaveLength(5);
    },
  );

  test('and where it never says anything, nothing is written', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    const nothing = { kind: 'raw', status: 200, contentType: 'application/json', body: 'null' } as const;
    world.simulator.failNext({ path: /registries\/prod$/ }, nothing, 1_000);

    // The time of the run may be over before the last answer has come.
    await expect(session.registryNetworkRules.write(target, current, [put(...ours)], ours)).rejects.toThrow(
      /something else than the JSON of a resource|was still running when the time of the run was over/,
    );

    expect(new Set(retryCodes(session))).toEqual(new Set(['PARSE_ERROR']));
    expect(patches()).toEqual([]);
  });

  test('a rule set that went away between read and write: nothing is written, plan again', async () => {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    const body = JSON.stringify({ properties: { networkRuleSet: null } });
    world.simulator.failNext({}, { kind: 'raw', status: 200, contentType: 'application/json', body });

    await expect(session.registryNetworkRules.write(target, current, [put(...ours)], ours)).rejects.toThrow(
      TargetMovedError,
    );

    expect(patches()).toEqual([]);
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
    world.simulator.failNext({ method }, { kind: 'error', error }, 1_000);

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

describe('refused is only what is known not to be written', () => {
  const registry = /registries\/prod$/;
  const polls = /operationStatuses/;
  const fails = (status: number, code: string) =>
    ({ kind: 'error', error: new SimulatedError(status, code, 'No.') }) as const;
  const forbidden = fails(403, 'AuthorizationFailed');

  async function blockedBy(prepare: () => void): Promise<unknown> {
    const session = world.arm.openSession();
    const current = await session.registryNetworkRules.read(target);
    prepare();
    return session.registryNetworkRules.write(target, current, [put(...ours)], ours).then(
      () => 'written',
      (error: unknown) => error,
    );
  }

  test.each([
    ['the look before the write', () => world.simulator.failNext({ path: registry }, forbidden, 1_000)],
    [
      'virtual network rules',
      () => seed({ networkRuleSet: { defaultAction: 'Deny', ipRules: foreign, virtualNetworkRules: [{ id: '/a' }] } }),
    ],
    ['the write', () => world.simulator.failNext({ method: 'PATCH' }, forbidden, 1_000)],
    ['the quota', () => world.simulator.configure({ maxIpRules: 4 })],
  ])('%s: refused', async (_, prepare) => {
    expect(await blockedBy(prepare)).toMatchObject({ name: 'TargetBlockedError', isRefused: true });
    expect(ruleSet().ipRules).toEqual(foreign);
  });

  test.each([
    ['the poll, 403', () => world.simulator.failNext({ path: polls }, forbidden, 1_000)],
    ['the poll, 401', () => world.simulator.failNext({ path: polls }, fails(401, 'ExpiredAuthenticationToken'))],
    [
      'the read-back',
      () => {
        world.simulator.failNext({ method: 'GET', path: registry }, { kind: 'slow', delayInMs: 0 });
        world.simulator.failNext({ method: 'GET', path: registry }, fails(404, 'ResourceNotFound'), 1_000);
      },
    ],
    [
      'the look after a write whose answer was lost',
      () => {
        world.simulator.failNext({ method: 'PATCH' }, { kind: 'dropAfter' });
        world.simulator.failNext({ method: 'GET', path: registry }, { kind: 'slow', delayInMs: 0 });
        world.simulator.failNext({ method: 'GET', path: registry }, forbidden, 1_000);
      },
    ],
  ])('%s: not refused, for the rules are there', async (_, prepare) => {
    expect(await blockedBy(prepare)).toMatchObject({ name: 'TargetBlockedError', isRefused: false });
    expect(ruleSet().ipRules).toHaveLength(5);
  });

  test('a second write, after one of which nobody knows what came through: not refused', async () => {
    const prepare = () => {
      world.simulator.failNext({ method: 'PATCH' }, faults.serverError(503));
      world.simulator.failNext({ method: 'PATCH' }, forbidden, 1_000);
    };

    expect(await blockedBy(prepare)).toMatchObject({ name: 'TargetBlockedError', isRefused: false });
  });

  test('an operation that ended for good: nobody takes it for refused', async () => {
    const fault = faults.operationFails(
      'BadRequest',
      'The requested feature IP rule exceeds allowed quota 100 for the SKU Premium.',
    );

    expect(await blockedBy(() => world.simulator.failNext({ method: 'PATCH' }, fault))).toMatchObject({
      name: 'TargetBlockedError',
      code: 'quota',
      isRefused: false,
    });
  });
});

test('of an address that stands there twice, ours and somebody’s, ours alone is taken out', async () => {
  await apply(world.arm.openSession(), put(...ours), ours);
  const twice = [{ action: 'Allow', value: '198.51.100.7' }, ...ruleSet().ipRules] as const;
  seed({ networkRuleSet: { defaultAction: 'Deny', ipRules: twice } });

  await apply(world.arm.openSession(), put('192.0.2.0/25'), ours);

  expect(ruleSet().ipRules).toEqual(twice.filter(({ value }) => value !== '198.51.100.7/32'));
});

describe('regions of a registry', () => {
  test('home and replicas, each once, over several pages', async () => {
    seed({ replicaLocations: ['eastus', 'Japan East', 'norwayeast'] });
    world.simulator.configure({ pageSize: 2 });
    const session = world.arm.openSession();

    expect(await session.readRegistryRegions(registryId)).toEqual(['westeurope', 'eastus', 'japaneast', 'norwayeast']);
    expect(session.usage()).toEqual({ reads: 3, writes: 0, retries: [] });
  });

  test('the home location is not asked for where it is known', async () => {
    seed({ replicaLocations: ['eastus'] });
    const session = world.arm.openSession();

    expect(await session.readRegistryRegions(registryId, 'westeurope')).toEqual(['westeurope', 'eastus']);
    expect(world.calls()).toEqual(['GET prod/replications']);
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
    world.simulator.failNext({ path: /replications/ }, { kind: 'error', error }, 1_000);

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
