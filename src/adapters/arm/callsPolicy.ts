import type { PipelinePolicy, PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline';
import { toAnswerError, toOperationError } from './armError.ts';
import { currentCalls, remainingInMs, withRetries } from './calls.ts';

const requestTimeoutInMs = 60_000;

/**
 * Counts requests for their session, turns bad answers into ArmError and repeats reads that failed in passing.
 * Writes are not repeated here: who writes must look again first (see nsgRules.ts and registryNetworkRules.ts).
 */
export function buildCallsPolicy(): PipelinePolicy {
  return {
    name: 'armCallsPolicy',
    async sendRequest(request, next) {
      const isRepeated = isRead(request) && currentCalls() !== undefined;
      const response = await (isRepeated
        ? withRetries(nameOf(request), () => send(request, next))
        : send(request, next));
      const error = toOperationError(response);
      if (error) throw error;
      return response;
    },
  };
}

async function send(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
  const calls = currentCalls();
  if (calls) {
    if (isRead(request)) calls.reads += 1;
    else calls.writes += 1;
    request.headers.set('x-ms-correlation-request-id', calls.correlationId);
    // A little later than the deadline itself, so that who waits for it can say what it waited for (see operation.ts).
    request.timeout = Math.max(1, Math.min(requestTimeoutInMs, remainingInMs(calls) + 500));
  }
  const response = await next(request);
  const error = toAnswerError(response, calls?.clock.now() ?? new Date());
  if (error) throw error;
  return response;
}

/** Two POSTs of those that we send only ask. */
function isRead({ method, url }: PipelineRequest): boolean {
  return method === 'GET' || (method === 'POST' && /\/listUsages\?|\/Microsoft\.ResourceGraph\/resources\?/i.test(url));
}

/** `PUT securityRules/AllowAcrWebhooks`: what a person needs to know which call it was. */
function nameOf({ method, url }: PipelineRequest): string {
  return `${method} ${new URL(url).pathname.split('/').slice(-2).join('/')}`;
}
