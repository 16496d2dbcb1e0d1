import { describe, expect, test } from '@jest/globals';
import { HistoryReader } from '../../src/app/history/historyReader.ts';
import { rebuildHistory } from '../../src/app/history/rebuildHistory.ts';
import type { World } from '../../dev/world.ts';
import { History } from '../../src/core/history/history.ts';
import { quarantine } from '../../src/core/history/quarantine.ts';
import { builtInHistory } from '../../src/core/history/builtInHistory.ts';
import { listAt } from '../../src/core/history/tagRecord.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../core/realFiles.ts';
import { acr, dayInMs, dayOf, deadSource, hooks, publish, publishNextWeek, source, useWorlds } from './stories.ts';

const worlds = useWorlds({ wholeHistory: true });
const italy = `${acr}.ItalyNorth`;
const [a, b, c, d] = ['20.42.66.0/24', '20.42.68.0/24', '20.42.70.0/24', '2603:1030:401::/122'];
const first = { [acr]: [a, b], [italy]: [a], Storage: [d], Sql: [c] };

async function stored(world: World) {
  const answer = await world.services.histories.read('Public');
  if (answer === undefined || answer === 'notModified') throw new Error('there is no history');
  return answer.document;
}

const pulledIn = async (world: World) => (await stored(world)).releases.filter(({ builtIn }) => !builtIn);

