import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { faults } from '../../../dev/simulator/faults.ts';
import type { Simulator } from '../../../dev/simulator/simulator.ts';
import type { LockAnswer } from '../../../dev/simulator/settings.ts';
import {
  call,
  codeOf,
  manualClock,
  networkClient,
  nsgId,
  ruleProperties,
  sdkRule,
  startOpenSimulator,
  subscriptionId,
} from './support.ts';

let simulator: Simulator;
let clock: ReturnType<typeof manualClock>;

beforeEach(async () => {
  clock = manualClock();
  simulator = await startOpenSimulator({ now: clock.now, nsgOperationInMs: 3_000, retryAfterInSeconds: 10 });
  simulator.putNsg({
    id: nsgId,
    securityRules: [{ name: 'Foreign', properties: ruleProperties({ priority: 100 }) }],
  });
});

afterEach(() => simulator.stop());

const put = (name: string, priority: number) =>
  call(simulator.url, 'PUT', `${nsgId}/securityRules/${name}`, { properties: ruleProperties({ priority }) });
const poll = (url: string | null) => call('', 'GET', url ?? '');
const names = () => simulator.nsg(nsgId)?.properties.securityRules.map((rule) => rule.name);
const states = () => [
  simulator.nsg(nsgId)?.properties.provisioningState,
  ...(simulator.nsg(nsgId)?.properties.securityRules.map((rule) => rule.properties.provisioningState) ?? []),
];

describe('an operation', () => {
  test('is Updating, rule and group, then Succeeded; its URL tells', async () => {
    const answer = await put('Mine', 300);
    const url = answer.headers.get('azure-asyncoperation');
    const running = await poll(url);
    const statesMeanwhile = states();
    clock.advance(3_000);
    const done = await poll(url);

    expect(answer.body.properties.provisioningState).toBe('Updating');
    expect(new URL(url ?? '').pathname).toMatch(
      new RegExp(
        `^/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/westeurope/operations/[0-9a-f-]{36}$`,
      ),
    );
    expect([running.status, running.body]).toEqual([200, { status: 'InProgress' }]);
    expect(running.headers.get('retry-after')).toBe('10');
    expect(statesMeanwhile).toEqual(['Updating', 'Succeeded', 'Updating']);
    expect([done.status, done.body]).toEqual([200, { status: 'Succeeded' }]);
    expect(states()).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
  });

  test('of a deletion can be followed by Location: 202 while it runs, then 204', async () => {
    const answer = await call(simulator.url, 'DELETE', `${nsgId}/securityRules/Foreign`);
    const url = answer.headers.get('location');
    const running = await poll(url);
    clock.advance(3_000);
    const done = await poll(url);

    expect([answer.status, running.status, done.status]).toEqual([202, 202, 204]);
    expect(running.headers.get('location')).toBe(url);
    expect(names()).toEqual([]);
  });

  test('that nobody started is not found, nor is one of another subscription', async () => {
    const base = `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/westeurope/operations`;

    const answer = await call(simulator.url, 'GET', `${base}/5a5a5a5a-0000-4000-8000-00000000ffff`);

    expect(answer.status).toBe(404);
  });

  test('may fail: the rule stays, as Failed', async () => {
    simulator.failNext({ method: 'PUT' }, faults.operationFails('InternalServerError', 'Out of luck.'));

    const answer = await put('Mine', 300);
    clock.advance(3_000);
    const done = await poll(answer.headers.get('azure-asyncoperation'));
    const result = await poll(answer.headers.get('location'));

    expect(answer.status).toBe(201);
    expect(done.body).toEqual({
      status: 'Failed',
      error: { code: 'InternalServerError', message: 'Out of luck.', details: [] },
    });
    expect(result).toMatchObject({ status: 500, code: 'InternalServerError' });
    expect(states()).toEqual(['Failed', 'Succeeded', 'Failed']);
  });

  test('that fails reaches the caller of the client as an error, not as a status', async () => {
    simulator.configure({ nsgOperationInMs: 0 });
    simulator.failNext({ method: 'PUT' }, faults.operationMeetsAnother());

    const rule = networkClient(simulator.url).securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', 'Mine', sdkRule());

    await expect(rule).rejects.toThrow(/AnotherOperationInProgress|Another operation/);
    expect(names()).toEqual(['Foreign']);
  });
});

