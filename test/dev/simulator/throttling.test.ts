import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { azureLimits } from '../../../dev/simulator/throttling.ts';
import { call, manualClock, nsgId, registryId, ruleProperties, startOpenSimulator, subscriptionId } from './support.ts';

let simulator: Simulator;
let clock: ReturnType<typeof manualClock>;

beforeEach(async () => {
  clock = manualClock();
  simulator = await startOpenSimulator({ now: clock.now, throttling: azureLimits });
  simulator.putNsg({ id: nsgId });
  simulator.putRegistry({ id: registryId });
});

afterEach(() => simulator.stop());

const read = (headers = {}) => call(simulator.url, 'GET', nsgId, undefined, headers);
const write = () => call(simulator.url, 'PUT', `${nsgId}/securityRules/Mine`, { properties: ruleProperties() });

async function times<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const results = [];
  for (let index = 0; index < count; index += 1) results.push(await work());
  return results;
}

describe('token buckets of Azure Resource Manager', () => {
  test('250 reads at once, then 429 with the seconds to wait, then 25 a second', async () => {
    const statuses = (await times(250, read)).map((answer) => answer.status);
    const refused = await read();
    clock.advance(1_000);
    const later = await times(26, read);

    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(refused).toMatchObject({ status: 429, code: 'SubscriptionRequestsThrottled' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.message).toContain(`Number of 'reads' requests for subscription '${subscriptionId}'`);
    expect(later.map((answer) => answer.status).lastIndexOf(200)).toBe(24);
  });

  test('each answer tells what is left', async () => {
    const left = (await times(2, read)).map((answer) =>
      answer.headers.get('x-ms-ratelimit-remaining-subscription-reads'),
    );
    const deletion = await call(simulator.url, 'DELETE', `${nsgId}/securityRules/None`);
    const written = await write();

    expect(left).toEqual(['249', '248']);
    expect(deletion.headers.get('x-ms-ratelimit-remaining-subscription-deletes')).toBe('199');
    expect(written.headers.get('x-ms-ratelimit-remaining-subscription-writes')).toBe('199');
    expect(written.headers.get('x-ms-ratelimit-remaining-subscription-global-writes')).toBe('2999');
  });

  test('principals have buckets of their own, subscriptions too', async () => {
    const principal = (objectId: string) => ({
      client: objectId,
      objectId,
      permissions: [{ scope: '/', actions: ['*'] }],
    });
    simulator.configure({ auth: { principals: { one: principal('one'), two: principal('two') } } });
    const other = '99999999-2222-4333-8444-555555555555';
    simulator.putNsg({ id: nsgId.replace(subscriptionId, other) });
    await times(250, () => read({ Authorization: 'Bearer one' }));

    const statuses = [
      (await read({ Authorization: 'Bearer one' })).status,
      (await read({ Authorization: 'Bearer two' })).status,
      (
        await call(simulator.url, 'GET', nsgId.replace(subscriptionId, other), undefined, {
          Authorization: 'Bearer one',
        })
      ).status,
    ];

    expect(statuses).toEqual([429, 200, 200]);
  });

  test('200 writes at once, whatever the provider', async () => {
    const patch = () => call(simulator.url, 'PATCH', registryId, { tags: {} });
    const first = await times(100, write);
    const second = await times(100, patch);

    expect(new Set([...first, ...second].map((answer) => answer.status))).toEqual(new Set([200, 201]));
    expect([(await write()).status, (await patch()).status]).toEqual([429, 429]);
  });
});

describe('Microsoft.Network', () => {
  test('counts writes over five minutes', async () => {
    simulator.configure({
      throttling: { ...azureLimits, network: { writesPerFiveMinutes: 3, readsPerFiveMinutes: 10_000 } },
    });
    await write();
    clock.advance(60_000);
    await times(2, write);
    const refused = await write();
    clock.advance(240_001);
    const later = await write();

    expect(refused).toMatchObject({ status: 429, code: 'TooManyRequests' });
    expect(refused.headers.get('retry-after')).toBe('240');
    expect(later.status).toBe(200);
  });

  test('counts reads apart, and other providers not at all', async () => {
    simulator.configure({
      throttling: { ...azureLimits, network: { writesPerFiveMinutes: 1, readsPerFiveMinutes: 1 } },
    });

    const statuses = [
      (await write()).status,
      (await read()).status,
      (await read()).status,
      (await call(simulator.url, 'GET', registryId)).status,
    ];

    expect(statuses).toEqual([201, 200, 429, 200]);
  });

  test('the documented figures', () => {
    expect(azureLimits.network).toEqual({ writesPerFiveMinutes: 1_000, readsPerFiveMinutes: 10_000 });
  });
});
