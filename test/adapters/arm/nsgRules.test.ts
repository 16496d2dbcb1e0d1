import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ArmError } from '../../../dev/simulator/armError.ts';
import { faults } from '../../../dev/simulator/faults.ts';
import type { ArmSession, CurrentState } from '../../../src/app/ports.ts';
import { describeOwner } from '../../../src/adapters/arm/nsgRuleMark.ts';
import { TargetMovedError } from '../../../src/core/errors.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
import type { NsgRuleTarget } from '../../../src/core/targets/target.ts';
import { foreignRule, nsgId, nsgTarget, subscriptionId } from './targets.ts';
import { ownerId, retryCodes, startWorld, type World } from './world.ts';

const target = nsgTarget();
const name4 = target.rule.name;
const name6 = `${name4}-ipv6`;
const put4: RuleChange = { rule: name4, operation: 'put', prefixes: ['192.0.2.0/24', '198.51.100.0/25'] };
const put6: RuleChange = { rule: name6, operation: 'put', prefixes: ['2001:db8::/48'] };

let world: World;

async function start(longestWaitInMs?: number): Promise<ArmSession> {
  world = await startWorld({}, longestWaitInMs);
  world.simulator.putNsg({ id: nsgId, location: 'westeurope', securityRules: [foreignRule] });
  return world.arm.openSession();
}

beforeEach(async () => {
  await start();
});
afterEach(() => world.simulator.stop());

async function apply(session: ArmSession, changes: RuleChange[], of: NsgRuleTarget = target): Promise<CurrentState> {
  const current = await session.nsgRules.read(of);
  await session.nsgRules.write(of, current, changes, []);
  return session.nsgRules.read(of);
}

const blockersOf = ({ rules }: CurrentState) => rules.flatMap(({ blockers = [] }) => blockers);
const liveRules = () => world.simulator.nsg(nsgId)?.properties.securityRules ?? [];
const liveRule = (name: string) => liveRules().find((rule) => rule.name === name)?.properties;

describe('happy path', () => {
  test('a fresh NSG: both rules are put, marked, read back, and the next read finds nothing to do', async () => {
    const session = world.arm.openSession();

    const before = await session.nsgRules.read(target);
    const after = await apply(session, [put4, put6]);

    expect(before.rules.map(({ mark }) => mark)).toEqual([undefined, undefined]);
    expect(before).toMatchObject({ location: 'westeurope', maxRules: 3_998, blockers: [], notes: [] });
    expect(after.rules).toEqual([
      { rule: name4, prefixes: put4.prefixes, mark: 'ours', drift: [], nonPrefixes: [], blockers: [] },
      { rule: name6, prefixes: put6.prefixes, mark: 'ours', drift: [], nonPrefixes: [], blockers: [] },
    ]);
    expect(liveRule(name4)).toMatchObject({
      description: describeOwner(ownerId, target.name),
      sourceAddressPrefixes: put4.prefixes,
      destinationAddressPrefix: 'VirtualNetwork',
      destinationPortRange: '443',
      priority: 300,
    });
    expect(world.writes()).toEqual([`PUT securityRules/${name4}`, `PUT securityRules/${name6}`]);
  });

  test('reading costs one call', async () => {
    const session = world.arm.openSession();

    await session.nsgRules.read(target);

    expect(session.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
    expect(world.calls()).toEqual(['GET networkSecurityGroups/nsg-hooks']);
  });

  test('nothing to change, nothing asked', async () => {
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);

    await session.nsgRules.write(target, current, [], []);

    expect(session.usage()).toEqual({ reads: 1, writes: 0, retries: [] });
  });

  test('rules of others are the same to the byte', async () => {
    const before = JSON.stringify(liveRule('AllowOffice'));

    await apply(world.arm.openSession(), [put4, put6]);

    expect(JSON.stringify(liveRule('AllowOffice'))).toBe(before);
  });

  test('an operation that takes its time is followed to its end', async () => {
    world.simulator.configure({ nsgOperationInMs: 60 });
    const session = world.arm.openSession();

    await apply(session, [put4]);

    expect(liveRule(name4)?.provisioningState).toBe('Succeeded');
    expect(session.usage().reads).toBeGreaterThan(4);
    expect(session.usage().retries).toEqual([]);
  });

  test('a rule is deleted, after the puts', async () => {
    await apply(world.arm.openSession(), [put4, put6]);

    const after = await apply(world.arm.openSession(), [{ rule: name6, operation: 'delete', prefixes: [] }, put4]);

    expect(after.rules.map(({ mark }) => mark)).toEqual(['ours', undefined]);
    expect(world.writes().slice(2)).toEqual([`PUT securityRules/${name4}`, `DELETE securityRules/${name6}`]);
  });

  test('drift is put right by the same write', async () => {
    await apply(world.arm.openSession(), [put4]);
    const drifted = { ...liveRule(name4), priority: 350, destinationPortRange: '*', access: 'Deny' };
    delete drifted.provisioningState;
    world.simulator.putRule(nsgId, { name: name4, properties: drifted as never });
    const session = world.arm.openSession();

    const before = await session.nsgRules.read(target);
    const after = await apply(session, [put4]);

    expect(before.rules[0]?.drift).toEqual([
      'priority: 350, wanted 300',
      'access: Deny, wanted Allow',
      'ports: *, wanted 443',
    ]);
    expect(after.rules[0]?.drift).toEqual([]);
  });

  test('swapped priorities are put right without a gap in either rule', async () => {
    await apply(world.arm.openSession(), [put4, put6]);
    const swapped = nsgTarget({}, { priority: 301, ipv6Priority: 300 });

    const after = await apply(world.arm.openSession(), [put4, put6], swapped);

    expect(after.rules.map(({ drift }) => drift)).toEqual([[], []]);
    expect([liveRule(name4)?.priority, liveRule(name6)?.priority]).toEqual([301, 300]);
    expect(world.writes().filter((call) => call.startsWith('DELETE'))).toEqual([]);
  });

  test('outbound', async () => {
    const outbound = nsgTarget(
      { addressFamilies: ['ipv4'] },
      { direction: 'Outbound', localAddressPrefix: '10.0.0.0/24' },
    );

    const after = await apply(world.arm.openSession(), [put4], outbound);

    expect(after.rules[0]).toMatchObject({ prefixes: put4.prefixes, drift: [] });
    expect(liveRule(name4)).toMatchObject({
      destinationAddressPrefixes: put4.prefixes,
      sourceAddressPrefix: '10.0.0.0/24',
    });
  });
});

