import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { faults } from '../../../dev/simulator/faults.ts';
import type { Simulator } from '../../../dev/simulator/simulator.ts';
import {
  call,
  manualClock,
  nsgId,
  registryId,
  registryVersion,
  ruleProperties,
  startOpenSimulator,
  type Answer,
} from './support.ts';

let simulator: Simulator;
let clock: ReturnType<typeof manualClock>;

beforeEach(async () => {
  clock = manualClock();
  simulator = await startOpenSimulator({ now: clock.now, nsgOperationInMs: 3_000, retryAfterInSeconds: 10 });
  simulator.putNsg({ id: nsgId });
  simulator.putRegistry({ id: registryId });
});

afterEach(() => simulator.stop());

const put = (name = 'Mine') =>
  call(simulator.url, 'PUT', `${nsgId}/securityRules/${name}`, { properties: ruleProperties() });
const patch = () => call(simulator.url, 'PATCH', registryId, { tags: { owner: 'somebody' } });
const poll = (url: string | null) => call('', 'GET', url ?? '');
const headersOf = ({ headers }: Answer) =>
  ['azure-asyncoperation', 'location', 'retry-after'].filter((name) => headers.has(name));

describe('operationHeaders', () => {
  test.each([
    ['all', ['azure-asyncoperation', 'location', 'retry-after'], ['azure-asyncoperation', 'retry-after']],
    ['location', ['location', 'retry-after'], ['retry-after']],
    ['none', [], []],
  ] as const)('%s', async (operationHeaders, ofRule, ofRegistry) => {
    simulator.configure({ operationHeaders });

    expect(headersOf(await put())).toEqual(ofRule);
    expect(headersOf(await patch())).toEqual(ofRegistry);
  });

  test('by its Location a write of a rule is followed to the rule', async () => {
    const answer = await put();
    const running = await poll(answer.headers.get('location'));
    clock.advance(3_000);
    const done = await poll(answer.headers.get('location'));

    expect([running.status, done.status]).toEqual([202, 200]);
    expect(done.body).toMatchObject({ name: 'Mine', properties: { provisioningState: 'Succeeded', priority: 300 } });
  });

  test('or to the error that it ended with', async () => {
    simulator.failNext({ method: 'PUT' }, faults.operationMeetsAnother());
    const answer = await put();
    clock.advance(3_000);

    expect(await poll(answer.headers.get('location'))).toMatchObject({
      status: 409,
      code: 'AnotherOperationInProgress',
    });
  });
});

test('emptyAnswers: writes and results have no body, reads have', async () => {
  simulator.configure({ emptyAnswers: true });

  const answers = [await put(), await patch()];
  clock.advance(3_000);
  const result = await poll(answers[0]?.headers.get('location') ?? null);
  const read = await call(simulator.url, 'GET', `${registryId}?api-version=${registryVersion}`);

  expect(answers.map(({ status, body }) => [status, body.text])).toEqual([
    [201, ''],
    [201, ''],
  ]);
  expect([result.status, result.body.text]).toEqual([204, '']);
  expect(read.body).toMatchObject({ tags: { owner: 'somebody' } });
});

test('retryAfterAs date: of operations and of refusals', async () => {
  simulator.configure({ retryAfterAs: 'date' });
  simulator.failNext({ method: 'PATCH' }, faults.tooManyRequests(90));

  expect((await put()).headers.get('retry-after')).toBe('Mon, 05 Jan 2026 00:00:10 GMT');
  expect((await patch()).headers.get('retry-after')).toBe('Mon, 05 Jan 2026 00:01:30 GMT');
});

test('showsCapitals: what has no letter case, and nothing else', async () => {
  simulator.configure({ showsCapitals: true });
  simulator.putNsg({
    id: nsgId,
    securityRules: [
      {
        name: 'Mine',
        properties: ruleProperties({ sourceAddressPrefixes: ['2001:db8::/48'], description: 'Mine alone' }),
      },
    ],
  });

  const { body } = await call(simulator.url, 'GET', `${nsgId}/securityRules/Mine`);

  expect(body).toMatchObject({
    name: 'Mine',
    properties: {
      protocol: 'TCP',
      access: 'ALLOW',
      direction: 'INBOUND',
      sourceAddressPrefixes: ['2001:DB8::/48'],
      destinationAddressPrefix: 'VIRTUALNETWORK',
      description: 'Mine alone',
    },
  });
});
