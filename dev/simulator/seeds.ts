/** Resources that a test or a local run creates. They do not go through the API, but through the same checks. */
import { isObject } from './json.ts';
import type { Nsg, Rule } from './nsg.ts';
import type { RuleProperties } from './ruleShape.ts';
import { checked, toRule } from './nsgHandlers.ts';
import { defaultOptions, type IpRule, type NetworkRuleSet, type Registry, type Replication } from './registry.ts';
import { parseResourceId } from './resourceIds.ts';
import { isSpeltLikeTag } from './serviceTagsReleases.ts';
import type { Simulation } from './simulation.ts';

export interface RuleSeed {
  readonly name: string;
  readonly properties: RuleProperties;
}

export interface NsgSeed {
  readonly id: string;
  /** `westeurope` by default. */
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly securityRules?: readonly RuleSeed[];
  readonly flushConnection?: boolean;
  /** Ids of the subnets that use it. */
  readonly subnets?: readonly string[];
}

export interface RegistrySeed {
  readonly id: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** `Premium` by default. */
  readonly sku?: Registry['sku'];
  /** Default: `Allow`, without rules. */
  readonly networkRuleSet?: {
    readonly defaultAction: NetworkRuleSet['defaultAction'];
    readonly ipRules?: readonly IpRule[];
    readonly virtualNetworkRules?: NetworkRuleSet['virtualNetworkRules'];
  };
  readonly publicNetworkAccess?: 'Enabled' | 'Disabled' | 'SecuredByPerimeter';
  readonly networkRuleBypassOptions?: 'AzureServices' | 'None';
  readonly networkRuleBypassAllowedForTasks?: boolean;
  /** Locations in addition to the home region. */
  readonly replicaLocations?: readonly string[];
}

export function toNsg(seed: NsgSeed, simulation: Simulation): Nsg {
  const { id, name, resourceGroup, subscriptionId } = parseResourceId(seed.id);
  const rules = (seed.securityRules ?? []).map((rule) => toSettledRule(id, rule));
  return checked({
    id,
    name,
    resourceGroup,
    subscriptionId,
    location: seed.location ?? 'westeurope',
    tags: seed.tags ?? {},
    flushConnection: seed.flushConnection,
    rules,
    subnets: seed.subnets ?? [],
    etag: simulation.newEtag(),
    resourceGuid: simulation.newGuid(),
    provisioningState: 'Succeeded',
  });
}

/** Accepts any tag name, because the service tags documents of tests are often only excerpts. */
export function toSettledRule(nsgId: string, seed: RuleSeed): Rule {
  const rule = toRule(nsgId, seed.name, { properties: seed.properties }, isSpeltLikeTag);
  return { ...rule, provisioningState: 'Succeeded' };
}

export function toRegistry(seed: RegistrySeed, simulation: Simulation): Registry {
  const { id, name, resourceGroup, subscriptionId } = parseResourceId(seed.id);
  const location = seed.location ?? 'westeurope';
  const { publicNetworkAccess, networkRuleBypassOptions, networkRuleBypassAllowedForTasks } = seed;
  const options = { publicNetworkAccess, networkRuleBypassOptions, networkRuleBypassAllowedForTasks };
  return {
    id,
    name,
    resourceGroup,
    subscriptionId,
    location,
    tags: seed.tags ?? {},
    sku: seed.sku ?? 'Premium',
    networkRuleSet: {
      defaultAction: seed.networkRuleSet?.defaultAction ?? 'Allow',
      ipRules: seed.networkRuleSet?.ipRules ?? [],
      virtualNetworkRules: seed.networkRuleSet?.virtualNetworkRules ?? [],
    },
    options: { ...defaultOptions, ...withoutUndefined(options) },
    replications: [location, ...(seed.replicaLocations ?? [])].map(toReplication),
    creationDate: simulation.settings.now().toISOString(),
    provisioningState: 'Succeeded',
  };
}

function toReplication(location: string): Replication {
  return { name: location.toLowerCase().replaceAll(' ', ''), location };
}

function withoutUndefined(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) : {};
}
