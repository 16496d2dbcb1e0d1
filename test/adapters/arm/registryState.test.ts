import { expect, test } from '@jest/globals';
import type { Registry } from '@azure/arm-containerregistry';
import { toCurrentState } from '../../../src/adapters/arm/registryState.ts';
import { registryTarget } from './targets.ts';

const registry = { location: 'westeurope', sku: { name: 'Premium' } } as Registry;

const denying = { defaultAction: 'Deny', ipRules: [{ iPAddressOrRange: '20.42.66.0/24' }] } as const;

function reasonsOf(change: object): {
  readonly blockers: string[];
  readonly notes: string[];
  readonly messages: string[];
} {
  const { blockers, notes } = toCurrentState(registryTarget(), {
    ...registry,
    networkRuleSet: denying,
    ...change,
  } as never);
  return {
    blockers: blockers.map(({ code }) => code),
    notes: notes.map(({ code }) => code),
    messages: [...blockers, ...notes].map(({ message }) => message),
  };
}

test.each([
  ['none', { networkRuleSet: undefined }],
  ['null', { networkRuleSet: null }],
  ['one without a default action', { networkRuleSet: {} }],
])('a rule set that is %s: one reason, nothing is written, and who would be locked out is named', (_, change) => {
  const { blockers, notes, messages } = reasonsOf(change);

  expect([blockers, notes]).toEqual([['inert'], []]);
  expect(messages[0]).toMatch(/open to all networks|does not say whether it denies/);
  expect(messages[0]).toContain('this locks out every client that comes over public networks');
});

test.each([
  [
    'defaultAction Allow',
    { networkRuleSet: { ...denying, defaultAction: 'Allow' } },
    /lets in everybody .*locks out every client .* none of its 1 IP rule$/,
  ],
  ['the same in lower case', { networkRuleSet: { ...denying, defaultAction: 'allow' } }, /lets in everybody/],
  ['public network access disabled', { publicNetworkAccess: 'Disabled' }, /only private endpoints get in/],
  ['a network security perimeter', { publicNetworkAccess: 'SecuredByPerimeter' }, /network security perimeter decides/],
  [
    'tasks that go past the rules',
    { networkRuleBypassOptions: 'AzureServices', networkRuleBypassAllowedForTasks: true },
    /lets in tasks/,
  ],
])('without effect: %s', (_, change, message) => {
  const { blockers, notes, messages } = reasonsOf(change);

  expect([blockers, notes]).toEqual([[], ['inert']]);
  expect(messages[0]).toMatch(message);
});

test.each([
  ['trusted services, as by default', { networkRuleBypassOptions: 'AzureServices' }],
  ['no bypass at all', { networkRuleBypassOptions: 'None', networkRuleBypassAllowedForTasks: true }],
  ['access enabled in lower case', { publicNetworkAccess: 'enabled' }],
])('with effect: %s', (_, change) => {
  expect(reasonsOf(change).messages).toEqual([]);
});

test('no longer Premium: one reason', () => {
  expect(reasonsOf({ sku: { name: 'Standard' }, networkRuleSet: null })).toMatchObject({
    blockers: ['wrongSku'],
    notes: [],
  });
});

test.each(['Allow', 'Deny'] as const)('one that says %s is', (defaultAction) => {
  const networkRuleSet = { defaultAction, ipRules: [] };

  expect(toCurrentState(registryTarget(), { ...registry, networkRuleSet }).blockers).toEqual([]);
});
