import { describe, expect, test } from '@jest/globals';
import { removalExcess } from '../../src/core/removalLimit.ts';

const [a, b] = ['20.1.0.0/24', '20.1.1.0/24'] as const;

describe('removalExcess', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => `20.1.${index}.0/24`);
  const v6 = ['2603:1030::/120', '2603:1030::100/120'];

  test.each<[string, readonly string[], readonly string[], number, number, string | undefined]>([
    ['nothing', [], hundred, 0, 0, undefined],
    ['2 of 100, limit 2 %', hundred.slice(0, 2), hundred, 10, 2, undefined],
    [
      '3 of 100, limit 2 %',
      hundred.slice(0, 3),
      hundred,
      10,
      2,
      '3 of 100 prefixes, 3.0 % of the IPv4 prefixes (limits: 10 prefixes, 2 %)',
    ],
    ['10 of 100, limit 10', hundred.slice(0, 10), hundred, 10, 100, undefined],
    [
      '11 of 100, limit 10',
      hundred.slice(0, 11),
      hundred,
      10,
      100,
      '11 of 100 prefixes, 11.0 % of the IPv4 prefixes (limits: 10 prefixes, 100 %)',
    ],
    [
      'one of a small list',
      [a],
      [a, b],
      10,
      2,
      '1 of 2 prefixes, 50.0 % of the IPv4 prefixes (limits: 10 prefixes, 2 %)',
    ],
    [
      'one half of a prefix counts as a prefix',
      ['20.1.0.0/25'],
      [a, b],
      0,
      100,
      '1 of 2 prefixes, 50.0 % of the IPv4 prefixes (limits: 0 prefixes, 100 %)',
    ],
    [
      'one wide prefix beside many small ones counts by its addresses',
      ['20.8.0.0/16'],
      ['20.8.0.0/16', ...hundred],
      10,
      20,
      '1 of 101 prefixes, 71.9 % of the IPv4 addresses (limits: 10 prefixes, 20 %)',
    ],
    [
      'many small ones beside a wide one count by their number',
      hundred.slice(0, 50),
      ['20.8.0.0/13', ...hundred],
      100,
      20,
      '50 of 101 prefixes, 49.5 % of the IPv4 prefixes (limits: 100 prefixes, 20 %)',
    ],
    [
      'half of IPv6 is not hidden by much IPv4',
      v6.slice(1),
      [...hundred, ...v6],
      10,
      20,
      '1 of 102 prefixes, 50.0 % of the IPv6 prefixes (limits: 10 prefixes, 20 %)',
    ],
    [
      'parts of one merged prefix count by their addresses',
      ['20.1.0.0/17'],
      ['20.1.0.0/16'],
      10,
      20,
      '1 of 1 prefix, 100.0 % of the IPv4 prefixes (limits: 10 prefixes, 20 %)',
    ],
    ['what is not ours does not count', ['20.99.0.0/16', a], hundred, 10, 2, undefined],
  ])('%s', (_, removed, from, maxRemovedCount, maxRemovedPercent, expected) => {
    const excess = removalExcess(removed, from, { maxRemovedCount, maxRemovedPercent });

    expect(excess).toBe(expected);
  });
});
