/** The resources of the soak: NSGs and registries in many subscriptions, each with a rule of somebody else. */
import type { Simulator } from '../../dev/simulator/simulator.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { parseTargetsText } from '../../src/core/targets/targetsFile.ts';

export interface Size {
  readonly subscriptions: number;
  readonly nsgs: number;
  readonly nsgRules: number;
  readonly registries: number;
}

const regions = ['westeurope', 'northeurope', 'eastus', 'eastus2', 'westus2', 'southeastasia', 'uksouth', 'japaneast'];

export const foreignRule = {
  name: 'AllowOffice',
  properties: {
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority: 200,
    sourceAddressPrefixes: ['203.0.113.0/28'],
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
  },
} as const;
export const foreignIp = { action: 'Allow', value: '203.0.113.9' } as const;

export function nsgId(index: number, { subscriptions }: Size): string {
  return `${groupOf(index % subscriptions)}/Microsoft.Network/networkSecurityGroups/nsg-${index}`;
}

export function registryId(index: number, { subscriptions }: Size): string {
  return `${groupOf(index % subscriptions)}/Microsoft.ContainerRegistry/registries/registry${index}`;
}

function groupOf(subscription: number): string {
  const id = `00000000-0000-4000-8000-${String(subscription + 1).padStart(12, '0')}`;
  return `/subscriptions/${id}/resourceGroups/rg/providers`;
}

/** The first target of each NSG has the whole tag, the others three regions: an NSG allows 4,000 prefixes per side. */
export function toTargetsFile(size: Size): string {
  const limits = {
    policy: 'sync',
    removalGraceDays: 0,
    removalConfirmations: 0,
    maxRemovedPercent: 100,
    maxRemovedCount: 100_000,
    widestPrefix: { ipv4: 8, ipv6: 16 },
    maxAddedAddresses: 100_000_000,
    maxAddedPrefixes: 100_000,
  };
  const rules = Array.from({ length: size.nsgRules }, (_, index) => {
    const rank = Math.floor(index / size.nsgs);
    const rule = { name: `AllowAcr${rank}`, priority: 300 + 2 * rank, ipv6Priority: 301 + 2 * rank };
    return {
      name: `rule-${index}`,
      kind: 'nsgRule',
      resourceId: nsgId(index % size.nsgs, size),
      scenario: 'webhooks',
      regions: rank === 0 ? 'all' : threeRegions(index),
      rule,
    };
  });
  const registries = Array.from({ length: size.registries }, (_, index) => ({
    name: `registry-${index}`,
    kind: 'registryNetworkRules',
    resourceId: registryId(index, size),
    regions: threeRegions(index),
  }));
  return JSON.stringify({ defaults: limits, targets: [...rules, ...registries] });
}

function threeRegions(index: number): string[] {
  return [0, 1, 2].map((step) => regions[(index + step) % regions.length] ?? 'westeurope');
}

export function toTargets(size: Size): readonly Target[] {
  return parseTargetsText(toTargetsFile(size), 'soak').targets;
}

export function putEstate(simulator: Simulator, size: Size): void {
  for (let index = 0; index < size.nsgs; index += 1) {
    simulator.putNsg({ id: nsgId(index, size), securityRules: [foreignRule] });
  }
  for (let index = 0; index < size.registries; index += 1) {
    const networkRuleSet = { defaultAction: 'Deny', ipRules: [foreignIp] } as const;
    simulator.putRegistry({ id: registryId(index, size), networkRuleSet });
  }
}

/** Generates documents in the exact format of the weekly file, each a little different from the one before. */
export function madeReleases(count: number): readonly { readonly name: string; readonly text: string }[] {
  return Array.from({ length: count }, (_, release) => {
    const lists = regions.map((_region, index) => prefixesOf(index, release));
    const values = [
      toTag('AzureContainerRegistry', '', lists.flat()),
      ...regions.map((region, index) => toTag(`AzureContainerRegistry.${region}`, region, lists[index] ?? [])),
    ];
    const day = String(20_260_105 + release);
    const text = JSON.stringify({ changeNumber: release + 1, cloud: 'Public', values });
    return { name: `ServiceTags_Public_${day}.json`, text };
  });
}

function prefixesOf(region: number, release: number): string[] {
  const ipv4 = Array.from({ length: 6 }, (_, index) => `20.${40 + region}.${index + release}.0/27`);
  const ipv6 = Array.from({ length: 3 }, (_, index) => `2603:10${10 + region}:${index + release + 1}::/112`);
  return [...ipv4, ...ipv6];
}

function toTag(name: string, region: string, addressPrefixes: readonly string[]) {
  const networkFeatures = ['API', 'NSG'];
  const properties = {
    changeNumber: 1,
    region,
    regionId: 0,
    platform: 'Azure',
    systemService: 'AzureContainerRegistry',
    addressPrefixes,
    networkFeatures,
  };
  return { name, id: name, properties };
}
