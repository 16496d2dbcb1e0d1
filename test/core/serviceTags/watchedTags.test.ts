import { describe, expect, test } from '@jest/globals';
import type { ServiceTagsDocument } from '../../../src/core/serviceTags/serviceTags.ts';
import type { RegionSelector } from '../../../src/core/targets/target.ts';
import { concerns, isFollowed, watchedTags } from '../../../src/core/serviceTags/watchedTags.ts';
import { nsgTarget } from '../plan/planFixtures.ts';

const ofRegistry = { ofRegistry: '/subscriptions/x/registries/prod' };

describe('concerns', () => {
  test.each<[RegionSelector, string, boolean]>([
    ['all', 'AzureContainerRegistry', true],
    ['all', 'azurecontainerregistry', true],
    ['all', 'AzureContainerRegistry.WestEurope', false],
    ['all', 'Storage', false],
    [['westeurope'], 'AzureContainerRegistry.WestEurope', true],
    [['eastus', 'West Europe'], 'azurecontainerregistry.westeurope', true],
    [['westeurope'], 'AzureContainerRegistry.WestEurope2', false],
    [['westeurope2'], 'AzureContainerRegistry.WestEurope', false],
    [['westeurope'], 'AzureContainerRegistry', false],
    [['westeurope'], 'Storage.WestEurope', false],
    [['westeurope'], 'AzureContainerRegistryXwesteurope', false],
    [ofRegistry, 'AzureContainerRegistry.WestEurope', true],
    [ofRegistry, 'AzureContainerRegistry', false],
    [ofRegistry, 'Storage.WestEurope', false],
  ])('regions %j and %s: %s', (regions, tag, expected) => {
    expect(concerns(nsgTarget({ regions }), tag)).toBe(expected);
  });
});

test.each([
  ['AzureContainerRegistry', [], true],
  ['azurecontainerregistry.westeurope', [], true],
  ['Storage', [], false],
  ['Storage', [nsgTarget({ serviceTag: 'Sql' }), nsgTarget({ serviceTag: 'Storage' })], true],
  ['Storage', [nsgTarget({ serviceTag: 'Sql' })], false],
])('%s is followed, or not', (tag, targets, expected) => {
  expect(isFollowed(tag, targets)).toBe(expected);
});

describe('watchedTags', () => {
  const values = [
    { name: 'Storage', region: '' },
    { name: 'Storage.WestEurope', region: 'westeurope' },
    { name: 'AzureContainerRegistry.WestEurope', region: 'westeurope' },
    { name: 'AzureContainerRegistry.NorwayEast', region: 'norwaye' },
    { name: 'AzureContainerRegistry', region: '' },
  ];
  const document = { cloud: 'Public', changeNumber: 1, values } as unknown as ServiceTagsDocument;

  test.each<[string, Parameters<typeof nsgTarget>[0][], readonly string[]]>([
    ['no target', [], ['AzureContainerRegistry']],
    ['the whole tag', [{}], ['AzureContainerRegistry']],
    [
      'a region, by its ARM location',
      [{ regions: ['norwayeast'] }],
      ['AzureContainerRegistry', 'AzureContainerRegistry.NorwayEast'],
    ],
    [
      'the regions of a registry: any',
      [{ regions: ofRegistry }],
      ['AzureContainerRegistry', 'AzureContainerRegistry.NorwayEast', 'AzureContainerRegistry.WestEurope'],
    ],
    [
      'another tag, and twice the same',
      [{ serviceTag: 'storage' }, { serviceTag: 'STORAGE' }],
      ['AzureContainerRegistry', 'Storage'],
    ],
    ['a tag that the document has not', [{ serviceTag: 'Sql' }], ['AzureContainerRegistry']],
  ])('%s', (_, targets, expected) => {
    expect(watchedTags(document, targets.map(nsgTarget))).toEqual(expected);
  });

  test('the ACR tag as the document spells it; by its usual name if the document lacks it', () => {
    const spelled = { values: [{ name: 'azurecontainerregistry', region: '' }] } as unknown as ServiceTagsDocument;

    expect(watchedTags(spelled, [])).toEqual(['azurecontainerregistry']);
    expect(watchedTags({ ...document, values: [] }, [])).toEqual(['AzureContainerRegistry']);
  });
});

test('a region is its tag, whatever the tag calls it: AzureCloud has legacy codes', () => {
  const target = nsgTarget({ serviceTag: 'AzureCloud', regions: ['norwayeast', 'westeurope'] });

  expect(
    ['AzureCloud.norwaye', 'AzureCloud.NorwayEast', 'AzureCloud.westeurope'].map((tag) => concerns(target, tag)),
  ).toEqual([true, true, true]);
  expect(['AzureCloud.norwayw', 'AzureCloud'].map((tag) => concerns(target, tag))).toEqual([false, false]);
});
