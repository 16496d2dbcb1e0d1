import { expect, test } from '@jest/globals';
import { andMore, counted } from '../../src/core/words.ts';

test.each([
  [0, 'rule', '0 rules'],
  [1, 'rule', '1 rule'],
  [2, 'rule', '2 rules'],
  [0.5, 'day', '0.5 days'],
  [1, 'IPv6 prefix', '1 IPv6 prefix'],
  [2, 'IPv6 prefix', '2 IPv6 prefixes'],
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
