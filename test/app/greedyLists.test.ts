/** Lists that ask for too much, or take too much away: at once, or a little in every pull. All limits are the defaults. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { countAddresses, isPrefix, ofFamily, parsePrefix, subtractPrefixes } from '../../src/core/prefixes.ts';
import { defaultLimits, type NsgRuleTarget, type RegistryTarget } from '../../src/core/targets/target.ts';
import { call } from './api/call.ts';
import {
  acr,
  dayInMs,
  dayOf,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
  source,
  useWorlds,
  type TagLists,
} from './stories.ts';
import { isFullRun } from '../support/fullRun.ts';

const worlds = useWorlds();
const region = `${acr}.WestEurope`;
const limits = defaultLimits;
const nsg: NsgRuleTarget = hooks({ limits });
const registry: RegistryTarget = prod({ limits });
const hour = dayInMs / 24;
// `npm run test:full` pulls every six hours, takes away one by one, and floods with as many as a tag may have.
const { pullsADay, step, flood } = isFullRun
  ? { pullsADay: 4, step: 1, flood: 48_000 }
  : { pullsADay: 1, step: 8, flood: 2_500 };

const wholeTag = Array.from({ length: 1_086 }, (_, index) => `20.${index >> 7}.${(index & 127) * 2}.0/27`);
const ofRegion = wholeTag.slice(0, 70);
const honest: TagLists = { [acr]: wholeTag, [region]: ofRegion };

async function begin(targets: readonly (NsgRuleTarget | RegistryTarget)[]): Promise<World> {
  const world = await worlds.open({ targets });
  await publish(world, honest);
  return world;
}

async function pull(world: World, afterHours: number, tags: TagLists): Promise<void> {
  world.clock.advance(afterHours * hour);
  world.setSources(source(tags, { date: dayOf(world) }));
  await world.pull();
  await world.drain();
}

async function feed(world: World, tag: string): Promise<string[]> {
  const app = { queries: buildQueries({ ...world.services, maxPullAgeInHours: 1_000_000 }) };
  const { text } = await call(app as Parameters<typeof call>[0], `feeds/${tag}.txt`);
  return text.split('\n').filter(isPrefix);
}

/** Added to the honest list, and how many of it are gone. */
function changeOf(prefixes: readonly string[], before: readonly string[]) {
  const added = subtractPrefixes(prefixes, before);
  return {
    addresses: Number(countAddresses(added, 'ipv4')),
    ipv6: ofFamily(added, 'ipv6').length,
    missing: subtractPrefixes(before, prefixes).length,
    widest: Math.min(32, ...ofFamily(prefixes, 'ipv4').map((prefix) => parsePrefix(prefix).length)),
  };
}

async function outcomeOf(world: World) {
  return {
    nsg: changeOf(prefixesIn(world, nsg), wholeTag),
    feed: changeOf(await feed(world, acr), wholeTag),
    feedOfRegion: changeOf(await feed(world, region), ofRegion),
  };
}

test('16 × /20 more in every pull for seven days, of the whole tag and of a region', async () => {
  const world = await begin([nsg, registry]);
  const more: string[] = [];
  for (let round = 0; round < 7 * pullsADay; round += 1) {
    for (let block = 0; block < 16; block += 1)
      more.push(`${60 + (round >> 4)}.${(round & 15) * 16}.${block * 16}.0/20`);
    await pull(world, 24 / pullsADay, { [acr]: [...wholeTag, ...more], [region]: [...ofRegion, ...more] });
  }

  const outcome = await outcomeOf(world);
  for (const { addresses, missing, widest } of [outcome.nsg, outcome.feed]) {
    expect(addresses).toBeLessThanOrEqual(32_768);
    expect({ missing, isWide: widest < 20 }).toEqual({ missing: 0, isWide: false });
  }
  const inRegistry = changeOf(ipRulesOf(world, registry), ofRegion);
  for (const { addresses, missing, widest } of [inRegistry, outcome.feedOfRegion]) {
    expect(addresses).toBeLessThanOrEqual(4_096);
    expect({ missing, isWide: widest < 20 }).toEqual({ missing: 0, isWide: false });
  }
  for (const { name } of [nsg, registry]) {
    expect((await world.services.states.get(name))?.run.lastResult?.status).toBe('held');
  }
});

test('2,914 prefixes of /112 in one pull', async () => {
  const world = await begin([nsg]);
  const more = Array.from({ length: 2_914 }, (_, index) => `2603:2000:${(index * 2).toString(16)}::/112`);
  await pull(world, 6, { [acr]: [...wholeTag, ...more], [region]: [...ofRegion, ...more] });

  const outcome = await outcomeOf(world);
  expect(outcome.nsg).toMatchObject({ addresses: 0, ipv6: 400, missing: 0 });
  expect(outcome.feed).toMatchObject({ addresses: 0, ipv6: 400, missing: 0 });
  expect(outcome.feedOfRegion).toMatchObject({ addresses: 0, ipv6: 40, missing: 0 });
});

test(`${step} less in every pull for 60 days: 184 of 1,086`, async () => {
  const world = await begin([nsg]);
  for (let gone = step; gone <= 184; gone += step) {
    await pull(world, (60 * 24 * step) / 184, { [acr]: wholeTag.slice(gone), [region]: ofRegion });
  }

  const outcome = await outcomeOf(world);
  // At most ten in any 28 days.
  for (const { missing, addresses } of [outcome.nsg, outcome.feed]) {
    expect(missing).toBeLessThanOrEqual(30);
    expect(addresses).toBe(0);
  }
  const { problems } = await buildQueries({ ...world.services, maxPullAgeInHours: 1_000_000 }).health();
  expect(problems.join('\n')).toContain('approval');
  expect((await world.services.states.get(nsg.name))?.run.lastResult?.status).toBe('held');
});

describe(`${flood} prefixes of /20 in one pull`, () => {
  test('open the budget, and all of it is gone when the honest list is back', async () => {
    const world = await begin([nsg]);
    const more = Array.from({ length: flood }, (_, index) => {
      return `${64 + (index >> 12) * 2}.${(index >> 4) & 255}.${(index & 15) << 4}.0/20`;
    });
    await pull(world, 6, { ...honest, [acr]: [...wholeTag, ...more] });
    const flooded = await outcomeOf(world);
    await pull(world, 24, honest);
    const after = await outcomeOf(world);

    for (const { addresses, missing } of [flooded.nsg, flooded.feed]) {
      expect(addresses).toBeLessThanOrEqual(32_768);
      expect(missing).toBe(0);
    }
    expect(after.nsg).toMatchObject({ addresses: 0, missing: 0 });
    expect(after.feed).toMatchObject({ addresses: 0, missing: 0 });
  });
});
