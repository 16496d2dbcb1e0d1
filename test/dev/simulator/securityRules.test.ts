import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, codeOf, networkClient, nsgId, ruleProperties, sdkRule, startOpenSimulator } from './support.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startOpenSimulator();
  simulator.putNsg({
    id: nsgId,
    tags: { team: 'hooks' },
    securityRules: [{ name: 'Foreign', properties: ruleProperties({ priority: 100, direction: 'Outbound' }) }],
  });
});

afterEach(() => simulator.stop());

describe('security rules through the client', () => {
  test('a rule is created, read, replaced and deleted; the foreign one is never touched', async () => {
    const client = networkClient(simulator.url);
    const before = simulator.nsg(nsgId)?.properties.securityRules[0]?.properties;

    const created = await client.securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', 'AllowAcr', sdkRule());
    const read = await client.securityRules.get('rg-hooks', 'nsg-hooks', 'AllowAcr');
    const replaced = await client.securityRules.createOrUpdate(
      'rg-hooks',
      'nsg-hooks',
      'AllowAcr',
      sdkRule({ sourceAddressPrefixes: ['198.51.100.0/24', '203.0.113.0/24'] }),
    );
    const names = [];
    for await (const rule of client.securityRules.list('rg-hooks', 'nsg-hooks')) names.push(rule.name);
    await client.securityRules.delete('rg-hooks', 'nsg-hooks', 'AllowAcr');

    expect(created).toMatchObject({ name: 'AllowAcr', provisioningState: 'Succeeded' });
    expect(read.sourceAddressPrefixes).toEqual(['192.0.2.0/24']);
    expect(replaced.sourceAddressPrefixes).toEqual(['198.51.100.0/24', '203.0.113.0/24']);
    expect(names).toEqual(['Foreign', 'AllowAcr']);
    const after = simulator.nsg(nsgId)?.properties.securityRules ?? [];
    expect(after.map((rule) => rule.name)).toEqual(['Foreign']);
    expect(after[0]?.properties).toEqual(before);
  });

  test('the group shows its rules, the default ones, its tags, an ETag and its state', async () => {
    const nsg = await networkClient(simulator.url).networkSecurityGroups.get('rg-hooks', 'nsg-hooks');

    expect(nsg).toMatchObject({ location: 'westeurope', tags: { team: 'hooks' }, provisioningState: 'Succeeded' });
    expect(nsg.securityRules?.map((rule) => rule.name)).toEqual(['Foreign']);
    expect(nsg.defaultSecurityRules?.map((rule) => rule.priority)).toEqual([65000, 65001, 65500, 65000, 65001, 65500]);
    expect(nsg.etag).toMatch(/^W\/"[0-9a-f-]{36}"$/);
  });

  test('a rule that is not there is NotFound, a group that is not there ResourceNotFound', async () => {
    const client = networkClient(simulator.url);

    const rule = await client.securityRules.get('rg-hooks', 'nsg-hooks', 'Nobody').catch(codeOf);
    const group = await client.networkSecurityGroups.get('rg-hooks', 'nsg-other').catch(codeOf);

    expect([rule, group]).toEqual(['NotFound', 'ResourceNotFound']);
  });
});

describe('security rules on the wire', () => {
  test('a singular field comes with an empty plural one, a plural field without the singular one', async () => {
    const answer = await call(simulator.url, 'GET', `${nsgId}/securityRules/Foreign`);

    expect(answer.body.properties).toMatchObject({
      sourcePortRange: '*',
      sourcePortRanges: [],
      destinationAddressPrefix: 'VirtualNetwork',
      destinationAddressPrefixes: [],
      sourceAddressPrefixes: ['192.0.2.0/24'],
    });
    expect(answer.body.properties).not.toHaveProperty('sourceAddressPrefix');
  });

  test('the same for a singular source', async () => {
    await call(simulator.url, 'PUT', `${nsgId}/securityRules/Any`, {
      properties: { ...ruleProperties(), sourceAddressPrefixes: [], sourceAddressPrefix: '*' },
    });

    const answer = await call(simulator.url, 'GET', `${nsgId}/securityRules/Any`);

    expect(answer.body.properties).toMatchObject({ sourceAddressPrefix: '*', sourceAddressPrefixes: [] });
  });

  test('one element stays an array, and prefixes come back as they were written', async () => {
    const prefixes = ['2001:DB8::/32'];

    await call(simulator.url, 'PUT', `${nsgId}/securityRules/Six`, {
      properties: ruleProperties({ sourceAddressPrefixes: prefixes, destinationAddressPrefix: '*' }),
    });

    const answer = await call(simulator.url, 'GET', `${nsgId}/securityRules/Six`);
    expect(answer.body.properties.sourceAddressPrefixes).toEqual(prefixes);
  });

  test('201 for a new rule, 200 for a known one, 202 for a deletion, 204 where there is nothing to delete', async () => {
    const path = `${nsgId}/securityRules/AllowAcr`;
    const body = { properties: ruleProperties() };

    const statuses = [];
    for (const method of ['PUT', 'PUT', 'DELETE', 'DELETE']) {
      const answer = await call(simulator.url, method, path, method === 'PUT' ? body : undefined);
      statuses.push(answer.status);
    }

    expect(statuses).toEqual([201, 200, 202, 204]);
  });

  test('paths match without case; names and ids keep the first spelling', async () => {
    const shouted = nsgId.replace('networkSecurityGroups/nsg-hooks', 'NETWORKSECURITYGROUPS/NSG-HOOKS');

    const answer = await call(simulator.url, 'PUT', `${shouted}/securityrules/foreign`, {
      properties: ruleProperties({ priority: 101, direction: 'Outbound' }),
    });

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: 'Foreign', id: `${nsgId}/securityRules/Foreign` });
  });

  test('every request is in the log, with the action that a role needs for it', async () => {
    await call(simulator.url, 'PUT', `${nsgId}/securityRules/AllowAcr`, { properties: ruleProperties() });

    expect(simulator.requests.at(-1)).toMatchObject({
      sequence: 1,
      method: 'PUT',
      path: `${nsgId}/securityRules/AllowAcr`,
      query: { 'api-version': '2024-05-01' },
      body: { properties: { priority: 300 } },
      action: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
      status: 201,
    });
  });
});
