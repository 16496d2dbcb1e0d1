import { describe, expect, test } from '@jest/globals';
import {
  findTag,
  knownRegions,
  matchRegion,
  normalizeRegion,
  regionalTags,
  regionOfTag,
} from '../../../src/core/serviceTags/regions.ts';
import { documentOf } from '../sampleDocuments.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../realFiles.ts';

const document = documentOf(
  {
    AzureContainerRegistry: ['192.0.2.0/24'],
    'AzureContainerRegistry.NorwayEast': ['192.0.2.0/28'],
    'AzureContainerRegistry.WestEurope': ['192.0.2.16/28'],
    'AzureCloud.norwaye': ['198.51.100.0/24'],
    AzureMonitor: ['203.0.113.0/24'],
    'AzureMonitor.Core': ['203.0.113.0/28'],
    'AzureMonitor.WestEurope': ['203.0.113.16/28'],
  },
  { 'AzureContainerRegistry.NorwayEast': 'norwaye', 'AzureMonitor.Core': '' },
);

describe('normalizeRegion', () => {
  test.each([
    ['West Europe', 'westeurope'],
    ['westEurope', 'westeurope'],
    [' East US 2 ', 'eastus2'],
  ])('%j is %s', (text, expected) => expect(normalizeRegion(text)).toBe(expected));
});

describe('matchRegion', () => {
  test.each([
    ['AzureContainerRegistry', 'norwayeast', 'AzureContainerRegistry.NorwayEast'],
    ['AzureContainerRegistry', 'Norway East', 'AzureContainerRegistry.NorwayEast'],
    ['AzureContainerRegistry', 'norwaye', undefined],
    ['azurecontainerregistry', 'westeurope', 'AzureContainerRegistry.WestEurope'],
    ['AzureCloud', 'norwaye', 'AzureCloud.norwaye'],
    ['AzureCloud', 'norwayeast', 'AzureCloud.norwaye'],
    ['AzureCloud', 'Norway East', 'AzureCloud.norwaye'],
    ['AzureCloud', 'westeurope', undefined],
    ['AzureMonitor', 'norwayeast', undefined],
  ])('%s in %s', (tag, region, expected) => expect(matchRegion(document, tag, region)?.name).toBe(expected));
});

test('known regions are the suffixes, without the parts that have no region', () => {
  expect(knownRegions(document, 'AzureContainerRegistry')).toEqual(['norwayeast', 'westeurope']);
  expect(knownRegions(document, 'azuremonitor')).toEqual(['westeurope']);
  expect(knownRegions(document, 'Azure')).toEqual([]);
});

test('the region of a tag', () => {
  expect(document.values.map(regionOfTag)).toEqual([
    'norwaye',
    undefined,
    'norwayeast',
    'westeurope',
    undefined,
    undefined,
    'westeurope',
  ]);
  expect(findTag(document, 'azuremonitor.core')?.name).toBe('AzureMonitor.Core');
});

describe('real files', () => {
  testOnRealFiles.each(realFileNames)('%s: every regional tag is found by its suffix in lower case', (name) => {
    const real = readRealFile(name);
    const regional = real.values.filter((tag) => tag.name.startsWith('AzureContainerRegistry.'));

    const found = regional.map((tag) =>
      matchRegion(real, 'AzureContainerRegistry', tag.name.split('.')[1]!.toLowerCase()),
    );

    expect(regional.length).toBeGreaterThan(3);
    expect(found).toEqual(regional);
    expect(knownRegions(real, 'AzureContainerRegistry')).toHaveLength(regional.length);
  });

  testOnRealFiles.each(realFileNames)('%s: AzureCloud is found by the location of every ACR region', (name) => {
    const real = readRealFile(name);
    const cloud = new Set(regionalTags(real, 'AzureCloud').map((tag) => tag.region));
    const shared = regionalTags(real, 'AzureContainerRegistry').filter((tag) => cloud.has(tag.region));

    for (const tag of shared) {
      expect(matchRegion(real, 'AzureCloud', regionOfTag(tag) ?? '')).toMatchObject({ region: tag.region });
    }
    expect(shared.length).toBeGreaterThan(3);
  });

  testOnRealFiles('norwayeast is found although the file calls its region norwaye', () => {
    const tag = matchRegion(readRealFile('ServiceTags_Public_20250303.json'), 'AzureContainerRegistry', 'norwayeast');

    expect(tag).toMatchObject({ name: 'AzureContainerRegistry.NorwayEast', region: 'norwaye' });
    expect(tag?.addressPrefixes.length).toBeGreaterThan(0);
  });
});
