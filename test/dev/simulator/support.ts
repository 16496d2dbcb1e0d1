/** A simulator that lets everybody do everything, the real clients pointed at it, and calls without a client for what no client would send. */
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { NetworkManagementClient, type SecurityRule } from '@azure/arm-network';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import type { Pipeline } from '@azure/core-rest-pipeline';

import type { RuleProperties } from '../../../dev/simulator/ruleShape.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../dev/simulator/simulator.ts';

export const subscriptionId = '11111111-2222-4333-8444-555555555555';
export const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-hooks`;
export const nsgId = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
export const registryId = `${group}/providers/Microsoft.ContainerRegistry/registries/prodregistry`;
export const networkVersion = '2024-05-01';
export const registryVersion = '2025-11-01';

export function startOpenSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator({ auth: undefined, ...options });
}

const unusedCredential = { getToken: () => Promise.reject(new Error('no token may be asked for')) };

/** The bearer policy refuses plain HTTP, and a retrying client would hide what is tested. */
function bare<T extends { readonly pipeline: Pipeline }>(client: T, token: string | undefined): T {
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  client.pipeline.removePolicy({ name: 'defaultRetryPolicy' });
  if (token !== undefined) {
    client.pipeline.addPolicy({
      name: 'testToken',
      sendRequest: (request, next) => {
        request.headers.set('Authorization', `Bearer ${token}`);
        return next(request);
      },
    });
  }
  return client;
}

export function networkClient(endpoint: string, token?: string): NetworkManagementClient {
  const options = { endpoint, allowInsecureConnection: true };
  return bare(new NetworkManagementClient(unusedCredential, subscriptionId, options), token);
}

export function registryClient(endpoint: string, token?: string): ContainerRegistryManagementClient {
  const options = { endpoint, allowInsecureConnection: true };
  return bare(new ContainerRegistryManagementClient(unusedCredential, subscriptionId, options), token);
}

export function graphClient(endpoint: string): ResourceGraphClient {
  return bare(new ResourceGraphClient(unusedCredential, { endpoint, allowInsecureConnection: true }), undefined);
}

/** What most answers have; anything else is compared by the tests. */
export interface AnswerBody {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly details: readonly { readonly code: string; readonly message: string }[];
  readonly body: AnswerBody;
}

/** `path` may carry a query; the api-version is added where it has none. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const version = path.includes('ContainerRegistry') ? registryVersion : networkVersion;
  const query = path.includes('?') ? '' : `?api-version=${version}`;
  const response = await fetch(`${url}${path}${query}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  const error = parsed?.error as { code?: string; message?: string; details?: Answer['details'] } | undefined;
  return {
    status: response.status,
    headers: response.headers,
    code: error?.code,
    message: error?.message,
    details: error?.details ?? [],
    body: (parsed ?? { properties: {}, text }) as AnswerBody,
  };
}

export function ruleProperties(overrides: Partial<RuleProperties> = {}): RuleProperties {
  return {
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority: 300,
    sourceAddressPrefixes: ['192.0.2.0/24'],
    sourcePortRange: '*',
    destinationAddressPrefix: 'VirtualNetwork',
    destinationPortRange: '443',
    ...overrides,
  };
}

/** The same for the SDK, whose model is flat and has mutable arrays. */
export function sdkRule(overrides: Partial<RuleProperties> = {}): SecurityRule {
  return structuredClone(ruleProperties(overrides)) as SecurityRule;
}

export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

/** A clock that moves when it is told to. */
export function manualClock(start = '2026-01-05T00:00:00Z') {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    advance: (ms: number) => {
      time += ms;
    },
  };
}
