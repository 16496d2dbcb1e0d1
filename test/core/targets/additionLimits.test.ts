import { describe, expect, test } from '@jest/globals';
import { additionLimitsOf, defaultAdditionLimits } from '../../../src/core/targets/additionLimits.ts';

const acr = 'AzureContainerRegistry';
const regionsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `${acr}.Region${index}`);

describe('what may be new where the targets file says nothing', () => {
  test.each<[string, readonly string[], readonly string[], number, number]>([
    ['the whole registry tag', [acr], ['20.0.0.0/8'], 32_768, 400],
    ['in any letter case', ['azurecontainerregistry'], ['20.0.0.0/8'], 32_768, 400],
    ['one of its regions', [`${acr}.WestEurope`], ['20.0.0.0/8'], 4_096, 40],
    ['three of its regions', regionsOf(3), ['20.0.0.0/8'], 12_288, 120],
    ['more regions than a whole tag', regionsOf(60), ['20.0.0.0/8'], 32_768, 400],
    ['no tag that is known', [], [], 32_768, 400],
    ['another small tag', ['Storage'], ['20.0.0.0/24'], 32_768, 400],
    ['another large tag: a tenth of its addresses', ['Storage'], ['20.0.0.0/8', '2603:1030::/40'], 1_677_722, 400],
    ['a tag whose name only begins the same', ['AzureContainerRegistryX'], ['20.0.0.0/8'], 1_677_722, 400],
    ['a region of another tag', ['Storage.WestUS'], ['20.0.0.0/24'], 4_096, 40],
  ])('%s', (_, tags, listed, maxAddedAddresses, maxAddedPrefixes) => {
    expect(defaultAdditionLimits(tags, listed)).toEqual({ maxAddedAddresses, maxAddedPrefixes });
  });

  test('another tag of many prefixes: a tenth of them', () => {
    const listed = Array.from({ length: 5_001 }, (_, index) => `20.${index >> 8}.${index & 255}.0/26`);

    expect(defaultAdditionLimits(['AzureCloud'], listed)).toEqual({ maxAddedAddresses: 32_768, maxAddedPrefixes: 501 });
  });
});

test('what the targets file says holds, each for itself', () => {
  expect(additionLimitsOf({ maxAddedAddresses: 0 }, [acr], [])).toEqual({
    maxAddedAddresses: 0,
    maxAddedPrefixes: 400,
  });
  expect(additionLimitsOf({ maxAddedPrefixes: 7 }, [acr], [])).toEqual({
    maxAddedAddresses: 32_768,
    maxAddedPrefixes: 7,
  });
});
