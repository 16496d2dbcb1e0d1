/** What callers follow an operation by: the headers of a write, the status of its operation, and its result. */
import { ArmError, armErrors, errorBody } from './armError.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

/** `Azure-AsyncOperation`: always 200, the status is in the body. */
export const getOperation: Handler = (request, simulation) => {
  const { status, error } = findOperation(request, simulation);
  return {
    status: 200,
    ...(status === 'InProgress' ? { headers: retryAfter(simulation) } : {}),
    body: { status, ...(error ? errorBody(error) : {}) },
  };
};

/** `Location`: 202 while it runs, then as the call itself would have answered. */
export const getOperationResult: Handler = (request, simulation) => {
  const { status, error, operation } = findOperation(request, simulation);
  if (status === 'InProgress') {
    const location = `${simulation.baseUrl}${request.path}?${request.query.toString()}`;
    return { status: 202, headers: { Location: location, ...retryAfter(simulation) } };
  }
  if (error)
    throw new ArmError(error.status, error.code, error.message, error.details ? { details: error.details } : {});
  const body = simulation.settings.emptyAnswers ? undefined : operation.result?.();
  return body === undefined ? { status: 204 } : { status: 200, body };
};

/** Of the answer to a write. */
export function operationHeaders(
  { settings }: Simulation,
  statusUrl: string,
  resultUrl?: string,
): Readonly<Record<string, string>> {
  if (settings.operationHeaders === 'none') return {};
  return {
    ...(settings.operationHeaders === 'all' ? { 'Azure-AsyncOperation': statusUrl } : {}),
    ...(resultUrl === undefined ? {} : { Location: resultUrl }),
    'Retry-After': String(settings.retryAfterInSeconds),
  };
}

function findOperation(request: ArmRequest, simulation: Simulation) {
  const { operation = '', subscriptionId = '' } = request.params;
  const entry = simulation.operations.get(operation.replace(/^registries-/i, ''));
  if (entry?.operation.subscriptionId.toLowerCase() !== subscriptionId.toLowerCase()) {
    throw armErrors.resourceNotFound(`operations/${operation}`, '');
  }
  return entry;
}

function retryAfter(simulation: Simulation) {
  return { 'Retry-After': String(simulation.settings.retryAfterInSeconds) };
}
