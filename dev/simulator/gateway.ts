/**
 * The checks of Azure Resource Manager, in its order:
 *
 * 1. Token (401), then: is the operation implemented (501)?
 * 2. Token buckets (429).
 * 3. api-version (400) and subscription (404, 409).
 * 4. Role (403), resource group (404) and locks (409).
 * 5. Microsoft.Network's own limits (429), and then the handler.
 */
import { authenticate, authorize } from './access.ts';
import { requireApiVersion } from './apiVersions.ts';
import { armErrors } from './armError.ts';
import type { Fault } from './faults.ts';
import type { RouteMatch } from './routes.ts';
import type { ArmResponse, Simulation } from './simulation.ts';
import { callKindOf, type Throttle } from './throttling.ts';
import { reword } from './wording.ts';

export interface IncomingCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export function passThroughGateway(
  call: IncomingCall,
  match: RouteMatch | undefined,
  fault: Fault | undefined,
  simulation: Simulation,
  throttle: Throttle,
): ArmResponse {
  const { settings, access } = simulation;
  simulation.operations.settle(simulation.now());
  const principal = authenticate(call.headers.authorization, settings.auth);
  if (!match) throw armErrors.notBuilt(`${call.method} ${call.path}`);
  const { route, params } = match;
  const { subscriptionId } = params;
  const kind = callKindOf(call.method);
  const isWrite = kind !== 'reads' && !route.isFiltered;
  const actor = principal?.objectId ?? 'anonymous';
  const bucket = route.isFiltered ? 'reads' : kind;
  const limits = settings.throttling
    ? throttle.take(settings.throttling, {
        subscriptionId: subscriptionId ?? '',
        actor,
        kind: bucket,
        now: simulation.now(),
      })
    : {};
  const apiVersion = requireApiVersion(call.query, route.provider, route.type, settings.apiVersions);
  if (subscriptionId !== undefined) access.checkSubscription(subscriptionId, isWrite);
  if (!route.isFiltered) authorize(principal, route.action, scopeOf(call.path));
  if (subscriptionId !== undefined && params.resourceGroup !== undefined) {
    access.checkResourceGroup(subscriptionId, params.resourceGroup);
  }
  if (isWrite) access.checkLocks(scopeOf(call.path), kind === 'deletes' ? 'delete' : 'write');
  if (settings.throttling && route.provider === 'Microsoft.Network') {
    throttle.takeNetwork(settings.throttling, subscriptionId ?? '', isWrite, simulation.now());
  }
  const request = { ...call, params, apiVersion, principal, fault, body: parseBody(call.body) };
  const response = reword(route.handler(request, simulation), isWrite, settings);
  return { ...response, headers: { ...limits, ...response.headers } };
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw armErrors.invalidJson(error instanceof Error ? error.message : String(error));
  }
}

function scopeOf(path: string): string {
  return path.replace(/\/$/, '');
}
