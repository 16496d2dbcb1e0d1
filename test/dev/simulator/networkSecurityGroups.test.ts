import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, group, networkClient, nsgId, ruleProperties, startOpenSimulator } from './support.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startOpenSimulator();
  simulator.putNsg({
    id: nsgId,
    tags: { team: 'hooks' },
    securityRules: [{ name: 'Foreign', properties: ruleProperties({ priority: 100 }) }],
  });
});

afterEach(() => simulator.stop());

const mine = { name: 'Mine', properties: ruleProperties() };

describe('PUT of a whole group', () => {
  test('replaces: rules that the body leaves out are gone', async () => {
    const client = networkClient(simulator.url);

    await client.networkSecurityGroups.createOrUpdate('rg-hooks', 'nsg-hooks', {
      location: 'westeurope',
      securityRules: [{ name: 'Mine', ...structuredClone(mine.properties) } as never],
    });

    const after = simulator.nsg(nsgId);
    expect(after?.properties.securityRules.map((rule) => rule.name)).toEqual(['Mine']);
    expect(after).not.toHaveProperty('tags');
  });

  test('creates a group in a resource group that exists', async () => {
    const created = await call(simulator.url, 'PUT', nsgId.replace('nsg-hooks', 'nsg-new'), { location: 'eastus' });
    const nowhere = await call(simulator.url, 'PUT', nsgId.replace('rg-hooks', 'rg-none'), { location: 'eastus' });

    expect(created.status).toBe(201);
    expect(nowhere).toMatchObject({ status: 404, code: 'ResourceGroupNotFound' });
  });

  test('refuses the answer of a GET: it is full of read-only properties', async () => {
    const { body } = await call(simulator.url, 'GET', nsgId);

    const answer = await call(simulator.url, 'PUT', nsgId, body);

    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequestFormat', message: 'Cannot parse the request.' });
  });

  test.each(['etag', 'resourceGuid', 'provisioningState', 'defaultSecurityRules', 'subnets', 'flowLogs'])(
    'refuses %s',
    async (name) => {
      const extra = name === 'etag' ? { etag: 'W/"1"' } : { properties: { [name]: [] } };

      const answer = await call(simulator.url, 'PUT', nsgId, { location: 'westeurope', ...extra });

      expect(answer.code).toBe('InvalidRequestFormat');
      expect(answer.details[0]?.message).toContain(`'${name}'`);
    },
  );

  test.each<[string, string, unknown]>([
    ['no location', 'LocationRequired', {}],
    ['another location', 'InvalidResourceLocation', { location: 'eastus' }],
    [
      'two rules of one priority',
      'SecurityRuleConflict',
      { location: 'westeurope', properties: { securityRules: [mine, { ...mine, name: 'Other' }] } },
    ],
  ])('refuses %s', async (_title, code, body) => {
    expect((await call(simulator.url, 'PUT', nsgId, body)).code).toBe(code);
  });
});

test('a group that was new is gone again when its operation is canceled', async () => {
  const path = nsgId.replace('nsg-hooks', 'nsg-new');
  simulator.failNext({ method: 'PUT' }, { kind: 'operationSuperseded' });

  const created = await call(simulator.url, 'PUT', path, { location: 'eastus' });
  const read = await call(simulator.url, 'GET', path);

  expect([created.status, read.status]).toEqual([201, 404]);
});

describe('PATCH', () => {
  test('sets tags, all of them, and leaves rules alone', async () => {
    const client = networkClient(simulator.url);

    await client.networkSecurityGroups.updateTags('rg-hooks', 'nsg-hooks', { tags: { owner: 'ops' } });

    expect(simulator.nsg(nsgId)).toMatchObject({ tags: { owner: 'ops' } });
    expect(simulator.nsg(nsgId)?.tags).not.toHaveProperty('team');
    expect(simulator.nsg(nsgId)?.properties.securityRules).toHaveLength(1);
  });

  test('knows nothing else', async () => {
    const answer = await call(simulator.url, 'PATCH', nsgId, { properties: { securityRules: [] } });

    expect(answer.code).toBe('InvalidRequestFormat');
    expect(simulator.nsg(nsgId)?.properties.securityRules).toHaveLength(1);
  });

  test('of a rule does not exist', async () => {
    const answer = await call(simulator.url, 'PATCH', `${nsgId}/securityRules/Foreign`, {});

    expect(answer).toMatchObject({ status: 501, code: 'NotImplementedInSimulator' });
  });
});

describe('ETags', () => {
  const etag = () => simulator.nsg(nsgId)?.etag ?? '';
  const put = (ifMatch: string) =>
    call(simulator.url, 'PUT', `${nsgId}/securityRules/Mine`, { properties: mine.properties }, { 'If-Match': ifMatch });

  test('move with every change of the group, and rules carry that of the group', async () => {
    const first = etag();
    await put('*');
    const second = etag();
    simulator.putRule(nsgId, { name: 'Other', properties: ruleProperties({ priority: 400 }) });
    const third = etag();
    await call(simulator.url, 'DELETE', `${nsgId}/securityRules/Mine`);

    expect(new Set([first, second, third, etag()]).size).toBe(4);
    expect(simulator.nsg(nsgId)?.properties.securityRules[0]?.etag).toBe(etag());
  });

  test('guard a write: 412 with both ETags once somebody else was faster', async () => {
    const known = etag();
    simulator.removeRule(nsgId, 'Foreign');

    const late = await put(known);
    const fresh = await put(etag());

    expect(late).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect(late.details).toEqual([
      { code: 'PreconditionFailedEtagMismatch', message: expect.stringContaining(`does not match etag ${W()}`) },
    ]);
    expect(fresh.status).toBe(201);
  });

  test('guard a deletion and a whole PUT, too', async () => {
    const headers = { 'If-Match': 'W/"of yesterday"' };

    const deletion = await call(simulator.url, 'DELETE', `${nsgId}/securityRules/Foreign`, undefined, headers);
    const whole = await call(simulator.url, 'PUT', nsgId, { location: 'westeurope' }, headers);

    expect([deletion.status, whole.status]).toEqual([412, 412]);
    expect(simulator.nsg(nsgId)?.properties.securityRules).toHaveLength(1);
  });

  test('guard nothing where the service is set to ignore them', async () => {
    simulator.configure({ honourIfMatch: false });

    expect((await put('W/"of yesterday"')).status).toBe(201);
  });

  const W = () => 'W/"';
});

test('groups are listed by subscription and by resource group, in pages', async () => {
  simulator.putNsg({ id: nsgId.replace('rg-hooks', 'rg-other').replace('nsg-hooks', 'nsg-2') });
  simulator.putNsg({ id: nsgId.replace('nsg-hooks', 'nsg-3') });
  simulator.configure({ pageSize: 1 });
  const client = networkClient(simulator.url);
  const all = [];
  const ofGroup = [];

  for await (const nsg of client.networkSecurityGroups.listAll()) all.push(nsg.name);
  for await (const nsg of client.networkSecurityGroups.list('rg-hooks')) ofGroup.push(nsg.name);

  expect(all).toEqual(['nsg-hooks', 'nsg-2', 'nsg-3']);
  expect(ofGroup).toEqual(['nsg-hooks', 'nsg-3']);
  expect(simulator.requests.map((request) => request.path)).toContain(
    `${group}/providers/Microsoft.Network/networkSecurityGroups`,
  );
});
