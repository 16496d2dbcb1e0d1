/**
 * Clients for the app's storage account, built on first use. The SDK for blobs is imported at once, because all that
 * imports this file needs it: so the bundle contains only what is used of it, in one file with the rest.
 */
import {
  BlobServiceClient,
  newPipeline,
  type HttpOperationResponse,
  type IHttpClient,
  type RequestPolicyFactory,
  type StorageRetryOptions,
} from '@azure/storage-blob';
import type { QueueServiceClient } from '@azure/storage-queue';
import type { StorageSetting } from '../config/storage.ts';
import type { Logger } from '../app/ports.ts';
import { once } from '../core/once.ts';
import { buildCredential } from './identity.ts';
import { toStorageRefusal, type StorageAnswer } from './storageRefusal.ts';

export interface StorageClients {
  readonly blobs: () => Promise<BlobServiceClient>;
  readonly queues: () => Promise<QueueServiceClient>;
}

export interface StorageClientOptions {
  /** Sign-in address of the cloud. A managed identity does not need it; other credentials do. */
  readonly authorityHost?: string;
  readonly logger?: Logger;
  /** How long one attempt may take until the headers of the answer arrive. */
  readonly tryTimeoutInMs?: number;
  readonly startTimer?: StartTimer;
  readonly retry?: StorageRetryOptions;
  /** Carries the requests for blobs. Default: that of the SDK. */
  readonly httpClient?: IHttpClient;
}

/**
 * Calls `end` after a time, unless the function that it returns is called before. `requestId`: the
 * `x-ms-client-request-id` of the attempt.
 */
export type StartTimer = (end: () => void, inMs: number, requestId: string | undefined) => () => void;

const startTimer: StartTimer = (end, inMs) => {
  const timer = setTimeout(end, inMs);
  return () => clearTimeout(timer);
};

/** The waits add up to about 2 s. That is enough: the next queue message or poll tries again anyway. */
const defaultRetry: StorageRetryOptions = { maxTries: 4, retryDelayInMs: 400, maxRetryDelayInMs: 2_000 };
const defaultTryTimeoutInMs = 10_000;

/** The clients throw StorageRefusedError (401, 403), StorageTimeoutError, and the SDK's errors. */
export function createStorageClients(setting: StorageSetting, options: StorageClientOptions = {}): StorageClients {
  const blobs = once(() => buildBlobs(setting, options));
  return { blobs, queues: once(async () => buildQueues(setting, (await blobs()).credential, options)) };
}

async function buildBlobs(setting: StorageSetting, options: StorageClientOptions): Promise<BlobServiceClient> {
  const base =
    setting.kind === 'connectionString'
      ? BlobServiceClient.fromConnectionString(setting.connectionString)
      : { url: setting.blobServiceUri, credential: await buildCredential({ ...options, identity: setting.identity }) };
  const { httpClient } = options;
  const retryOptions = { ...defaultRetry, ...options.retry };
  const pipeline = newPipeline(base.credential, { retryOptions, ...(httpClient && { httpClient }) });
  pipeline.factories.push(limitAttempts({ tryTimeoutInMs: defaultTryTimeoutInMs, startTimer, ...options }));
  return new BlobServiceClient(base.url, pipeline);
}

/** Uses the credential of the blob client (same account): a queue client does not expose its own. */
async function buildQueues(
  setting: StorageSetting,
  credential: BlobServiceClient['credential'],
  options: StorageClientOptions,
): Promise<QueueServiceClient> {
  const { QueueServiceClient, newPipeline } = await import('@azure/storage-queue');
  const url =
    setting.kind === 'connectionString'
      ? QueueServiceClient.fromConnectionString(setting.connectionString).url
      : setting.queueServiceUri;
  const pipeline = newPipeline(credential, { retryOptions: { ...defaultRetry, ...options.retry } });
  pipeline.factories.push(limitAttempts({ tryTimeoutInMs: defaultTryTimeoutInMs, startTimer, ...options }));
  return new QueueServiceClient(url, pipeline);
}

/** How many attempts may end without a complete answer. */
const maxUnanswered = 2;
const requestIdHeader = 'x-ms-client-request-id';

/**
 * 1. Ends an attempt that gets no answer in time. The SDK's own `tryTimeoutInMs` is only sent to the service, so on a
 *    dead connection the SDK would wait forever.
 * 2. Repeats an attempt once if no answer came, or only a part of one.
 * 3. Turns a refusal into a StorageRefusedError that says why the account refuses.
 */
function limitAttempts({
  tryTimeoutInMs,
  startTimer,
}: Required<Pick<StorageClientOptions, 'tryTimeoutInMs' | 'startTimer'>>): RequestPolicyFactory {
  return {
    create: (next) => ({
      async sendRequest(request) {
        const callerSignal = request.abortSignal as AbortSignal | undefined;
        for (let count = 1; ; count += 1) {
          const limit = new AbortController();
          const stopTimer = startTimer(() => limit.abort(), tryTimeoutInMs, request.headers.get(requestIdHeader));
          request.abortSignal = callerSignal ? AbortSignal.any([callerSignal, limit.signal]) : limit.signal;
          try {
            const response = await next.sendRequest(request);
            // The queue client turns a refusal into an error only after this policy, so look for one here.
            const refusal = toStorageRefusal(toAnswer(response), request);
            if (refusal) throw refusal;
            return response;
          } catch (error) {
            const timedOut = isAbort(error) && !callerSignal?.aborted;
            if (!timedOut && !isCutOff(error)) throw toStorageRefusal(error as StorageAnswer, request) ?? error;
            if (count < maxUnanswered) continue;
            throw timedOut ? new StorageTimeoutError(request, tryTimeoutInMs, { cause: error }) : error;
          } finally {
            stopTimer();
            Object.assign(request, { abortSignal: callerSignal });
          }
        }
      },
    }),
  };
}

function toAnswer({ status, headers, bodyAsText }: HttpOperationResponse): StorageAnswer {
  return { statusCode: status, details: { errorCode: headers.get('x-ms-error-code') }, response: { bodyAsText } };
}

/** The storage account did not answer within the limit. It may have carried out the request nevertheless. */
export class StorageTimeoutError extends Error {
  override readonly name = 'StorageTimeoutError';
  constructor(request: { readonly method: string; readonly url: string }, timeoutInMs: number, options: ErrorOptions) {
    // Leave the query out: it may contain a signature.
    const { host, pathname } = new URL(request.url);
    super(
      `no answer to ${request.method} ${host}${pathname} within ${timeoutInMs} ms, ${maxUnanswered} times`,
      options,
    );
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** True if the body of the answer ended early: the SDK does not retry that by itself. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Error reading response as text');
}
