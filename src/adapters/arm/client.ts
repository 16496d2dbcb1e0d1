/** Creates one Azure Resource Manager client per subscription on first use, and keeps it for the life of the process. */
import type { TokenCredential } from '@azure/identity';
import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { ResourceGraphClient } from '@azure/arm-resourcegraph';
import {
  createDefaultHttpClient,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
} from '@azure/core-rest-pipeline';
import type { Config } from '../../config.ts';
import type { Logger } from '../../app/ports.ts';
import { once, oncePerKey } from '../../core/once.ts';
import { buildCredential as buildIdentity } from '../identity.ts';
import { ApiVersions } from './apiVersions.ts';
import { buildCallsPolicy } from './callsPolicy.ts';
import { cloudSettings } from './cloudSettings.ts';

export type ArmConfig = Pick<Config, 'cloud' | 'armEndpoint' | 'armIsLoopback' | 'identity'> &
  Partial<Pick<Config, 'armApiVersions'>>;

export interface ArmClients {
  networkClient(subscriptionId: string): Promise<NetworkManagementClient>;
  registryClient(subscriptionId: string): Promise<ContainerRegistryManagementClient>;
  resourceGraphClient(): Promise<ResourceGraphClient>;
  /** Notes for people about the api-versions of a provider such as `Microsoft.Network`. */
  readonly versions: Pick<ApiVersions, 'notes'>;
  /** Sends a GET with an api-version that the SDK does not know, through the same pipeline. */
  getJson(subscriptionId: string, resourceId: string, apiVersion: string): Promise<unknown>;
}

/** The SDK's constructor needs a credential, on loopback too. `secured` removes the policy that would call it. */
const noCredential: TokenCredential = {
  getToken: () => Promise.reject(new Error('no credential is asked for where ARM_ENDPOINT is a loopback address')),
};

export interface ArmClientsOptions {
  /** Default: the app's managed identity, or what DefaultAzureCredential finds. */
  readonly buildCredential?: (authorityHost: string) => Promise<TokenCredential>;
  readonly logger?: Logger;
  /** Carries the requests. Default: that of the SDK. */
  readonly httpClient?: HttpClient | undefined;
}

export function buildArmClients(config: ArmConfig, options: ArmClientsOptions = {}): ArmClients {
  const settings = cloudSettings[config.cloud];
  const buildCredential =
    options.buildCredential ??
    ((authorityHost) => buildIdentity({ authorityHost, identity: config.identity, logger: options.logger }));
  const credential = once(() =>
    config.armIsLoopback ? Promise.resolve(noCredential) : buildCredential(settings.authorityHost),
  );
  const versions = new ApiVersions(config.armApiVersions, options.logger);
  const { httpClient = createDefaultHttpClient() } = options;
  const clientOptions = {
    httpClient,
    endpoint: config.armEndpoint,
    credentials: { scopes: [settings.scope] },
    allowInsecureConnection: config.armIsLoopback,
    // calls.ts decides what is retried, and records it.
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: buildCallsPolicy(versions), position: 'perCall' as const }],
  };

  /** Moves the policy that adds the token, or removes it for a loopback address. */
  function secured<T extends { readonly pipeline: Pipeline }>(client: T): T {
    const policies = client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
    if (config.armIsLoopback) return client;
    // Sign inside armCallsPolicy, so that it retries a failed sign-in like every other failure.
    for (const policy of policies) client.pipeline.addPolicy(policy, { phase: 'Sign' });
    return client;
  }

  const networkClient = perSubscription(async (subscriptionId) => {
    const [{ NetworkManagementClient }, token] = await Promise.all([import('@azure/arm-network'), credential()]);
    return secured(new NetworkManagementClient(token, subscriptionId, clientOptions));
  });
  const registryClient = perSubscription(async (subscriptionId) => {
    const [{ ContainerRegistryManagementClient }, token] = await Promise.all([
      import('@azure/arm-containerregistry'),
      credential(),
    ]);
    return secured(new ContainerRegistryManagementClient(token, subscriptionId, clientOptions));
  });
  const resourceGraphClient = once(async () => {
    const [{ ResourceGraphClient }, token] = await Promise.all([import('@azure/arm-resourcegraph'), credential()]);
    return secured(new ResourceGraphClient(token, clientOptions));
  });

  return {
    networkClient,
    registryClient,
    resourceGraphClient,
    versions,
    async getJson(subscriptionId, resourceId, apiVersion) {
      const client = await registryClient(subscriptionId);
      const request = createPipelineRequest({
        url: `${config.armEndpoint}${resourceId}?api-version=${apiVersion}`,
        allowInsecureConnection: config.armIsLoopback,
      });
      request.headers.set('accept', 'application/json');
      const { bodyAsText } = await client.pipeline.sendRequest(httpClient, request);
      return JSON.parse(bodyAsText ?? 'null') as unknown;
    },
  };
}

/** Subscription ids are compared without regard to letter case. */
function perSubscription<T>(build: (subscriptionId: string) => Promise<T>): (subscriptionId: string) => Promise<T> {
  const clients = oncePerKey<T>();
  return (subscriptionId) => clients(subscriptionId.toLowerCase(), () => build(subscriptionId));
}
