import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, codeOf, manualClock, registryClient, registryId, startOpenSimulator } from './support.ts';

let simulator: Simulator;
const oldVersion = '2021-08-01-preview';
const subnet = '/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v/subnets/s';

beforeEach(async () => {
  simulator = await startOpenSimulator();
  simulator.putRegistry({
    id: registryId,
    replicaLocations: ['eastus'],
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '203.0.113.7' }] },
  });
});

afterEach(() => simulator.stop());

function patch(ruleSet: unknown, version = '2025-11-01') {
  const body = { properties: { networkRuleSet: ruleSet } };
  return call(simulator.url, 'PATCH', `${registryId}?api-version=${version}`, body);
}

describe('registries through the client', () => {
  test('rules are read, replaced as a unit and read back; nothing else moves', async () => {
    const client = registryClient(simulator.url);

    const before = await client.registries.get('rg-hooks', 'prodregistry');
    const updated = await client.registries.update('rg-hooks', 'prodregistry', {
      networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', iPAddressOrRange: '192.0.2.0/24' }] },
    });

    expect(before.networkRuleSet?.ipRules).toEqual([{ action: 'Allow', iPAddressOrRange: '203.0.113.7' }]);
    expect(updated.networkRuleSet).toEqual({
      defaultAction: 'Deny',
      ipRules: [{ action: 'Allow', iPAddressOrRange: '192.0.2.0/24' }],
    });
    expect(updated).toMatchObject({
      provisioningState: 'Succeeded',
      sku: { name: 'Premium' },
      publicNetworkAccess: 'Enabled',
      networkRuleBypassOptions: 'AzureServices',
    });
  });

  test('replications are listed page by page, the home region among them', async () => {
    simulator.configure({ pageSize: 1 });
    const locations = [];

    for await (const replica of registryClient(simulator.url).replications.list('rg-hooks', 'prodregistry')) {
      locations.push(replica.location);
    }

    expect(locations).toEqual(['westeurope', 'eastus']);
    expect(simulator.requests).toHaveLength(2);
  });

  test('usages tell the live limit of IP rules', async () => {
    simulator.configure({ maxIpRules: 200 });

    const usages = await registryClient(simulator.url).registries.listUsages('rg-hooks', 'prodregistry');

    expect(usages.value).toContainEqual({ name: 'IPRules', limit: 200, currentValue: 1, unit: 'Count' });
  });

  test('a registry that is not there is ResourceNotFound', async () => {
    simulator.removeRegistry(registryId);

    await expect(registryClient(simulator.url).registries.get('rg-hooks', 'prodregistry')).rejects.toMatchObject({
      code: 'ResourceNotFound',
      statusCode: 404,
    });
  });

  test('the model property is iPAddressOrRange: a rule spelt with `value` arrives without an address', async () => {
    const rule = { action: 'Allow', value: '192.0.2.1' } as unknown as { action: 'Allow'; iPAddressOrRange: string };

    const code = await registryClient(simulator.url)
      .registries.update('rg-hooks', 'prodregistry', { networkRuleSet: { defaultAction: 'Deny', ipRules: [rule] } })
      .catch(codeOf);

    expect(code).toBe('BadRequest');
  });
});

describe('updates that are refused', () => {
  test.each([
    ['no default action', { ipRules: [] }, 'defaultAction'],
    ['an IPv6 range', { defaultAction: 'Deny', ipRules: [{ value: '2001:db8::/32' }] }, 'IPv4'],
    ['no address', { defaultAction: 'Deny', ipRules: [{ action: 'Allow' }] }, 'ipRules[0].value'],
    ['Deny as a rule', { defaultAction: 'Deny', ipRules: [{ action: 'Deny', value: '192.0.2.1' }] }, "'Allow'"],
    [
      'virtual network rules in a new version',
      { defaultAction: 'Deny', virtualNetworkRules: [] },
      'virtualNetworkRules',
    ],
    ['an unknown property', { defaultAction: 'Deny', ipRule: [] }, 'ipRule'],
  ])('%s', async (_title, ruleSet, named) => {
    const before = simulator.snapshotState();

    const answer = await patch(ruleSet);

    expect(answer).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(answer.message).toContain(named);
    expect(simulator.snapshotState()).toEqual(before);
  });

  test.each([
    [undefined, 'the body'],
    [[], 'the body'],
    ['"x"', 'the body'],
    [{ properties: { adminUserEnabled: 'yes' } }, 'properties.adminUserEnabled'],
    [{ properties: { dataEndpointEnabled: 1 } }, 'properties.dataEndpointEnabled'],
  ])('%j', async (body, named) => {
    const answer = await call(simulator.url, 'PATCH', `${registryId}?api-version=2025-11-01`, body);

    expect(answer).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(answer.message).toContain(named);
  });

  test.each([100, 200])('more than %i rules, in the words of the service', async (maxIpRules) => {
    simulator.configure({ maxIpRules });
    const ipRules = Array.from({ length: maxIpRules + 1 }, (_, index) => ({ value: `198.51.100.${index}` }));

    const full = await patch({ defaultAction: 'Deny', ipRules: ipRules.slice(1) });
    const over = await patch({ defaultAction: 'Deny', ipRules });

    expect(full.status).toBe(201);
    expect(over.message).toBe(`The requested feature IP rule exceeds allowed quota ${maxIpRules} for the SKU Premium.`);
  });

  test('network rules outside Premium', async () => {
    simulator.putRegistry({ id: registryId, sku: 'Standard' });

    const answer = await patch({ defaultAction: 'Deny', ipRules: [] });

    expect(answer).toMatchObject({ status: 400, code: 'BadRequest' });
    expect(answer.message).toContain('Premium');
  });

  test('read-only properties in the body', async () => {
    const body = { properties: { provisioningState: 'Succeeded' } };

    const answer = await call(simulator.url, 'PATCH', registryId, body);

    expect(answer.message).toContain('properties.provisioningState');
  });
});

