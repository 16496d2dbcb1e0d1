import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { RuleProperties } from '../../../dev/simulator/ruleShape.ts';
import type { Simulator } from '../../../dev/simulator/simulator.ts';
import { call, networkClient, nsgId, ruleProperties, sdkRule, startOpenSimulator } from './support.ts';

let simulator: Simulator;
const rulePath = `${nsgId}/securityRules/AllowAcr`;

beforeAll(async () => {
  simulator = await startOpenSimulator();
  simulator.putNsg({
    id: nsgId,
    securityRules: [{ name: 'Taken', properties: ruleProperties({ priority: 100 }) }],
  });
  simulator.setServiceTags('*', {
    changeNumber: 1,
    cloud: 'Public',
    values: [
      {
        name: 'AzureContainerRegistry.WestEurope',
        id: 'AzureContainerRegistry.WestEurope',
        properties: { changeNumber: 1, addressPrefixes: ['192.0.2.0/24'] },
      },
    ],
  });
});

afterAll(() => simulator.stop());

function put(properties: unknown, path = rulePath) {
  return call(simulator.url, 'PUT', path, { properties });
}

const sources = (...sourceAddressPrefixes: string[]) => ruleProperties({ sourceAddressPrefixes });

const single = (sourceAddressPrefix: string) =>
  ({ ...ruleProperties(), sourceAddressPrefixes: [], sourceAddressPrefix }) satisfies RuleProperties;

function without(...names: (keyof RuleProperties)[]): Partial<RuleProperties> {
  return Object.fromEntries(
    Object.entries(ruleProperties()).filter(([name]) => !names.includes(name as keyof RuleProperties)),
  );
}

describe('a rule that is refused changes nothing, and the code says why', () => {
  test.each<[string, string, unknown]>([
    ['no protocol', 'InvalidRequestFormat', without('protocol')],
    ['no access', 'InvalidRequestFormat', without('access')],
    ['no direction', 'InvalidRequestFormat', without('direction')],
    ['no priority, which reads as 0', 'SecurityRuleInvalidPriority', without('priority')],
    ['priority 99', 'SecurityRuleInvalidPriority', ruleProperties({ priority: 99 })],
    ['priority 4097', 'SecurityRuleInvalidPriority', ruleProperties({ priority: 4097 })],
    ['half a priority', 'SecurityRuleInvalidPriority', ruleProperties({ priority: 300.5 })],
    ['priority as text', 'InvalidRequestFormat', { ...ruleProperties(), priority: '300' }],
    ['priority and direction of another rule', 'SecurityRuleConflict', ruleProperties({ priority: 100 })],
    ['an unknown protocol', 'InvalidRequestFormat', ruleProperties({ protocol: 'Sctp' })],
    ['an unknown property', 'InvalidRequestFormat', { ...ruleProperties(), sourceAddresses: [] }],
    ['the read-only state', 'InvalidRequestFormat', { ...ruleProperties(), provisioningState: 'Succeeded' }],
    [
      'prefixes that are no list',
      'InvalidRequestFormat',
      { ...ruleProperties(), sourceAddressPrefixes: '192.0.2.0/24' },
    ],
    ['no source at all', 'SecurityRuleParametersMissing', without('sourceAddressPrefixes')],
    ['an empty list of sources', 'SecurityRuleParametersMissing', sources()],
    ['no destination at all', 'SecurityRuleParametersMissing', without('destinationAddressPrefix')],
    ['no destination port', 'SecurityRuleParametersMissing', without('destinationPortRange')],
    ['singular and plural', 'SecurityRuleParametersConflict', { ...ruleProperties(), sourceAddressPrefix: '*' }],
    [
      'a list beside an application security group',
      'SecurityRuleParametersConflict',
      ruleProperties({ sourceApplicationSecurityGroups: [{ id: '/subscriptions/s/asg' }] }),
    ],
    [
      'a description of 141 characters',
      'SecurityRuleDescriptionTooLong',
      ruleProperties({ description: 'x'.repeat(141) }),
    ],
    [
      'both families in one list',
      'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      sources('192.0.2.0/24', '2001:db8::/32'),
    ],
    [
      'one family on each side',
      'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      { ...sources('2001:db8::/32'), destinationAddressPrefix: '192.0.2.0/24' },
    ],
    [
      'a range inside another',
      'OverlappingSubnetsNotPermittedInSecurityRule',
      sources('192.0.2.0/24', '192.0.2.128/25'),
    ],
    ['the same range twice', 'OverlappingSubnetsNotPermittedInSecurityRule', sources('192.0.2.0/24', '192.0.2.0/24')],
    ['the same address twice', 'OverlappingSubnetsNotPermittedInSecurityRule', sources('192.0.2.7', '192.0.2.7/32')],
    ['an address inside a range', 'OverlappingSubnetsNotPermittedInSecurityRule', sources('192.0.2.7', '192.0.2.0/24')],
    ['overlapping IPv6', 'OverlappingSubnetsNotPermittedInSecurityRule', sources('2001:db8::/32', '2001:db8:1::/48')],
    ['host bits', 'SecurityRuleInvalidAddressPrefix', sources('192.0.2.68/27')],
    ['host bits in IPv6', 'SecurityRuleInvalidAddressPrefix', sources('2001:db8::1/64')],
    ['host bits in the singular field', 'SecurityRuleInvalidAddressPrefix', single('192.0.2.68/27')],
    ['an impossible address', 'SecurityRuleInvalidAddressPrefix', sources('300.1.2.0/24')],
    ['an impossible length', 'SecurityRuleInvalidAddressPrefix', sources('192.0.2.0/33')],
    ['three parts', 'SecurityRuleInvalidAddressPrefix', sources('192.0.2/24')],
    ['a list joined by commas', 'SecurityRuleInvalidAddressPrefix', single('192.0.2.0/24,198.51.100.0/24')],
    ['a tag that does not exist', 'SecurityRuleInvalidAddressPrefix', single('AzureCloud.norwayeast')],
    [
      'a tag in the list',
      'SecurityRuleParameterContainsUnsupportedValue',
      sources('AzureContainerRegistry.WestEurope'),
    ],
    ['VirtualNetwork in the list', 'SecurityRuleParameterContainsUnsupportedValue', sources('VirtualNetwork')],
    ['* in the list', 'SecurityRuleParameterContainsUnsupportedValue', sources('*')],
    ['a port that is none', 'SecurityRuleInvalidPortRange', ruleProperties({ destinationPortRange: '80,443' })],
    ['a port out of range', 'SecurityRuleInvalidPortRange', ruleProperties({ destinationPortRange: '65536' })],
    [
      'any port in the list',
      'SecurityRuleInvalidPortRange',
      { ...without('destinationPortRange'), destinationPortRanges: ['*'] },
    ],
    ['a port range backwards', 'SecurityRuleInvalidPortRange', ruleProperties({ destinationPortRange: '443-80' })],
  ])('%s: %s', async (_title, code, properties) => {
    const before = simulator.snapshotState();

    const answer = await put(properties);

    expect(answer).toMatchObject({ status: 400, code });
    expect(simulator.snapshotState()).toEqual(before);
  });

  test.each(['-starts', 'ends-', 'has space', 'x'.repeat(81), 'slash%2Fed'])('the name %s', async (name) => {
    const answer = await put(ruleProperties(), `${nsgId}/securityRules/${encodeURIComponent(name)}`);

    expect(answer).toMatchObject({ status: 400, code: 'InvalidResourceName' });
  });

  test('an etag in the body', async () => {
    const answer = await call(simulator.url, 'PUT', rulePath, { etag: 'W/"1"', properties: ruleProperties() });

    expect(answer.code).toBe('InvalidRequestFormat');
    expect(answer.details[0]?.message).toContain("'etag'");
  });

  test.each([['[]'], ['"text"'], ['{}']])('the body %s', async (body) => {
    expect(await call(simulator.url, 'PUT', rulePath, body)).toMatchObject({
      status: 400,
      code: 'InvalidRequestFormat',
    });
  });

  test('the client throws with the same code', async () => {
    const rule = sdkRule({ sourceAddressPrefixes: ['192.0.2.0/24', '2001:db8::/32'] });

    await expect(
      networkClient(simulator.url).securityRules.createOrUpdate('rg-hooks', 'nsg-hooks', 'AllowAcr', rule),
    ).rejects.toMatchObject({
      code: 'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      statusCode: 400,
    });
  });
});