describe('what others did', () => {
  const asRule = (change: object) => ({
    ...foreignRule,
    name: name4,
    properties: { ...foreignRule.properties, priority: 300, ...change },
  });

  test.each([
    ['unmarked', undefined],
    ['otherOwner', describeOwner('another-app', target.name)],
    ['ours', describeOwner(ownerId, target.name)],
  ])('a rule of our name is %s', async (mark, description) => {
    world.simulator.putRule(nsgId, asRule(description === undefined ? {} : { description }));

    const current = await world.arm.openSession().nsgRules.read(target);

    expect(current.rules[0]).toMatchObject({ mark, prefixes: ['203.0.113.0/28', '203.0.113.64/32'] });
  });

  test('a rule of another deployment is never written, even where a plan says so', async () => {
    await apply(world.armOf('another-app').openSession(), [put4]);

    await expect(apply(world.arm.openSession(), [put4])).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'otherOwner',
    });

    expect(world.writes()).toHaveLength(1);
  });

  test('a name in other letter case is the same rule', async () => {
    world.simulator.putRule(nsgId, { ...asRule({}), name: name4.toUpperCase() });

    const after = await apply(world.arm.openSession(), [put4]);

    expect(after.rules[0]).toMatchObject({ mark: 'ours', prefixes: put4.prefixes });
    expect(liveRules()).toHaveLength(2);
  });

  test('a priority that is taken is named; in the other direction it is free', async () => {
    world.simulator.putRule(nsgId, {
      ...foreignRule,
      name: 'DenyAll',
      properties: { ...foreignRule.properties, priority: 301 },
    });
    const outbound = { ...foreignRule.properties, priority: 300, direction: 'Outbound' as const };
    world.simulator.putRule(nsgId, { ...foreignRule, name: 'Out', properties: outbound });

    const both = await world.arm.openSession().nsgRules.read(target);
    const ipv4Only = await world.arm.openSession().nsgRules.read(nsgTarget({ addressFamilies: ['ipv4'] }));

    expect(blockersOf(both)).toEqual([
      { code: 'priorityTaken', message: expect.stringContaining('rule DenyAll has priority 301 Inbound') },
    ]);
    expect(blockersOf(ipv4Only)).toEqual([]);
  });

  test('a full NSG', async () => {
    const securityRules = Array.from({ length: 999 }, (_, index) => ({
      name: `r${index}`,
      properties: { ...foreignRule.properties, priority: 1_000 + index },
    }));
    world.simulator.putNsg({ id: nsgId, securityRules });

    const both = await world.arm.openSession().nsgRules.read(target);
    const one = await world.arm.openSession().nsgRules.read(nsgTarget({ addressFamilies: ['ipv6'] }));

    expect(blockersOf(both)).toEqual([{ code: 'quota', message: expect.stringContaining('999 of 1000 rules') }]);
    expect(blockersOf(one)).toEqual([]);
    expect(both.maxRules).toBe(4_000 - 2 * 999);
  });

  test('an address on the local side fits one family only', async () => {
    const mixed = nsgTarget({}, { localAddressPrefix: '10.0.0.4' });

    const current = await world.arm.openSession().nsgRules.read(mixed);

    expect(current.blockers).toEqual([{ code: 'configuration', message: expect.stringContaining('["ipv4"] only') }]);
  });

  test('mixed families are never sent', async () => {
    const mixed = { ...put4, prefixes: [...put4.prefixes, '2001:db8::/48'] };

    await expect(apply(world.arm.openSession(), [mixed])).rejects.toThrow('is not ipv4');

    expect(world.writes()).toEqual([]);
  });

  test.each([
    ['a rule of our name that came', () => world.simulator.putRule(nsgId, asRule({}))],
    [
      'a rule of ours that was changed',
      () => {
        const properties = { ...liveRule(name4), destinationPortRange: '8443' };
        delete properties.provisioningState;
        world.simulator.putRule(nsgId, { name: name4, properties: properties as never });
      },
    ],
  ])('%s between read and write: Azure refuses the write, plan again', async (what, change) => {
    if (what.includes('ours that')) await apply(world.arm.openSession(), [put4]);
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    change();
    const live = JSON.stringify(liveRules());

    const other = { ...put4, prefixes: ['198.51.100.0/24'] };
    await expect(session.nsgRules.write(target, current, [other], [])).rejects.toThrow(TargetMovedError);

    expect(JSON.stringify(liveRules())).toBe(live);
  });

  test('our second rule is changed by hand while our first one is being written: it is left as it is', async () => {
    await apply(world.arm.openSession(), [put4, put6]);
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    const before = world.writes().length;
    const changes = [
      { ...put4, prefixes: ['192.0.2.0/24'] },
      { ...put6, prefixes: ['2001:db8:1::/48'] },
    ];

    const write = session.nsgRules.write(target, current, changes, []);
    while (world.writes().length === before) await new Promise((resolve) => setTimeout(resolve, 1));
    const properties = { ...liveRule(name6), destinationPortRange: '8443' };
    delete properties.provisioningState;
    world.simulator.putRule(nsgId, { name: name6, properties: properties as never });

    await expect(write).rejects.toThrow(TargetMovedError);
    expect(liveRule(name6)).toMatchObject({ destinationPortRange: '8443', sourceAddressPrefixes: put6.prefixes });
    expect(world.writes().slice(before)).toEqual([`PUT securityRules/${name4}`]);
  });

  test('a plan that is older than some seconds is looked at once more, whether Azure compares ETags or not', async () => {
    world.simulator.configure({ honourIfMatch: false });
    const arm = world.armOf(ownerId);
    const session = arm.openSession();
    const current = await session.nsgRules.read(target);
    const token = current.token as { readonly at: number };
    world.simulator.putRule(nsgId, asRule({}));

    const old = { ...current, token: { ...token, at: token.at - 6_000 } };
    await expect(session.nsgRules.write(target, old, [put4], [])).rejects.toThrow(TargetMovedError);

    expect(world.writes()).toEqual([]);
  });

  test('a change of another rule between read and write is no matter', async () => {
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    world.simulator.removeRule(nsgId, 'AllowOffice');

    await session.nsgRules.write(target, current, [put4], []);

    expect(liveRules().map(({ name }) => name)).toEqual([name4]);
  });
});

