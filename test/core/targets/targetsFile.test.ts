import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config.ts';
import { ConfigurationError } from '../../../src/core/errors.ts';
import type { Target } from '../../../src/core/targets/target.ts';
import { targetConfigHash } from '../../../src/core/targets/approval.ts';
import { parseTargetsFile, parseTargetsText, targetFromProfile } from '../../../src/core/targets/targetsFile.ts';
import { nsgTarget, registryTarget } from '../plan/planFixtures.ts';

const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers';
const nsgId = `${group}/Microsoft.Network/networkSecurityGroups/nsg`;
const registryId = `${group}/Microsoft.ContainerRegistry/registries/prod`;

type Entry = Readonly<Record<string, unknown>>;

const rule = { name: 'AllowAcr', priority: 300 };
const nsg: Entry = {
  name: 'hooks',
  kind: 'nsgRule',
  resourceId: nsgId,
  scenario: 'webhooks',
  regions: ['westeurope'],
  rule,
};
const registry: Entry = { name: 'prod', kind: 'registryNetworkRules', resourceId: registryId, regions: ['westeurope'] };

function parse(...targets: readonly unknown[]): readonly Target[] {
  return parseTargetsFile({ targets }, 'targets.json').targets;
}

/** Where the settings are written is told in settings.test.ts. */
function withoutGiven({ given, ...target }: Target): Omit<Target, 'given'> {
  return target;
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const limits = {
  removalGraceDays: 14,
  removalConfirmations: 2,
  maxRemovedPercent: 2,
  maxRemovedCount: 10,
  widestPrefix: { ipv4: 20, ipv6: 112 },
  limitWindowDays: 28,
};

describe('a target', () => {
  test('of an NSG, everything else filled in', () => {
    expect(parse(nsg).map(withoutGiven)).toEqual([
      {
        kind: 'nsgRule',
        name: 'hooks',
        resourceId: nsgId,
        serviceTag: 'AzureContainerRegistry',
        regions: ['westeurope'],
        addressFamilies: ['ipv4', 'ipv6'],
        policy: 'plan',
        paused: false,
        limits,
        scenario: 'webhooks',
        adopt: false,
        rule: {
          name: 'AllowAcr',
          priority: 300,
          ipv6Priority: 301,
          direction: 'Inbound',
          access: 'Allow',
          protocol: 'Tcp',
          portRanges: ['443'],
          localAddressPrefix: 'VirtualNetwork',
        },
      },
    ]);
  });

  test('of a registry, everything else filled in', () => {
    expect(parse(registry).map(withoutGiven)).toEqual([
      {
        kind: 'registryNetworkRules',
        name: 'prod',
        resourceId: registryId,
        serviceTag: 'AzureContainerRegistry',
        regions: ['westeurope'],
        addressFamilies: ['ipv4'],
        policy: 'plan',
        paused: false,
        limits,
        capacity: { maxRules: undefined, fit: 'exact', maxExtraAddresses: 0 },
      },
    ]);
  });

  test.each([
    ['imageImport', 'Inbound'],
    ['webhooks', 'Inbound'],
    ['tasks', 'Inbound'],
    ['registryClients', 'Outbound'],
  ])('%s is %s on port 443', (scenario, direction) => {
    expect(parse({ ...nsg, scenario })).toMatchObject([{ rule: { direction, portRanges: ['443'], protocol: 'Tcp' } }]);
  });

  test('what the rule says goes before the scenario', () => {
    const own = { ...rule, direction: 'Outbound', portRanges: ['8443', '9000-9010'], protocol: '*', access: 'Deny' };

    expect(parse({ ...nsg, rule: own })).toMatchObject([{ rule: own }]);
  });

  test('ports are written as Azure answers them, each once', () => {
    const own = { ...rule, direction: 'Inbound', portRanges: ['00443', '443', '0080-090', '0', '0-65535'] };

    expect(parse({ ...nsg, rule: own })).toMatchObject([{ rule: { portRanges: ['443', '80-90', '0', '0-65535'] } }]);
  });

  test('needs no scenario where the rule says it all', () => {
    const { scenario: _, ...plain } = nsg;
    const own = { ...rule, direction: 'Inbound', portRanges: ['*'], localAddressPrefix: '*', ipv6Priority: 200 };

    const [target] = parse({ ...plain, rule: own });

    expect(target).toMatchObject({ rule: own });
    expect(target).not.toHaveProperty('scenario');
  });

  test('its keys go before the defaults, one by one', () => {
    const defaults = {
      policy: 'sync',
      paused: true,
      removalGraceDays: 0,
      maxRemovedPercent: 12.5,
      widestPrefix: { ipv4: 16, ipv6: 100 },
    };
    const targets = [
      { ...registry, policy: 'addOnly', maxRemovedCount: 3, widestPrefix: { ipv6: 110 } },
      { ...nsg, paused: false },
    ];

    expect(parseTargetsFile({ defaults, targets }, 'targets.json').targets).toMatchObject([
      {
        policy: 'addOnly',
        paused: true,
        limits: {
          ...limits,
          removalGraceDays: 0,
          maxRemovedPercent: 12.5,
          maxRemovedCount: 3,
          widestPrefix: { ipv4: 16, ipv6: 110 },
        },
      },
      {
        policy: 'sync',
        paused: false,
        limits: { ...limits, removalGraceDays: 0, maxRemovedPercent: 12.5, widestPrefix: { ipv4: 16, ipv6: 100 } },
      },
    ]);
  });

  test.each([
    ['all', 'all'],
    [
      ['West Europe', 'eastUS', 'westeurope'],
      ['eastus', 'westeurope'],
    ],
    [{ ofRegistry: registryId }, { ofRegistry: registryId }],
  ])('regions %j', (regions, expected) => expect(parse({ ...nsg, regions })).toMatchObject([{ regions: expected }]));

  test.each(['self', 'Self'])("a registry's own regions: %s", (ofRegistry) => {
    expect(parse({ ...registry, regions: { ofRegistry } })).toMatchObject([{ regions: { ofRegistry: registryId } }]);
  });

  test.each([
    [['ipv6', 'ipv4'], 'VirtualNetwork', 'VirtualNetwork'],
    [['ipv4'], '10.1.0.0/16', '10.1.0.0/16'],
    [['ipv4'], '10.1.2.3', '10.1.2.3/32'],
    [['ipv6'], 'FD00:0::/64', 'fd00::/64'],
  ])('families %j with the local side %s', (addressFamilies, localAddressPrefix, expected) => {
    expect(parse({ ...nsg, addressFamilies, rule: { ...rule, localAddressPrefix } })).toMatchObject([
      { addressFamilies: [...addressFamilies].sort(), rule: { localAddressPrefix: expected } },
    ]);
  });

  test('one family alone needs no second priority, at the last one too', () => {
    expect(parse({ ...nsg, addressFamilies: ['ipv4'], rule: { ...rule, priority: 4096 } })).toMatchObject([
      { rule: { priority: 4096 } },
    ]);
  });

  test('supernets up to a number of addresses', () => {
    const capacity = { maxRules: 50, fit: 'supernet', maxExtraAddresses: 4096 };

    expect(parse({ ...registry, capacity })).toMatchObject([{ capacity }]);
  });
});

const nsgPath = '/subscriptions/<GUID>/resourceGroups/<group>/providers/Microsoft.Network/networkSecurityGroups/<name>';
const registryPath =
  '/subscriptions/<GUID>/resourceGroups/<group>/providers/Microsoft.ContainerRegistry/registries/<name>';

describe('refused', () => {
  const acceptedName = '1 to 40 of a-z, 0-9 and -, but not "pull", which is what the ledger calls its own pulls';
  const acceptedRegions =
    'accepted "all", a list of ARM locations such as ["westeurope"], or { "ofRegistry": "<resource id of a registry>" }';
  const acceptedRule = 'up to 75 letters, digits, ".", "-" and "_", the first a letter or digit';
  const orScenario = 'or a scenario (imageImport, webhooks, tasks, registryClients) that fills it';
  const without = (entry: Entry, key: string): Entry =>
    Object.fromEntries(Object.entries(entry).filter(([name]) => name !== key));

  test.each<[unknown, string]>([
    ['hooks', 'targets[0]: "hooks", accepted an object'],
    [without(nsg, 'kind'), 'targets[0].kind: missing, accepted nsgRule, registryNetworkRules'],
    [
      { ...nsg, kind: 'nsgRules' },
      'targets[0].kind: "nsgRules", accepted nsgRule, registryNetworkRules, did you mean nsgRule?',
    ],
    [without(nsg, 'name'), `targets[0].name: missing, accepted ${acceptedName}`],
    [{ ...nsg, name: 'Hooks' }, `targets[0].name: "Hooks", accepted ${acceptedName}`],
    [{ ...nsg, name: 'pull' }, `targets[0].name: "pull", accepted ${acceptedName}`],
    [{ ...nsg, name: '' }, `targets[0].name: "", accepted ${acceptedName}`],
    [{ ...nsg, name: 'x'.repeat(41) }, `targets[0].name: "${'x'.repeat(41)}", accepted ${acceptedName}`],
    [{ ...nsg, resourceId: registryId }, `targets[0].resourceId: "${registryId.slice(0, 118)}`],
    [{ ...nsg, resourceId: '/subscriptions/1' }, `targets[0].resourceId: "/subscriptions/1", accepted ${nsgPath}`],
    [{ ...registry, resourceId: 'prod' }, `targets[0].resourceId: "prod", accepted ${registryPath}`],
    [
      { ...nsg, scenario: 'webhook' },
      'targets[0].scenario: "webhook", accepted imageImport, webhooks, tasks, registryClients',
    ],
    [
      { ...registry, scenario: 'webhooks' },
      'targets[0].scenario: "webhooks", accepted imageImport, tasks: the rules of a registry let in its callers',
    ],
    [
      { ...nsg, serviceTag: 'Azure Storage' },
      'targets[0].serviceTag: "Azure Storage", accepted the name of a service tag',
    ],
    [without(nsg, 'regions'), `targets[0].regions: missing, ${acceptedRegions}`],
    [{ ...nsg, regions: 'westeurope' }, `targets[0].regions: "westeurope", ${acceptedRegions}`],
    [{ ...nsg, regions: [] }, `targets[0].regions: [], ${acceptedRegions}`],
    [{ ...nsg, regions: ['all'] }, 'targets[0].regions[0]: "all", accepted an ARM location such as "westeurope"'],
    [
      { ...nsg, regions: ['west-europe'] },
      'targets[0].regions[0]: "west-europe", accepted an ARM location such as "westeurope"',
    ],
    [{ ...nsg, regions: { ofRegistry: 'self' } }, `targets[0].regions.ofRegistry: "self", accepted ${registryPath}`],
    [
      { ...registry, regions: { ofRegistry: 'prod' } },
      `targets[0].regions.ofRegistry: "prod", accepted "self", or ${registryPath}`,
    ],
    [{ ...nsg, addressFamilies: [] }, 'targets[0].addressFamilies: [], accepted ["ipv4"], ["ipv6"] or both'],
    [
      { ...nsg, addressFamilies: ['ipv5'] },
      'targets[0].addressFamilies[0]: "ipv5", accepted ["ipv4"], ["ipv6"] or both',
    ],
    [
      { ...registry, addressFamilies: ['ipv4', 'ipv6'] },
      'targets[0].addressFamilies[1]: "ipv6", accepted ["ipv4"]: the IP rules of a registry take IPv4 only',
    ],
    [{ ...nsg, policy: 'apply' }, 'targets[0].policy: "apply", accepted plan, addOnly, sync'],
    [{ ...nsg, paused: 'no' }, 'targets[0].paused: "no", accepted true, false'],
    [{ ...nsg, adopt: 1 }, 'targets[0].adopt: 1, accepted true, false'],
    [{ ...nsg, removalGraceDays: -1 }, 'targets[0].removalGraceDays: -1, accepted 0-365'],
    [{ ...nsg, removalConfirmations: 1.5 }, 'targets[0].removalConfirmations: 1.5, accepted 0-52'],
    [{ ...nsg, maxRemovedPercent: 101 }, 'targets[0].maxRemovedPercent: 101, accepted 0-100'],
    [{ ...nsg, maxRemovedPercent: '2%' }, 'targets[0].maxRemovedPercent: "2%", accepted 0-100'],
    [{ ...nsg, maxRemovedCount: null }, 'targets[0].maxRemovedCount: null, accepted 0-100000'],
    [{ ...nsg, maxAddedPrefixes: -1 }, 'targets[0].maxAddedPrefixes: -1, accepted 0-1000000'],
    [{ ...nsg, limitWindowDays: 0 }, 'targets[0].limitWindowDays: 0, accepted 1-365'],
    [{ ...nsg, maxAddedAddresses: 2 ** 33 }, 'targets[0].maxAddedAddresses: 8589934592, accepted 0-4294967296'],
    [{ ...nsg, widestPrefix: { ipv4: 0 } }, 'targets[0].widestPrefix.ipv4: 0, accepted 8-32'],
    [{ ...nsg, widestPrefix: { ipv6: 129 } }, 'targets[0].widestPrefix.ipv6: 129, accepted 16-128'],
    [{ ...nsg, widestPrefix: 20 }, 'targets[0].widestPrefix: 20, accepted an object'],
    [without(nsg, 'rule'), 'targets[0].rule: missing, accepted an object'],
    [{ ...nsg, rule: { priority: 300 } }, `targets[0].rule.name: missing, accepted ${acceptedRule}`],
    [{ ...nsg, rule: { ...rule, name: '-acr' } }, `targets[0].rule.name: "-acr", accepted ${acceptedRule}`],
    [{ ...nsg, rule: { ...rule, name: 'acr.' } }, `targets[0].rule.name: "acr.", accepted ${acceptedRule}`],
    [
      { ...nsg, rule: { ...rule, name: 'a'.repeat(76) } },
      `targets[0].rule.name: "${'a'.repeat(76)}", accepted ${acceptedRule}`,
    ],
    [{ ...nsg, rule: { name: 'a' } }, 'targets[0].rule.priority: missing, accepted 100-4096'],
    [{ ...nsg, rule: { ...rule, priority: 90 } }, 'targets[0].rule.priority: 90, accepted 100-4096'],
    [{ ...nsg, rule: { ...rule, ipv6Priority: 4097 } }, 'targets[0].rule.ipv6Priority: 4097, accepted 100-4096'],
    [
      { ...nsg, rule: { ...rule, ipv6Priority: 300 } },
      'targets[0].rule.ipv6Priority: 300, accepted any but the priority of the IPv4 rule',
    ],
    [
      { ...nsg, rule: { ...rule, priority: 4096 } },
      'targets[0].rule.ipv6Priority: missing, and priority + 1 is 4097, accepted 100-4096',
    ],
    [without(nsg, 'scenario'), `targets[0].rule.direction: missing, accepted Inbound, Outbound, ${orScenario}`],
    [{ ...nsg, rule: { ...rule, direction: 'In' } }, 'targets[0].rule.direction: "In", accepted Inbound, Outbound'],
    [{ ...nsg, rule: { ...rule, access: 'allow' } }, 'targets[0].rule.access: "allow", accepted Allow, Deny'],
    [
      { ...nsg, rule: { ...rule, protocol: 'tcp' } },
      'targets[0].rule.protocol: "tcp", accepted Tcp, Udp, Icmp, Esp, Ah, *',
    ],
    [
      { ...nsg, rule: { ...rule, portRanges: '443' } },
      'targets[0].rule.portRanges: "443", accepted a list such as ["443"]',
    ],
    [{ ...nsg, rule: { ...rule, portRanges: [] } }, 'targets[0].rule.portRanges: [], accepted a list such as ["443"]'],
    [
      { ...nsg, rule: { ...rule, portRanges: [443] } },
      'targets[0].rule.portRanges[0]: 443, accepted "*", or ports such as "443" and "8000-8100"',
    ],
    [
      { ...nsg, rule: { ...rule, portRanges: ['443', '90-80'] } },
      'targets[0].rule.portRanges[1]: "90-80", accepted ports within 0-65535, the lower one first',
    ],
    [
      { ...nsg, rule: { ...rule, portRanges: ['65536'] } },
      'targets[0].rule.portRanges[0]: "65536", accepted ports within 0-65535, the lower one first',
    ],
    [
      { ...nsg, rule: { ...rule, portRanges: ['*', '443'] } },
      'targets[0].rule.portRanges: ["*","443"], accepted "*" alone or ports without it',
    ],
    [
      { ...nsg, rule: { ...rule, localAddressPrefix: '10.0.0.0/33' } },
      'targets[0].rule.localAddressPrefix: "10.0.0.0/33", accepted "VirtualNetwork", "*", a service tag or a CIDR',
    ],
    [
      { ...nsg, rule: { ...rule, localAddressPrefix: '10.0.0.0/8,10.1.0.0/16' } },
      'targets[0].rule.localAddressPrefix: "10.0.0.0/8,10.1.0.0/16", accepted "VirtualNetwork", "*", a service tag or a CIDR',
    ],
    [
      { ...nsg, addressFamilies: ['ipv4'], rule: { ...rule, localAddressPrefix: '10.0.0.1/8' } },
      'targets[0].rule.localAddressPrefix: "10.0.0.1/8", accepted without host bits: "10.0.0.0/8"',
    ],
    [
      { ...nsg, rule: { ...rule, localAddressPrefix: '10.0.0.0/8' } },
      'targets[0].rule.localAddressPrefix: "10.0.0.0/8", accepted with addressFamilies ["ipv4"] only',
    ],
    [{ ...registry, capacity: { maxRules: 0 } }, 'targets[0].capacity.maxRules: 0, accepted 1-1000'],
    [{ ...registry, capacity: { fit: 'best' } }, 'targets[0].capacity.fit: "best", accepted exact, supernet'],
    [
      { ...registry, capacity: { fit: 'supernet' } },
      'targets[0].capacity.maxExtraAddresses: missing, accepted 0-4294967296: fit supernet opens addresses that Microsoft ' +
        'does not list; say how many may be',
    ],
    [
      { ...registry, capacity: { maxExtraAddresses: 5 } },
      'targets[0].capacity.maxExtraAddresses: 5, accepted with fit supernet only',
    ],
  ])('%j', (entry, message) => {
    expect(messageOf(() => parse(entry)).slice(0, message.length)).toBe(message);
    expect(messageOf(() => parse(entry))).toMatch(/ \(in targets\.json\)$/);
  });

  test.each<[unknown, string]>([
    [
      { ...nsg, ruls: {} },
      'targets[0]: unknown key "ruls", did you mean rule?; accepted kind, resourceId, name, serviceTag, policy, paused, ' +
        'removalGraceDays, removalConfirmations, maxRemovedPercent, maxRemovedCount, widestPrefix, maxAddedAddresses, maxAddedPrefixes, limitWindowDays, ' +
        'regions, scenario, addressFamilies, adopt, rule (in targets.json)',
    ],
    [
      { ...nsg, rule: { ...rule, prioritty: 1 } },
      'targets[0].rule: unknown key "prioritty", did you mean priority?; accepted name, priority, ipv6Priority, direction, ' +
        'access, protocol, portRanges, localAddressPrefix (in targets.json)',
    ],
  ])('an unknown key: %j', (entry, message) => expect(messageOf(() => parse(entry))).toBe(message));

  test.each([
    [{ ...registry, adopt: true }, 'targets[0]: unknown key "adopt", which is for nsgRule only; accepted kind,'],
    [{ ...registry, rule }, 'targets[0]: unknown key "rule", which is for nsgRule only; accepted kind,'],
    [
      { ...nsg, capacity: {} },
      'targets[0]: unknown key "capacity", which is for registryNetworkRules only; accepted kind,',
    ],
  ])('a key of another kind: %j', (entry, message) => expect(messageOf(() => parse(entry))).toContain(message));

  test.each<[unknown, string]>([
    [[], 'targets.json: [], accepted an object'],
    [null, 'targets.json: null, accepted an object'],
    [
      { target: [] },
      'targets.json: unknown key "target", did you mean targets?; accepted $schema, defaults, targets, profiles',
    ],
    [{ targets: {} }, 'targets: {}, accepted a list of targets (in targets.json)'],
    [{ defaults: [] }, 'defaults: [], accepted an object (in targets.json)'],
    [{ defaults: { policy: 'all' } }, 'defaults.policy: "all", accepted plan, addOnly, sync (in targets.json)'],
    [
      { defaults: { regions: 'all' } },
      'defaults: unknown key "regions", which each target says for itself; accepted policy, paused, removalGraceDays, ' +
        'removalConfirmations, maxRemovedPercent, maxRemovedCount, widestPrefix, maxAddedAddresses, maxAddedPrefixes, limitWindowDays (in targets.json)',
    ],
  ])('a file %j', (file, message) => expect(messageOf(() => parseTargetsFile(file, 'targets.json'))).toBe(message));

  test('a key that is wrong at the top hides nothing below it', () => {
    const message = messageOf(() =>
      parseTargetsFile({ default: {}, targets: [{ ...nsg, name: 'UP' }] }, 'targets.json'),
    );

    expect(message).toContain('unknown key "default", did you mean defaults?');
    expect(message).toContain('targets[0].name: "UP"');
  });

  test('however many entries are wrong, each is named', () => {
    const entries = Array.from({ length: 14 }, (_, index) => ({ ...nsg, name: `hooks-${index}`, policy: 'go' }));

    expect(messageOf(() => parse(...entries))).toContain('targets[13].policy: "go"');
  });

  test('the end of a resource id is shown', () => {
    const resourceId = `${String(nsg.resourceId)}/securityRules/x`;

    expect(messageOf(() => parse({ ...nsg, resourceId }))).toContain(`targets[0].resourceId: "${resourceId}"`);
  });

  test('everything that is wrong is in one message', () => {
    expect(messageOf(() => parse({ ...nsg, name: 'UP', policy: 'go' }, { ...registry, kind: 'x' }))).toBe(
      `targets[0].name: "UP", accepted ${acceptedName}; targets[0].policy: "go", accepted plan, addOnly, sync; ` +
        'targets[1].kind: "x", accepted nsgRule, registryNetworkRules (in targets.json)',
    );
    expect(messageOf(() => parse(...Array<string>(52).fill('x')))).toMatch(
      /targets\[49\]: "x", accepted an object; and 2 more \(in targets\.json\)$/,
    );
  });

  test('the error carries the first path', () => {
    expect(() => parse({ ...nsg, policy: 'go' })).toThrow(expect.objectContaining({ field: 'targets[0].policy' }));
  });
});

describe('two targets that claim one thing', () => {
  const other: Entry = { ...nsg, name: 'other', rule: { name: 'Other', priority: 400 } };

  test.each<[string, Entry, Entry, string]>([
    ['name', nsg, { ...other, name: 'hooks' }, '"hooks" claims the name hooks, which targets[0] ("hooks") has'],
    [
      'registry, in another letter case',
      registry,
      { ...registry, name: 'again', resourceId: registryId.toUpperCase() },
      '"again" claims the IP rules of that registry, which targets[0] ("prod") has',
    ],
    [
      'rule, in another letter case',
      nsg,
      { ...other, resourceId: nsgId.replace('/rg/', '/RG/'), rule: { name: 'allowacr', priority: 400 } },
      '"other" claims the rule allowacr of that network security group, which targets[0] ("hooks") has',
    ],
    [
      'rule for IPv6',
      nsg,
      { ...other, addressFamilies: ['ipv4'], rule: { name: 'AllowAcr-ipv6', priority: 400 } },
      '"other" claims the rule AllowAcr-ipv6 of that network security group, which targets[0] ("hooks") has',
    ],
    [
      'priority',
      nsg,
      { ...other, rule: { name: 'Other', priority: 301 } },
      '"other" claims Inbound priority 301 of that network security group, which targets[0] ("hooks") has',
    ],
  ])('the same %s', (_, first, second, message) => {
    expect(messageOf(() => parse(first, second))).toContain(`targets[1]: ${message}`);
  });

  test.each<[string, Entry]>([
    ['another NSG', { ...nsg, name: 'other', resourceId: `${nsgId}2` }],
    ['another direction', { ...other, rule: { ...rule, name: 'Other', direction: 'Outbound' } }],
    [
      'a priority of a family that is not used',
      { ...other, addressFamilies: ['ipv4'], rule: { name: 'Other', priority: 299 } },
    ],
    ['a registry', registry],
  ])('%s is no clash', (_, second) => expect(parse(nsg, second)).toHaveLength(2));
});

describe('text', () => {
  test('with comments and trailing commas', () => {
    const text = `\uFEFF// first\n{ /* none yet */ "targets": [\n ${JSON.stringify(registry)}, ], }`;

    expect(parseTargetsText(text, 'targets.json').targets).toHaveLength(1);
  });

  test.each([
    ['{\n  "targets": [\n}', 'targets.json: is not JSON: Unexpected token RBrace found. (3:1)'],
    ['', 'targets.json: is not JSON: Unexpected end of input found. (1:1)'],
    ['{ "targets": [], }\n}', 'targets.json: is not JSON: Unexpected token RBrace found. (2:1)'],
    ['{ "targets": [],\n  "targets": [] }', 'targets.json: key "targets" is given twice (2:3)'],
    ['{ "targets": [{ "rule": {\n "name": 1, "name": 2 } }] }', 'targets.json: key "name" is given twice (2:13)'],
  ])('%j', (text, message) => expect(messageOf(() => parseTargetsText(text, 'targets.json'))).toBe(message));
});

describe('profiles', () => {
  const { name: _name, resourceId: _resourceId, ...profile } = registry;
  const own = { ...profile, policy: 'sync', regions: { ofRegistry: 'self' } };
  const file = parseTargetsFile({ defaults: { removalGraceDays: 7 }, profiles: { own } }, 'targets.json');

  test('make a target of a resource', () => {
    const target = targetFromProfile(file.profiles.own!, {
      name: 'found',
      resourceId: registryId,
      kind: 'registryNetworkRules',
    });

    expect(file.targets).toEqual([]);
    expect(file.profiles.own).not.toHaveProperty('resourceId');
    expect(withoutGiven(target)).toEqual({
      ...parse({
        ...registry,
        name: 'found',
        policy: 'sync',
        removalGraceDays: 7,
        regions: { ofRegistry: registryId },
      }).map(withoutGiven)[0],
    });
  });

  test.each([
    [
      { kind: 'nsgRule' as const, resourceId: nsgId },
      'kind: the profile is for registryNetworkRules, the resource is nsgRule',
    ],
    [{ kind: 'registryNetworkRules' as const, resourceId: 'x' }, `resourceId: "x", accepted ${registryPath}`],
  ])('are refused for %j', (resource, message) => {
    expect(messageOf(() => targetFromProfile(file.profiles.own!, { name: 'found', ...resource }))).toBe(
      `${message} (in target "found" of a tagged resource)`,
    );
  });

  test.each([
    [{ Own: own }, 'profiles.Own: "Own", accepted 1 to 40 of a-z'],
    [{ own: 1 }, 'profiles.own: 1, accepted an object'],
    [{ own: { ...own, kind: 'x' } }, 'profiles.own.kind: "x", accepted nsgRule, registryNetworkRules'],
    [
      { own: registry },
      'profiles.own.name: a profile has none: it comes from the resource; profiles.own.resourceId: a profile',
    ],
    [{ own: { ...own, policy: 'x' } }, 'profiles.own.policy: "x", accepted plan, addOnly, sync'],
    [[], 'profiles: [], accepted an object of name and profile'],
  ])('that are wrong: %j', (profiles, message) => {
    expect(messageOf(() => parseTargetsFile({ profiles }, 'targets.json'))).toContain(message);
  });
});

describe('targetConfigHash', () => {
  const hashOf = (entry: Entry): string => targetConfigHash(parse(entry)[0]!);

  test('is the same in another order, written out, and paused', () => {
    const same = { ...Object.fromEntries(Object.entries(nsg).reverse()), adopt: false, paused: true, policy: 'plan' };

    expect(hashOf(nsg)).toMatch(/^[\da-f]{64}$/);
    expect(hashOf(same)).toBe(hashOf(nsg));
  });

  test.each<Entry>([
    { policy: 'sync' },
    { regions: 'all' },
    { rule: { ...rule, priority: 302 } },
    { maxRemovedCount: 11 },
  ])('is another with %j', (change) => expect(hashOf({ ...nsg, ...change })).not.toBe(hashOf(nsg)));

  // Approvals in storage hold this hash: another one would let go of them all.
  test.each([
    [nsgTarget(), '96e9871847116a2668e5c93414e86e1ac50dcd6eae34125a7fed43c0680280be'],
    [registryTarget(), '88ad643913304f5e7dd8037a30d09b99d6c147b2ab15e7ec7a3e802bdf6efae6'],
  ])('of $kind stays what it was', (target, hash) => expect(targetConfigHash(target)).toBe(hash));
});

describe('the samples', () => {
  const read = (name: string): string => readFileSync(resolve(import.meta.dirname, '../../..', name), 'utf8');

  test('targets.sample.json is right, and writes nothing', () => {
    const { targets, profiles } = parseTargetsText(read('targets.sample.json'), 'targets.sample.json');

    expect(targets.map(({ name }) => name)).toEqual(['webhook-receiver', 'image-pulls', 'prod-registry']);
    expect([...targets, ...Object.values(profiles)].map(({ policy }) => policy)).toEqual(Array(4).fill('plan'));
  });

  test('local.settings.sample.json is right', () => {
    const { Values } = JSON.parse(read('local.settings.sample.json')) as { Values: Record<string, string> };

    expect(loadConfig(Values)).toMatchObject({ cloud: 'Public', sources: [{ kind: 'download' }], notes: [] });
  });
});
