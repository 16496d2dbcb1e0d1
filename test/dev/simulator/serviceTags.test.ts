import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import {
  call,
  manualClock,
  networkClient,
  nsgId,
  ruleProperties,
  startOpenSimulator,
  subscriptionId,
} from './support.ts';

let simulator: Simulator;
let clock: ReturnType<typeof manualClock>;

const location = (name: string) => `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${name}`;

const tag = (name: string, addressPrefixes: readonly string[], networkFeatures: readonly string[] | null = null) => ({
  name,
  id: name,
  properties: {
    changeNumber: 7,
    region: '',
    regionId: 0,
    platform: 'Azure',
    systemService: 'AzureContainerRegistry',
    addressPrefixes,
    networkFeatures,
  },
});

const weekly = (changeNumber: number, ...values: ReturnType<typeof tag>[]) => ({
  changeNumber,
  cloud: 'Public',
  values,
});

const acr = tag('AzureContainerRegistry', ['192.0.2.0/24', '2001:db8::/32'], ['API', 'NSG']);
const acrWest = tag('AzureContainerRegistry.WestEurope', ['192.0.2.0/25']);

beforeEach(async () => {
  clock = manualClock();
  simulator = await startOpenSimulator({ now: clock.now });
  simulator.putSubscription(subscriptionId);
  simulator.setServiceTags('*', weekly(63, acr, acrWest));
});

afterEach(() => simulator.stop());

describe('the list', () => {
  test('is what the client expects, with every number as a string', async () => {
    const list = await networkClient(simulator.url).serviceTags.list('westeurope');

    expect(list).toMatchObject({ name: 'public', cloud: 'Public', changeNumber: '63', nextLink: undefined });
    expect(list.values?.map((value) => value.name)).toEqual([acr.name, acrWest.name]);
    expect(list.values?.[0]).toMatchObject({
      id: 'AzureContainerRegistry',
      serviceTagChangeNumber: '7',
      properties: {
        changeNumber: '7',
        region: '',
        state: 'GA',
        systemService: 'AzureContainerRegistry',
        addressPrefixes: ['192.0.2.0/24', '2001:db8::/32'],
      },
    });
  });

  test('has the shape of the reference on the wire, not that of the weekly file', async () => {
    const { body } = await call(simulator.url, 'GET', `${location('westeurope')}/serviceTags`);

    expect(Object.keys(body)).toEqual(['name', 'id', 'type', 'changeNumber', 'cloud', 'values']);
    expect(body).toMatchObject({
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/serviceTags/public`,
      type: 'Microsoft.Network/serviceTags',
    });
    expect(JSON.stringify(body)).not.toMatch(/networkFeatures|regionId|platform/);
  });

  test('leaves out tags that no security rule can name', async () => {
    simulator.setServiceTags('*', weekly(64, acr, tag('NoNsg', ['198.51.100.0/24'], ['API', 'UDR'])));

    const list = await networkClient(simulator.url).serviceTags.list('westeurope');

    expect(list.values?.map((value) => value.name)).toEqual([acr.name]);
  });

  test('is the same in every location: the location filters nothing', async () => {
    const client = networkClient(simulator.url);

    const [west, east] = [await client.serviceTags.list('westeurope'), await client.serviceTags.list('eastus')];

    expect(east.values).toEqual(west.values);
  });

  test('pages where it is told to, and the client follows nothing by itself', async () => {
    simulator.configure({ pageSize: 1 });

    const list = await networkClient(simulator.url).serviceTags.list('westeurope');
    const next = await call('', 'GET', list.nextLink ?? '');

    expect(list.values).toHaveLength(1);
    expect(next.body).toMatchObject({ changeNumber: '63', values: [{ name: acrWest.name }] });
    expect(next.body).not.toHaveProperty('nextLink');
  });

  test('can come empty', async () => {
    simulator.failNext({ path: /serviceTags$/ }, { kind: 'emptyValues' });
    const client = networkClient(simulator.url);

    const [empty, whole] = [await client.serviceTags.list('westeurope'), await client.serviceTags.list('westeurope')];

    expect([empty.values?.length, whole.values?.length]).toEqual([0, 2]);
  });
});

describe('rollout', () => {
  const changeNumber = async (name: string) => (await networkClient(simulator.url).serviceTags.list(name)).changeNumber;
  const dayInMs = 86_400_000;

  test('a location that lags serves the old document for its lag', async () => {
    simulator.configure({ serviceTagsLagInMs: { eastus: 7 * dayInMs } });
    clock.advance(30 * dayInMs);
    simulator.setServiceTags('*', weekly(64, acr));

    const atOnce = [await changeNumber('westeurope'), await changeNumber('EastUS')];
    clock.advance(7 * dayInMs);

    expect(atOnce).toEqual(['64', '63']);
    expect(await changeNumber('eastus')).toBe('64');
  });

  test('one location can be given a document of its own', async () => {
    simulator.setServiceTags('eastus', weekly(64, acr));

    expect([await changeNumber('westeurope'), await changeNumber('eastus')]).toEqual(['63', '64']);
  });
});

describe('seeded rules', () => {
  test('may name tags that the document does not have; written ones may not', async () => {
    const properties = { ...ruleProperties(), sourceAddressPrefixes: [], sourceAddressPrefix: 'Storage' };
    simulator.putNsg({ id: nsgId, securityRules: [{ name: 'Foreign', properties }] });

    const written = await call(simulator.url, 'PUT', `${nsgId}/securityRules/Mine`, {
      properties: { ...properties, priority: 301 },
    });

    expect(written.code).toBe('SecurityRuleInvalidAddressPrefix');
    expect(simulator.nsg(nsgId)?.properties.securityRules).toHaveLength(1);
  });
});

describe('details', () => {
  test('of one tag, by name', async () => {
    const found = [];

    for await (const entry of networkClient(simulator.url).serviceTagInformationOperations.list('westeurope', {
      tagName: 'azurecontainerregistry',
    })) {
      found.push(entry);
    }

    expect(found).toMatchObject([{ name: acr.name, properties: { addressPrefixes: acr.properties.addressPrefixes } }]);
  });

  test('without prefixes', async () => {
    const path = `${location('westeurope')}/serviceTagDetails?api-version=2024-05-01&noAddressPrefixes=true`;

    const { body } = await call(simulator.url, 'GET', path);

    expect(JSON.stringify(body)).not.toContain('addressPrefixes');
  });
});

test('before any document is set the answer is a 501, never an empty list', async () => {
  const blank = await startOpenSimulator();
  blank.putSubscription(subscriptionId);

  const answer = await call(blank.url, 'GET', `${location('westeurope')}/serviceTags`);
  await blank.stop();

  expect(answer).toMatchObject({ status: 501, code: 'NotImplementedInSimulator' });
});

test.each([[null], [{ values: 1 }], [{ values: [{ name: 'x' }] }]])('%j is no document', (document) => {
  expect(() => simulator.setServiceTags('*', document)).toThrow(/service tags document/);
});
