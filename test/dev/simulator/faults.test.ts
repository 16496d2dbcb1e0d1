import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { badDay, type ChaosKind } from '../../../dev/simulator/chaos.ts';
import { faults, type Fault } from '../../../dev/simulator/faults.ts';
import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, manualClock, nsgId, registryId, ruleProperties, startOpenSimulator } from './support.ts';

let simulator: Simulator;
let clock: ReturnType<typeof manualClock>;

async function start(): Promise<Simulator> {
  const started = await startOpenSimulator({ now: clock.now });
  started.putNsg({ id: nsgId, securityRules: [{ name: 'Foreign', properties: ruleProperties({ priority: 100 }) }] });
  started.putRegistry({ id: registryId });
  return started;
}

beforeEach(async () => {
  clock = manualClock();
  simulator = await start();
});

afterEach(() => simulator.stop());

const put = (url = simulator.url, name = 'Mine') =>
  call(url, 'PUT', `${nsgId}/securityRules/${name}`, { properties: ruleProperties() });
const get = (path = nsgId) => call(simulator.url, 'GET', path);
const names = () => simulator.nsg(nsgId)?.properties.securityRules.map((rule) => rule.name);

describe('faults on demand', () => {
  test.each<[string, Fault, number, string]>([
    ['500', faults.serverError(), 500, 'InternalServerError'],
    ['503', faults.serverError(503), 503, 'ServiceUnavailable'],
    ['429 for quota', faults.tooManyRequests(7), 429, 'TooManyRequests'],
    ['429 for a lock', faults.nsgLocked(), 429, 'RetryableError'],
    ['409', faults.anotherOperation(), 409, 'AnotherOperationInProgress'],
  ])('%s: once, and the work is not done', async (_title, fault, status, code) => {
    simulator.failNext({ action: 'microsoft.network/networksecuritygroups/securityrules/write' }, fault);

    const read = await get();
    const refused = await put();
    const namesThen = names();
    const accepted = await put();

    expect(read.status).toBe(200);
    expect(refused).toMatchObject({ status, code });
    expect(namesThen).toEqual(['Foreign']);
    expect(accepted.status).toBe(201);
  });

  test('as often as asked', async () => {
    simulator.failNext({ method: 'put' }, faults.serverError(), 2);

    const statuses = [(await put()).status, (await put()).status, (await put()).status];

    expect(statuses).toEqual([500, 500, 201]);
  });

  test('at the nth request', async () => {
    simulator.failAt(2, faults.serverError());

    const statuses = [(await get()).status, (await get()).status, (await get()).status];

    expect(statuses).toEqual([200, 500, 200]);
    expect(simulator.requests.map((request) => request.fault)).toEqual([undefined, 'error', undefined]);
  });

  test('a connection dropped before the work, and one dropped after it', async () => {
    simulator.failNext({}, { kind: 'dropBefore' });
    await expect(put(simulator.url, 'Never')).rejects.toThrow('fetch failed');
    simulator.failNext({}, { kind: 'dropAfter' });
    await expect(put(simulator.url, 'Done')).rejects.toThrow('fetch failed');

    expect(names()).toEqual(['Foreign', 'Done']);
    expect(simulator.requests.map((request) => request.status)).toEqual([0, 0]);
  });

  test('a page of a proxy in place of JSON', async () => {
    simulator.failNext({}, { kind: 'raw', status: 502, contentType: 'text/html', body: '<html>Bad gateway</html>' });

    const answer = await get();

    expect([answer.status, answer.headers.get('content-type'), answer.body.text]).toEqual([
      502,
      'text/html',
      '<html>Bad gateway</html>',
    ]);
  });

  test('a slow answer', async () => {
    simulator.failNext({}, { kind: 'slow', delayInMs: 60 });
    const started = performance.now();

    const answer = await get();

    expect(answer.status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(50);
  });

  test('a stale read, and the next one is fresh', async () => {
    await put();
    // The write has ended, and with it came the version that a stale read does not know yet.
    simulator.putRule(nsgId, { name: 'Later', properties: ruleProperties({ priority: 400 }) });
    simulator.failNext({ method: 'GET' }, { kind: 'staleRead' });

    const stale = await get(`${nsgId}/securityRules/Later`);
    const fresh = await get(`${nsgId}/securityRules/Later`);

    expect([stale.status, fresh.status]).toEqual([404, 200]);
  });
});

describe('eventual reads', () => {
  test('show the past for a while, of groups and registries', async () => {
    clock.advance(60_000);
    simulator.configure({ readLagInMs: 5_000 });
    await put();
    await call(simulator.url, 'PATCH', registryId, { tags: { a: 'b' } });
    const path = `${nsgId}/securityRules/Mine`;

    const early = [(await get(path)).status, (await get(registryId)).body.tags];
    clock.advance(5_000);
    const late = [(await get(path)).status, (await get(registryId)).body.tags];

    expect(early).toEqual([404, {}]);
    expect(late).toEqual([200, { a: 'b' }]);
  });
});

describe('chaos', () => {
  const seeds = (seed: number, probabilities: Partial<Record<ChaosKind, number>> = badDay) => ({
    chaos: { seed, probabilities, slowInMs: 1 },
  });

  /** What 60 writes and reads of one after the other meet. */
  async function fate(seed: number): Promise<string[]> {
    const one = await start();
    one.configure(seeds(seed));
    for (let count = 0; count < 30; count += 1) {
      await put(one.url).catch(() => undefined);
      await call(one.url, 'GET', nsgId).catch(() => undefined);
    }
    await one.stop();
    return one.requests.map((request) => `${request.method} ${request.fault ?? 'fine'} ${request.status}`);
  }

  test('the same seed has the same fate, another seed another one', async () => {
    const [first, again, other] = [await fate(1), await fate(1), await fate(2)];

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first.map((line) => line.split(' ')[1])).size).toBeGreaterThan(2);
  });

  test('calls that overlap do not change each other’s luck', async () => {
    const ids = [1, 2, 3, 4].map((index) => `${nsgId}-${index}`);
    const luckOf = async (inTurn: boolean) => {
      const one = await start();
      for (const id of ids) one.putNsg({ id });
      one.configure(seeds(7, { serverError: 0.5 }));
      const calls = (id: string) => async () => {
        for (let count = 0; count < 5; count += 1) await call(one.url, 'GET', id);
      };
      if (inTurn) for (const id of ids) await calls(id)();
      else await Promise.all(ids.map((id) => calls(id)()));
      await one.stop();
      return ids.map((id) => one.requests.filter((request) => request.path === id).map((request) => request.status));
    };

    expect(await luckOf(false)).toEqual(await luckOf(true));
  });

  test.each<[ChaosKind, string, string | undefined]>([
    ['nsgLocked', 'error', undefined],
    ['anotherOperation', 'error', undefined],
    ['operationMeetsAnother', 'operationFails', undefined],
    ['operationSuperseded', 'operationSuperseded', undefined],
    ['operationFails', 'operationFails', undefined],
    ['staleRead', undefined as never, 'staleRead'],
    ['serverError', 'error', 'error'],
  ])('%s strikes where it can: a write meets %s, a read %s', async (kind, onWrite, onRead) => {
    simulator.configure(seeds(1, { [kind]: 1 }));

    await put();
    await get();

    expect(simulator.requests.map((request) => request.fault)).toEqual([onWrite, onRead]);
  });

  test('its frequency is the one that was asked for', async () => {
    simulator.configure(seeds(3, { serverError: 0.2 }));

    for (let count = 0; count < 400; count += 1) await get();

    const failed = simulator.requests.filter((request) => request.status === 500).length;
    expect(failed).toBeGreaterThan(50);
    expect(failed).toBeLessThan(110);
  });
});
