import { describe, expect, test } from '@jest/globals';
import { AddressSpace } from '../../../src/core/history/addressSpace.ts';
import { parsePrefix } from '../../../src/core/prefixes.ts';

const spaceOf = (...prefixes: string[]) => new AddressSpace(prefixes.map(parsePrefix));
/** The intervals as prefixes. */
const cut = (...prefixes: string[]) => {
  const space = spaceOf(...prefixes);
  return space.intervals.map((_, index) => space.prefixesOf([index]).join(' + '));
};

describe('the addresses of some prefixes are cut', () => {
  test.each<[string, string[], string[]]>([
    [
      'at the borders of a nested prefix',
      ['20.1.0.0/22', '20.1.1.0/24'],
      ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/23'],
    ],
    ['where one ends and the next begins', ['20.1.1.0/24', '20.1.0.0/24'], ['20.1.0.0/24', '20.1.1.0/24']],
    ['with a gap between them', ['20.1.0.0/24', '20.1.2.0/24', '20.1.0.0/24'], ['20.1.0.0/24', '20.1.2.0/24']],
    [
      'each family by itself',
      ['::ff00:0/112', '255.0.0.0/16', '255.0.1.0/24'],
      [
        '255.0.0.0/24',
        '255.0.1.0/24',
        '255.0.2.0/23 + 255.0.4.0/22 + 255.0.8.0/21 + 255.0.16.0/20 + 255.0.32.0/19 + 255.0.64.0/18 + 255.0.128.0/17',
        '::ff00:0/112',
      ],
    ],
    ['not at all, of no prefix', [], []],
  ])('%s', (_, prefixes, intervals) => {
    expect(cut(...prefixes)).toEqual(intervals);
  });
});

describe('the intervals of a range', () => {
  // 0: 20.1.0.0/24, 1: 20.1.1.0/24, 2: 20.1.4.0/24, 3: ::1401:0/120, 4: 2603:1030::/112
  const space = spaceOf('20.1.0.0/24', '20.1.1.0/24', '20.1.4.0/24', '::1401:0/120', '2603:1030::/112');

  test.each<[string, number[]]>([
    ['20.1.0.0/16', [0, 1, 2]],
    ['20.1.0.255/32', [0]],
    ['20.1.1.0/32', [1]],
    ['20.1.1.255/32', [1]],
    ['20.1.2.0/23', []],
    ['20.1.4.0/32', [2]],
    ['20.0.0.0/16', []],
    ['::1401:0/112', [3]],
    ['2603:1030::/32', [4]],
    ['2603::/64', []],
    ['::/0', [3, 4]],
  ])('%s', (prefix, intervals) => {
    expect(space.intervalsOf(parsePrefix(prefix))).toEqual(intervals);
  });

  test('are found among many of the other family', () => {
    const ipv6 = ['2603:1030::/112', '2603:1040::/112', '2603:1050::/112'];
    const ipv4 = ['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/24'];

    expect(spaceOf('20.1.0.0/24', ...ipv6).intervalsOf(parsePrefix('20.0.0.0/8'))).toEqual([0]);
    expect(spaceOf(...ipv4, '2603:1030::/112').intervalsOf(parsePrefix('2603::/16'))).toEqual([3]);
  });

  test('have a part in it', () => {
    const [whole, inner] = [parsePrefix('20.1.0.0/24'), parsePrefix('20.1.0.64/26')];
    const { family, start, end } = inner;

    expect(space.clip(0, inner)).toEqual({ family, start, end });
    expect(spaceOf('20.1.0.64/26').clip(0, whole)).toEqual({ family, start, end });
  });

  test('have IPv4 addresses that are counted', () => {
    expect(space.countAddresses([0, 2, 4])).toBe(512);
  });

  test('that does not exist are refused', () => {
    expect(() => space.at(5)).toThrow(new RangeError('there is no interval 5'));
  });
});

test('an interval is adjacent to the one before if nothing is between them and both are of one family', () => {
  const space = spaceOf('20.1.0.0/24', '20.1.1.0/24', '20.1.3.0/24', '255.255.255.0/24', '::1:0:0/112');

  expect([1, 2, 3, 4].map((index) => space.isAdjacent(index))).toEqual([true, false, false, false]);
});