describe('a second write while one runs', () => {
  const second = async (nsgLock: LockAnswer) => {
    simulator.configure({ nsgLock });
    const first = await put('First', 300);
    return { first, second: await put('Second', 301) };
  };

  test('retryableError: 429 with the operation that holds the lock', async () => {
    const { second: answer } = await second('retryableError');

    expect(answer).toMatchObject({ status: 429, code: 'RetryableError' });
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(answer.details).toEqual([
      {
        code: 'RetryableErrorDueToAnotherOperation',
        message: expect.stringMatching(/^Operation PutSecurityRuleOperation \([0-9a-f-]{36}\) is updating resource/),
      },
    ]);
    clock.advance(3_000);
    expect((await put('Second', 301)).status).toBe(201);
  });

  test('retryableError with a Retry-After, where that is set', async () => {
    simulator.configure({ nsgLockRetryAfterInSeconds: 10 });
    const { second: answer } = await second('retryableError');

    expect(answer.headers.get('retry-after')).toBe('10');
  });

  test('conflict: 409 with the address of the operation', async () => {
    const { first, second: answer } = await second('conflict');

    expect(answer).toMatchObject({ status: 409, code: 'AnotherOperationInProgress' });
    expect(answer.message).toContain(first.headers.get('azure-asyncoperation'));
  });

  test('failLater: accepted, then Failed, and nothing was changed by it', async () => {
    const { second: answer } = await second('failLater');
    clock.advance(3_000);
    const done = await poll(answer.headers.get('azure-asyncoperation'));

    expect(answer.status).toBe(201);
    expect(done.body).toMatchObject({ status: 'Failed', error: { code: 'AnotherOperationInProgress' } });
    expect(names()).toEqual(['Foreign', 'First']);
  });

  test('failLater: what was accepted in vain holds no lock itself', async () => {
    simulator.configure({ nsgLock: ['failLater', 'retryableError'] });
    await put('First', 300);
    clock.advance(2_000);
    await put('Second', 301);
    clock.advance(1_000);

    const third = await put('Third', 302);

    expect(third.status).toBe(201);
  });

  test('supersede: the first is Canceled and its change is lost', async () => {
    const { first, second: answer } = await second('supersede');
    const canceled = await poll(first.headers.get('azure-asyncoperation'));
    clock.advance(3_000);
    const done = await poll(answer.headers.get('azure-asyncoperation'));

    expect(canceled.body).toMatchObject({
      status: 'Canceled',
      error: { code: 'CanceledAndSupersededDueToAnotherOperation' },
    });
    expect(done.body).toEqual({ status: 'Succeeded' });
    expect(names()).toEqual(['Foreign', 'Second']);
  });

  test('a list of answers is taken in turn', async () => {
    simulator.configure({ nsgLock: ['conflict', 'retryableError'] });
    await put('First', 300);

    const codes = [];
    for (let count = 0; count < 3; count += 1) codes.push((await put('Second', 301)).code);

    expect(codes).toEqual(['AnotherOperationInProgress', 'RetryableError', 'AnotherOperationInProgress']);
  });

  test('holds for deletions, tags and the whole group as for rules', async () => {
    await put('First', 300);

    const answers = [
      await call(simulator.url, 'DELETE', `${nsgId}/securityRules/Foreign`),
      await call(simulator.url, 'PATCH', nsgId, { tags: {} }),
      await call(simulator.url, 'PUT', nsgId, { location: 'westeurope' }),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([429, 429, 429]);
    expect(names()).toEqual(['Foreign', 'First']);
  });

  test('concerns one group: another one is free', async () => {
    const other = nsgId.replace('nsg-hooks', 'nsg-2');
    simulator.putNsg({ id: other });
    await put('First', 300);

    const answer = await call(simulator.url, 'PUT', `${other}/securityRules/Mine`, { properties: ruleProperties() });

    expect(answer.status).toBe(201);
  });

  test('a bad rule is refused for what it is, lock or not', async () => {
    await put('First', 300);

    expect((await put('Second', 300)).code).toBe('SecurityRuleConflict');
  });
});

test('the client sees a superseded operation as an error', async () => {
  simulator.configure({ nsgOperationInMs: 0 });
  simulator.failNext({ method: 'PUT' }, { kind: 'operationSuperseded' });

  const outcome = await networkClient(simulator.url)
    .securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', 'Mine', sdkRule())
    .then(
      () => 'done',
      (error: unknown) => codeOf(error) ?? String(error),
    );

  expect(outcome).toMatch(/cancel/i);
  expect(names()).toEqual(['Foreign']);
});
