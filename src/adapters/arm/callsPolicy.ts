import {
  createHttpHeaders,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type SendRequest,
} from '@azure/core-rest-pipeline';
import type { ApiVersions } from './apiVersions.ts';
import { ArmError, isOperationPath, pathOf, toAnswerError, toCutOffError, toOperationError } from './armError.ts';
import { Budget, type CallKind } from './budget.ts';
import {
  currentCalls,
  forgetRefusal,
  recordIgnoredFailure,
  remainingInMs,
  withRetries,
  type ArmCalls,
} from './calls.ts';
import { isLock, isOutcomeOfWrite } from './errors.ts';

const requestTimeoutInMs = 60_000;
/** Shorter waits for a turn are not recorded in the run. */
const shortestRecordedWaitInMs = 1_000;
/** The smallest resource that the SDKs can parse. */
const emptyResource = '{"sku":{},"properties":{}}';

/**
 * The policy for every request to Azure Resource Manager:
 *
 * 1. Counts the request for its session and waits for its turn in the subscription's budget.
 * 2. Sends it again with another api-version if the cloud does not support this one.
 * 3. Turns bad answers into ArmError.
 * 4. Retries reads. Writes are not retried here: a writer must read again first (nsgRules.ts, registryNetworkRules.ts).
 * 5. Gives a body to the answer of a write that has none, because the SDKs need one.
 */
export function buildCallsPolicy(versions: ApiVersions): PipelinePolicy {
  const budget = new Budget();
  const sendOnce = (request: PipelineRequest, next: SendRequest) =>
    sendWithKnownVersion(request, next, budget, versions);
  return {
    name: 'armCallsPolicy',
    async sendRequest(request, next) {
      if (isReadOfResult(request)) return toStub(request);
      const isRepeated = isRead(request) && currentCalls() !== undefined;
      const response = await (isRepeated
        ? withRetries(nameOf(request), () => sendOnce(request, next), isOutcomeOfWrite)
        : sendOnce(request, next));
      const error = toOperationError(response);
      if (error) throw error;
      noteSuccess(response);
      return isRead(request) && !isOperationPath(pathOf(request)) ? response : withBody(response);
    },
  };
}

/** After an operation has succeeded the SDK reads the resource. The app does not need that: it reads back itself. */
function isReadOfResult(request: PipelineRequest): boolean {
  const hasSucceeded = currentCalls()?.followed?.hasSucceeded ?? false;
  return hasSucceeded && request.method === 'GET' && !isOperationPath(pathOf(request));
}

function toStub(request: PipelineRequest): PipelineResponse {
  return { request, status: 200, headers: createHttpHeaders(), bodyAsText: emptyResource };
}

function noteSuccess({ request, bodyAsText }: PipelineResponse): void {
  const followed = currentCalls()?.followed;
  if (!followed || !isOperationPath(pathOf(request))) return;
  followed.hasSucceeded = /"status"\s*:\s*"succeeded"/i.test(bodyAsText ?? '');
}

/** The first error may list versions of all of Azure, and only the next one those of the resource type. */
const maxVersions = 3;

/** Sends again if the api-version is refused. That is safe for writes too: a refused version has changed nothing. */
async function sendWithKnownVersion(
  request: PipelineRequest,
  next: SendRequest,
  budget: Budget,
  versions: ApiVersions,
): Promise<PipelineResponse> {
  for (let count = 1; ; count += 1) {
    versions.apply(request);
    try {
      return await send(request, next, budget);
    } catch (error) {
      const isOther = error instanceof ArmError && count < maxVersions && versions.learn(request, error);
      if (!isOther) throw error;
      recordIgnoredFailure(nameOf(request), error.code);
    }
  }
}

async function send(request: PipelineRequest, next: SendRequest, budget: Budget): Promise<PipelineResponse> {
  const calls = currentCalls();
  const bucket = bucketOf(request);
  if (calls) {
    await awaitTurn(request, calls, budget, bucket);
    if (isRead(request)) calls.usage.reads += 1;
    else calls.usage.writes += 1;
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
  forgetRefusal({ method: request.method, path: pathOf(request) });
  const cutOff = calls && isRead(request) ? toCutOffError(response) : undefined;
  if (cutOff) throw cutOff;
  return response;
}

/** The SDKs parse a resource from every success. An empty one is enough: the app reads back what it has written. */
function withBody(response: PipelineResponse): PipelineResponse {
  if (response.bodyAsText) return response;
  // The SDKs treat 204 as an error if they expect a resource.
  const status = response.status === 204 ? 200 : response.status;
  return { ...response, status, bodyAsText: emptyResource };
}

async function awaitTurn(request: PipelineRequest, calls: ArmCalls, budget: Budget, bucket: BucketName): Promise<void> {
  const waitInMs = budget.take(bucket.key, bucket.kind, calls.clock.now().getTime(), remainingInMs(calls));
  if (waitInMs === undefined) throw noTurn(request, remainingInMs(calls));
  if (waitInMs === 0) return;
  const call = nameOf(request);
  if (waitInMs >= shortestRecordedWaitInMs)
    calls.usage.retries.push({ call, code: 'SubscriptionBudget', waitedInMs: waitInMs });
  await calls.clock.sleep(waitInMs);
}

function noTurn(request: PipelineRequest, leftInMs: number): ArmError {
  return new ArmError('the budget of the subscription leaves this call no turn within the time of the run', {
    statusCode: 429,
    code: 'SubscriptionBudget',
    retryAfterInMs: Math.max(1, leftInMs),
    method: request.method,
    path: pathOf(request),
  });
}

interface BucketName {
  readonly key: string;
  readonly kind: CallKind;
}

/** Each resource provider has a bucket of its own, so that a provider that refuses calls does not delay the others. */
function bucketOf(request: PipelineRequest): BucketName {
  const path = pathOf(request);
  const subscription = /\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? '';
  const provider = /\/providers\/([^/]+)/i.exec(path)?.[1] ?? '';
  const kind = isRead(request) ? 'reads' : request.method === 'DELETE' ? 'deletes' : 'writes';
  return { key: `${subscription}/${provider}/${kind}`.toLowerCase(), kind };
}

/** The lowest of the limits in the headers: this identity's, and that of all identities of the subscription. */
function remainingOf({ headers }: PipelineResponse, kind: CallKind): number | undefined {
  const remaining = [`subscription-${kind}`, `subscription-global-${kind}`, `tenant-${kind}`]
    .map((name) => headers.get(`x-ms-ratelimit-remaining-${name}`))
    .filter((value) => value !== undefined && /^\d+$/.test(value));
  return remaining.length === 0 ? undefined : Math.min(...remaining.map(Number));
}

/** The only POST that the app sends is a query to Azure Resource Graph. */
function isRead({ method }: PipelineRequest): boolean {
  return method === 'GET' || method === 'POST';
}

/** Names the call for people: `PUT securityRules/AllowAcrWebhooks`. */
function nameOf(request: PipelineRequest): string {
  return `${request.method} ${pathOf(request).split('/').slice(-2).join('/')}`;
}