describe('a rule that is accepted', () => {
  test.each<[string, Partial<RuleProperties>]>([
    ['the priority of a rule of the other direction', ruleProperties({ priority: 100, direction: 'Outbound' })],
    ['bare addresses beside ranges', sources('192.0.2.1', '198.51.100.0/24', '203.0.113.4/32')],
    ['a tag that exists, in any spelling', single('azurecontainerregistry.westeurope')],
    ['anything', single('*')],
    ['neighbours that touch', sources('192.0.2.0/25', '192.0.2.128/25')],
    ['the same range as another rule', sources('192.0.2.0/24')],
    ['null for the other field', { ...single('*'), sourceAddressPrefixes: null } as unknown as RuleProperties],
    ['140 characters', ruleProperties({ description: 'x'.repeat(140) })],
    ['port lists', { ...without('destinationPortRange'), destinationPortRanges: ['80', '443-445'] }],
  ])('%s', async (_title, properties) => {
    const answer = await put(properties);

    expect([answer.status, answer.code]).toEqual([expect.any(Number), undefined]);
    expect(answer.status).toBeLessThan(300);
  });
});

describe('limits of the whole group', () => {
  const group = nsgId.replace('nsg-hooks', 'nsg-full');

  test('1,000 rules and not one more', async () => {
    const securityRules = Array.from({ length: 1000 }, (_, index) => ({
      name: `Rule${index}`,
      properties: ruleProperties({ priority: 100 + index }),
    }));
    simulator.putNsg({ id: group, securityRules });

    const answer = await put(ruleProperties({ priority: 4000 }), `${group}/securityRules/OneMore`);

    expect(answer).toMatchObject({ status: 400, code: 'SecurityRuleCountLimitReached' });
  });

  test('4,000 prefixes a side, counted over all rules, each side by itself', async () => {
    const ranges = (first: number) =>
      Array.from({ length: 2000 }, (_, index) => `10.${first}.${index >> 8}.${index & 255}`);
    simulator.putNsg({ id: group, securityRules: [{ name: 'First', properties: sources(...ranges(11)) }] });
    const second = { ...sources(...ranges(12)), priority: 301 };
    const sameSide = ruleProperties({ priority: 302 });
    const otherSide = {
      ...ruleProperties({ priority: 303, destinationAddressPrefixes: ranges(13) }),
      destinationAddressPrefix: null,
      sourceAddressPrefixes: [],
      sourceApplicationSecurityGroups: [{ id: '/subscriptions/s/asg' }],
    };

    const answers = [
      await put(second, `${group}/securityRules/Second`),
      await put(sameSide, `${group}/securityRules/Third`),
      await put(otherSide, `${group}/securityRules/Fourth`),
    ];

    expect(answers.map(({ status, code }) => code ?? status)).toEqual([
      201,
      'SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached',
      201,
    ]);
    expect(answers[1]?.message).toContain('has 4001 SourceAddressPrefixes');
  });
});
