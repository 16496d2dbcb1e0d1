import { describe, expect, test } from '@jest/globals';
import type { SecurityRule } from '@azure/arm-network';
import { describeOwner, parseOwner, toMark } from '../../../src/adapters/arm/nsgRuleMark.ts';
import {
  fingerprintOf,
  maxRulesBeside,
  toCurrentRule,
  toSecurityRule,
} from '../../../src/adapters/arm/nsgRuleModel.ts';
import { orderSteps } from '../../../src/adapters/arm/nsgRuleSteps.ts';
import { ownRulesOf } from '../../../src/core/targets/target.ts';
import { nsgTarget } from './targets.ts';

const owner = 'func-acr-weu';
const target = nsgTarget();
const [ipv4, ipv6] = ownRulesOf(target);

function live(change: Partial<SecurityRule> = {}, prefixes = ['192.0.2.0/24', '198.51.100.0/24']): SecurityRule {
  return { name: ipv4.name, ...toSecurityRule(target, ipv4, prefixes, owner), ...change };
}

describe('the mark', () => {
  test('is read back as it was written', () => {
    const text = describeOwner(owner, target.name);

    expect(text).toBe('acr-address-keeper owner=func-acr-weu target=webhook-receiver');
    expect(parseOwner(text)).toEqual({ ownerId: owner, target: target.name });
  });

  test('fits into a description whatever the owner is, and is still known', () => {
    const longOwner = `${'func app '.repeat(20)}x`;
    const text = describeOwner(longOwner, 't'.repeat(40));

    expect(text.length).toBeLessThanOrEqual(140);
    expect(toMark(text, longOwner)).toBe('ours');
  });

  test.each([
    [undefined, 'unmarked'],
    ['', 'unmarked'],
    ['Allow the webhooks', 'unmarked'],
    ['acr-address-keeper owner=other-app target=webhook-receiver', 'otherOwner'],
    ['acr-address-keeper owner=func-acr-weu target=old-name', 'ours'],
    ['DO NOT EDIT acr-address-keeper owner=func-acr-weu target=webhook-receiver', 'ours'],
  ])('%j: %s', (description, mark) => {
    expect(toMark(description, owner)).toBe(mark);
  });
});

describe('the rule that is put', () => {
  test('inbound: prefixes are the sources, sorted and without overlap, and no field has both forms', () => {
    const rule = toSecurityRule(target, ipv4, ['198.51.100.0/24', '192.0.2.128/25', '192.0.2.0/24'], owner);

    expect(rule).toEqual({
      description: 'acr-address-keeper owner=func-acr-weu target=webhook-receiver',
      protocol: 'Tcp',
      access: 'Allow',
      direction: 'Inbound',
      priority: 300,
      sourcePortRange: '*',
      destinationPortRange: '443',
      sourceAddressPrefixes: ['192.0.2.0/24', '198.51.100.0/24'],
      destinationAddressPrefix: 'VirtualNetwork',
    });
  });

  test('outbound: prefixes are the destinations; several ports are plural', () => {
    const outbound = nsgTarget({}, { direction: 'Outbound', portRanges: ['443', '8443-8444'] });

    expect(toSecurityRule(outbound, ipv6, ['2001:db8::/48'], owner)).toMatchObject({
      direction: 'Outbound',
      priority: 301,
      sourceAddressPrefix: 'VirtualNetwork',
      destinationAddressPrefixes: ['2001:db8::/48'],
      destinationPortRanges: ['443', '8443-8444'],
    });
  });

  test('never holds both families', () => {
    expect(() => toSecurityRule(target, ipv4, ['192.0.2.0/24', '2001:db8::/48'], owner)).toThrow('is not ipv4');
    expect(() => toSecurityRule(target, ipv6, ['192.0.2.0/24'], owner)).toThrow('is not ipv6');
  });
});

