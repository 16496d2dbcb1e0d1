import type { PipelinePolicy, PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline';
import { ArmError, toAnswerError, toCutOffError, toOperationError } from './armError.ts';
import { Budget, type CallKind } from './budget.ts';
import { currentCalls, remainingInMs, withRetries, type ArmCalls } from './calls.ts';
import { isLock } from './errors.ts';

const requestTimeoutInMs = 60_000;
/** A shorter wait for a turn is not worth a line in the run's record. */
const shortestToldWaitInMs = 1_000;

/**
 * Counts requests for their session, keeps to the budget of their subscription, turns bad answers into ArmError and
 * repeats reads that failed in passing.
 * Writes are not repeated here: who writes must look again first (see nsgRules.ts and registryNetworkRules.ts).
 */
export function buildCallsPolicy(): PipelinePolicy {
  const budget = new Budget();
  return {
    name: 'armCallsPolicy',
    async sendRequest(request, next) {
      const isRepeated = isRead(request) && currentCalls() !== undefined;
      const response = await (isRepeated
        ? withRetries(nameOf(request), () => send(request, next, budget))
        : send(request, next, budget));
      const error = toOperationError(response);
      if (error) throw error;
      return response;
    },
  };
}

async function send(request: PipelineRequest, next: SendRequest, budget: Budget): Promise<PipelineResponse> {
  const calls = currentCalls();
  const bucket = bucketOf(request);
  if (calls) {
    await awaitTurn(request, calls, budget, bucket);
    if (isRead(request)) calls.reads += 1;
    else calls.writes += 1;
    request.headers.set('x-ms-correlation-request-id', calls.correlationId);
    request.timeout = Math.max(1, Math.min(requestTimeoutInMs, remainingInMs(calls)));
  }
  const response = await next(request);
  const now = calls?.clock.now() ?? new Date();
  const error = toAnswerError(response, now);
  const isRefused = error?.statusCode === 429 && !isLock(error);
  const pauseInMs = isRefused && error.retryAfterInMs ? error.retryAfterInMs : undefined;
  budget.note(bucket.key, { remaining: remainingOf(response, bucket.kind), pauseInMs }, now.getTime());
  if (error) throw error;
  const cutOff = calls && isRead(request) ? toCutOffError(response) : undefined;
  if (cutOff) throw cutOff;
  return response;
}

async function awaitTurn(request: PipelineRequest, calls: ArmCalls, budget: Budget, bucket: BucketName): Promise<void> {
  const waitInMs = budget.take(bucket.key, bucket.kind, calls.clock.now().getTime(), remainingInMs(calls));
  if (waitInMs === undefined) throw noTurn(request, remainingInMs(calls));
  if (waitInMs === 0) return;
  const call = nameOf(request);
  if (waitInMs >= shortestToldWaitInMs) calls.retries.push({ call, code: 'SubscriptionBudget', waitedInMs: waitInMs });
  await calls.clock.sleep(waitInMs);
}

function noTurn({ method, url }: PipelineRequest, leftInMs: number): ArmError {
  return new ArmError('the budget of the subscription leaves this call no turn within the time of the run', {
    statusCode: 429,
    code: 'SubscriptionBudget',
    retryAfterInMs: Math.max(1, leftInMs),
    method,
    path: new URL(url).pathname,
  });
}

interface BucketName {
  readonly key: string;
  readonly kind: CallKind;
}

/** Each resource provider counts for itself as well, so that one that refuses calls does not hold up the other. */
function bucketOf(request: PipelineRequest): BucketName {
  const { pathname } = new URL(request.url);
  const subscription = /\/subscriptions\/([^/]+)/i.exec(pathname)?.[1] ?? '';
  const provider = /\/providers\/([^/]+)/i.exec(pathname)?.[1] ?? '';
  const kind = isRead(request) ? 'reads' : request.method === 'DELETE' ? 'deletes' : 'writes';
  return { key: `${subscription}/${provider}/${kind}`.toLowerCase(), kind };
}

/** The lower one of what is left to this app's identity, and to all identities of the subscription together. */
function remainingOf({ headers }: PipelineResponse, kind: CallKind): number | undefined {
  const told = [`subscription-${kind}`, `subscription-global-${kind}`, `tenant-${kind}`]
    .map((name) => headers.get(`x-ms-ratelimit-remaining-${name}`))
    .filter((value) => value !== undefined && /^\d+$/.test(value));
  return told.length === 0 ? undefined : Math.min(...told.map(Number));
}

/** Two POSTs of those that we send only ask. */
function isRead({ method, url }: PipelineRequest): boolean {
  return method === 'GET' || (method === 'POST' && /\/listUsages\?|\/Microsoft\.ResourceGraph\/resources\?/i.test(url));
}

/** `PUT securityRules/AllowAcrWebhooks`: what a person needs to know which call it was. */
function nameOf({ method, url }: PipelineRequest): string {
  return `${method} ${new URL(url).pathname.split('/').slice(-2).join('/')}`;
}
