import { describe, expect, test } from '@jest/globals';
import { CoverSearch, coverPrefixes, type CoverBounds } from '../../../src/core/plan/supernet.ts';

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
});

describe('CoverSearch', () => {
  test('what waits is no extra address: a rule that holds it takes it in', () => {
    const search = new CoverSearch(['20.1.2.0/26', '20.1.2.64/26', '20.1.2.128/26', '20.1.2.192/26'], 1, any);

    expect(search.require(['20.1.2.0/26', '20.1.2.192/26'], 0)).toBe(true);
    expect(search.cover).toEqual({ prefixes: ['20.1.2.0/24'], extraAddresses: 0 });
  });

  test('no more rules than the fewest addresses take', () => {
    const given = ['20.1.2.0/25', '20.1.2.128/25', '20.9.0.0/24'];
    const search = new CoverSearch(given, 5, any);

    expect(search.require(given, 0)).toBe(true);
    expect(search.cover).toEqual({ prefixes: ['20.1.2.0/24', '20.9.0.0/24'], extraAddresses: 0 });
  });

  test('parts of a listed prefix are no extra addresses; those beside it are', () => {
    const bounds = { widest: 0, listed: ['20.1.2.0/24'] };
    const inside = new CoverSearch(['20.1.2.64/26', '20.1.2.192/26'], 1, bounds);
    const behind = new CoverSearch(['20.1.3.0/26', '20.1.3.128/26'], 1, bounds);

    expect(inside.require(['20.1.2.64/26', '20.1.2.192/26'], 0)).toBe(true);
    expect(behind.require(['20.1.3.0/26', '20.1.3.128/26'], 255)).toBe(false);
    expect(behind.require(['20.1.3.0/26', '20.1.3.128/26'], 256)).toBe(true);
  });

  test('a part within a listed prefix costs nothing, wherever it begins', () => {
    const search = new CoverSearch(['20.1.2.128/26', '20.1.2.192/26'], 1, { widest: 0, listed: ['20.1.2.0/24'] });

    expect(search.require(['20.1.2.128/26', '20.1.2.192/26'], 0)).toBe(true);
    expect(search.cover.prefixes).toEqual(['20.1.2.128/25']);
  });

  test('no rule goes over an address that is barred, not even over its first or last one', () => {
    const given = ['20.1.2.64/26', '20.1.2.128/26'];
    const coverBeside = (barred: string) => fitPrefixes(given, 1, Infinity, { widest: 0, barred: [barred] })?.prefixes;

    expect(coverBeside('20.1.2.0/32')).toBeUndefined();
    expect(coverBeside('20.1.2.255/32')).toBeUndefined();
    expect(coverBeside('20.1.1.255/32')).toEqual(['20.1.2.0/24']);
    expect(coverBeside('20.1.3.0/32')).toEqual(['20.1.2.0/24']);
  });

  test.each([
    ['nothing', [], []],
    ['what is on the left', ['20.1.2.0/32', '20.1.2.2/32'], ['20.1.2.0/32', '20.1.2.2/32']],
    ['what is on the right', ['20.9.0.0/32', '20.9.0.2/32'], ['20.9.0.0/32', '20.9.0.2/32']],
  ])('covers only what is required: %s', (_, required, expected) => {
    const given = ['20.1.2.0/32', '20.1.2.2/32', '20.9.0.0/32', '20.9.0.2/32'];
    const search = new CoverSearch(given, 2, any);

    expect(search.require(required, 0)).toBe(true);
    expect(search.cover).toEqual({ prefixes: expected, extraAddresses: 0 });
  });

  test('what is required twice is required once', () => {
    const search = new CoverSearch(['20.1.2.0/26', '20.1.2.192/26'], 1, any);

    expect(search.require(['20.1.2.0/26', '20.1.2.0/26'], 0)).toBe(true);
    expect(search.require(['20.1.2.192/26', '20.1.2.192/26'], 127)).toBe(false);
    expect(search.cover).toEqual({ prefixes: ['20.1.2.0/26'], extraAddresses: 0 });
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
