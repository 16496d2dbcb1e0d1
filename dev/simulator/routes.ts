/** The table of implemented operations: path, handler, and the action that a role must contain. */
import findMyWay from 'find-my-way';

import type { Provider } from './apiVersions.ts';
import { getNsg, listNsgs, patchNsgTags, putNsg } from './nsgHandlers.ts';
import { getOperation, getOperationResult } from './operationHandlers.ts';
import { getRegistry, listRegistries, listReplications, listUsages, patchRegistry } from './registryHandlers.ts';
import { queryResources } from './resourceGraph.ts';
import { deleteRule, getRule, listRules, putRule } from './securityRuleHandlers.ts';
import { listServiceTagDetails, listServiceTags } from './serviceTagHandlers.ts';
import type { Handler } from './simulation.ts';

export interface Route {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE' | 'POST';
  readonly path: string;
  readonly provider: Provider;
  /** Resource type, for api-version errors. */
  readonly type: string;
  readonly action: string;
  readonly handler: Handler;
  /** True: the handler leaves out what the caller may not read, and refuses nobody. */
  readonly isFiltered?: boolean;
}

const subscription = '/subscriptions/:subscriptionId';
const group = `${subscription}/resourceGroups/:resourceGroup`;
const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/:nsg`;
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/:registry`;
const location = `${subscription}/providers/Microsoft.Network/locations/:location`;

function network(method: Route['method'], path: string, action: string, handler: Handler): Route {
  const [type = action] = action.split(/\/(?=[^/]+$)/);
  return { method, path, provider: 'Microsoft.Network', type, action: `Microsoft.Network/${action}`, handler };
}

function containers(method: Route['method'], path: string, action: string, handler: Handler): Route {
  const [type = action] = action.split(/\/(?=[^/]+$)/);
  const provider = 'Microsoft.ContainerRegistry';
  return { method, path, provider, type, action: `${provider}/${action}`, handler };
}

const nsgs = 'networkSecurityGroups';
const rules = `${nsgs}/securityRules`;

const routes: readonly Route[] = [
  network('GET', `${location}/serviceTags`, 'locations/serviceTags/read', listServiceTags),
  network('GET', `${location}/serviceTagDetails`, 'locations/serviceTagDetails/read', listServiceTagDetails),
  network('GET', `${location}/operations/:operation`, 'locations/operations/read', getOperation),
  network('GET', `${location}/operationResults/:operation`, 'locations/operationResults/read', getOperationResult),
  network('GET', `${subscription}/providers/Microsoft.Network/networkSecurityGroups`, `${nsgs}/read`, listNsgs),
  network('GET', `${group}/providers/Microsoft.Network/networkSecurityGroups`, `${nsgs}/read`, listNsgs),
  network('GET', nsg, `${nsgs}/read`, getNsg),
  network('PUT', nsg, `${nsgs}/write`, putNsg),
  network('PATCH', nsg, `${nsgs}/write`, patchNsgTags),
  network('GET', `${nsg}/securityRules`, `${rules}/read`, listRules),
  network('GET', `${nsg}/securityRules/:rule`, `${rules}/read`, getRule),
  network('PUT', `${nsg}/securityRules/:rule`, `${rules}/write`, putRule),
  network('DELETE', `${nsg}/securityRules/:rule`, `${rules}/delete`, deleteRule),
  containers(
    'GET',
    `${subscription}/providers/Microsoft.ContainerRegistry/registries`,
    'registries/read',
    listRegistries,
  ),
  containers('GET', `${group}/providers/Microsoft.ContainerRegistry/registries`, 'registries/read', listRegistries),
  containers('GET', registry, 'registries/read', getRegistry),
  containers('PATCH', registry, 'registries/write', patchRegistry),
  containers('GET', `${registry}/replications`, 'registries/replications/read', listReplications),
  containers('GET', `${registry}/listUsages`, 'registries/listUsages/read', listUsages),
  containers('GET', `${registry}/operationStatuses/:operation`, 'registries/operationStatuses/read', getOperation),
  {
    method: 'POST',
    path: '/providers/Microsoft.ResourceGraph/resources',
    provider: 'Microsoft.ResourceGraph',
    type: 'resources',
    action: 'Microsoft.ResourceGraph/resources/read',
    handler: queryResources,
    isFiltered: true,
  },
];

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Fixed path segments match in any letter case; parameters keep the caller's spelling. */
export function buildRouteFinder(): (method: string, path: string) => RouteMatch | undefined {
  const router = findMyWay({ caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 500 });
  for (const route of routes) router.on(route.method, route.path, () => undefined, route);
  return (method, path) => {
    const found = router.find(method as findMyWay.HTTPMethod, path);
    return found ? { route: found.store as Route, params: found.params } : undefined;
  };
}
