/** Weeks in which a target could not be looked at, or followed another list: what is remembered of the time before holds. */
import { describe, expect, test } from '@jest/globals';
import { BlobServiceClient } from '@azure/storage-blob';
import type { World } from '../../dev/world.ts';
import { includesAll } from '../../src/core/prefixes.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import {
  acr,
  codesOf,
  dayInMs,
  editIpRules,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
  publishNextWeek,
} from './stories.ts';
import { useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
const hundred = Array.from({ length: 100 }, (_, index) => `20.42.${index}.0/24`);
const most = hundred.slice(0, 99);
const leaver = '20.42.99.0/24';
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });

/** One more each week from the third on; none of them leaves. */
function since3(week: number): string[] {
  return Array.from({ length: week - 2 }, (_, index) => `20.60.${index + 3}.0/24`);
}

/** A prefix that has been gone for a week and a publication. */
async function leave(world: World): Promise<void> {
  await publish(world, list(...hundred), 1);
  await publishNextWeek(world, list(...most), 2);
  await publishNextWeek(world, list(...most, '20.60.3.0/24'), 3);
}

/** Three weeks in which it is listed again, each with something new; then it is gone. */
async function comeAndGo(world: World, eachWeek: () => void = () => undefined): Promise<void> {
  for (const week of [4, 5, 6]) {
    eachWeek();
    await publishNextWeek(world, list(...hundred, ...since3(week)), week);
  }
}

const goneAgain = list(...most, ...since3(6));

async function snapshotOf(world: World, name = 'hooks'): Promise<string> {
  return (await world.services.states.get(name))?.run.lastResult?.snapshot ?? '';
}

describe('a prefix that was listed again in a time in which nobody looked begins its grace anew', () => {
  test('where the target was blocked by its configuration', async () => {
    const world = await worlds.open();
    await leave(world);

    world.setTargets([hooks({ regions: ['westeuope'] })]);
    await comeAndGo(world);
    world.setTargets([hooks()]);
    await publishNextWeek(world, goneAgain, 7);

    expect(prefixesIn(world)).toContain(leaver);
  });

  test('where Azure refused to be read', async () => {
    const world = await worlds.open();
    await leave(world);

    const body = JSON.stringify({
      error: { code: 'AuthorizationFailed', message: 'no authorization to perform read' },
    });
    await comeAndGo(world, () => {
      const answer = { kind: 'raw', status: 403, contentType: 'application/json', body } as const;
      world.simulator.failNext({ method: 'GET', path: /nsg-hooks$/ }, answer);
    });
    const [run] = await publishNextWeek(world, goneAgain, 7);

    expect(prefixesIn(world)).toContain(leaver);
    expect(run?.plan?.remove).not.toContain(leaver);
    expect(run?.plan?.retain).toContain(leaver);
  });

  test('where the target was not in the targets file', async () => {
    const targets = [hooks(), prod({ limits: defaultLimits })];
    const world = await worlds.open({ targets });
    await leave(world);

    world.setTargets([]);
    await comeAndGo(world);
    world.setTargets(targets);
    await publishNextWeek(world, goneAgain, 7);
    await world.reconcile();

    expect(prefixesIn(world)).toContain(leaver);
    expect(includesAll(ipRulesOf(world), [leaver])).toBe(true);

    // It leaves once that grace is over.
    for (const week of [8, 9]) await publishNextWeek(world, list(...most, ...since3(week)), week);
    expect(prefixesIn(world)).not.toContain(leaver);
  });

  test('where it was pinned to an earlier list, under a policy that removes nothing', async () => {
    const world = await worlds.open();
    await leave(world);

    world.setTargets([hooks({ policy: 'addOnly' })]);
    await world.actions.rollbackTarget('hooks', await snapshotOf(world), 'somebody');
    await comeAndGo(world);
    await publishNextWeek(world, goneAgain, 7);
    world.setTargets([hooks()]);
    await world.actions.resumeTarget('hooks', 'somebody');
    await world.drain();

    expect(prefixesIn(world)).toContain(leaver);
  });
});

test('a prefix that was gone all the time goes on with its grace, though weeks were not looked at', async () => {
  const world = await worlds.open();
  await publish(world, list(...hundred), 1);
  await publishNextWeek(world, list(...most), 2);
  world.setTargets([]);
  for (const week of [3, 4]) await publishNextWeek(world, list(...most, `20.60.${week}.0/24`), week);
  world.setTargets([hooks()]);

  await world.reconcile();
  await publishNextWeek(world, list(...most, '20.60.5.0/24'), 5);

  expect(prefixesIn(world)).not.toContain(leaver);
});

test('a rollback takes back what came since, and not what was in its grace then', async () => {
  const world = await worlds.open();
  await publish(world, list(...hundred), 1);
  await publishNextWeek(world, list(...most), 2);
  const second = await snapshotOf(world);
  world.clock.advance(dayInMs);
  await publish(world, list(...most, '20.60.0.0/24'), 3);

  await world.actions.rollbackTarget('hooks', second, 'somebody');
  await world.drain();

  expect(prefixesIn(world)).toContain(leaver);
  expect(prefixesIn(world)).not.toContain('20.60.0.0/24');
});

