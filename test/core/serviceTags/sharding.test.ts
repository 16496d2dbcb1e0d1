import { describe, expect, test } from '@jest/globals';
import { shardIndexOf, shardOf } from '../../../src/core/serviceTags/sharding.ts';

const prefixes = Array.from({ length: 1200 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);

describe('shards', () => {
  test('together they are the list, each prefix once, in order', () => {
    const shards = [1, 2, 3].map((index) => shardOf(prefixes, index, 3));

    expect(shards.flat().sort()).toEqual(prefixes.toSorted());
    expect(shards[1]).toEqual(prefixes.filter((prefix) => shards[1]?.includes(prefix)));
  });

  test('are of about the same size', () => {
    for (const index of [1, 2, 3, 4]) {
      expect(Math.abs(shardOf(prefixes, index, 4).length - 300)).toBeLessThan(60);
    }
  });

  test('a prefix that comes or goes moves no other', () => {
    const before = [1, 2, 3].map((index) => shardOf(prefixes, index, 3));
    const after = [1, 2, 3].map((index) => shardOf([...prefixes.slice(1), '192.0.2.0/24'], index, 3));

    const moved = before.flatMap((shard, index) => shard.filter((prefix) => !after[index]?.includes(prefix)));
    expect(moved).toEqual([prefixes[0]]);
  });

  test('one more shard takes its share and moves nothing between the others', () => {
    const moves = prefixes.filter((prefix) => shardIndexOf(prefix, 3) !== shardIndexOf(prefix, 4));

    expect(moves.every((prefix) => shardIndexOf(prefix, 4) === 4)).toBe(true);
    expect(moves.length).toBeLessThan(prefixes.length / 3);
  });
});
