/** Operations on container registries. */
import { armErrors, type ArmError } from './armError.ts';
import { isOperationFault } from './faults.ts';
import { operationHeaders } from './operationHandlers.ts';
import { takePage, toPage } from './paging.ts';
import { toRegistryDocument, type Registry } from './registry.ts';
import { registryErrors } from './registryErrors.ts';
import { parseRegistryUpdate } from './registryUpdate.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

export const getRegistry: Handler = (request, simulation) => {
  const registry = simulation.read(simulation.registries, registryIdOf(request), request);
  if (!registry) throw notFound(request);
  return { status: 200, body: toRegistryDocument(registry, request.apiVersion) };
};

/** Registries have no ETag and no precondition: the last write wins. */
export const patchRegistry: Handler = (request, simulation) => {
  const registry = simulation.registries.get(registryIdOf(request));
  if (!registry) throw notFound(request);
  const changes = parseRegistryUpdate(request, registry, simulation.settings.maxIpRules);
  const running = simulation.operations.lockHolder(registry.id);
  if (running && simulation.settings.registryConcurrentUpdate === 'conflict')
    throw registryErrors.updating(registry.name);
  const updated: Registry = { ...registry, ...changes, provisioningState: 'Updating' };
  simulation.registries.set(registry.id, updated, simulation.now());
  const statusUrl = startOperation(registry, operationFailure(request), request, simulation);
  return {
    status: simulation.settings.registryPatchStatus,
    headers: operationHeaders(simulation, statusUrl),
    body: toRegistryDocument(updated, request.apiVersion),
  };
};

export const listReplications: Handler = (request, simulation) => {
  const registry = simulation.read(simulation.registries, registryIdOf(request), request);
  if (!registry) throw notFound(request);
  const replicas = registry.replications.map(({ name, location }) => ({
    id: `${registry.id}/replications/${name}`,
    name,
    type: 'Microsoft.ContainerRegistry/registries/replications',
    location,
    tags: {},
    properties: {
      provisioningState: 'Succeeded',
      status: { displayStatus: 'Ready', timestamp: registry.creationDate },
      regionEndpointEnabled: true,
      zoneRedundancy: 'Disabled',
    },
  }));
  return { status: 200, body: toPage(replicas, request, simulation) };
};

export const listUsages: Handler = (request, simulation) => {
  const registry = simulation.read(simulation.registries, registryIdOf(request), request);
  if (!registry) throw notFound(request);
  const limit = registry.sku === 'Premium' ? simulation.settings.maxIpRules : 0;
  const { ipRules, virtualNetworkRules } = registry.networkRuleSet;
  const usages = [
    { name: 'Size', limit: 536_870_912_000, currentValue: 12_345_678, unit: 'Bytes' },
    { name: 'Webhooks', limit: 500, currentValue: 0, unit: 'Count' },
    { name: 'Geo-replications', limit: -1, currentValue: registry.replications.length, unit: 'Count' },
    { name: 'IPRules', limit, currentValue: ipRules.length, unit: 'Count' },
    { name: 'VNetRules', limit, currentValue: virtualNetworkRules.length, unit: 'Count' },
    { name: 'PrivateEndpointConnections', limit: 200, currentValue: 0, unit: 'Count' },
  ];
  // In the reference this list has no pages, only `value`.
  return { status: 200, body: { value: usages } };
};

export const listRegistries: Handler = (request, simulation) => {
  const { subscriptionId, resourceGroup } = request.params;
  const registries = simulation.registries
    .values()
    .filter((registry) => registry.subscriptionId.toLowerCase() === subscriptionId?.toLowerCase())
    .filter((registry) => !resourceGroup || registry.resourceGroup.toLowerCase() === resourceGroup.toLowerCase());
  const { value, nextLink } = takePage(registries, request, simulation);
  const documents = value.map((registry) => toRegistryDocument(registry, request.apiVersion));
  return { status: 200, body: nextLink === undefined ? { value: documents } : { value: documents, nextLink } };
};

function registryIdOf(request: ArmRequest): string {
  const { subscriptionId = '', resourceGroup = '', registry = '' } = request.params;
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registry}`;
}

function notFound(request: ArmRequest) {
  const { resourceGroup = '', registry = '' } = request.params;
  return armErrors.resourceNotFound(`Microsoft.ContainerRegistry/registries/${registry}`, resourceGroup);
}

function startOperation(
  before: Registry,
  failure: ArmError | undefined,
  request: ArmRequest,
  simulation: Simulation,
): string {
  const id = simulation.newGuid();
  const statusUrl = `${simulation.baseUrl}${before.id}/operationStatuses/registries-${id}?api-version=${request.apiVersion}`;
  simulation.operations.start({
    id,
    name: 'UpdateRegistry',
    subscriptionId: before.subscriptionId,
    resourceId: before.id,
    statusUrl,
    endsAt: simulation.now() + simulation.settings.registryOperationInMs,
    failure,
    holdsLock: true,
    onEnd: (status, at) => {
      const current = simulation.registries.get(before.id);
      if (!current) return;
      const after: Registry =
        status === 'Succeeded'
          ? { ...current, provisioningState: 'Succeeded' }
          : { ...before, provisioningState: 'Failed' };
      simulation.registries.set(before.id, after, at);
    },
  });
  return statusUrl;
}

function operationFailure(request: ArmRequest): ArmError | undefined {
  return isOperationFault(request.fault) && request.fault.kind === 'operationFails' ? request.fault.error : undefined;
}
