import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
  world.simulator.putNsg({ id: nsgId, tags });
  world.simulator.putNsg({ id: `${nsgId}-2`, tags: { team: 'hooks' } });
  world.simulator.putRegistry({ id: registryId, tags: { 'service-tag-sync': 'tasks', team: 'x' } });

  expect(await world.arm.findTaggedResources()).toEqual([
    { resourceId: registryId, kind: 'registryNetworkRules', profile: 'tasks' },
    { resourceId: nsgId, kind: 'nsgRule', profile: 'webhooks' },
  ]);
});

test('the name of the tag in any letter case, and no tag that only speaks of it', async () => {
  world.simulator.putNsg({ id: nsgId, tags: { 'Service-Tag-Sync': 'webhooks' } });
  world.simulator.putNsg({
    id: `${nsgId}-2`,
    tags: { note: 'no service-tag-sync', 'not-service-tag-sync': 'webhooks' },
  });
  world.simulator.putNsg({ id: `${nsgId}-3`, tags: { 'service-tag-sync': '' } });

  expect(await world.arm.findTaggedResources()).toEqual([{ resourceId: nsgId, kind: 'nsgRule', profile: 'webhooks' }]);
});

test('a thousand without the tag cost no page', async () => {
  for (let index = 0; index < 1_000; index += 1) world.simulator.putNsg({ id: `${nsgId}-${index}` });
  world.simulator.putNsg({ id: nsgId, tags });

  expect(await world.arm.findTaggedResources()).toHaveLength(1);
  expect(world.calls()).toHaveLength(1);
});

test('in every subscription', async () => {
  world.simulator.putNsg({ id: nsgId, tags });
  world.simulator.putNsg({ id: otherNsgId, tags });

  const found = await world.arm.findTaggedResources();

  expect(found.map(({ resourceId }) => resourceId).sort()).toEqual([nsgId, otherNsgId].sort());
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
  answerOnce({ totalRecords: 1, count: 1, data: [{ id: 7 }], resultTruncated: 'false' });

  await expect(world.arm.findTaggedResources()).rejects.toMatchObject({
    name: 'InvalidDocumentError',
    path: '0.id',
  });
});

function answerOnce(answer: unknown): void {
  const body = JSON.stringify(answer);
  world.simulator.failNext({ method: 'POST' }, { kind: 'raw', status: 200, contentType: 'application/json', body });
}

test('pages that lead back to one that was read end with an error', async () => {
  const data = [{ id: nsgId, type: 'microsoft.network/networksecuritygroups', tags }];
  for (const count of [1, 2]) {
    answerOnce({ totalRecords: 9, count, data, resultTruncated: 'true', $skipToken: 'again' });
  }

  await expect(world.arm.findTaggedResources()).rejects.toThrow('$skipToken: leads back');
  expect(world.calls()).toHaveLength(2);
});

test('a tag without a value, or no tags at all, cost the others nothing', async () => {
  const type = 'microsoft.network/networksecuritygroups';
  const data = [
    { id: `${nsgId}-1`, type, tags: null },
    { id: `${nsgId}-2`, type, tags: { 'service-tag-sync': null } },
    { id: nsgId, type, tags: { ...tags, team: null } },
  ];
  answerOnce({ totalRecords: 3, count: 3, data, resultTruncated: 'false' });

  expect(await world.arm.findTaggedResources()).toEqual([{ resourceId: nsgId, kind: 'nsgRule', profile: 'webhooks' }]);
});

describe('one resource', () => {
  const nsg = { resourceId: nsgId, kind: 'nsgRule', profile: 'before' } as const;
  const registry = { resourceId: registryId, kind: 'registryNetworkRules', profile: 'before' } as const;
  const inAMinute = () => new Date(Date.now() + 60_000);

  test('names its profile, or none', async () => {
    world.simulator.putNsg({ id: nsgId, tags: { 'Service-Tag-Sync': 'webhooks' } });
    world.simulator.putRegistry({ id: registryId, tags: { team: 'x' } });

    expect(await world.arm.readProfile(nsg, inAMinute())).toBe('webhooks');
    expect(await world.arm.readProfile(registry, inAMinute())).toBeUndefined();
    expect(world.calls()).toEqual(['GET networkSecurityGroups/nsg-hooks', 'GET registries/prod']);
  });

  test('that is gone, and that may not be read', async () => {
    world.simulator.putNsg({ id: `${nsgId}-2` });
    await expect(world.arm.readProfile(nsg, inAMinute())).rejects.toMatchObject({ code: 'notFound' });

    const withoutToken = { client: 'app', objectId: 'app', permissions: [] };
    world.simulator.configure({ auth: { principals: {}, withoutToken } });
    await expect(world.arm.readProfile(nsg, inAMinute())).rejects.toMatchObject({ code: 'noPermission' });
  });
});
