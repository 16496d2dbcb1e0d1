import { expect, test } from '@jest/globals';
import { agree, andMore, counted, dayInWords, inWords, listed } from '../../src/core/words.ts';

test.each([
  [0, 'rule', '0 rules'],
  [1, 'rule', '1 rule'],
  [2, 'rule', '2 rules'],
  [0.5, 'day', '0.5 days'],
  [1, 'IPv6 prefix', '1 IPv6 prefix'],
  [2, 'IPv6 prefix', '2 IPv6 prefixes'],
  [1, 'address', '1 address'],
  [524_288, 'address', '524,288 addresses'],
  [2n ** 64n, 'address', '18,446,744,073,709,551,616 addresses'],
])('%d %s', (count, noun, text) => {
  expect(counted(count, noun)).toBe(text);
});

test.each([
  [[], 'nothing'],
  [['20.1.0.0/24'], '20.1.0.0/24'],
  [['20.1.0.0/24', '20.2.0.0/24'], '20.1.0.0/24 and 1 more'],
  [['20.1.0.0/24', '20.2.0.0/24', '20.3.0.0/24'], '20.1.0.0/24 and 2 more'],
])('the first of %j', (names, text) => {
  expect(andMore(names)).toBe(text);
});

test('counts, days, verbs and lists as people write them', () => {
  expect(inWords(1_146)).toBe('1,146');
  expect(dayInWords('2026-09-14')).toBe('14 Sep 2026');
  expect(dayInWords('2025-03-03T23:59:59.999Z')).toBe('3 Mar 2025');
  expect([1, 2, 0].map((count) => agree(count, 'is', 'are'))).toEqual(['is', 'are', 'are']);
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c']);
});
