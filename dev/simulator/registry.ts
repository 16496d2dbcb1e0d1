/** Container registries as they are kept, and as the wire shows them. */

export interface IpRule {
  readonly action?: 'Allow';
  readonly value: string;
}

export interface NetworkRuleSet {
  readonly defaultAction: 'Allow' | 'Deny';
  readonly ipRules: readonly IpRule[];
  /** Of the days of service endpoints: newer api-versions neither show it nor keep it. */
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
  /** The other properties that a PATCH may set, as they stand. */
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

/** Virtual network rules went with 2021-08-01-preview. */
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
