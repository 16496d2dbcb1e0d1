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
import { currentCalls, forgetRefusal, noteGoingOn, remainingInMs, withRetries, type ArmCalls } from './calls.ts';
import { isLock, isWordOfWrite } from './errors.ts';

const requestTimeoutInMs = 60_000;
/** A shorter wait for a turn is not worth a line in the run's record. */
const shortestToldWaitInMs = 1_000;
/** The least of a resource that the SDKs can read. */
const emptyResource = '{"sku":{},"properties":{}}';

/**
 * Counts requests for their session, keeps to the budget of their subscription, turns bad answers into ArmError,
 * repeats reads that failed in passing and gives a body to a write that was accepted without a word.
 * Writes are not repeated here: who writes must look again first (see nsgRules.ts and registryNetworkRules.ts).
 */
export function buildCallsPolicy(versions: ApiVersions): PipelinePolicy {
  const budget = new Budget();
  const sendKnown = (request: PipelineRequest, next: SendRequest) =>
    sendWithKnownVersion(request, next, budget, versions);
  return {
    name: 'armCallsPolicy',
    async sendRequest(request, next) {
      if (isReadOfResult(request)) return toStub(request);
      const isRepeated = isRead(request) && currentCalls() !== undefined;
      const response = await (isRepeated
        ? withRetries(nameOf(request), () => sendKnown(request, next), isWordOfWrite)
        : sendKnown(request, next));
      const error = toOperationError(response);
      if (error) throw error;
      noteSuccess(response);
      return isRead(request) && !isOperationPath(pathOf(request)) ? response : withBody(response);
    },
  };
}

/** After the success of an operation the SDK reads the resource: its answer is not needed, as all is read back anyway. */
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

/** An error may name versions of all of Azure first, and those of the type only then. */
const maxVersions = 3;

/** An api-version that is refused has done nothing, so that a write may be sent again as well. */
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
      noteGoingOn(nameOf(request), error.code);
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

/** The SDKs read a resource out of every success. What was written is read back anyway, so that none will do. */
function withBody(response: PipelineResponse): PipelineResponse {
  if (response.bodyAsText) return response;
  // They take 204 for an error where a resource is to come.
  const status = response.status === 204 ? 200 : response.status;
  return { ...response, status, bodyAsText: emptyResource };
}

async function awaitTurn(request: PipelineRequest, calls: ArmCalls, budget: Budget, bucket: BucketName): Promise<void> {
  const waitInMs = budget.take(bucket.key, bucket.kind, calls.clock.now().getTime(), remainingInMs(calls));
  if (waitInMs === undefined) throw noTurn(request, remainingInMs(calls));
  if (waitInMs === 0) return;
  const call = nameOf(request);
  if (waitInMs >= shortestToldWaitInMs)
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

/** Each resource provider counts for itself as well, so that one that refuses calls does not hold up the other. */
function bucketOf(request: PipelineRequest): BucketName {
  const path = pathOf(request);
  const subscription = /\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? '';
  const provider = /\/providers\/([^/]+)/i.exec(path)?.[1] ?? '';
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

/** The only POST that we send asks Azure Resource Graph. */
function isRead({ method }: PipelineRequest): boolean {
  return method === 'GET' || method === 'POST';
}

/** `PUT securityRules/AllowAcrWebhooks`: what a person needs to know which call it was. */
function nameOf(request: PipelineRequest): string {
  return `${request.method} ${pathOf(request).split('/').slice(-2).join('/')}`;
}
