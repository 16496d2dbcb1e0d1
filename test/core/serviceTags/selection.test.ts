import { describe, expect, test } from '@jest/globals';
import { includesAll, sameAddresses } from '../../../src/core/prefixes.ts';
import { knownRegions } from '../../../src/core/serviceTags/regions.ts';
import { selectPrefixes, type SelectionRequest } from '../../../src/core/serviceTags/selection.ts';
import { documentOf } from '../sampleDocuments.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../realFiles.ts';

const document = documentOf(
  {
    AzureContainerRegistry: ['192.0.2.0/25', '192.0.2.128/28', '2001:db8::/64'],
    'AzureContainerRegistry.EastUS': ['192.0.2.0/26', '192.0.2.0/28', '2001:db8::/122'],
    'AzureContainerRegistry.NorwayEast': ['192.0.2.128/28'],
    'AzureContainerRegistry.WestEurope': ['192.0.2.64/26', '192.0.2.0/26'],
    'AzureContainerRegistry.UKSouth': [],
    'Storage.WestEurope': ['198.51.100.0/24'],
  },
  { 'AzureContainerRegistry.NorwayEast': 'norwaye' },
);

function select(request: Partial<SelectionRequest>): ReturnType<typeof selectPrefixes> {
  return selectPrefixes(document, {
    serviceTag: 'AzureContainerRegistry',
    regions: 'all',
    families: ['ipv4', 'ipv6'],
    ...request,
  });
}

describe('selectPrefixes', () => {
  test('all regions are the tag itself', () => {
    expect(select({})).toEqual({
      tags: ['AzureContainerRegistry'],
      prefixes: ['192.0.2.0/25', '192.0.2.128/28', '2001:db8::/64'],
      nested: [],
      otherFamilies: 0,
      missingTags: [],
      emptyTags: [],
      unknownRegions: [],
    });
  });

  test('regions are joined, what is contained is dropped, the order is by address', () => {
    expect(select({ regions: ['West Europe', 'eastus', 'EastUS', 'norwayeast'] })).toEqual({
      tags: ['AzureContainerRegistry.EastUS', 'AzureContainerRegistry.NorwayEast', 'AzureContainerRegistry.WestEurope'],
      prefixes: ['192.0.2.0/26', '192.0.2.64/26', '192.0.2.128/28', '2001:db8::/122'],
      nested: ['192.0.2.0/28'],
      otherFamilies: 0,
      missingTags: [],
      emptyTags: [],
      unknownRegions: [],
    });
  });

  test.each([
    [['ipv4' as const], ['192.0.2.0/26']],
    [['ipv6' as const], ['2001:db8::/122']],
  ])('only %j', (families, prefixes) => {
    expect(select({ regions: ['eastus'], families }).prefixes).toEqual(prefixes);
  });

  test('a tag of one region by its own name', () => {
    expect(select({ serviceTag: 'Storage.WestEurope' })).toMatchObject({
      tags: ['Storage.WestEurope'],
      prefixes: ['198.51.100.0/24'],
    });
  });

  test('an unknown region names the nearest known ones and leaves the others selected', () => {
    expect(select({ regions: ['eastus', 'westeurop'] })).toMatchObject({
      tags: ['AzureContainerRegistry.EastUS'],
      missingTags: [],
      unknownRegions: [{ region: 'westeurop', nearest: ['westeurope', 'eastus', 'uksouth'] }],
    });
  });

  test("a file's code for a region is not its name", () => {
    expect(select({ regions: ['norwaye'] }).unknownRegions).toEqual([
      { region: 'norwaye', nearest: ['norwayeast', 'eastus', 'uksouth'] },
    ]);
  });

  test('a region that was there before is a missing tag, no mistake', () => {
    expect(select({ regions: ['eastus', 'polandcentral'], everKnownRegions: ['PolandCentral'] })).toMatchObject({
      tags: ['AzureContainerRegistry.EastUS'],
      missingTags: ['AzureContainerRegistry.polandcentral'],
      unknownRegions: [],
    });
  });

  test.each([
    [{ serviceTag: 'AzureKeyVault' }, ['AzureKeyVault']],
    [{ serviceTag: 'AzureKeyVault', regions: ['eastus', 'xyz'] }, ['AzureKeyVault.eastus', 'AzureKeyVault.xyz']],
  ])('a tag that is not there at all: %j', (request, missingTags) => {
    expect(select(request)).toEqual({
      tags: [],
      prefixes: [],
      nested: [],
      otherFamilies: 0,
      missingTags,
      emptyTags: [],
      unknownRegions: [],
    });
  });

  test('an empty tag is named', () => {
    expect(select({ regions: ['uksouth'] })).toMatchObject({
      tags: ['AzureContainerRegistry.UKSouth'],
      prefixes: [],
      emptyTags: ['AzureContainerRegistry.UKSouth'],
    });
  });
});

describe('real files', () => {
  testOnRealFiles.each(realFileNames)('%s: whole tag, every region, and all regions together', (name) => {
    const real = readRealFile(name);
    const regions = knownRegions(real, 'AzureContainerRegistry');
    const families = ['ipv4', 'ipv6'] as const;
    const of = (wanted: 'all' | readonly string[]): ReturnType<typeof selectPrefixes> =>
      selectPrefixes(real, { serviceTag: 'AzureContainerRegistry', regions: wanted, families });

    const whole = of('all');
    const each = regions.map((region) => of([region]));
    const together = of(regions);

    expect(whole).toMatchObject({ missingTags: [], emptyTags: [], unknownRegions: [] });
    expect(each.every((one) => one.tags.length === 1 && one.prefixes.length > 0)).toBe(true);
    expect(together.tags).toHaveLength(regions.length);
    expect(
      sameAddresses(
        together.prefixes,
        each.flatMap((one) => one.prefixes),
      ),
    ).toBe(true);
    expect(includesAll(whole.prefixes, together.prefixes)).toBe(true);
  });

  testOnRealFiles('regional tags that vanished on 2023-01-30 are missing, not unknown', () => {
    const before = readRealFile('ServiceTags_Public_20230123.json');
    const request = {
      serviceTag: 'AzureContainerRegistry',
      regions: ['polandcentral', 'westeurope'],
      families: ['ipv4'],
    } as const;

    const after = selectPrefixes(readRealFile('ServiceTags_Public_20230130.json'), {
      ...request,
      everKnownRegions: knownRegions(before, 'AzureContainerRegistry'),
    });

    expect(selectPrefixes(before, request).missingTags).toEqual([]);
    expect(after).toMatchObject({
      tags: ['AzureContainerRegistry.WestEurope'],
      missingTags: ['AzureContainerRegistry.polandcentral'],
      unknownRegions: [],
    });
  });
});

test('a region that has left the list under its legacy code is missing, and no mistake', () => {
  const document = documentOf({ AzureCloud: ['20.40.0.0/13'], 'AzureCloud.westeurope': ['20.41.0.0/16'] });
  const request = { serviceTag: 'AzureCloud', regions: ['norwayeast'], families: ['ipv4'] } as const;

  expect(selectPrefixes(document, { ...request, everKnownRegions: ['norwaye'] })).toMatchObject({
    missingTags: ['AzureCloud.norwaye'],
    unknownRegions: [],
  });
  expect(selectPrefixes(document, request).unknownRegions).toMatchObject([{ region: 'norwayeast' }]);
});
