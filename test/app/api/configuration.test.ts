/** What an app tells whose settings are wrong, or whose timers do not fire. */
import { expect, test } from '@jest/globals';
import functions, { type HttpResponseInit } from '@azure/functions';
import { answerRequest } from '../../../src/app/api/answerRequest.ts';
import { loadEndpoint, routes } from '../../../src/app/api/routes.ts';
import { loadConfig } from '../../../src/config.ts';
import { hourInMs } from '../../../src/core/time.ts';
import type { TimerRun } from '../../../src/core/timers.ts';
import { call } from './call.ts';
import { makeWorld } from './fakes.ts';

const { HttpRequest } = functions;
const context = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function ask(name: 'getHealth' | 'getPrefixes', env: Record<string, string>): Promise<HttpResponseInit> {
  const request = new HttpRequest({ method: 'GET', url: 'http://localhost:7071/api/health' });
  return answerRequest(await loadEndpoint(name, routes[name]), request, context, () => {
    loadConfig(env);
    throw new Error('not reached');
  });
}

const textOf = ({ body }: HttpResponseInit): string => Buffer.from(body as Uint8Array).toString('utf8');

const wrong = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  PULL_SCHEDULE: 'often',
  NOTIFICATION_WEBHOOKS: 'http://example.org/hook/top-secret',
};

test('health is unhealthy and lists every faulty setting, without secrets', async () => {
  const answer = await ask('getHealth', wrong);
  const health = JSON.parse(textOf(answer)) as { status: string; problems: string[] };

  expect(answer.status).toBe(503);
  expect(answer.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' });
  expect(health).toMatchObject({ status: 'unhealthy', snapshot: null, targets: { total: 0 } });
  expect(health.problems).toEqual([
    'the settings named below are wrong, so nothing is pulled or updated: correct them, and the app starts again',
    expect.stringMatching(/^PULL_SCHEDULE: holds "often" .*accepted: NCRONTAB/),
    expect.stringMatching(/^NOTIFICATION_WEBHOOKS: /),
  ]);
  expect(textOf(answer)).not.toContain('top-secret');
});

test('any other route answers 503 and names no setting', async () => {
  const answer = await ask('getPrefixes', wrong);

  expect(answer.status).toBe(503);
  expect(textOf(answer)).toContain('problem:configuration');
  expect(textOf(answer)).not.toContain('PULL_SCHEDULE');
});

test('health is degraded while a timer does not fire, and says since when', async () => {
  const world = makeWorld();
  const lastPull = { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged', runId: 'r' } as const;
  world.snapshots.pullStatus = { cloud: 'Public', lastPull, sources: [], disagreements: [] };
  const schedules = { pullServiceTags: '0 30 */6 * * *', reconcileTargets: '0 0 * * * *' };
  const runs: Record<string, TimerRun> = {
    pullServiceTags: { version: 1, since: lastPull.at, at: lastPull.at, schedule: schedules.pullServiceTags },
    reconcileTargets: {
      version: 1,
      since: '2026-07-01T00:00:00.000Z',
      at: '2026-07-21T09:00:00.000Z',
      schedule: schedules.reconcileTargets,
    },
  };
  Object.assign(world.app.queries.services, {
    timers: {
      schedules,
      startedAt: new Date('2026-07-01T00:00:00Z'),
      toleranceInMs: hourInMs / 6,
      read: (name: string) => Promise.resolve(runs[name]),
    },
  });

  expect((await call(world.app, 'health')).json()).toMatchObject({
    status: 'degraded',
    problems: [
      'the timer reconcileTargets has not fired since 21 Jul 2026, 09:00 UTC, though it is due by its schedule ' +
        '"0 0 * * * *": look at that function in the portal, and restart the app',
    ],
  });
});

test('a pull that its schedule wants once a week is not late after a day', async () => {
  const world = makeWorld();
  const lastPull = { at: '2026-07-20T06:00:00.000Z', outcome: 'unchanged', runId: 'r' } as const;
  world.snapshots.pullStatus = { cloud: 'Public', lastPull, sources: [], disagreements: [] };
  const timers = {
    schedules: { pullServiceTags: '0 0 6 * * MON', reconcileTargets: '0 0 * * * *' },
    startedAt: new Date('2026-07-01T00:00:00Z'),
    toleranceInMs: hourInMs / 6,
    read: () => Promise.resolve(undefined),
  };
  Object.assign(world.app.queries.services, { timers });
  const statusAt = async (time: string): Promise<unknown> => {
    world.clock.time = Date.parse(time);
    return (await call(world.app, 'health')).json();
  };

  expect(await statusAt('2026-07-27T07:59:00Z')).toMatchObject({ status: 'healthy' });
  expect(await statusAt('2026-07-27T08:01:00Z')).toMatchObject({ status: 'unhealthy' });
});

test.each([
  [{ 'transfer-encoding': 'chunked' }, 411, 'length-required'],
  [{}, 400, 'invalid-body'],
])('a body that did not arrive: %j', async (headers, status, kind) => {
  const reply = await call(makeWorld().app, 'lookup', { method: 'POST', headers });

  expect(reply.status).toBe(status);
  expect(reply.json()).toMatchObject({
    type: `urn:acr-address-keeper:problem:${kind}`,
    detail: expect.stringMatching(/send JSON with a Content-Length header; .*Transfer-Encoding: chunked/),
  });
});

test('with HTTP streaming the host adds the query and JSON members to the parameters: only those of the path count', async () => {
  const endpoint = await loadEndpoint('getTarget', routes.getTarget);
  const request = new HttpRequest({
    method: 'GET',
    url: 'http://localhost:7071/api/targets/webhook-receiver',
    params: { name: 'webhook-receiver', planId: 'x', code: 'key' },
  });

  expect((await answerRequest(endpoint, request, context, () => makeWorld().app)).status).toBe(200);
});
