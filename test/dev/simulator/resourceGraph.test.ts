import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, graphClient, nsgId, registryId, startOpenSimulator, subscriptionId } from './support.ts';

let simulator: Simulator;
const other = '99999999-2222-4333-8444-555555555555';
const marked = { 'service-tag-sync': 'webhooks' };

beforeEach(async () => {
  simulator = await startOpenSimulator();
  simulator.putNsg({ id: nsgId, tags: marked });
  simulator.putNsg({ id: `${nsgId}-unmarked`, tags: { team: 'hooks' } });
  simulator.putNsg({ id: nsgId.replace(subscriptionId, other), tags: { 'service-tag-sync': 'Tasks' } });
  simulator.putRegistry({ id: registryId, tags: marked });
});

afterEach(() => simulator.stop());

const query = `Resources
  | where type in~ ('microsoft.network/networksecuritygroups', 'Microsoft.ContainerRegistry/registries')
  | where tostring(tags) contains 'service-tag-sync'
  | project id, type, location, tags
  | order by id asc`;

describe('through the client', () => {
  test('finds groups and registries that carry the mark', async () => {
    const answer = await graphClient(simulator.url).resources({ query });

    expect(answer).toMatchObject({ totalRecords: 3, count: 3, resultTruncated: 'false' });
    expect(answer.data).toEqual([
      { id: registryId, type: 'microsoft.containerregistry/registries', location: 'westeurope', tags: marked },
      { id: nsgId, type: 'microsoft.network/networksecuritygroups', location: 'westeurope', tags: marked },
      expect.objectContaining({ id: nsgId.replace(subscriptionId, other) }),
    ]);
  });

  test('page by page with $skipToken', async () => {
    const client = graphClient(simulator.url);
    const ids: string[] = [];
    let skipToken: string | undefined;

    do {
      const options = { top: 2, ...(skipToken === undefined ? {} : { skipToken }) };
      const page = await client.resources({ query, options });
      ids.push(...(page.data as { id: string }[]).map((row) => row.id));
      skipToken = page.skipToken;
    } while (skipToken !== undefined);

    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(3);
    expect(simulator.requests).toHaveLength(2);
  });

  test('in the subscriptions that are named', async () => {
    const answer = await graphClient(simulator.url).resources({ query, subscriptions: [other] });

    expect(answer.count).toBe(1);
  });
});

const ask = (text: unknown, headers = {}) =>
  call(
    simulator.url,
    'POST',
    '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01',
    { query: text },
    headers,
  );

const like = (types: string, text: string) =>
  `resources | where type in~ (${types}) | where tostring(tags) contains '${text}' | project id | order by id asc`;
const nsgs = "'microsoft.network/networksecuritygroups'";

describe('the query', () => {
  test.each([
    [like(nsgs, 'Service-Tag-Sync'), 2],
    [like(nsgs, 'hooks'), 2],
    [like(nsgs, '"service-tag-sync":"tasks"'), 1],
    [like("'Microsoft.ContainerRegistry/registries'", 'service-tag-sync'), 1],
    [like("'x/y'", 'service-tag-sync'), 0],
    [like(nsgs, 'no such tag'), 0],
  ])('%s finds %i', async (text, count) => {
    expect((await ask(text)).body.count).toBe(count);
  });

  test.each([
    'resources',
    'securityresources | take 1',
    "resources | where tags['service-tag-sync'] == 'tasks'",
    like(nsgs, 'x').replace(' asc', ' desc'),
    like(nsgs, 'x').replace('contains', 'has'),
  ])('any other is a 501 that names it: %s', async (text) => {
    const answer = await ask(text);

    expect(answer).toMatchObject({ status: 501, code: 'NotImplementedInSimulator' });
    expect(answer.message).toContain(text);
  });

  test('no query is a 400', async () => {
    expect(await ask(undefined)).toMatchObject({ status: 400, code: 'BadRequest' });
  });
});

test('shows a caller what he may read and refuses nobody', async () => {
  const reader = {
    client: 'reader',
    objectId: 'reader',
    permissions: [{ scope: registryId, actions: ['Microsoft.ContainerRegistry/registries/read'] }],
  };
  simulator.configure({ auth: { principals: { reader } } });

  const answer = await ask(query, { Authorization: 'Bearer reader' });

  expect([answer.status, answer.body.count]).toEqual([200, 1]);
});
