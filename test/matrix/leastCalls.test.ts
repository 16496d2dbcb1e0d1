/** What is in sync costs one read of Azure; what is unchanged costs none. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { acr, hooks, prod, publish, useWorlds } from '../app/stories.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { startStorageFaultProxy, type StorageFaultProxy } from '../support/faultProxy.ts';
import { kinds, listed, openWorld } from './cells.ts';

const worlds = useWorlds();
const proxies: StorageFaultProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

describe.each(kinds)('%s', (_, target) => {
  test('a reconciliation of what is in sync costs exactly one read', async () => {
    const world = await openWorld(worlds, target);
    const before = world.simulator.requests.length;

    const [record] = await world.reconcile();

    const calls = world.simulator.requests.slice(before);
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${target.resourceId}`]);
    expect(record).toMatchObject({ outcome: 'unchanged', arm: { reads: 1, writes: 0, retries: [] } });
  });

  test('and three of storage: the state, and whether the list or the status of the pulls is another one', async () => {
    const proxy = await startStorageFaultProxy(worlds.freshConnectionString());
    proxies.push(proxy);
    const world = await openWorld(worlds, target, { connectionString: proxy.connectionString });
    const check = () => updateTarget(world.services, { target: target.name, reason: 'reconcile' });
    await check();
    proxy.blob.reset();

    const record = await check();

    const calls = proxy.blob.requests.map(({ method, url }) => `${method} ${url.replace(/^\/[^/]+\//, '')}`);
    expect(calls.sort()).toEqual([
      'GET service-tags/current/Public.json',
      'GET service-tags/status/Public.json',
      `GET targets/state/${target.name}.json`,
    ]);
    expect(record).toMatchObject({ outcome: 'unchanged' });

    // Once a day it is written that the target was looked at.
    world.clock.advance(25 * 60 * 60_000);
    proxy.blob.reset();
    await check();
    const writes = proxy.blob.requests.filter(({ method }) => method === 'PUT');
    expect(writes.map(({ headers }) => headers['x-ms-lease-action'])).toEqual(['acquire', undefined, 'release']);
  });

  test('a target that is paused or only planned costs no more', async () => {
    const world = await openWorld(worlds, target);
    for (const change of [{ paused: true }, { policy: 'plan' as const }]) {
      world.setTargets([{ ...target, ...change }]);
      const before = world.simulator.requests.length;
      await world.reconcile();
      expect(world.simulator.requests.length - before).toBe(1);
    }
  });
});

const poll = /\/(operations|operationResults|operationStatuses)\//;

test('a changed NSG rule costs a read, a write and a read back, polls aside', async () => {
  const target = hooks({ limits: openLimits, addressFamilies: ['ipv4'] });
  const world = await worlds.open({ targets: [target] });
  await publish(world, { [acr]: listed, [`${acr}.WestEurope`]: listed });
  const before = world.simulator.requests.length;

  const added = [...listed, '20.50.0.0/24'];
  const [record] = await publish(world, { [acr]: added, [`${acr}.WestEurope`]: added }, 2);

  const calls = world.simulator.requests.slice(before).filter(({ path }) => !poll.test(path));
  expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `GET ${target.resourceId}`,
    `PUT ${target.resourceId}/securityRules/${target.rule.name}`,
    `GET ${target.resourceId}`,
  ]);
  expect(record).toMatchObject({ outcome: 'applied', arm: { writes: 1, retries: [] } });
});

test('a changed registry costs a read, a look, a write and a read back, polls aside', async () => {
  const target = prod({ limits: openLimits, regions: 'all' });
  const world = await worlds.open({ targets: [target] });
  await publish(world, { [acr]: listed });
  const before = world.simulator.requests.length;

  const [record] = await publish(world, { [acr]: [...listed, '20.50.0.0/24'] }, 2);

  const calls = world.simulator.requests.slice(before).filter(({ path }) => !poll.test(path));
  expect(calls.map(({ method, path, query }) => [method, path, query['api-version']])).toEqual([
    ['GET', target.resourceId, '2025-11-01'],
    ['GET', target.resourceId, '2021-08-01-preview'],
    ['PATCH', target.resourceId, '2025-11-01'],
    ['GET', target.resourceId, '2025-11-01'],
  ]);
  expect(record).toMatchObject({ outcome: 'applied', arm: { writes: 1, retries: [] } });
});

test('the quota is asked for by the first write, and again by one that leaves less than half of it', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `20.50.${2 * index}.0/24`);
  const world = await worlds.open({ targets: [prod({ limits: openLimits, regions: 'all' })] });
  world.simulator.configure({ maxIpRules: 30 });
  const quotas = () => world.simulator.requests.filter(({ path }) => path.endsWith('/listUsages')).length;

  await publish(world, { [acr]: many(5) });
  expect(quotas()).toBe(1);
  await publish(world, { [acr]: many(10) }, 2);
  expect(quotas()).toBe(1);
  await publish(world, { [acr]: many(20) }, 3);
  expect(quotas()).toBe(2);
  const [record] = await publish(world, { [acr]: many(40) }, 4);
  expect(quotas()).toBe(3);
  expect(record).toMatchObject({ outcome: 'applied', capacity: { used: 30, limit: 30 } });
});

test.each([
  ['its own', prod().resourceId, ['prod', 'prod/replications']],
  ['its own, in other letter case', prod().resourceId.toUpperCase(), ['prod', 'PROD/replications']],
  ['another', prod().resourceId.replace(/prod$/, 'build'), ['prod', 'build', 'build/replications']],
])('regions of a registry, %s, cost what is not known yet', async (_, ofRegistry, reads) => {
  const target = prod({ limits: openLimits, regions: { ofRegistry } });
  const world = await worlds.open({ targets: [target] });
  await publish(world, { [acr]: listed, [`${acr}.WestEurope`]: ['20.42.66.0/24'] });
  const before = world.simulator.requests.length;

  const [record] = await world.reconcile();

  expect(record).toMatchObject({ outcome: 'unchanged', arm: { reads: reads.length, writes: 0, retries: [] } });
  const calls = world.simulator.requests.slice(before);
  expect(calls.map(({ method, path }) => `${method} ${path.split('/registries/')[1] ?? path}`)).toEqual(
    reads.map((path) => `GET ${path}`),
  );
});

test('a pull that finds nothing new costs no call, and queues nothing', async () => {
  const world = await worlds.open({ targets: [hooks(), prod({ regions: 'all' })] });
  await publish(world, { [acr]: listed });
  const before = world.simulator.requests.length;

  const records = await publish(world, { [acr]: listed });

  expect(records).toEqual([]);
  expect(world.simulator.requests.length).toBe(before);
});

test('a change that is not of a target’s tags costs it nothing', async () => {
  const world = await worlds.open({ targets: [prod({ regions: ['westeurope'] })] });
  const regional = { [acr]: listed, [`${acr}.WestEurope`]: ['20.42.66.0/24'], Storage: ['20.60.0.0/24'] };
  await publish(world, regional);
  const before = world.simulator.requests.length;

  const records = await publish(world, { ...regional, Storage: ['20.60.1.0/24'] }, 2);

  expect(records).toEqual([]);
  expect(world.simulator.requests.length).toBe(before);
});
