import { describe, expect, test } from '@jest/globals';
import { nearestNames } from '../../src/core/nearest.ts';

describe('nearestNames', () => {
  test.each([
    ['westeurop', ['eastus', 'northeurope', 'westeurope'], 1, ['westeurope']],
    ['EASTUS', ['WestUS', 'EastUS2', 'EastUS'], 2, ['EastUS', 'EastUS2']],
    ['b', ['c', 'a'], 2, ['a', 'c']],
    ['a', ['b', 'b'], 3, ['b']],
    ['a', [], 3, []],
  ])('%s among %j', (name, candidates, max, expected) => {
    expect(nearestNames(name, candidates, max)).toEqual(expected);
  });

  test('three unless said otherwise', () => {
    expect(nearestNames('x', ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c']);
  });
});
