import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildLookupIndex } from '../../../src/core/serviceTags/lookupIndex.ts';
import { parsePrefix, sortPrefixes } from '../../../src/core/prefixes.ts';
import type { ServiceTagsDocument } from '../../../src/core/serviceTags/serviceTags.ts';

function documentOf(tags: Readonly<Record<string, readonly string[]>>): ServiceTagsDocument {
  const values = Object.entries(tags).map(([name, prefixes]) => ({
    name,
    region: name.split('.')[1]?.toLowerCase() ?? '',
    systemService: name.split('.')[0] ?? '',
    changeNumber: 1,
    addressPrefixes: sortPrefixes(prefixes),
  }));
  return { cloud: 'Public', changeNumber: 1, values };
}

const index = buildLookupIndex(
  documentOf({
    AzureContainerRegistry: ['20.42.66.0/23', '2603:1030:20e:3::480/122'],
    'AzureContainerRegistry.EastUS': ['20.42.66.0/24'],
    'AzureCloud.eastus': ['20.42.0.0/17', '2603:1030:20e::/48'],
    Everything: ['0.0.0.0/0'],
    Host: ['20.42.66.7/32', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', '::/128'],
  }),
);

const found = (ip: string): string[] | undefined => index.find(ip)?.map((match) => `${match.tag} ${match.prefix}`);

describe('find', () => {
  test('every match of an address, most specific first', () => {
    expect(found('20.42.66.7')).toEqual([
      'Host 20.42.66.7/32',
      'AzureContainerRegistry.EastUS 20.42.66.0/24',
      'AzureContainerRegistry 20.42.66.0/23',
      'AzureCloud.eastus 20.42.0.0/17',
      'Everything 0.0.0.0/0',
    ]);
  });

  test('says tag, region, service and prefix', () => {
    expect(index.find('20.42.66.1')?.[0]).toEqual({
      tag: 'AzureContainerRegistry.EastUS',
      region: 'eastus',
      systemService: 'AzureContainerRegistry',
      prefix: '20.42.66.0/24',
    });
  });

  test.each([
    [
      '2603:1030:20e:3::4bf',
      ['AzureContainerRegistry 2603:1030:20e:3::480/122', 'AzureCloud.eastus 2603:1030:20e::/48'],
    ],
    [
      '2603:1030:020E:0003:0:0:0:0480',
      ['AzureContainerRegistry 2603:1030:20e:3::480/122', 'AzureCloud.eastus 2603:1030:20e::/48'],
    ],
    ['2603:1030:20e:3::4c0', ['AzureCloud.eastus 2603:1030:20e::/48']],
    ['2603:1030:20f::', []],
    ['::', ['Host ::/128']],
    ['::1', []],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['Host ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128']],
    ['255.255.255.255', ['Everything 0.0.0.0/0']],
  ])('%s', (ip, matches) => {
    expect(found(ip)).toEqual(matches);
  });

  test('an IPv4-mapped IPv6 address is the IPv4 address', () => {
    expect(found('::ffff:20.42.67.9')).toEqual(found('20.42.67.9'));
    expect(found('::ffff:142a:4309')).toEqual(found('20.42.67.9'));
    expect(found('::ffff:20.42.66.0/120')).toEqual(found('20.42.66.0/24'));
  });

  test('a CIDR matches the prefixes that contain all of it', () => {
    expect(found('20.42.66.0/23')).toEqual([
      'AzureContainerRegistry 20.42.66.0/23',
      'AzureCloud.eastus 20.42.0.0/17',
      'Everything 0.0.0.0/0',
    ]);
    expect(found('20.42.66.0/22')).toEqual(['AzureCloud.eastus 20.42.0.0/17', 'Everything 0.0.0.0/0']);
    expect(found('2603:1030::/32')).toEqual([]);
  });

  test('host bits of a CIDR do not matter', () => {
    expect(found('20.42.66.9/24')).toEqual(found('20.42.66.0/24'));
  });

  test.each([
    '',
    'x',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    '1.2.3.4/01',
    '1.2.3.4/8/8',
    ':::',
    'fe80::1%eth0',
    '::/129',
    ' 1.2.3.4',
    '1.2.3.4\n',
  ])('%j is no address', (text) => {
    expect(index.find(text)).toBeUndefined();
  });
});

describe('against a plain search of every prefix', () => {
  const ipv4 = fc
    .tuple(fc.constantFrom(0, 10, 20, 255), fc.constantFrom(0, 42, 128), fc.nat(3), fc.nat(255), fc.nat(32))
    .map(([a, b, c, d, length]) => `${a}.${b}.${c}.${d}/${length}`);
  const ipv6 = fc
    .tuple(
      fc.constantFrom('2603', '2001', '0', 'ffff'),
      fc.constantFrom('1030', 'db8', '0'),
      fc.nat(3),
      fc.nat(65535),
      fc.nat(128),
    )
    .map(([a, b, c, d, length]) => `${a}:${b}:${c.toString(16)}::${d.toString(16)}/${length}`);
  const cidr = fc.oneof(ipv4, ipv6);

  test('the same prefixes, the narrowest first', () => {
    fc.assert(
      fc.property(
        fc.array(cidr, { maxLength: 40 }),
        fc.array(cidr, { minLength: 1, maxLength: 20 }),
        (prefixes, queries) => {
          const built = buildLookupIndex(documentOf({ Tag: prefixes }));
          const all = sortPrefixes(prefixes).map(parsePrefix);
          for (const text of queries) {
            const query = parsePrefix(text);
            const expected = all
              .filter(
                (prefix) => prefix.family === query.family && prefix.start <= query.start && query.end <= prefix.end,
              )
              .sort((a, b) => b.length - a.length)
              .map((prefix) => prefix.text);
            expect(built.find(text)?.map((match) => match.prefix)).toEqual(expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
