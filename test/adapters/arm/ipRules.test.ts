import { describe, expect, test } from '@jest/globals';
import type { IPRule } from '@azure/arm-containerregistry';
import { mergeIpRules, sameRuleSet, toRuleSet } from '../../../src/adapters/arm/ipRules.ts';

const allow = (value: string): IPRule => ({ action: 'Allow', iPAddressOrRange: value });

describe('merging IP rules', () => {
  test('foreign rules stay to the letter and in place', () => {
    const live = [allow('203.0.113.9'), allow('192.0.2.0/25'), allow('203.0.113.8/32'), allow('not an address')];

    expect(mergeIpRules(live, ['198.51.100.0/24'], ['192.0.2.0/25'])).toEqual([
      allow('203.0.113.9'),
      allow('203.0.113.8/32'),
      allow('not an address'),
      allow('198.51.100.0/24'),
    ]);
  });

  test('ours that stay keep place and spelling', () => {
    const live = [allow('192.0.2.1'), allow('203.0.113.9')];

    expect(mergeIpRules(live, ['192.0.2.1/32', '198.51.100.0/24'], ['192.0.2.1/32'])).toEqual([
      allow('192.0.2.1'),
      allow('203.0.113.9'),
      allow('198.51.100.0/24'),
    ]);
  });

  test('an address that somebody else let in is not added again, in whatever spelling', () => {
    expect(mergeIpRules([allow('192.0.2.1')], ['192.0.2.1/32'], [])).toEqual([allow('192.0.2.1')]);
  });

  test('claimed but not there yet', () => {
    expect(mergeIpRules([], ['192.0.2.0/24'], ['192.0.2.0/24'])).toEqual([allow('192.0.2.0/24')]);
  });

  test('nothing of ours is left', () => {
    expect(mergeIpRules([allow('192.0.2.0/24'), allow('203.0.113.9')], [], ['192.0.2.0/24'])).toEqual([
      allow('203.0.113.9'),
    ]);
  });

  test.each([
    ['ours behind', ['192.0.2.7', '192.0.2.7/32'], ['192.0.2.7']],
    ['ours before', ['192.0.2.7/32', '192.0.2.7'], ['192.0.2.7']],
    ['none spelt as ours', ['192.0.2.7', '192.0.2.7'], ['192.0.2.7']],
    ['both spelt as ours', ['192.0.2.7/32', '192.0.2.7/32'], ['192.0.2.7/32']],
    ['ours alone, spelt otherwise', ['192.0.2.7'], []],
  ])('of an address that stands there twice one goes: %s', (_, live, left) => {
    const others = [allow('203.0.113.9'), allow('198.51.100.0/24')];

    expect(
      mergeIpRules([...live.map(allow), ...others], ['198.51.100.0/24'], ['192.0.2.7/32', '198.51.100.0/24']),
    ).toEqual([...left.map(allow), ...others]);
  });

  test('of an address that stands there twice and stays both stay', () => {
    const live = [allow('192.0.2.7'), allow('192.0.2.7/32')];

    expect(mergeIpRules(live, ['192.0.2.7/32'], ['192.0.2.7/32'])).toEqual(live);
  });

  test('IPv6 is refused', () => {
    expect(() => mergeIpRules([], ['2001:db8::/48'], [])).toThrow('IPv4 rules only');
  });
});

test('rule sets are the same by address, whatever the order', () => {
  const a = { defaultAction: 'Deny', ipRules: [allow('192.0.2.1'), allow('198.51.100.0/24')] };

  expect(sameRuleSet(a, { ...a, ipRules: [allow('198.51.100.0/24'), allow('192.0.2.1/32')] })).toBe(true);
  expect(sameRuleSet(a, { ...a, defaultAction: 'Allow' })).toBe(false);
  expect(sameRuleSet(a, { ...a, ipRules: [allow('192.0.2.1')] })).toBe(false);
});

test('a registry without a rule set lets in everybody', () => {
  expect(toRuleSet({ location: 'westeurope', sku: { name: 'Premium' } })).toEqual({
    defaultAction: 'Allow',
    ipRules: [],
  });
});
