import { expect, test } from '@jest/globals';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, editIpRules, ipRulesOf, prod, publish, publishNextWeek, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();

test('an address of ours that somebody let in as well: ours goes with the list, theirs stays, and is never ours', async () => {
  const target = prod({ limits: openLimits, regions: 'all' });
  const world = await worlds.open({ targets: [target] });
  const kept = '20.42.66.0/24';
  const without: TagLists = { [acr]: [kept] };
  const listed: TagLists = { [acr]: [kept, '40.74.100.7/32'] };
  const owned = async () =>
    (await world.services.states.get(target.name))?.ownership.prefixes.map(({ prefix }) => prefix);
  await publish(world, listed);
  editIpRules(world, (rules) => [...rules, '40.74.100.7'], target);

  await publishNextWeek(world, without, 2);

  expect(ipRulesOf(world, target)).toEqual([kept, '40.74.100.7']);
  expect(await owned()).toEqual([kept]);

  await publishNextWeek(world, listed, 3);
  await publishNextWeek(world, without, 4);

  expect(ipRulesOf(world, target)).toEqual([kept, '40.74.100.7']);
  expect(await owned()).toEqual([kept]);
});
