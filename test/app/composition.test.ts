/** The app as it is put together: what its parts have of each other. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createVirtualClock } from '../../dev/virtualTime.ts';
import { buildApp, type App } from '../../src/app/composition.ts';
import { pullServiceTags } from '../../src/app/pullServiceTags.ts';
import { recordTimer } from '../../src/app/invocations.ts';
import { loadConfig } from '../../src/config.ts';
import { hourInMs } from '../../src/core/time.ts';
import { useAzurite } from '../support/azurite.ts';

const azurite = useAzurite();
const releases = join(import.meta.dirname, '../../dev/sample/releases');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

let folder = '';
afterEach(() => rm(folder, { recursive: true }));

async function release(day: string): Promise<void> {
  const name = `ServiceTags_Public_${day}.json`;
  await copyFile(join(releases, name), join(folder, name));
}

async function currentDate({ queries }: App): Promise<string> {
  return (await queries.current.get()).snapshot.date;
}

test('queries answer at once from what a pull of the same process stored, asked for or by timer', async () => {
  folder = await mkdtemp(join(tmpdir(), 'releases-'));
  const env = {
    AzureWebJobsStorage: azurite.freshConnectionString(),
    SERVICE_TAGS_SOURCES: `file:${folder}`,
    TARGETS: '{}',
  };
  const app = await buildApp(loadConfig(env), silent, createVirtualClock(new Date('2026-08-10T12:00:00Z')));
  await expect(currentDate(app)).rejects.toMatchObject({ status: 503 });

  await release('20260803');
  await app.actions.pullNow('operator');
  expect(await currentDate(app)).toBe('2026-08-03');

  await release('20260810');
  await pullServiceTags(app.services, { reason: 'timer' });
  expect(await currentDate(app)).toBe('2026-08-10');
});

test('health misses a timer that stopped firing, and no other', async () => {
  folder = await mkdtemp(join(tmpdir(), 'releases-'));
  const env = {
    AzureWebJobsStorage: azurite.freshConnectionString(),
    SERVICE_TAGS_SOURCES: `file:${folder}`,
    TARGETS: '{}',
  };
  const clock = createVirtualClock(new Date('2026-08-10T12:30:00Z'));
  const app = await buildApp(loadConfig(env), silent, clock);
  const silentTimers = async (): Promise<string[]> =>
    (await app.queries.health()).problems.filter((problem) => problem.includes('the timer'));
  await release('20260803');
  await recordTimer(app, 'pullServiceTags');
  await recordTimer(app, 'reconcileTargets');
  await pullServiceTags(app.services, { reason: 'timer' });

  clock.advance(2 * hourInMs);
  expect(await silentTimers()).toEqual([
    expect.stringMatching(
      /^the timer reconcileTargets has not fired since 10 Aug 2026, 12:30 UTC, .*"0 0 \* \* \* \*"/,
    ),
  ]);

  await recordTimer(app, 'reconcileTargets');
  // Health answers are kept for a few seconds.
  clock.advance(60_000);
  expect(await silentTimers()).toEqual([]);
  expect(await app.services.timers.read('reconcileTargets')).toEqual({
    version: 1,
    since: '2026-08-10T12:30:00.000Z',
    at: '2026-08-10T14:30:00.000Z',
    schedule: '0 0 * * * *',
  });
});
