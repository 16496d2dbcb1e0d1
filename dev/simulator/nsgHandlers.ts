/** Operations on whole network security groups. */
import { armErrors } from './armError.ts';
import { isTags } from './json.ts';
import { toNsgDocument, type Nsg, type Rule } from './nsg.ts';
import { nsgErrors } from './nsgErrors.ts';
import { checkLimits, checkRuleName } from './nsgLimits.ts';
import { checkIfMatch, startNsgWrite } from './nsgWrites.ts';
import { toPage } from './paging.ts';
import { checkRule } from './ruleAddresses.ts';
import { checkKeys, parseRule } from './ruleShape.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

export function nsgIdOf(request: ArmRequest): string {
  const { subscriptionId = '', resourceGroup = '', nsg = '' } = request.params;
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/${nsg}`;
}

export function nsgNotFound(request: ArmRequest) {
  const { resourceGroup = '', nsg = '' } = request.params;
  return armErrors.resourceNotFound(`Microsoft.Network/networkSecurityGroups/${nsg}`, resourceGroup);
}

export const getNsg: Handler = (request, simulation) => {
  const nsg = simulation.read(simulation.nsgs, nsgIdOf(request), request);
  if (!nsg) throw nsgNotFound(request);
  return { status: 200, headers: { ETag: nsg.etag }, body: toNsgDocument(nsg) };
};

/** Lists those of a subscription, or of a resource group if the path names one. */
export const listNsgs: Handler = (request, simulation) => {
  const { subscriptionId, resourceGroup } = request.params;
  const nsgs = simulation.nsgs
    .values()
    .filter((nsg) => nsg.subscriptionId.toLowerCase() === subscriptionId?.toLowerCase())
    .filter((nsg) => resourceGroup === undefined || nsg.resourceGroup.toLowerCase() === resourceGroup.toLowerCase());
  return { status: 200, body: toPage(nsgs.map(toNsgDocument), request, simulation) };
};

/** Replaces the whole group: rules that the body does not name are deleted. */
export const putNsg: Handler = (request, simulation) => {
  const existing = simulation.nsgs.get(nsgIdOf(request));
  const body = checkKeys(
    request.body,
    ['id', 'name', 'type', 'location', 'tags', 'properties'],
    'NetworkSecurityGroup',
    '',
  );
  const { location } = body;
  if (typeof location !== 'string') throw nsgErrors.locationRequired();
  const toName = (text: string) => text.toLowerCase().replaceAll(' ', '');
  if (existing && toName(existing.location) !== toName(location)) {
    throw nsgErrors.otherLocation(existing.name, existing.resourceGroup, existing.location, location);
  }
  const base = existing ?? newNsg(request, location, simulation);
  const properties = checkKeys(
    body.properties ?? {},
    ['flushConnection', 'securityRules'],
    'NetworkSecurityGroupPropertiesFormat',
    'properties',
  );
  const rules = parseRules(base.id, properties.securityRules ?? [], simulation);
  const flushConnection = properties.flushConnection;
  const replacement = {
    tags: parseTags(body.tags ?? {}),
    flushConnection: typeof flushConnection === 'boolean' ? flushConnection : undefined,
    rules,
  };
  const accepted = startNsgWrite(
    {
      operation: 'PutNetworkSecurityGroupOperation',
      nsg: base,
      touched: rules.map((rule) => rule.name),
      change: (nsg) => checked({ ...nsg, ...replacement }),
      toAnswer: toNsgDocument,
    },
    request,
    simulation,
  );
  return { status: existing ? 200 : 201, ...accepted };
};

/** `PATCH` changes only tags, and takes effect at once. */
export const patchNsgTags: Handler = (request, simulation) => {
  const nsg = simulation.nsgs.get(nsgIdOf(request));
  if (!nsg) throw nsgNotFound(request);
  const body = checkKeys(request.body, ['tags'], 'TagsObject', '');
  checkIfMatch(nsg, request, simulation);
  const running = simulation.operations.lockHolder(nsg.id);
  if (running) throw nsgErrors.lockedByOperation(running.name, running.id, nsg.id);
  const changed = { ...nsg, tags: parseTags(body.tags ?? {}), etag: simulation.newEtag() };
  simulation.nsgs.set(nsg.id, changed, simulation.now());
  return { status: 200, headers: { ETag: changed.etag }, body: toNsgDocument(changed) };
};

function newNsg(request: ArmRequest, location: string, simulation: Simulation): Nsg {
  const { subscriptionId = '', resourceGroup = '', nsg = '' } = request.params;
  return {
    id: nsgIdOf(request),
    name: nsg,
    resourceGroup,
    subscriptionId,
    location,
    tags: {},
    flushConnection: undefined,
    rules: [],
    subnets: [],
    etag: simulation.newEtag(),
    resourceGuid: simulation.newGuid(),
    provisioningState: 'Succeeded',
  };
}

function parseRules(nsgId: string, value: unknown, simulation: Simulation): Rule[] {
  if (!Array.isArray(value)) throw nsgErrors.invalidFormat("Expected an array. Path 'properties.securityRules'.");
  return value.map((item: unknown) => {
    const { name } = checkKeys(item, ['name', 'id', 'type', 'properties'], 'SecurityRule', 'properties.securityRules');
    return toRule(nsgId, typeof name === 'string' ? name : '', item, (tag) => simulation.serviceTags.isTag(tag));
  });
}

/** `isServiceTag` gets the name in lower case. */
export function toRule(nsgId: string, name: string, body: unknown, isServiceTag: (name: string) => boolean): Rule {
  const properties = parseRule(body);
  checkRuleName(name);
  checkRule(`${nsgId}/securityRules/${name}`, properties, isServiceTag);
  return { name, properties, provisioningState: 'Updating' };
}

export function checked(nsg: Nsg): Nsg {
  checkLimits(nsg);
  return nsg;
}

function parseTags(value: unknown): Readonly<Record<string, string>> {
  if (!isTags(value)) throw nsgErrors.invalidFormat("Expected an object of strings. Path 'tags'.");
  return value;
}
