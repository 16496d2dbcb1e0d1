import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { nsgId, registryId, subscriptionId } from './targets.ts';
import { startWorld, type World } from './world.ts';

const otherSubscription = '22222222-2222-4222-8222-222222222222';
const otherNsgId = nsgId.replace(subscriptionId, otherSubscription);
const tags = { 'service-tag-sync': 'webhooks' };

let world: World;

beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.simulator.stop());

test('tagged NSGs and registries, with the profile that the tag names', async () => {
  world.simulator.putNsg({ id: nsgId, tags, location: 'West Europe' });
  world.simulator.putNsg({ id: `${nsgId}-2`, tags: { team: 'hooks' } });
  world.simulator.putRegistry({ id: registryId, tags: { 'service-tag-sync': 'tasks', team: 'x' }, location: 'eastus' });

  expect(await world.arm.findTaggedResources()).toEqual([
    { resourceId: registryId, kind: 'registryNetworkRules', profile: 'tasks', location: 'eastus' },
    { resourceId: nsgId, kind: 'nsgRule', profile: 'webhooks', location: 'westeurope' },
  ]);
});

test('of the subscriptions that are asked for', async () => {
  world.simulator.putNsg({ id: nsgId, tags });
  world.simulator.putNsg({ id: otherNsgId, tags });

  const found = await world.arm.findTaggedResources([otherSubscription]);

  expect(found.map(({ resourceId }) => resourceId)).toEqual([otherNsgId]);
});

test('all pages', async () => {
  for (let index = 0; index < 1_001; index += 1) world.simulator.putNsg({ id: `${nsgId}-${index}`, tags });

  const found = await world.arm.findTaggedResources();

  expect(new Set(found.map(({ resourceId }) => resourceId)).size).toBe(1_001);
  expect(world.calls()).toHaveLength(2);
});

test('none', async () => {
  expect(await world.arm.findTaggedResources()).toEqual([]);
});

test('an answer of another shape is refused with the field', async () => {
  const body = JSON.stringify({ totalRecords: 1, count: 1, data: [{ id: 7 }], resultTruncated: 'false' });
  world.simulator.failNext({ method: 'POST' }, { kind: 'raw', status: 200, contentType: 'application/json', body });

  await expect(world.arm.findTaggedResources()).rejects.toMatchObject({
    name: 'InvalidDocumentError',
    path: '0.id',
  });
});
