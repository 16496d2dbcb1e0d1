import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitPrefixes } from '../../../src/core/plan/fit.ts';
import {
  countAddresses,
  coversAll,
  dropContained,
  mergePrefixes,
  ofFamily,
  sortPrefixes,
} from '../../../src/core/prefixes.ts';
import { findTag } from '../../../src/core/serviceTags/regions.ts';
import { readRealFile, testOnRealFiles } from '../realFiles.ts';

describe('fitPrefixes', () => {
  test.each([
    ['as listed', ['192.0.2.128/25', '192.0.2.0/25'], 2, 0, ['192.0.2.0/25', '192.0.2.128/25'], 0],
    ['merged without loss', ['192.0.2.128/25', '192.0.2.0/25'], 1, 0, ['192.0.2.0/24'], 0],
    ['contained ones cost nothing', ['192.0.2.0/24', '192.0.2.7/32'], 1, 0, ['192.0.2.0/24'], 0],
    ['nothing to fit', [], 0, 0, [], 0],
    ['a supernet', ['192.0.2.0/26', '192.0.2.128/25'], 1, 64, ['192.0.2.0/24'], 64],
    [
      'the cheaper pair is joined',
      ['192.0.2.0/32', '192.0.2.2/32', '198.51.100.0/25', '198.51.100.192/26'],
      3,
      10,
      ['192.0.2.0/30', '198.51.100.0/25', '198.51.100.192/26'],
      2,
    ],
    ['up to the whole space', ['1.0.0.0/8', '224.0.0.0/8'], 1, 2 ** 32, ['0.0.0.0/0'], 2 ** 32 - 2 ** 25],
  ])('%s', (_, prefixes, maxRules, maxExtraAddresses, expected, extraAddresses) => {
    expect(fitPrefixes(prefixes, maxRules, maxExtraAddresses)).toEqual({ prefixes: expected, extraAddresses });
  });

  test.each([
    ['exact: not one address more', ['192.0.2.0/32', '192.0.2.2/32'], 1, 0],
    ['one address too many', ['192.0.2.0/26', '192.0.2.128/25'], 1, 63],
    ['no room at all', ['192.0.2.0/25', '192.0.2.128/25'], 0, 1000],
  ])('does not fit: %s', (_, prefixes, maxRules, maxExtraAddresses) => {
    expect(fitPrefixes(prefixes, maxRules, maxExtraAddresses)).toBeUndefined();
  });

  describe('with prefixes that may not be used', () => {
    const listed = ['192.0.2.0/26', '192.0.2.128/26', '198.51.100.0/25', '198.51.100.192/26'];

    test('goes round them, at the price of more addresses', () => {
      const notThat = (prefix: string): boolean => prefix !== '198.51.100.0/24';

      expect(fitPrefixes(listed, 3, 1000)?.prefixes).toEqual(['192.0.2.0/26', '192.0.2.128/26', '198.51.100.0/24']);
      expect(fitPrefixes(listed, 3, 1000, notThat)).toEqual({
        prefixes: ['192.0.2.0/24', '198.51.100.0/25', '198.51.100.192/26'],
        extraAddresses: 128,
      });
    });

    test('fits nothing where there is no way round, however many addresses it may take', () => {
      expect(fitPrefixes(listed, 1, Infinity, () => false)).toBeUndefined();
    });

    test('takes what is given as it is', () => {
      expect(fitPrefixes(listed, 4, 0, () => false)?.prefixes).toEqual(listed);
    });
  });

  test('IPv6 is refused', () => {
    expect(() => fitPrefixes(['2001:db8::/64', '2001:db8:1::/64'], 1, 0)).toThrow('only IPv4 prefixes are fitted');
  });

  test('is the best of all covers: brute force over sixteen addresses', () => {
    const addresses = fc.subarray([...Array(16).keys()], { minLength: 1 });
    fc.assert(
      fc.property(addresses, fc.integer({ min: 1, max: 8 }), (hosts, maxRules) => {
        const prefixes = hosts.map((host) => `192.0.2.${host}/32`);

        const fit = fitPrefixes(prefixes, maxRules, 16);

        if (!fit) throw new Error('a supernet always fits');
        expect(fit.extraAddresses).toBe(fewestExtra(new Set(hosts), maxRules));
        expect(fit.prefixes.length).toBeLessThanOrEqual(maxRules);
        expect(coversAll(fit.prefixes, prefixes)).toBe(true);
        expect(Number(countAddresses(fit.prefixes, 'ipv4')) - hosts.length).toBe(fit.extraAddresses);
        expect(dropContained(fit.prefixes)).toEqual(fit.prefixes);
        expect(fitPrefixes([...prefixes].reverse(), maxRules, 16)).toEqual(fit);
      }),
      { numRuns: 2000 },
    );
  });

  test('more room never costs more, and the extra addresses are counted right, at any width', () => {
    const prefix = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 32 }))
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
          expect(coversAll(fit.prefixes, prefixes)).toBe(true);
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
      expect(coversAll(fit.prefixes, ipv4)).toBe(true);
      expect(countAddresses(fit.prefixes, 'ipv4') - countAddresses(ipv4, 'ipv4')).toBe(BigInt(fit.extraAddresses));
      return fit.extraAddresses;
    });

    expect(mergePrefixes(ipv4)).toHaveLength(561);
    expect(extra).toEqual([0, 110_688, 313_952, 1_726_488, 4_644_344, 12_917_480, 37_134_560]);
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
