/** Azure may put the same answer in several ways: none of them costs a write or stops one. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ArmError as SimulatedError } from '../../../dev/simulator/armError.ts';
import { faults } from '../../../dev/simulator/faults.ts';
import type { Settings } from '../../../dev/simulator/settings.ts';
import type { ArmSession, CurrentState } from '../../../src/app/ports.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
import { nsgId, nsgTarget, registryId, registryTarget } from './targets.ts';
import { retryCodes, startWorld, type World } from './world.ts';

const target = nsgTarget({}, { localAddressPrefix: 'virtualnetwork' });
const registry = registryTarget();
const name4 = target.rule.name;
const name6 = `${name4}-ipv6`;
const puts: RuleChange[] = [
  { rule: name4, operation: 'put', prefixes: ['192.0.2.0/24'] },
  { rule: name6, operation: 'put', prefixes: ['2001:db8::/48'] },
];
const ipRules: RuleChange = { rule: 'ipRules', operation: 'put', prefixes: ['192.0.2.0/25', '198.51.100.7/32'] };
const polls = /\/(operations|operationResults|operationStatuses)\//;

let world: World;
let session: ArmSession;

beforeEach(async () => {
  world = await startWorld();
  world.simulator.putNsg({ id: nsgId });
  world.simulator.putRegistry({ id: registryId, networkRuleSet: { defaultAction: 'Deny' } });
  session = world.arm.openSession();
});
afterEach(() => world.simulator.stop());

async function applyRules(changes: readonly RuleChange[] = puts): Promise<CurrentState> {
  await session.nsgRules.write(target, await session.nsgRules.read(target), changes, []);
  return session.nsgRules.read(target);
}

async function applyIpRules(): Promise<CurrentState> {
  await session.registryNetworkRules.write(registry, await session.registryNetworkRules.read(registry), [ipRules], []);
  return session.registryNetworkRules.read(registry);
}

const answers: readonly (readonly [string, Partial<Settings>])[] = [
  ['both headers, no body', { emptyAnswers: true }],
  ['Location alone', { operationHeaders: 'location' }],
  ['Location alone, no body', { operationHeaders: 'location', emptyAnswers: true }],
  ['no headers', { operationHeaders: 'none' }],
  ['no headers, no body', { operationHeaders: 'none', emptyAnswers: true }],
];

describe('the answer to a write', () => {
  test.each(answers)('of a rule: %s', async (_, settings) => {
    world.simulator.configure({ ...settings, nsgOperationInMs: 30 });

    const there = await applyRules();
    const gone = await applyRules(puts.map(({ rule }) => ({ rule, operation: 'delete', prefixes: [] })));

    expect(there.rules.map(({ mark, prefixes }) => [mark, prefixes])).toEqual(
      puts.map((put) => ['ours', put.prefixes]),
    );
    expect(gone.rules.map(({ mark }) => mark)).toEqual([undefined, undefined]);
    expect(world.simulator.nsg(nsgId)?.properties.securityRules).toEqual([]);
  });

  test.each(
    answers.flatMap(([title, settings]) =>
      ([200, 201, 202] as const).map((status) => [status, title, settings] as const),
    ),
  )('of a registry: %i, %s', async (registryPatchStatus, _, settings) => {
    world.simulator.configure({ ...settings, registryPatchStatus });

    const current = await applyIpRules();

    expect(current.rules[0]?.prefixes).toEqual(ipRules.prefixes);
    expect(session.usage()).toMatchObject({ writes: 1, retries: [] });
  });
});

describe('the end of an operation', () => {
  test.each(['all', 'location'] as const)(
    'another one came first, told by %s headers: written again at once',
    async (operationHeaders) => {
      world.simulator.configure({ operationHeaders });
      world.simulator.failNext({ method: 'PUT' }, faults.operationMeetsAnother());

      await applyRules(puts.slice(0, 1));

      expect(retryCodes(session)).toEqual(['AnotherOperationInProgress']);
      expect(session.usage().writes).toBe(2);
      expect(world.simulator.requests.filter(({ path }) => polls.test(path))).toHaveLength(2);
    },
  );

  test.each([
    ['nsgRule', applyRules],
    ['registryNetworkRules', applyIpRules],
  ] as const)('%s: an operation that nobody knows is looked for in the rules, which are there', async (_, apply) => {
    const error = new SimulatedError(404, 'ResourceNotFound', 'The operation was not found.');
    world.simulator.failNext({ path: polls }, { kind: 'error', error });

    const current = await apply();

    expect(current.rules[0]?.prefixes).not.toEqual([]);
    expect(retryCodes(session)).toEqual(['ResourceNotFound']);
    expect(session.usage().writes).toBe(apply === applyRules ? 2 : 1);
  });

  test('a registry that is not found behind its operation is read back', async () => {
    const error = new SimulatedError(404, 'ResourceNotFound', 'Gone.');
    const resource = { method: 'GET', path: /registries\/prod$/ };
    world.simulator.failNext(resource, { kind: 'slow', delayInMs: 0 }, 2);
    world.simulator.failNext(resource, { kind: 'error', error });

    await applyIpRules();

    expect(session.usage().writes).toBe(1);
    expect(retryCodes(session)).toEqual(['ResourceNotFound']);
  });
});

describe('letter case', () => {
  test('rules in capitals are what was written: no drift, no second write', async () => {
    world.simulator.configure({ showsCapitals: true });

    const current = await applyRules();

    expect(current.rules.map(({ mark, drift }) => [mark, drift])).toEqual([
      ['ours', []],
      ['ours', []],
    ]);
    expect(session.usage()).toMatchObject({ writes: 2, retries: [] });
  });

  test('swapped priorities are known in capitals too', async () => {
    const swapped = nsgTarget({}, { priority: 301, ipv6Priority: 300 });
    await session.nsgRules.write(swapped, await session.nsgRules.read(swapped), puts, []);
    world.simulator.configure({ showsCapitals: true });

    await applyRules();

    const rules = world.simulator.nsg(nsgId)?.properties.securityRules ?? [];
    expect(rules.map(({ name, properties }) => [name, properties.priority])).toEqual([
      [name4, 300],
      [name6, 301],
    ]);
    expect(retryCodes(session)).toEqual([]);
  });
});

test('Retry-After as a date', async () => {
  world.simulator.configure({ retryAfterAs: 'date' });
  world.simulator.failNext({ method: 'PUT' }, faults.tooManyRequests(20));

  await applyRules(puts.slice(0, 1));

  const waits = session.usage().retries.map(({ waitedInMs }) => waitedInMs);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThan(18_000);
  expect(waits[0]).toBeLessThanOrEqual(20_000);
});