describe('blocked, with what is missing', () => {
  const read = () => world.arm.openSession().nsgRules.read(target);

  test('the NSG is gone', async () => {
    world.simulator.removeNsg(nsgId);

    await expect(read()).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'notFound',
      message: expect.stringContaining(`${nsgId} does not exist`),
    });
  });

  test.each([
    ['resource group', nsgId.replace('rg-net', 'rg-gone'), 'resource group rg-gone does not exist'],
    [
      'subscription',
      nsgId.replace(subscriptionId, '99999999-9999-4999-8999-999999999999'),
      'subscription 99999999-9999-4999-8999-999999999999 does not exist',
    ],
  ])('the %s is gone', async (_, resourceId, message) => {
    await expect(world.arm.openSession().nsgRules.read(nsgTarget({ resourceId }))).rejects.toMatchObject({
      code: 'notFound',
      message: expect.stringContaining(message),
    });
  });

  test('a resource lock', async () => {
    world.simulator.putLock(nsgId, 'ReadOnly');

    await expect(apply(world.arm.openSession(), [put4])).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`a resource lock on ${nsgId}`),
    });
  });

  test('a disabled subscription', async () => {
    world.simulator.putSubscription(subscriptionId, 'Disabled');

    await expect(apply(world.arm.openSession(), [put4])).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringContaining(`subscription ${subscriptionId} is disabled`),
    });
  });

  test('no token', async () => {
    world.simulator.configure({ auth: { principals: {} } });

    await expect(read()).rejects.toMatchObject({ code: 'badCredentials' });
  });

  test('a missing permission', async () => {
    const action = 'Microsoft.Network/networkSecurityGroups/securityRules/write';
    const message =
      `The client 'app' with object id '00000000-0000-0000-0000-0000000000aa' does not have authorization to perform ` +
      `action '${action}' over scope '${nsgId}' or the scope is invalid.`;
    const body = JSON.stringify({ error: { code: 'AuthorizationFailed', message } });
    const fault = { kind: 'raw', status: 403, contentType: 'application/json', body } as const;
    world.simulator.failNext({ method: 'PUT' }, fault, 1_000);

    await expect(apply(world.arm.openSession(), [put4])).rejects.toMatchObject({
      code: 'noPermission',
      message: expect.stringContaining(`may not do ${action} on ${nsgId}`),
    });
  });

  test('a priority taken in the very moment', async () => {
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    world.simulator.putRule(nsgId, {
      ...foreignRule,
      name: 'Late',
      properties: { ...foreignRule.properties, priority: 300 },
    });

    await expect(session.nsgRules.write(target, current, [put4], [])).rejects.toMatchObject({ code: 'priorityTaken' });
  });

  test('an NSG without room for so many addresses', async () => {
    const many = Array.from({ length: 4_001 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);

    await expect(apply(world.arm.openSession(), [{ ...put4, prefixes: many }])).rejects.toMatchObject({
      code: 'quota',
    });
  });

  describe('a write counts as refused', () => {
    const denied = new ArmError(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy.');
    const deny = (times = 1) => world.simulator.failNext({ method: 'PUT' }, { kind: 'error', error: denied }, times);

    test('if Azure refused the first rule', async () => {
      deny();

      await expect(apply(world.arm.openSession(), [put4, put6])).rejects.toMatchObject({ isRefused: true });

      expect(liveRule(name4)).toBeUndefined();
    });

    test('not if a rule was written before', async () => {
      const session = world.arm.openSession();
      const current = await session.nsgRules.read(target);
      world.simulator.failNext({ method: 'PUT', path: new RegExp(`${name6}$`) }, { kind: 'error', error: denied });

      const write = session.nsgRules.write(target, current, [put4, put6], []);

      await expect(write).rejects.toMatchObject({ name: 'TargetBlockedError', isRefused: false });
      expect(liveRule(name4)).toBeDefined();
    });

    test('not if an earlier attempt may have come through', async () => {
      world.simulator.failNext({ method: 'PUT' }, faults.serverError(503));
      deny();

      await expect(apply(world.arm.openSession(), [put4])).rejects.toMatchObject({
        name: 'TargetBlockedError',
        isRefused: false,
      });
    });
  });

  test('a rule that cannot be deleted before another is put: the other counts as missing', async () => {
    await apply(world.arm.openSession(), [put4, put6]);
    const moved = nsgTarget({}, { priority: 301, ipv6Priority: 302 });
    const denied = new ArmError(403, 'RequestDisallowedByPolicy', 'Resource was disallowed by policy.');
    world.simulator.failNext({ method: 'DELETE' }, { kind: 'error', error: denied });

    await expect(
      apply(world.arm.openSession(), [put4, { rule: name6, operation: 'delete', prefixes: [] }], moved),
    ).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^Rule ${name6} is still there, because `)),
    });

    expect(liveRule(name4)?.priority).toBe(300);
  });

  test('what Azure refuses for good is not tried again', async () => {
    world.simulator.failNext({ method: 'PUT' }, faults.operationFails('SecurityRuleConflict', 'No.'));
    const session = world.arm.openSession();

    await expect(apply(session, [put4])).rejects.toMatchObject({ code: 'priorityTaken' });

    expect(session.usage()).toMatchObject({ writes: 1, retries: [] });
  });
});

describe('faults on the way of a write', () => {
  test.each([
    ['a lock, as 429', faults.nsgLocked(), 'RetryableErrorDueToAnotherOperation'],
    ['a lock, as 409', faults.anotherOperation(), 'AnotherOperationInProgress'],
    ['a lock, as the result of the operation', faults.operationMeetsAnother(), 'AnotherOperationInProgress'],
    ['500', faults.serverError(500), 'InternalServerError'],
    ['503', faults.serverError(503), 'ServiceUnavailable'],
    ['an operation that fails in passing', faults.operationFails(), 'InternalServerError'],
    ['a connection that broke before the work', { kind: 'dropBefore' } as const, 'ECONNRESET'],
  ])('%s: tried again and on record', async (_, fault, code) => {
    world.simulator.failNext({ method: 'PUT' }, fault);
    const session = world.arm.openSession();

    const after = await apply(session, [put4]);

    expect(after.rules[0]).toMatchObject({ prefixes: put4.prefixes, mark: 'ours', drift: [] });
    expect(session.usage().retries).toEqual([
      { call: `PUT securityRules/${name4}`, code, waitedInMs: expect.any(Number) },
    ]);
    expect(session.usage().writes).toBe(2);
  });

  test('the answer is lost but the work was done: nothing is written twice', async () => {
    world.simulator.failNext({ method: 'PUT' }, { kind: 'dropAfter' });
    const session = world.arm.openSession();

    const after = await apply(session, [put4]);

    expect(after.rules[0]).toMatchObject({ prefixes: put4.prefixes, mark: 'ours' });
    expect(session.usage().writes).toBe(1);
  });

  test('Retry-After of a lock is honoured', async () => {
    world.simulator.failNext({ method: 'PUT' }, faults.tooManyRequests(7));
    const session = world.arm.openSession();

    await apply(session, [put4]);

    expect(session.usage().retries).toEqual([
      { call: `PUT securityRules/${name4}`, code: 'TooManyRequests', waitedInMs: 7_000 },
    ]);
  });

  test('a poll that fails is polled again, the write is not repeated', async () => {
    world.simulator.failNext({ path: /\/operations\// }, faults.serverError(503), 2);
    const session = world.arm.openSession();

    await apply(session, [put4]);

    expect(retryCodes(session)).toEqual(['ServiceUnavailable', 'ServiceUnavailable']);
    expect(session.usage().writes).toBe(1);
  });

  test('superseded: read and plan again', async () => {
    world.simulator.failNext({ method: 'PUT' }, { kind: 'operationSuperseded' });
    const session = world.arm.openSession();

    await expect(apply(session, [put4])).rejects.toThrow(TargetMovedError);

    expect(session.usage()).toMatchObject({ writes: 1, retries: [] });
  });

  test('somebody else takes the name while we wait for the lock: left alone, plan again', async () => {
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked());
    const write = session.nsgRules.write(target, current, [put4], []);
    while (!world.writes().length) await new Promise((resolve) => setTimeout(resolve, 1));
    world.simulator.putRule(nsgId, {
      ...foreignRule,
      name: name4,
      properties: { ...foreignRule.properties, priority: 310 },
    });

    await expect(write).rejects.toThrow(TargetMovedError);

    expect(liveRule(name4)).toMatchObject({
      priority: 310,
      sourceAddressPrefixes: foreignRule.properties.sourceAddressPrefixes,
    });
  });

  test('our rule is changed by hand after a failed attempt, and the read before the next one is out of date: left alone', async () => {
    await apply(world.arm.openSession(), [put4]);
    const session = world.arm.openSession();
    const current = await session.nsgRules.read(target);
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked());
    world.simulator.failNext({ method: 'GET' }, { kind: 'staleRead' });
    const before = world.writes().length;

    const write = session.nsgRules.write(target, current, [{ ...put4, prefixes: ['203.0.113.0/24'] }], []);
    while (world.writes().length === before) await new Promise((resolve) => setTimeout(resolve, 1));
    const { provisioningState: _, ...properties } = { ...liveRule(name4), destinationPortRange: '8443' };
    world.simulator.putRule(nsgId, { name: name4, properties: properties as never });

    await expect(write).rejects.toThrow(TargetMovedError);
    expect(liveRule(name4)).toMatchObject({ destinationPortRange: '8443', sourceAddressPrefixes: put4.prefixes });
    expect(retryCodes(session)).toEqual(['RetryableErrorDueToAnotherOperation', 'PreconditionFailedEtagMismatch']);
  });

  test('others change the NSG again and again: after some looks, plan again', async () => {
    const error = new ArmError(412, 'PreconditionFailed', 'An error occurred.');
    world.simulator.failNext({ method: 'PUT' }, { kind: 'error', error }, 3);
    const session = world.arm.openSession();

    await expect(apply(session, [put4])).rejects.toThrow(TargetMovedError);

    expect(session.usage()).toMatchObject({ reads: 3, writes: 3 });
  });

  test('answers older than the write are asked for again', async () => {
    await world.simulator.stop();
    const session = await start(100);
    const current = await session.nsgRules.read(target);
    world.simulator.configure({ readLagInMs: 150 });

    await session.nsgRules.write(target, current, [put4], []);

    expect(new Set(retryCodes(session))).toEqual(new Set(['ReadBackDiffers']));
    expect(session.usage().writes).toBe(1);
  });

  test('the deadline ends it', async () => {
    world.simulator.configure({ nsgOperationInMs: 60_000 });
    const session = world.arm.openSession({ deadline: new Date(Date.now() + 300) });

    await expect(apply(session, [put4])).rejects.toThrow('was still running when the time of the run was over');
  });

  test('the answer is a page of a proxy', async () => {
    const page = { kind: 'raw', status: 502, contentType: 'text/html', body: '<html>Bad Gateway</html>' } as const;
    world.simulator.failNext({ method: 'GET' }, page);
    world.simulator.failNext({ method: 'PUT' }, page);
    const session = world.arm.openSession();

    await apply(session, [put4]);

    expect(retryCodes(session)).toEqual(['502', '502']);
  });
});

describe('side by side', () => {
  const targets = Array.from({ length: 6 }, (_, index) =>
    nsgTarget({ name: `t${index}`, addressFamilies: ['ipv4'] }, { name: `Allow${index}`, priority: 400 + index }),
  );
  const changeOf = (of: NsgRuleTarget): RuleChange => ({ ...put4, rule: of.rule.name });

  test('targets of one NSG in one process go one by one and meet no lock', async () => {
    world.simulator.configure({ nsgOperationInMs: 20 });
    const sessions = targets.map(() => world.arm.openSession());

    await Promise.all(targets.map((of, index) => apply(sessions[index]!, [changeOf(of)], of)));

    expect(liveRules()).toHaveLength(7);
    expect(sessions.flatMap(retryCodes)).toEqual([]);
  });

  test('two apps in one process meet the lock, as two processes do', async () => {
    world.simulator.configure({ nsgOperationInMs: 100 });
    const sessions = [world.arm, world.armOf('func-acr-neu')].map((arm) => arm.openSession());

    await Promise.all(sessions.map((session, index) => apply(session, [changeOf(targets[index]!)], targets[index])));

    expect(liveRules()).toHaveLength(3);
    expect(sessions.flatMap(retryCodes)).not.toEqual([]);
  });

  test.each(['retryableError', 'conflict', 'failLater'] as const)(
    'a write of another process meets the lock (%s) and waits for it',
    async (nsgLock) => {
      world.simulator.configure({ nsgOperationInMs: 300, nsgLock });
      const [ours, theirs] = [targets[0]!, targets[1]!];
      const session = world.arm.openSession();
      const current = await session.nsgRules.read(ours);
      // Past this process's own queue, as another process would.
      const rule = { properties: { ...foreignRule.properties, priority: 401 } };
      await fetch(`${world.simulator.url}${nsgId}/securityRules/${theirs.rule.name}?api-version=2026-01-01`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(rule),
      });
      await session.nsgRules.write(ours, current, [changeOf(ours)], []);

      expect(liveRules().map(({ name }) => name)).toEqual(['AllowOffice', theirs.rule.name, ours.rule.name]);
      expect(retryCodes(session).length).toBeGreaterThan(0);
    },
  );
});
