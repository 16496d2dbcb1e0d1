import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import type { Timer } from '@azure/functions';
import type { HostProcess } from '../../dev/host/hostProcess.ts';
import { buildFixtureApp, copyFixtures, type FixtureApp } from './fixtures/apps.ts';

let source: string;
let app: FixtureApp;
let host: HostProcess;

beforeAll(async () => {
  source = await copyFixtures(['timers.ts']);
  app = await buildFixtureApp({ source });
  host = await app.start({ settings: { FAST_SCHEDULE: '*/1 * * * * *' } });
});

afterAll(async () => {
  await host.stop();
  await app.remove();
  await rm(source, { recursive: true });
});

const readSeen = async () =>
  (await (await fetch(`${host.url}/api/timersSeen`)).json()) as { seen: Timer[]; mostAtOnce: number };
const ranOf = (name: string) => host.invocations.filter(({ functionName }) => functionName === name);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

test('a timer runs on its schedule, which a setting names', async () => {
  await until(() => ranOf('everySecond').length >= 3);

  const [first, , third] = ranOf('everySecond').map(({ startedAt }) => Date.parse(startedAt));

  // Two seconds, but a busy machine may start the first run late.
  expect(third! - first!).toBeGreaterThan(1000);
  // The platform keeps no status for schedules under a minute.
  expect((await readSeen()).seen[0]).toMatchObject({ isPastDue: false, scheduleStatus: null });
});

test('a timer never overlaps itself', async () => {
  await until(() => ranOf('slowerThanItsSchedule').length >= 2);

  expect((await readSeen()).mostAtOnce).toBe(1);
});

test('POST /admin/functions/<name> runs a timer now', async () => {
  const response = await fetch(`${host.url}/admin/functions/daily`, {
    method: 'POST',
    body: '{ "input": "" }',
    headers: { 'content-type': 'application/json' },
  });
  await until(() => ranOf('daily').length === 1);

  const midnight = new Date();
  midnight.setUTCHours(24, 0, 0, 0);
  expect(response.status).toBe(202);
  expect((await readSeen()).seen).toContainEqual({
    isPastDue: false,
    schedule: { adjustForDST: true },
    scheduleStatus: {
      last: '0001-01-01T00:00:00+00:00',
      next: midnight.toISOString(),
      lastUpdated: '0001-01-01T00:00:00+00:00',
    },
  });
});

test.each([
  ['nobody', '{}', 'application/json', 404],
  ['timersSeen', '{}', 'application/json; charset=utf-8', 202],
  ['daily', 'not JSON', 'application/json', 400],
  ['daily', '{}', 'text/plain', 415],
  ['daily', '', 'application/json', 415],
])('POST /admin/functions/%s with "%s" as %s is %d', async (name, body, type, status) => {
  const init = { method: 'POST', body, headers: { 'content-type': type } };

  expect((await fetch(`${host.url}/admin/functions/${name}`, init)).status).toBe(status);
});

test('the parent runs a timer and is told how it ended', async () => {
  expect(await host.runNow('daily')).toMatchObject({ functionName: 'daily', trigger: 'timer', outcome: 'succeeded' });
  await expect(host.runNow('nobody')).rejects.toThrow('There is no function "nobody"; there are everySecond, ');
});

test('a timer that is late after its process stood still says so', async () => {
  const before = ranOf('everySecond').length;
  process.kill(host.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 3500));
  process.kill(host.pid, 'SIGCONT');
  await until(() => ranOf('everySecond').length >= before + 2);

  expect((await readSeen()).seen.filter(({ isPastDue }) => isPastDue)).toHaveLength(1);
});