describe('virtual network rules', () => {
  beforeEach(() => {
    simulator.putRegistry({
      id: registryId,
      networkRuleSet: { defaultAction: 'Deny', virtualNetworkRules: [{ action: 'Allow', id: subnet }] },
    });
  });

  test('are seen by old api-versions only', async () => {
    const seen = await call(simulator.url, 'GET', `${registryId}?api-version=${oldVersion}`);
    const unseen = await call(simulator.url, 'GET', registryId);

    expect(seen.body.properties.networkRuleSet).toMatchObject({
      virtualNetworkRules: [{ action: 'Allow', id: subnet }],
    });
    expect(unseen.body.properties.networkRuleSet).toEqual({ defaultAction: 'Deny', ipRules: [] });
  });

  test('are lost when a new api-version writes the rule set, kept when it writes something else', async () => {
    await call(simulator.url, 'PATCH', registryId, { tags: { a: 'b' } });
    const kept = simulator.registry(registryId)?.properties.networkRuleSet;
    await patch({ defaultAction: 'Deny', ipRules: [{ value: '192.0.2.1' }] });
    const lost = simulator.registry(registryId)?.properties.networkRuleSet;

    expect(kept?.virtualNetworkRules).toHaveLength(1);
    expect(lost?.virtualNetworkRules).toEqual([]);
  });

  test('are kept when an old api-version writes them back', async () => {
    const ruleSet = { defaultAction: 'Deny', ipRules: [], virtualNetworkRules: [{ action: 'Allow', id: subnet }] };

    const answer = await patch(ruleSet, oldVersion);

    expect(answer.status).toBe(201);
    expect(simulator.registry(registryId)?.properties.networkRuleSet.virtualNetworkRules).toHaveLength(1);
  });
});

describe('time', () => {
  test('a PATCH is an operation: Updating, then Succeeded; a second one meanwhile is a 409', async () => {
    const clock = manualClock();
    simulator.configure({ now: clock.now, registryOperationInMs: 10_000, retryAfterInSeconds: 10 });

    const first = await patch({ defaultAction: 'Deny', ipRules: [] });
    const second = await patch({ defaultAction: 'Allow', ipRules: [] });
    const url = first.headers.get('azure-asyncoperation') ?? '';
    const running = await call('', 'GET', url);
    clock.advance(10_000);
    const done = await call('', 'GET', url);

    expect(first.body.properties.provisioningState).toBe('Updating');
    expect(second).toMatchObject({ status: 409, code: 'Conflict' });
    expect(new URL(url).pathname).toMatch(/\/operationStatuses\/registries-[0-9a-f-]{36}$/);
    expect([running.body.status, running.headers.get('retry-after')]).toEqual(['InProgress', '10']);
    expect(done.body).toEqual({ status: 'Succeeded' });
    expect(simulator.registry(registryId)?.properties.provisioningState).toBe('Succeeded');
  });

  test('or the last write wins, where the registry is set to that', async () => {
    simulator.configure({ registryOperationInMs: 60_000, registryConcurrentUpdate: 'lastWriteWins' });

    await patch({ defaultAction: 'Deny', ipRules: [{ value: '192.0.2.1' }] });
    await patch({ defaultAction: 'Deny', ipRules: [{ value: '192.0.2.2' }] });

    expect(simulator.registry(registryId)?.properties.networkRuleSet.ipRules).toEqual([{ value: '192.0.2.2' }]);
  });

  test('rules take effect some minutes after they are written', async () => {
    const clock = manualClock();
    simulator.configure({ now: clock.now, registryEffectInMs: 180_000 });
    simulator.putRegistry({
      id: registryId,
      networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.7' }] },
    });
    clock.advance(60_000);
    await patch({ defaultAction: 'Deny', ipRules: [{ value: '192.0.2.0/24' }] });

    const atOnce = simulator.effectiveIpRules(registryId);
    clock.advance(180_000);
    const later = simulator.effectiveIpRules(registryId);

    expect(atOnce).toEqual(['203.0.113.7']);
    expect(later).toEqual(['192.0.2.0/24']);
  });
});