describe('the rule as it is', () => {
  test('absent', () => {
    expect(toCurrentRule(target, ipv4, undefined, owner)).toEqual({
      rule: ipv4.name,
      prefixes: [],
      mark: undefined,
      drift: [],
    });
  });

  test('ours as written has no drift', () => {
    expect(toCurrentRule(target, ipv4, live(), owner)).toEqual({
      rule: ipv4.name,
      prefixes: ['192.0.2.0/24', '198.51.100.0/24'],
      mark: 'ours',
      drift: [],
      nonPrefixes: [],
    });
  });

  test.each<[string, Partial<SecurityRule>]>([
    [
      'empty plural beside the singular',
      { destinationAddressPrefixes: [], sourcePortRanges: [], destinationPortRanges: [] },
    ],
    ['empty singular', { sourceAddressPrefix: '' }],
    ['another spelling of the tag and the protocol', { destinationAddressPrefix: 'VIRTUALNETWORK', protocol: 'TCP' }],
    ['one port as a list', { destinationPortRange: '', destinationPortRanges: ['443'] }],
    ['no groups', { sourceApplicationSecurityGroups: [] }],
  ])('no drift: %s', (_, change) => {
    expect(toCurrentRule(target, ipv4, live(change), owner).drift).toEqual([]);
  });

  test.each<[string, Partial<SecurityRule>]>([
    ['priority: 310, wanted 300', { priority: 310 }],
    ['access: Deny, wanted Allow', { access: 'Deny' }],
    ['protocol: *, wanted Tcp', { protocol: '*' }],
    ['ports: 22, 443, wanted 443', { destinationPortRange: '', destinationPortRanges: ['443', '22'] }],
    ['source ports: 1024-65535, wanted *', { sourcePortRange: '1024-65535' }],
    ['destination: *, wanted VirtualNetwork', { destinationAddressPrefix: '*' }],
    ['source: AzureContainerRegistry, wanted address prefixes', { sourceAddressPrefix: 'AzureContainerRegistry' }],
    ['provisioning state: Failed, wanted Succeeded', { provisioningState: 'Failed' }],
    ['source application security groups: 1, wanted 0', { sourceApplicationSecurityGroups: [{ id: '/asg' }] }],
  ])('drift: %s', (text, change) => {
    expect(toCurrentRule(target, ipv4, live(change), owner).drift).toEqual([text]);
  });

  test('a lost or edited description is drift', () => {
    const rule = toCurrentRule(target, ipv4, live({ description: 'mine' }), owner);

    expect(rule.mark).toBe('unmarked');
    expect(rule.drift).toEqual([`description: mine, wanted ${describeOwner(owner, target.name)}`]);
  });

  test('a single prefix in the singular field is read, canonical', () => {
    const rule = live({ sourceAddressPrefix: '192.0.2.7', sourceAddressPrefixes: [] });

    expect(toCurrentRule(target, ipv4, rule, owner).prefixes).toEqual(['192.0.2.7/32']);
  });

  test('spelling and order make no difference, content does', () => {
    const written = fingerprintOf(live({}, ['192.0.2.0/24', '198.51.100.7/32']));

    expect(fingerprintOf(live({ sourceAddressPrefixes: ['198.51.100.7', '192.0.2.0/24'] }))).toBe(written);
    expect(fingerprintOf(live({ sourceAddressPrefixes: ['198.51.100.8', '192.0.2.0/24'] }))).not.toBe(written);
    expect(fingerprintOf(live({ priority: 299 }, ['192.0.2.0/24', '198.51.100.7/32']))).not.toBe(written);
  });
});

test('room is what other rules, of whatever direction, leave of 4,000 on the remote side', () => {
  const others: SecurityRule[] = [
    { sourceAddressPrefixes: ['192.0.2.1', '192.0.2.2'], destinationAddressPrefix: '203.0.113.1' },
    { sourceAddressPrefix: 'VirtualNetwork', destinationAddressPrefixes: [] },
    { sourceAddressPrefix: '2001:db8::/48' },
  ];

  expect(maxRulesBeside(target, others)).toBe(3_996);
  expect(maxRulesBeside(nsgTarget({}, { direction: 'Outbound' }), others)).toBe(3_999);
});

describe('the order of writes', () => {
  const liveIpv6 = (priority: number): SecurityRule => ({
    name: ipv6.name,
    ...toSecurityRule(target, { ...ipv6, priority }, ['2001:db8::/48'], owner),
  });
  const put4 = { rule: ipv4.name, operation: 'put', prefixes: ['192.0.2.0/24'] } as const;
  const put6 = { rule: ipv6.name, operation: 'put', prefixes: ['2001:db8::/48'] } as const;
  const delete6 = { rule: ipv6.name, operation: 'delete', prefixes: [] } as const;

  const told = (rules: SecurityRule[], ...changes: Parameters<typeof orderSteps>[2]) =>
    orderSteps(target, rules, changes, owner).map(({ rule, put }) => [rule, put?.priority]);

  test('puts before deletes', () => {
    expect(told([liveIpv6(301)], delete6, put4)).toEqual([
      [ipv4.name, 300],
      [ipv6.name, undefined],
    ]);
  });

  test('a rule that goes makes room first', () => {
    expect(told([liveIpv6(300)], put4, delete6)).toEqual([
      [ipv6.name, undefined],
      [ipv4.name, 300],
    ]);
  });

  test('a rule that moves away makes room first', () => {
    expect(told([liveIpv6(300)], put4, put6)).toEqual([
      [ipv6.name, 301],
      [ipv4.name, 300],
    ]);
  });

  test('swapped priorities: one steps aside to a free one', () => {
    const rules = [live({ priority: 301 }), liveIpv6(300), { name: 'x', priority: 302, direction: 'Inbound' }];

    const steps = orderSteps(target, rules, [put4, put6], owner);

    expect(steps.map(({ rule, put }) => [rule, put?.priority])).toEqual([
      [ipv6.name, 303],
      [ipv4.name, 300],
      [ipv6.name, 301],
    ]);
    expect(steps[2]?.before).toBe(steps[0]?.after);
  });

  test('a rule of ours in the other direction is not in the way', () => {
    expect(told([{ ...liveIpv6(300), direction: 'Outbound' }], put4, put6).map(([rule]) => rule)).toEqual([
      ipv4.name,
      ipv6.name,
    ]);
  });

  test('a rule without prefixes, or of another name, is never written', () => {
    expect(() => told([], { ...put4, prefixes: [] })).toThrow('without a prefix');
    expect(() => told([], { ...put4, rule: 'AllowAll' })).toThrow('none of its rules');
  });
});
