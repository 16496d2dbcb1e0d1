import { request as httpRequest } from 'node:http';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import {
  call,
  codeOf,
  group,
  networkClient,
  nsgId,
  registryId,
  ruleProperties,
  startOpenSimulator,
  subscriptionId,
} from './support.ts';

let simulator: Simulator;
const rulePath = `${nsgId}/securityRules/Mine`;

beforeEach(async () => {
  simulator = await startOpenSimulator();
  simulator.putNsg({ id: nsgId, securityRules: [{ name: 'Foreign', properties: ruleProperties({ priority: 100 }) }] });
  simulator.putRegistry({ id: registryId });
});

afterEach(() => simulator.stop());

const put = (headers = {}) => call(simulator.url, 'PUT', rulePath, { properties: ruleProperties() }, headers);

describe('tokens and roles', () => {
  const principal = {
    client: '0f9e8d7c-0000-4000-8000-000000000001',
    objectId: '0f9e8d7c-0000-4000-8000-000000000002',
    permissions: [
      { scope: `/subscriptions/${subscriptionId}`, actions: ['Microsoft.Network/locations/*/read'] },
      {
        scope: nsgId.toUpperCase(),
        actions: [
          'microsoft.network/networksecuritygroups/read',
          'Microsoft.Network/networkSecurityGroups/securityRules/*',
        ],
      },
    ],
  };

  beforeEach(() => simulator.configure({ auth: { principals: { known: principal } } }));

  test('no token is a 401 with a challenge, a wrong one too', async () => {
    const missing = await put();
    const wrong = await put({ Authorization: 'Bearer unknown' });

    expect(missing).toMatchObject({ status: 401, code: 'AuthenticationFailed' });
    expect(wrong).toMatchObject({ status: 401, code: 'InvalidAuthenticationToken' });
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Bearer authorization_uri="https:.*error="invalid_token"/);
  });

  test('what the role allows goes through the client, operation status included', async () => {
    const client = networkClient(simulator.url, 'known');

    const rule = await client.securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', 'Mine', ruleProperties() as never);

    expect(rule.provisioningState).toBe('Succeeded');
    expect(simulator.requests.map((request) => request.action)).toEqual([
      'Microsoft.Network/networkSecurityGroups/securityRules/write',
      'Microsoft.Network/locations/operations/read',
      'Microsoft.Network/networkSecurityGroups/securityRules/read',
    ]);
  });

  test('what it does not allow is a 403 that names client, action and scope', async () => {
    const answer = await call(
      simulator.url,
      'PUT',
      nsgId,
      { location: 'westeurope' },
      { Authorization: 'Bearer known' },
    );

    expect(answer).toMatchObject({ status: 403, code: 'AuthorizationFailed' });
    expect(answer.message).toBe(
      `The client '${principal.client}' with object id '${principal.objectId}' does not have authorization to perform ` +
        `action 'Microsoft.Network/networkSecurityGroups/write' over scope '${nsgId}' or the scope is invalid. ` +
        'If access was recently granted, please refresh your credentials.',
    );
    expect(simulator.nsg(nsgId)?.properties.securityRules).toHaveLength(1);
  });

  test('a call without a token can be given a principal: clients send none to a loopback address', async () => {
    simulator.configure({ auth: { principals: {}, withoutToken: principal } });

    const allowed = await put();
    const refused = await call(simulator.url, 'GET', registryId);

    expect([allowed.status, refused.code]).toEqual([201, 'AuthorizationFailed']);
  });

  test('a permission ends at its scope', async () => {
    simulator.putNsg({ id: `${nsgId}-other` });
    const client = networkClient(simulator.url, 'known');

    const code = await client.networkSecurityGroups.get('rg-hooks', 'nsg-hooks-other').catch(codeOf);

    expect(code).toBe('AuthorizationFailed');
  });
});

