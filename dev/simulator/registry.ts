/** Container registries: how the simulator stores them, and how it sends them. */

export interface IpRule {
  readonly action?: 'Allow';
  readonly value: string;
}

export interface NetworkRuleSet {
  readonly defaultAction: 'Allow' | 'Deny';
  readonly ipRules: readonly IpRule[];
  /** For service endpoints. Newer api-versions neither show nor keep them. */
  readonly virtualNetworkRules: readonly { readonly action?: 'Allow'; readonly id: string }[];
}

export interface Replication {
  readonly name: string;
  readonly location: string;
}

export interface Registry {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly sku: 'Basic' | 'Standard' | 'Premium';
  readonly networkRuleSet: NetworkRuleSet;
  /** All other properties that a PATCH may set. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly replications: readonly Replication[];
  readonly creationDate: string;
  readonly provisioningState: 'Succeeded' | 'Updating' | 'Failed';
}

export const defaultOptions: Readonly<Record<string, unknown>> = {
  adminUserEnabled: false,
  policies: {
    quarantinePolicy: { status: 'disabled' },
    trustPolicy: { type: 'Notary', status: 'disabled' },
    retentionPolicy: { days: 7, status: 'disabled' },
    exportPolicy: { status: 'enabled' },
    azureADAuthenticationAsArmPolicy: { status: 'enabled' },
  },
  encryption: { status: 'disabled' },
  dataEndpointEnabled: false,
  publicNetworkAccess: 'Enabled',
  networkRuleBypassOptions: 'AzureServices',
  networkRuleBypassAllowedForTasks: false,
  anonymousPullEnabled: false,
};

/** 2021-08-01-preview is the last api-version with virtual network rules. */
export function knowsVirtualNetworkRules(apiVersion: string): boolean {
  return apiVersion.slice(0, 10) <= '2021-08-01';
}

export function toRegistryDocument(registry: Registry, apiVersion: string) {
  const { id, name, location, tags, sku } = registry;
  return {
    id,
    name,
    type: 'Microsoft.ContainerRegistry/registries',
    location,
    tags,
    sku: { name: sku, tier: sku },
    properties: {
      loginServer: `${name.toLowerCase()}.azurecr.io`,
      creationDate: registry.creationDate,
      provisioningState: registry.provisioningState,
      ...registry.options,
      networkRuleSet: toNetworkRuleSetDocument(registry.networkRuleSet, apiVersion),
      status: null,
      dataEndpointHostNames: [],
      privateEndpointConnections: [],
      zoneRedundancy: 'Disabled',
    },
  };
}

function toNetworkRuleSetDocument(rules: NetworkRuleSet, apiVersion: string) {
  return {
    defaultAction: rules.defaultAction,
    ...(knowsVirtualNetworkRules(apiVersion) ? { virtualNetworkRules: rules.virtualNetworkRules } : {}),
    ipRules: rules.ipRules,
  };
}
