/** Whoever controls the only source tries to open firewalls, to break lists, or to wear the app out. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { ServiceTagsSource } from '../../src/app/ports.ts';
import { buildQueries, type Queries } from '../../src/app/queries.ts';
import { parseServiceTags } from '../../src/core/serviceTags/parseServiceTags.ts';
import { call } from './api/call.ts';
import {
  acr,
  dayInMs,
  dayOf,
  prefixesIn,
  publish,
  source,
  useWorlds,
  weeklyDocument,
  type TagLists,
} from './stories.ts';
import { startCpuTime } from '../support/cpuTime.ts';

const worlds = useWorlds({ wholeHistory: true });
const west = `${acr}.WestEurope`;
const honest: TagLists = { [acr]: ['20.61.97.0/24', '20.61.98.0/24'], [west]: ['20.61.97.0/24'] };

/** Parsed with each pull, as a real one: what is refused fails the source. */
function hostile(document: unknown, date: string): ServiceTagsSource {
  return {
    name: 'download',
    fetch: async () =>
      Promise.resolve({ source: 'download', date, origin: 'test:download', ...parseServiceTags(document, 'Public') }),
  };
}

/** What any app asks for, seen afresh. */
function ask(world: World): { queries: Queries; get: (target: string) => ReturnType<typeof call> } {
  const queries = buildQueries({ ...world.services, maxPullAgeInHours: 1_000_000 });
  const app = { queries } as Parameters<typeof call>[0];
  return { queries, get: (target) => call(app, target) };
}

/** `count` networks of /20 outside of special-purpose ranges. */
function wideNetworks(count: number): string[] {
  const networks: string[] = [];
  for (let index = 0; networks.length < count; index += 1) {
    const [first, second, third] = [1 + (index >> 12), (index >> 4) & 255, (index & 15) << 4];
    networks.push(`${first}.${second}.${third}.0/20`);
  }
  return networks;
}

test('one file with 903,865 prefixes of /20 in the tag: refused whole, and the feed stays as it is', async () => {
  const world = await worlds.open();
  await publish(world, honest);
  world.clock.advance(7 * dayInMs);
  const before = await ask(world).get(`feeds/${acr}.txt`);

  world.setSources(hostile(weeklyDocument({ ...honest, [acr]: wideNetworks(903_865) }), dayOf(world)));

  await expect(world.pull()).rejects.toThrow('903,866 prefixes, at most 500,000 are accepted');
  const { queries, get } = ask(world);
  expect((await get(`feeds/${acr}.txt`)).text).toBe(before.text);
  expect(await queries.health()).toMatchObject({
    status: 'degraded',
    sources: [{ source: 'download', status: 'failed' }],
  });
  expect(world.notifications.at(-1)?.type).toMatch(/failed$/);
  expect(prefixesIn(world)).toEqual(honest[acr]);
});

test('80,000 prefixes in the tag: left out, in quarantine, and an update costs what it cost before', async () => {
  const world = await worlds.open();
  await publish(world, honest);
  const timeOfUpdate = async (): Promise<number> => {
    const cpuTime = startCpuTime();
    await world.reconcile();
    return cpuTime();
  };
  const before = Math.min(await timeOfUpdate(), await timeOfUpdate(), await timeOfUpdate());

  world.clock.advance(7 * dayInMs);
  const addresses = Array.from(
    { length: 80_000 },
    (_, index) => `20.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  );
  world.setSources(hostile(weeklyDocument({ ...honest, [acr]: addresses }), dayOf(world)));
  const { quarantine, warnings } = await world.pull();
  await world.drain();
  const after = Math.min(await timeOfUpdate(), await timeOfUpdate(), await timeOfUpdate());

  expect(warnings).toMatchObject([{ kind: 'tooLarge', tag: acr }]);
  expect(quarantine.map(({ tag }) => tag)).toEqual([acr]);
  expect(prefixesIn(world)).toEqual(honest[acr]);
  expect((await ask(world).get(`feeds/${acr}.txt`)).text).not.toContain('20.0.0.');
  expect(after).toBeLessThan(3 * before + 500);
});

describe('a region that is set to a line of a configuration', () => {
  const line = 'x\nallow 0.0.0.0/0;\nadd acr 0.0.0.0/0\n} data "http" "evil" {';
  const formats = ['text', 'csv', 'nginx', 'ipset', 'terraform', 'haproxy', 'apache', 'nftables', 'iptables', 'json'];

  function withRegion(tag: string): unknown {
    const document = weeklyDocument({ ...honest, Other: ['20.66.0.0/24'] }) as {
      values: { name: string; properties: { region: string } }[];
    };
    for (const value of document.values) if (value.name === tag) value.properties.region = line;
    return document;
  }

  test.each([acr, west, 'Other'])('of %s is in no list, and the tag is in quarantine', async (tag) => {
    const world = await worlds.open();
    await publish(world, { ...honest, Other: ['20.66.0.0/24'] });
    world.clock.advance(7 * dayInMs);
    world.setSources(hostile(withRegion(tag), dayOf(world)));
    const { quarantine, warnings } = await world.pull();
    await world.drain();

    expect(warnings).toMatchObject([{ kind: 'badName', tag }]);
    if (tag !== 'Other') expect(quarantine.map((entry) => entry.tag)).toEqual([tag]);
    const suspicious = `the newest list is suspicious: ${tag}: region: "x`;
    const { problems } = await ask(world).queries.health();
    expect(problems).toEqual(tag === 'Other' ? [] : [expect.stringContaining(suspicious)]);
    expect(prefixesIn(world)).toEqual(honest[acr]);
    const { get } = ask(world);
    for (const format of formats) {
      for (const list of [acr, west, 'Other']) {
        const { text } = await get(`prefixes?tag=${list}&format=${format}`);
        expect({ list, format, text }).toEqual({
          list,
          format,
          text: expect.not.stringMatching(/0\.0\.0\.0\/0|evil/),
        });
      }
    }
  });

  test('a tag that was not known before is left out', async () => {
    const world = await worlds.open();
    const named = { ...honest, [`${acr}\nallow 0.0.0.0/0;`]: ['20.66.0.0/24'] };
    world.setSources(hostile(weeklyDocument(named), dayOf(world)));
    await world.pull();

    const { text } = await ask(world).get('tags');
    expect(text).not.toContain('0.0.0.0/0');
  });
});

test('a list that stands still for months: degraded, said with its age, and every list carries x-stale', async () => {
  const world = await worlds.open();
  const file = source(honest, { name: 'file:ServiceTags_Public_20260105.json', date: dayOf(world) });
  world.setSources(file);
  await world.pull();
  await world.drain();
  expect((await ask(world).queries.health()).status).toBe('healthy');

  for (const days of [20, 40, 120, 240]) {
    world.clock.advance(days * dayInMs);
    await world.pull();
    await world.drain();
  }

  const { queries, get } = ask(world);
  expect(await queries.health()).toMatchObject({
    status: 'degraded',
    snapshot: { released: '2026-01-05', age: 'released 5 Jan 2026, fetched just now', ageHours: (420 + 0.5) * 24 },
    problems: [expect.stringContaining('the list is old: released 5 Jan 2026, fetched just now. ')],
  });
  for (const target of [`feeds/${acr}.txt`, 'prefixes?format=nginx', 'lookup?ip=20.61.97.1']) {
    const { status, headers } = await get(target);
    expect({ target, status, stale: headers['x-stale'] }).toEqual({ target, status: 200, stale: 'true' });
  }
  expect(prefixesIn(world)).toEqual(honest[acr]);
});
