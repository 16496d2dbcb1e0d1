import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CoverSearch, coverPrefixes, type CoverBounds } from '../../../src/core/plan/supernet.ts';
import {
  countAddresses,
  includesAll,
  dropContained,
  mergePrefixes,
  ofFamily,
  sortPrefixes,
} from '../../../src/core/prefixes.ts';
import { findTag } from '../../../src/core/serviceTags/regions.ts';
import { readRealFile, testOnRealFiles } from '../realFiles.ts';

const any: CoverBounds = { widest: 0 };

function fitPrefixes(prefixes: readonly string[], maxRules: number, maxExtraAddresses: number, bounds = any) {
  return coverPrefixes(prefixes, maxRules, maxExtraAddresses, bounds);
}

describe('coverPrefixes', () => {
  test.each([
    ['as listed', ['20.1.2.128/25', '20.1.2.0/25'], 2, 0, ['20.1.2.0/25', '20.1.2.128/25'], 0],
    ['merged without loss', ['20.1.2.128/25', '20.1.2.0/25'], 1, 0, ['20.1.2.0/24'], 0],
    ['contained ones cost nothing', ['20.1.2.0/24', '20.1.2.7/32'], 1, 0, ['20.1.2.0/24'], 0],
    ['nothing to fit', [], 0, 0, [], 0],
    ['a supernet', ['20.1.2.0/26', '20.1.2.128/25'], 1, 64, ['20.1.2.0/24'], 64],
    [
      'the cheaper pair is joined',
      ['20.1.2.0/32', '20.1.2.2/32', '20.9.100.0/25', '20.9.100.192/26'],
      3,
      10,
      ['20.1.2.0/30', '20.9.100.0/25', '20.9.100.192/26'],
      2,
    ],
    [
      'as wide as can be without special-purpose addresses',
      ['64.0.0.0/8', '95.0.0.0/8'],
      1,
      2 ** 32,
      ['64.0.0.0/3'],
      2 ** 29 - 2 ** 25,
    ],
  ])('%s', (_, prefixes, maxRules, maxExtraAddresses, expected, extraAddresses) => {
    expect(fitPrefixes(prefixes, maxRules, maxExtraAddresses)).toEqual({ prefixes: expected, extraAddresses });
  });

  test.each([
    ['exact: not one address more', ['20.1.2.0/32', '20.1.2.2/32'], 1, 0],
    ['one address too many', ['20.1.2.0/26', '20.1.2.128/25'], 1, 63],
    ['no room at all', ['20.1.2.0/25', '20.1.2.128/25'], 0, 1000],
  ])('does not fit: %s', (_, prefixes, maxRules, maxExtraAddresses) => {
    expect(fitPrefixes(prefixes, maxRules, maxExtraAddresses)).toBeUndefined();
  });

  describe('with prefixes that may not be used', () => {
    const listed = ['20.1.2.0/26', '20.1.2.128/26', '20.9.100.0/25', '20.9.100.192/26'];

    test('goes round them, at the price of more addresses', () => {
      expect(fitPrefixes(listed, 3, 1000)?.prefixes).toEqual(['20.1.2.0/26', '20.1.2.128/26', '20.9.100.0/24']);
      expect(fitPrefixes(listed, 3, 1000, { widest: 0, taken: ['20.9.100.0/24'] })).toEqual({
        prefixes: ['20.1.2.0/24', '20.9.100.0/25', '20.9.100.192/26'],
        extraAddresses: 128,
      });
    });

    test('fits nothing where there is no way round, however many addresses it may take', () => {
      expect(fitPrefixes(listed, 1, Infinity, { widest: 25 })).toBeUndefined();
      expect(fitPrefixes(listed, 2, Infinity, { widest: 24, barred: ['20.9.100.130/32'] })).toBeUndefined();
      expect(fitPrefixes(['192.0.1.0/24', '192.0.3.0/24'], 1, Infinity)).toBeUndefined();
    });

    test('takes what is given as it is', () => {
      expect(fitPrefixes(listed, 4, 0, { widest: 32, barred: listed, taken: listed })?.prefixes).toEqual(listed);
    });
  });

  test('IPv6 is refused', () => {
    expect(() => fitPrefixes(['2001:db8::/64', '2001:db8:1::/64'], 1, 0)).toThrow('only IPv4 prefixes are fitted');
  });

  test('is the best of all covers: brute force over sixteen addresses', () => {
    const addresses = fc.subarray([...Array(16).keys()], { minLength: 1 });
    fc.assert(
      fc.property(addresses, fc.integer({ min: 1, max: 8 }), (hosts, maxRules) => {
        const prefixes = hosts.map((host) => `20.1.2.${host}/32`);

        const fit = fitPrefixes(prefixes, maxRules, 16);

        if (!fit) throw new Error('a supernet always fits');
        expect(fit.extraAddresses).toBe(fewestExtra(new Set(hosts), maxRules));
        expect(fit.prefixes.length).toBeLessThanOrEqual(maxRules);
        expect(includesAll(fit.prefixes, prefixes)).toBe(true);
        expect(Number(countAddresses(fit.prefixes, 'ipv4')) - hosts.length).toBe(fit.extraAddresses);
        expect(dropContained(fit.prefixes)).toEqual(fit.prefixes);
        expect(fitPrefixes([...prefixes].reverse(), maxRules, 16)).toEqual(fit);
      }),
      { numRuns: 500 },
    );
  });

  test('more room never costs more, and the extra addresses are counted right, at any width', () => {
    const prefix = fc
      // Without special-purpose addresses: 64.0.0.0 to 95.255.255.255.
      .tuple(fc.integer({ min: 2 ** 30, max: 2 ** 30 + 2 ** 29 - 1 }), fc.integer({ min: 8, max: 32 }))
      .map(([address, length]) => {
        const start = Math.floor(address / 2 ** (32 - length)) * 2 ** (32 - length);
        return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${length}`;
      });
    fc.assert(
      fc.property(fc.array(prefix, { minLength: 1, maxLength: 40 }), (prefixes) => {
        const listed = countAddresses(prefixes, 'ipv4');
        let previous = Infinity;
        for (const maxRules of [1, 2, 3, 5, 8, 13, 21, 34, 55]) {
          const fit = fitPrefixes(prefixes, maxRules, 2 ** 32);
          if (!fit) throw new Error('a supernet always fits');
          expect(fit.prefixes).toEqual(sortPrefixes(fit.prefixes));
          expect(fit.prefixes.length).toBeLessThanOrEqual(maxRules);
          expect(includesAll(fit.prefixes, prefixes)).toBe(true);
          expect(countAddresses(fit.prefixes, 'ipv4') - listed).toBe(BigInt(fit.extraAddresses));
          expect(fit.extraAddresses).toBeLessThanOrEqual(previous);
          previous = fit.extraAddresses;
        }
        expect(previous).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  testOnRealFiles('the whole tag of 2025-03-03 into quotas', () => {
    const tag = findTag(readRealFile('ServiceTags_Public_20250303.json'), 'AzureContainerRegistry')!;
    const ipv4 = ofFamily(tag.addressPrefixes, 'ipv4');

    const extra = [600, 400, 300, 200, 150, 100, 50].map((maxRules) => {
      const fit = fitPrefixes(ipv4, maxRules, Infinity);
      if (!fit) throw new Error('a supernet always fits');
      expect(fit.prefixes).toHaveLength(Math.min(maxRules, ipv4.length));
      expect(includesAll(fit.prefixes, ipv4)).toBe(true);
      expect(countAddresses(fit.prefixes, 'ipv4') - countAddresses(ipv4, 'ipv4')).toBe(BigInt(fit.extraAddresses));
      return fit.extraAddresses;
    });

    expect(mergePrefixes(ipv4)).toHaveLength(561);
    expect(extra).toEqual([0, 110_688, 313_952, 1_726_488, 4_644_344, 12_917_480, 37_134_560]);
  });
});

describe('CoverSearch', () => {
  const host = fc.integer({ min: 0, max: 63 }).map((last) => `20.1.2.${last}/32`);

  test('takes one prefix after the other as if each had a search of its own', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.uniqueArray(host, { minLength: 4, maxLength: 14 }), fc.nat({ max: 20 }), (given, most) => {
        const search = new CoverSearch(given, 2, { widest: 26 });
        const taken: string[] = [];
        for (const prefix of given) {
          const isTaken = search.require([prefix], most);
          const alone = new CoverSearch(given, 2, { widest: 26 });

          expect(alone.require([...taken, prefix], most)).toBe(isTaken);
          if (isTaken) taken.push(prefix);
          else refused += 1;
          expect(includesAll(search.cover.prefixes, taken)).toBe(true);
          expect(search.cover.prefixes.length).toBeLessThanOrEqual(2);
          expect(search.extraAddresses).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(300);
  });

  test('what waits is no extra address: a rule that holds it takes it in', () => {
    const search = new CoverSearch(['20.1.2.0/26', '20.1.2.64/26', '20.1.2.128/26', '20.1.2.192/26'], 1, any);

    expect(search.require(['20.1.2.0/26', '20.1.2.192/26'], 0)).toBe(true);
    expect(search.cover).toEqual({ prefixes: ['20.1.2.0/24'], extraAddresses: 0 });
  });

  test('after a refusal all is as before', () => {
    const search = new CoverSearch(['20.1.2.0/26', '20.1.2.192/26'], 1, any);

    expect(search.require(['20.1.2.0/26'], 0)).toBe(true);
    expect(search.require(['20.1.2.192/26'], 127)).toBe(false);
    expect(search.cover).toEqual({ prefixes: ['20.1.2.0/26'], extraAddresses: 0 });
    expect(search.require(['20.1.2.192/26'], 128)).toBe(true);
  });

  test('without a rule nothing is covered', () => {
    expect(new CoverSearch(['20.1.2.0/26'], 0, any).require(['20.1.2.0/26'], Infinity)).toBe(false);
    expect(new CoverSearch([], 0, any).require([], 0)).toBe(true);
    expect(new CoverSearch([], 0, any).cover).toEqual({ prefixes: [], extraAddresses: 0 });
  });

  test('of other prefixes it knows nothing', () => {
    expect(() => new CoverSearch(['20.1.2.0/26'], 1, any).require(['20.1.3.0/26'], 0)).toThrow(
      '20.1.3.0/26 is not among the prefixes to cover',
    );
  });
});

/** Every set of prefixes of a sixteen-address space that covers the hosts, tried by recursion over halves. */
function fewestExtra(hosts: ReadonlySet<number>, maxRules: number, start = 0, size = 16): number {
  const inside = [...hosts].filter((host) => host >= start && host < start + size).length;
  if (inside === 0) return 0;
  if (maxRules === 0) return Infinity;
  let best = size - inside;
  if (size === 1) return best;
  for (let toLeft = 0; toLeft <= maxRules; toLeft += 1) {
    best = Math.min(
      best,
      fewestExtra(hosts, toLeft, start, size / 2) + fewestExtra(hosts, maxRules - toLeft, start + size / 2, size / 2),
    );
  }
  return best;
}
