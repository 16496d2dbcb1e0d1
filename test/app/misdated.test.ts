import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fileSource } from '../../src/adapters/sources/file.ts';
import { acr, dayInMs, dayOf, prefixesIn, useWorlds, weeklyDocument } from './stories.ts';

const worlds = useWorlds({ wholeHistory: true });
const prefix = (index: number) => `20.42.${index}.0/24`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'misdated-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const put = (day: string, prefixes: readonly string[]) => {
  const text = JSON.stringify(weeklyDocument({ [acr]: prefixes }));
  writeFileSync(join(folder, `ServiceTags_Public_${day.replaceAll('-', '')}.json`), text);
};

test('a file that is dated in the future is of the day on which it was first seen, for ever', async () => {
  const world = await worlds.open({ start: new Date('2026-01-05T12:00:00Z') });
  world.setSources(fileSource('file', folder, 'Public'));
  const pull = async () => {
    await world.pull();
    await world.drain();
  };
  put('2026-01-05', [prefix(1)]);
  await pull();
  world.clock.advance(dayInMs);
  put('2026-02-02', [prefix(1), prefix(2)]);
  await pull();
  for (const week of [12, 19, 26]) {
    world.clock.advance(Date.parse(`2026-01-${week}T12:00:00Z`) - world.clock.now().getTime());
    put(`2026-01-${week}`, [prefix(1), prefix(2), prefix(week)]);
    await pull();
  }
  expect(prefixesIn(world)).toContain(prefix(26));

  world.clock.advance(Date.parse('2026-02-02T12:00:00Z') - world.clock.now().getTime());
  await pull();

  const answer = await world.services.snapshots.readPointer('Public');
  expect(answer).toMatchObject({ pointer: { date: '2026-01-26' } });
  expect(prefixesIn(world)).toContain(prefix(26));

  // The right file of that day has the same name.
  put('2026-02-02', [prefix(1), prefix(2), prefix(30)]);
  await pull();

  expect(await world.services.snapshots.readPointer('Public')).toMatchObject({ pointer: { date: dayOf(world) } });
  expect(prefixesIn(world)).toContain(prefix(30));
});

test('of the day on which it was first seen too if the status of the pulls was lost', async () => {
  const connectionString = worlds.freshConnectionString();
  const world = await worlds.open({ connectionString, start: new Date('2026-01-05T12:00:00Z') });
  world.setSources(fileSource('file', folder, 'Public'));
  put('2026-02-02', [prefix(1)]);
  await world.pull();
  const status = BlobServiceClient.fromConnectionString(connectionString)
    .getContainerClient('service-tags')
    .getBlockBlobClient('status/Public.json');
  await status.delete();

  for (let day = 0; day < 2; day += 1) {
    world.clock.advance(dayInMs);
    await world.pull();
  }

  const { misdated } = (await world.services.snapshots.readPullStatus('Public')) ?? {};
  expect(misdated).toMatchObject({ '2026-02-02': { firstSeen: '2026-01-05' } });
});
