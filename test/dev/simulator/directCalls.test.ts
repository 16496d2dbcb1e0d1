/** Calls without a connection have the same outcome, and leave the same log, as calls with one. */
import { createDefaultHttpClient, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { faults, type Fault } from '../../../dev/simulator/faults.ts';
import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { manualClock, nsgId, ruleProperties, startOpenSimulator } from './support.ts';

type Way = (simulator: Simulator) => Simulator['httpClient'];
const directly: Way = ({ httpClient }) => httpClient;
const connected: Way = () => createDefaultHttpClient();

async function start(now = manualClock().now): Promise<Simulator> {
  const simulator = await startOpenSimulator({ now });
  simulator.putNsg({ id: nsgId });
  return simulator;
}

function send(simulator: Simulator, way: Way, method: 'GET' | 'PUT', abortSignal?: AbortSignal) {
  const request = createPipelineRequest({
    url: `${simulator.url}${nsgId}/securityRules/Mine?api-version=2024-05-01&x=a%20b+c`,
    method,
    allowInsecureConnection: true,
    headers: createHttpHeaders({ 'X-Mine': 'Yes', ...(method === 'PUT' && { 'Content-Type': 'application/json' }) }),
    ...(method === 'PUT' && { body: JSON.stringify({ properties: ruleProperties({ description: 'für alle' }) }) }),
    ...(abortSignal && { abortSignal }),
  });
  return way(simulator)?.sendRequest(request);
}

/** Without the port. */
async function outcomes(way: Way, fault: Fault | undefined): Promise<unknown> {
  const simulator = await start();
  if (fault) simulator.failNext({}, fault);
  const found: unknown[] = [];
  for (const method of ['PUT', 'GET'] as const) {
    const answer = await send(simulator, way, method)?.catch((error: unknown) => {
      const { name, code, message } = error as Error & { code?: string };
      return { name, code, message };
    });
    if (answer && 'status' in answer) {
      const { 'content-type': type, 'retry-after': retryAfter, ...headers } = answer.headers.toJSON();
      const own = Object.entries(headers).filter(([name]) => /^(x-ms|azure|location|cache)/.test(name));
      found.push([answer.status, type, retryAfter, own, answer.bodyAsText]);
    } else found.push(answer);
  }
  await simulator.stop();
  const text = JSON.stringify([found, simulator.requests, simulator.snapshotState()]);
  return JSON.parse(text.replaceAll(new URL(simulator.url).host, 'host'));
}

test.each<[string, Fault | undefined]>([
  ['no fault', undefined],
  ['an error', faults.tooManyRequests(7)],
  ['a page of a proxy', { kind: 'raw', status: 502, contentType: 'text/html', body: '<html>Bad gateway</html>' }],
  ['an empty answer', { kind: 'raw', status: 200, contentType: 'application/json', body: '' }],
  ['a connection dropped before the work', { kind: 'dropBefore' }],
  ['a connection dropped after the work', { kind: 'dropAfter' }],
  ['a slow answer', { kind: 'slow', delayInMs: 1 }],
])('%s', async (_, fault) => {
  expect(await outcomes(directly, fault)).toEqual(await outcomes(connected, fault));
});

describe.each([
  ['directly', directly],
  ['with a connection', connected],
])('a caller that gives up %s', (_, way) => {
  test('does not wait for the answer, and the work is done', async () => {
    const clock = manualClock();
    const limit = new AbortController();
    let isSent = false;
    // The simulator asks for the time as soon as a request has arrived.
    const simulator = await start(() => {
      if (isSent) setImmediate(() => limit.abort());
      return clock.now();
    });
    simulator.failNext({}, { kind: 'slow', delayInMs: 200 });

    isSent = true;
    const sent = send(simulator, way, 'PUT', limit.signal);

    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(simulator.requests).toEqual([]);
    while (simulator.requests.length === 0) await sleep(10);
    expect(simulator.requests.map(({ status }) => status)).toEqual([201]);
    await simulator.stop();
  });

  test('before it asks: asks nothing', async () => {
    const simulator = await start();

    await expect(send(simulator, way, 'GET', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });

    expect(simulator.requests).toEqual([]);
    await simulator.stop();
  });
});