describe('locks', () => {
  test.each([
    ['ReadOnly', nsgId, 409, 409],
    ['ReadOnly', group, 409, 409],
    ['CanNotDelete', group, 201, 409],
    ['ReadOnly', `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg`, 201, 202],
  ] as const)('%s on %s: PUT %i, DELETE %i', async (level, scope, putStatus, deleteStatus) => {
    simulator.putLock(scope, level);

    const statuses = [
      (await put()).status,
      (await call(simulator.url, 'DELETE', `${nsgId}/securityRules/Foreign`)).status,
    ];

    expect(statuses).toEqual([putStatus, deleteStatus]);
  });

  test('the error names the lock; reads go on; without the lock writes do', async () => {
    simulator.putLock(group, 'ReadOnly');

    const refused = await put();
    const read = await call(simulator.url, 'GET', nsgId);
    simulator.removeLock(group);

    expect(refused.code).toBe('ScopeLocked');
    expect(refused.message).toContain(`following scope(s) are locked: '${group}'`);
    expect(read.status).toBe(200);
    expect((await put()).status).toBe(201);
  });
});

describe('subscriptions and groups', () => {
  const other = '99999999-2222-4333-8444-555555555555';

  test.each([
    ['an unknown subscription', nsgId.replace(subscriptionId, other), 404, 'SubscriptionNotFound'],
    ['a malformed subscription', nsgId.replace(subscriptionId, 'my-subscription'), 400, 'InvalidSubscriptionId'],
    ['an unknown resource group', nsgId.replace('rg-hooks', 'rg-none'), 404, 'ResourceGroupNotFound'],
    ['an unknown group', nsgId.replace('nsg-hooks', 'nsg-none'), 404, 'ResourceNotFound'],
    ['an unknown registry', registryId.replace('prod', 'test'), 404, 'ResourceNotFound'],
    ['a rule in an unknown group', `${nsgId}-none/securityRules/Mine`, 404, 'ResourceNotFound'],
  ])('%s', async (_title, path, status, code) => {
    expect(await call(simulator.url, 'GET', path)).toMatchObject({ status, code });
  });

  test('a rule written to a group that is gone: the parent is missing', async () => {
    simulator.removeNsg(nsgId);

    expect(await put()).toMatchObject({ status: 404, code: 'ParentResourceNotFound' });
  });

  test('a disabled subscription can be read and not written', async () => {
    simulator.putSubscription(subscriptionId, 'Disabled');

    expect(await put()).toMatchObject({ status: 409, code: 'ReadOnlyDisabledSubscription' });
    expect((await call(simulator.url, 'GET', nsgId)).status).toBe(200);
  });
});

describe('the form of requests', () => {
  test.each([
    ['?', 'MissingApiVersionParameter'],
    ['?api-version=2024-05-02', 'NoRegisteredProviderFound'],
    ['?api-version=latest', 'NoRegisteredProviderFound'],
  ])('%s is %s', async (query, code) => {
    expect(await call(simulator.url, 'GET', `${nsgId}${query}`)).toMatchObject({ status: 400, code });
  });

  test('a version of the registry is none of the network', async () => {
    const answer = await call(simulator.url, 'GET', `${nsgId}?api-version=2025-11-01`);

    expect(answer.message).toContain("API version '2025-11-01' for type 'networkSecurityGroups'");
  });

  test('half a JSON document', async () => {
    const answer = await call(simulator.url, 'PUT', rulePath, '{"properties": {');

    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequestContent' });
  });

  test.each([
    ['DELETE', nsgId],
    ['PUT', registryId],
    ['POST', `${registryId}/listUsages`],
    ['GET', `${group}/providers/Microsoft.Network/virtualNetworks/vnet`],
    ['GET', '/'],
  ])('%s %s is not built and says so', async (method, path) => {
    const answer = await call(simulator.url, method, path);

    expect(answer).toMatchObject({ status: 501, code: 'NotImplementedInSimulator' });
    expect(simulator.requests.at(-1)).toMatchObject({ status: 501, action: undefined });
  });

  test('every answer has its request ids and its type', async () => {
    const { headers } = await call(simulator.url, 'GET', nsgId);

    expect(headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-ms-correlation-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  });
});

test('it listens on the loopback address only, and stops twice without complaint', async () => {
  expect(simulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);

  await simulator.stop();
  await simulator.stop();

  const outcome = await new Promise((resolve) => {
    httpRequest(simulator.url)
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .end();
  });
  expect(outcome).toBe('ECONNREFUSED');
});
