/** The app as it is put together: what its parts have of each other. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createVirtualClock } from '../../dev/virtualTime.ts';
import { buildApp, type App } from '../../src/app/composition.ts';
import { pullServiceTags } from '../../src/app/pullServiceTags.ts';
import { loadConfig } from '../../src/config.ts';
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
