/** The covers of the search against brute force, at any width, and with the real tag. */
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

function fitPrefixes(prefixes: readonly string[], maxRules: number, maxExtraAddresses: number) {
  return coverPrefixes(prefixes, maxRules, maxExtraAddresses, any);
}

describe('coverPrefixes', () => {
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
