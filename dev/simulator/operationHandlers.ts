/** Everything by which callers follow an operation: the headers of the write, its status, and its result. */
import { ArmError, armErrors, errorBody } from './armError.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

/** Answers the URL in `Azure-AsyncOperation`: always 200, with the status in the body. */
export const getOperation: Handler = (request, simulation) => {
  const { status, error } = findOperation(request, simulation);
  return {
    status: 200,
    ...(status === 'InProgress' ? { headers: retryAfter(simulation) } : {}),
    body: { status, ...(error ? errorBody(error) : {}) },
  };
};

/** Answers the URL in `Location`: 202 while the operation runs, then like the call itself would have answered. */
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

/** Headers of the answer to a write. */
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