describe('what maxAddedAddresses holds', () => {
  const first = '20.42.0.0/24';
  const six = Array.from({ length: 6 }, (_, index) => `20.50.${index}.0/24`);
  const narrow = (maxAddedAddresses = 256) => ({ limits: { ...defaultLimits, maxAddedAddresses } });

  test('stays held where its tag is away for a list', async () => {
    const world = await worlds.open({ targets: [prod(narrow())] });
    await publish(world, list(first), 1);
    await publishNextWeek(world, list(first, ...six), 2);
    const before = ipRulesOf(world);

    await publishNextWeek(world, { Storage: ['20.60.0.0/24'], [acr]: [first, ...six] }, 3);
    await world.reconcile();
    await publishNextWeek(world, list(first, ...six), 4);

    expect(before).toHaveLength(2);
    expect(ipRulesOf(world)).toEqual(before);
  });

  test('stays held where the state is lost', async () => {
    const connectionString = worlds.freshConnectionString();
    const world = await worlds.open({ connectionString, targets: [hooks(narrow())] });
    await publish(world, list(first), 1);
    await publishNextWeek(world, list(first, ...six), 2);
    const before = prefixesIn(world);
    const targets = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');
    await targets.getBlockBlobClient('state/hooks.json').delete();

    const [run] = await world.reconcile();

    expect(codesOf(run)).toEqual(expect.arrayContaining(['recovered', 'maxAddedAddresses']));
    expect(prefixesIn(world)).toEqual(before);
  });

  test('goes in where the limit is raised', async () => {
    const world = await worlds.open({ targets: [hooks(narrow())] });
    await publish(world, list(first), 1);
    await publishNextWeek(world, list(first, ...six), 2);

    world.setTargets([hooks(narrow(1_000_000))]);
    const [run] = await world.reconcile();

    expect(run?.outcome).toBe('applied');
    expect(prefixesIn(world)).toHaveLength(7);
  });

  test('stays held and is said, though another list has room', async () => {
    const world = await worlds.open({ targets: [hooks(narrow(512))] });
    await publish(world, list(first), 1);
    await publishNextWeek(world, list(first, ...six.slice(0, 3)), 2);

    const [run] = await publishNextWeek(world, list(first, ...six.slice(0, 3), '20.60.0.0/24'), 3);

    const reason = run?.reasons.find(({ code }) => code === 'maxAddedAddresses');
    expect(reason?.message).toMatch(
      / \(512 addresses, .*\) are more than maxAddedAddresses has room for: it allows 512 /,
    );
  });
});

test('an approval holds until what it was given for is done, where it had no room', async () => {
  const full = prod({ capacity: { maxRules: 4, fit: 'exact', maxExtraAddresses: 0 } });
  const world = await worlds.open({ targets: [full] });
  const theirs = '203.0.113.0/24';
  editIpRules(world, () => [theirs]);
  const three = ['20.44.0.0/24', '20.44.2.0/24', '20.44.4.0/24'];
  await publish(world, list(...three), 1);
  await publishNextWeek(world, list(...three, '20.64.0.0/16'), 2);

  await world.actions.approvePlan('prod', (await world.actions.planTarget('prod')).id, 'somebody');
  const again = await world.actions.planTarget('prod');
  editIpRules(world, (rules) => rules.filter((rule) => rule !== theirs));
  await world.reconcile();

  expect(again.reasons.map(({ code }) => code)).toEqual(['fit', 'foreignRules']);
  expect(ipRulesOf(world)).toContain('20.64.0.0/16');
});

describe.each(['hooks', 'prod'] as const)('a lost state lets no hold lapse: %s', (name) => {
  const [first, ...three] = ['20.50.0.0/24', '20.51.0.0/24', '20.52.0.0/24', '20.53.0.0/24'] as const;
  const limits = { ...defaultLimits, maxAddedAddresses: 512 };
  const live = (world: World) => (name === 'hooks' ? prefixesIn(world) : ipRulesOf(world));

  test('after a record without a plan, and while the tag is missing from one list and comes back with the same', async () => {
    const connectionString = worlds.freshConnectionString();
    const world = await worlds.open({
      connectionString,
      targets: [name === 'hooks' ? hooks({ limits }) : prod({ limits })],
    });
    await publish(world, list(first));
    await publishNextWeek(world, list(first, ...three), 2);
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');
    const loseState = () => container.getBlockBlobClient(`state/${name}.json`).delete();
    const before = live(world);
    expect(before).toHaveLength(3);

    await world.actions.pauseTarget(name, 'operator');
    await loseState();
    await world.reconcile();
    await world.actions.resumeTarget(name, 'operator');
    await world.reconcile();
    expect(live(world)).toEqual(before);

    await publishNextWeek(world, { Storage: ['20.60.0.0/24'] }, 3);
    await loseState();
    await world.reconcile();
    await publishNextWeek(world, list(first, ...three), 4);
    await world.reconcile();
    expect(live(world)).toEqual(before);
  });
});