describe('the history', () => {
  test('begins with the built-in releases, and records what each pull finds of the watched tags', async () => {
    const world = await worlds.open();
    await publish(world, first);
    await publishNextWeek(world, { ...first, [acr]: [a, b, c], Sql: [d] });

    const document = await stored(world);
    const builtIn = await builtInHistory('Public');

    expect(document.releases.slice(0, -2)).toEqual(builtIn.releases);
    expect(document.services).toEqual([acr]);
    const [one, two] = await pulledIn(world);
    expect(one?.tags[acr]).toMatchObject({ add: [a, b] });
    expect(one?.tags[`${acr}.WestEurope`]).toBeNull();
    expect(two).toEqual({
      date: '2026-01-12',
      seenAt: '2026-01-12T12:00:00.000Z',
      lookedAt: '2026-01-05T12:00:00.000Z',
      changeNumber: 1,
      snapshot: (await new HistoryReader(world.services).read()).newest?.snapshot,
      tags: { [acr]: { add: [c], remove: [] } },
    });
  });

  test('records a release that changes nothing, once per date', async () => {
    const world = await worlds.open();
    await publish(world, first);
    await publishNextWeek(world, first);
    await world.pull();
    await publishNextWeek(world, first, 7);

    expect((await pulledIn(world)).map(({ date, changeNumber }) => [date, changeNumber])).toEqual([
      ['2026-01-05', 1],
      ['2026-01-12', 1],
      ['2026-01-19', 7],
    ]);
  });

  test('made anew of what is stored for good is equal', async () => {
    const world = await worlds.open({ targets: [hooks(), hooks({ name: 'db', serviceTag: 'Storage' })] });
    await publish(world, first);
    await publishNextWeek(world, first);
    await publishNextWeek(world, { ...first, Storage: [] });
    await publishNextWeek(world, { [acr]: [a, c], Sql: [c] });
    world.setSources(source(first, { date: dayOf(world) }), deadSource('api'));
    await world.pull();
    world.setSources(
      source({ [acr]: [a, c, d], Sql: [c] }, { date: dayOf(world), changeNumber: 9 }),
      source({ [acr]: [a, c], Sql: [c] }, { name: 'api' }),
    );
    world.clock.advance(7 * dayInMs);
    await world.pull();

    const document = await stored(world);

    expect(document.services).toEqual([acr, 'Storage']);
    expect(document.releases.at(-1)).toMatchObject({ tags: { [acr]: { add: [d], onlyOneSource: [d] } } });
    expect(await rebuildHistory(world.services, undefined, document.services, undefined)).toEqual(document);
  });

  test('made anew is equal too if a release was rejected, whatever came after it', async () => {
    const world = await worlds.open();
    await publish(world, first);
    await publishNextWeek(world, { ...first, [acr]: [a, b, c] }, 2);
    const pointed = await world.services.snapshots.readPointer('Public');
    const rejected = typeof pointed === 'object' ? pointed.pointer.snapshot : '';
    await world.actions.rejectRelease(rejected, 'Not of Azure.', 'a person');
    await publishNextWeek(world, first, 3);
    await publishNextWeek(world, { ...first, [acr]: [a, c] }, 4);

    const document = await stored(world);

    expect((await pulledIn(world)).map(({ changeNumber, tags }) => [changeNumber, tags[acr]])).toMatchObject([
      [1, { add: [a, b] }],
      [2, { add: [c], remove: [] }],
      [3, { add: [], remove: [c] }],
      [4, { add: [c], remove: [b] }],
    ]);
    const decided = await world.services.histories.readDecisions('Public');
    expect(await rebuildHistory(world.services, decided?.decisions, document.services, undefined)).toEqual(document);
  });

  test('records a tag from its first snapshot on when a target begins to follow it', async () => {
    const world = await worlds.open();
    await publish(world, first);
    await publishNextWeek(world, { ...first, Storage: [c, d] });
    world.setTargets([hooks(), hooks({ name: 'db', serviceTag: 'Storage.WestEurope' })]);
    await publishNextWeek(world, { ...first, Storage: [d] });

    const history = new History(await stored(world));

    expect((await pulledIn(world)).map(({ tags }) => tags.Storage ?? 'same')).toMatchObject([
      { add: [d] },
      { add: [c] },
      { remove: [c] },
    ]);
    expect(history.covers('storage.northeurope')).toBe(true);
  });

  test('is made anew by the first pull after that, also if it finds no new release', async () => {
    const world = await worlds.open();
    await publish(world, { ...first, Storage: [c, d] });
    world.setTargets([hooks(), hooks({ name: 'db', serviceTag: 'Storage' })]);

    await world.pull();

    expect(new History(await stored(world)).covers('Storage')).toBe(true);
  });

  test('what was watched stays watched while the targets cannot be read', async () => {
    const world = await worlds.open({ targets: [hooks({ serviceTag: 'Storage' })] });
    const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
    await publish(world, { ...first, Storage: many });
    const unread = { ...world.services, targets: { read: () => Promise.reject(new Error('no such blob')) } };
    const { pullServiceTags } = await import('../../src/app/pullServiceTags.ts');
    world.clock.advance(7 * dayInMs);
    const shrunken = source({ ...first, Storage: many.slice(0, 5) }, { date: dayOf(world) });

    const pulled = await pullServiceTags({ ...unread, sources: [shrunken] }, { reason: 'timer' });

    expect(pulled).toMatchObject({ quarantine: [{ tag: 'Storage', kind: 'shrunken' }] });
    expect(quarantine(await new HistoryReader(world.services).read(), 'Storage')).toMatchObject({ kind: 'shrunken' });
  });

  test('one lenient target does not make feeds believe a list that shrank', async () => {
    const limits = { ...hooks().limits, maxRemovedCount: 1_000, maxRemovedPercent: 100 };
    const world = await worlds.open({ targets: [hooks({ limits, policy: 'plan' })] });
    const many = Array.from({ length: 100 }, (_, index) => `40.${index}.0.0/24`);
    await publish(world, { ...first, [acr]: many });
    await publishNextWeek(world, { ...first, [acr]: many.slice(0, 5) });

    const history = await new HistoryReader(world.services).read();

    expect(quarantine(history, acr)).toMatchObject({ kind: 'shrunken', status: 'quarantined' });
    expect(quarantine(history, acr, limits)).toBeUndefined();
  });

  test('a change of other tags on the same day is no further release', async () => {
    const world = await worlds.open();
    await publish(world, first);
    for (const other of [[a], [b], [c], [d], [a, b]]) {
      world.clock.advance(4 * 60 * 60 * 1000);
      world.setSources(
        source(first, { date: '2026-01-05' }),
        source({ ...first, Sql: other }, { name: 'api', changeNumber: other.length }),
      );
      await world.pull();
    }

    const dates = (await pulledIn(world)).map(({ date }) => date);
    expect(new Set(dates)).toEqual(new Set(['2026-01-05']));
  });

  test('of a tag that no pull records is made of the snapshots of the last weeks', async () => {
    const world = await worlds.open();
    await publish(world, first);
    await publishNextWeek(world, { ...first, Sql: [a, c] });
    const reader = new HistoryReader(world.services);

    const history = await reader.readFor('Sql');

    expect(history.releases.map(({ tags }) => tags.Sql)).toMatchObject([{ add: [c] }, { add: [a] }]);
    expect(await reader.readFor(italy)).toBe(await reader.read());
  });
});

testOnRealFiles('one pull of a real file on empty storage knows every change since 2019', async () => {
  const name = realFileNames.filter((file) => file.includes('Public')).at(-1) ?? '';
  const document = readRealFile(name);
  const date = name.replace(/^.*_(\d{4})(\d{2})(\d{2})\.json$/, '$1-$2-$3');
  const world = await worlds.open({ start: new Date(`${date}T12:00:00Z`) });
  world.setSources({
    name: 'download',
    fetch: () => Promise.resolve({ source: 'download', date, origin: name, document, warnings: [] }),
  });
  await world.pull();

  const history = await new HistoryReader(world.services).read();
  const tag = history.tag(acr);

  expect(tag && new Set(listAt(tag, Infinity))).toEqual(
    new Set(document.values.find((value) => value.name === acr)?.addressPrefixes),
  );
  const before = history.releases.filter(({ builtIn }) => builtIn).length;
  expect(tag?.steps.filter(({ index }) => index > 0 && index < before).length).toBeGreaterThan(70);
});
