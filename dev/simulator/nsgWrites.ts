/** A write to a network security group: precondition, lock, change, long-running operation. */
import type { ArmError } from './armError.ts';
import { isOperationFault } from './faults.ts';
import { findRule, type Nsg, type ProvisioningState } from './nsg.ts';
import { nsgErrors } from './nsgErrors.ts';
import { operationHeaders } from './operationHandlers.ts';
import type { OperationStatus } from './operations.ts';
import type { ArmRequest, Simulation } from './simulation.ts';

export interface NsgWrite {
  /** `PutSecurityRuleOperation` and the like. */
  readonly operation: string;
  readonly nsg: Nsg;
  /** Names of the rules that are `Updating` until the operation ends. */
  readonly touched: readonly string[];
  /** Checks and makes the change. Called again on another base if the write supersedes a running operation. */
  readonly change: (nsg: Nsg) => Nsg;
  /** Body of the immediate answer and of the operation's result. */
  readonly toAnswer?: (nsg: Nsg) => unknown;
}

export interface AcceptedWrite {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export function startNsgWrite(write: NsgWrite, request: ArmRequest, simulation: Simulation): AcceptedWrite {
  const { nsg } = write;
  checkIfMatch(nsg, request, simulation);
  checkIfNoneMatch(write, request, simulation);
  const running = simulation.operations.lockHolder(nsg.id);
  if (!running) return accept(write, nsg, request, simulation, operationFailure(request, simulation));
  write.change(nsg);
  const answer = simulation.nextLockAnswer();
  switch (answer) {
    case 'retryableError':
      throw nsgErrors.lockedByOperation(
        running.name,
        running.id,
        nsg.id,
        simulation.settings.nsgLockRetryAfterInSeconds,
      );
    case 'conflict':
      throw nsgErrors.anotherOperation(running.statusUrl);
    case 'failLater':
      return acceptInVain(write, request, simulation, nsgErrors.anotherOperation(running.statusUrl));
    case 'supersede':
      simulation.operations.cancel(running.id, nsgErrors.superseded(running.id), simulation.now());
      return accept(write, simulation.nsgs.get(nsg.id) ?? nsg, request, simulation, undefined);
  }
}

export function checkIfMatch(nsg: Nsg, request: ArmRequest, simulation: Simulation): void {
  const asked = request.headers['if-match'];
  if (!simulation.settings.honourIfMatch || asked === undefined || asked === '*' || asked === nsg.etag) return;
  throw nsgErrors.etagMismatch(asked, nsg.etag, request.path);
}

/** `If-None-Match: *` means that the rule must not exist yet. */
function checkIfNoneMatch({ nsg, touched }: NsgWrite, request: ArmRequest, simulation: Simulation): void {
  if (!simulation.settings.honourIfMatch || request.headers['if-none-match'] !== '*') return;
  if (touched.some((name) => findRule(nsg, name))) throw nsgErrors.etagMismatch('*', nsg.etag, request.path);
}

function accept(
  write: NsgWrite,
  before: Nsg,
  request: ArmRequest,
  simulation: Simulation,
  failure: ArmError | undefined,
): AcceptedWrite {
  const id = before.id;
  const previous = simulation.nsgs.get(id);
  const changed = mark(write.change(before), write.touched, 'Updating', simulation);
  simulation.nsgs.set(id, changed, simulation.now());
  const onEnd = (status: OperationStatus, at: number) => {
    const current = simulation.nsgs.get(id);
    if (!current) return;
    const isUndone = status === 'Canceled' || failure?.code === 'AnotherOperationInProgress';
    const state = status === 'Succeeded' ? 'Succeeded' : 'Failed';
    const after = isUndone
      ? previous && { ...previous, etag: simulation.newEtag() }
      : mark(current, write.touched, state, simulation);
    simulation.nsgs.set(id, after, at);
  };
  return start(write, changed, request, simulation, { failure, holdsLock: true, onEnd });
}

/** Changes nothing; only the operation tells the caller so. */
function acceptInVain(write: NsgWrite, request: ArmRequest, simulation: Simulation, failure: ArmError): AcceptedWrite {
  const answered = mark(write.change(write.nsg), write.touched, 'Updating', simulation);
  return start(write, answered, request, simulation, { failure, holdsLock: false, onEnd: () => undefined });
}

function start(
  write: NsgWrite,
  nsg: Nsg,
  request: ArmRequest,
  simulation: Simulation,
  rest: {
    readonly failure: ArmError | undefined;
    readonly holdsLock: boolean;
    readonly onEnd: (status: OperationStatus, at: number) => void;
  },
): AcceptedWrite {
  const id = simulation.newGuid();
  const base = `${simulation.baseUrl}/subscriptions/${nsg.subscriptionId}/providers/Microsoft.Network/locations/${nsg.location}`;
  const statusUrl = `${base}/operations/${id}?api-version=${request.apiVersion}`;
  simulation.operations.start({
    id,
    name: write.operation,
    subscriptionId: nsg.subscriptionId,
    resourceId: nsg.id,
    statusUrl,
    endsAt: simulation.now() + simulation.settings.nsgOperationInMs,
    result: () => write.toAnswer?.(simulation.nsgs.get(nsg.id) ?? nsg),
    ...rest,
  });
  const resultUrl = `${base}/operationResults/${id}?api-version=${request.apiVersion}`;
  return { body: write.toAnswer?.(nsg), headers: operationHeaders(simulation, statusUrl, resultUrl) };
}

function operationFailure(request: ArmRequest, simulation: Simulation): ArmError | undefined {
  if (!isOperationFault(request.fault)) return undefined;
  if (request.fault.kind === 'operationSuperseded') return nsgErrors.superseded(simulation.newGuid());
  return request.fault.error;
}

function mark(nsg: Nsg, touched: readonly string[], state: ProvisioningState, simulation: Simulation): Nsg {
  const names = touched.map((name) => findRule(nsg, name)?.name);
  const rules = nsg.rules.map((rule) => (names.includes(rule.name) ? { ...rule, provisioningState: state } : rule));
  return { ...nsg, rules, provisioningState: state, etag: simulation.newEtag() };
}
