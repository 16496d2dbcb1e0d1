/** A lost state lets no hold lapse: what is too much follows from the history of the tag and the approvals. */
import { BlobServiceClient } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import {
  acr,
  hooks,
  ipRulesOf,
  prefixesIn,
  prod,
  publish,
  publishNextWeek,
  useWorlds,
  type TagLists,
} from './stories.ts';

const worlds = useWorlds();
const [first, ...three] = ['20.50.0.0/24', '20.51.0.0/24', '20.52.0.0/24', '20.53.0.0/24'] as const;
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const limits = { ...defaultLimits, maxAddedAddresses: 512 };

describe.each(['hooks', 'prod'])('%s', (name) => {
  const live = (world: World) => (name === 'hooks' ? prefixesIn(world) : ipRulesOf(world));

  async function holding() {
    const connectionString = worlds.freshConnectionString();
    const target = name === 'hooks' ? hooks({ limits }) : prod({ limits });
    const world = await worlds.open({ connectionString, targets: [target] });
    await publish(world, list(first));
    await publishNextWeek(world, list(first, ...three), 2);
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');
    const loseState = () => container.getBlockBlobClient(`state/${name}.json`).delete();
    const before = live(world);
    expect(before).toHaveLength(3);
    return { world, before, loseState };
  }

  test('after a record without a plan: a pause', async () => {
    const { world, before, loseState } = await holding();
    await world.actions.pauseTarget(name, 'operator');
    await loseState();
    await world.reconcile();
    await world.actions.resumeTarget(name, 'operator');
    await world.reconcile();

    expect(live(world)).toEqual(before);
  });

  test('while the tag is missing from one list, and comes back with the same', async () => {
    const { world, before, loseState } = await holding();
    await publishNextWeek(world, { Storage: ['20.60.0.0/24'] }, 3);
    await loseState();
    await world.reconcile();
    await publishNextWeek(world, list(first, ...three), 4);
    await world.reconcile();

    expect(live(world)).toEqual(before);
  });
});
