/** Clients of the app's storage account, built on first use: the SDKs are heavy. */
import type {
  BlobServiceClient,
  HttpOperationResponse,
  RequestPolicyFactory,
  StorageRetryOptions,
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
  /** Of the cloud, for a credential that is not the platform's managed identity. */
  readonly authorityHost?: string;
  readonly logger?: Logger;
  /** How long one try may take until the answer's headers are there. */
  readonly tryTimeoutInMs?: number;
  readonly retry?: StorageRetryOptions;
}

/** At most about 2 s of waiting in between: a queue message or the next poll tries again anyway. */
const defaultRetry: StorageRetryOptions = { maxTries: 4, retryDelayInMs: 400, maxRetryDelayInMs: 2_000 };
const defaultTryTimeoutInMs = 10_000;

export function createStorageClients(setting: StorageSetting, options: StorageClientOptions = {}): StorageClients {
  const blobs = once(() => buildBlobs(setting, options));
  return { blobs, queues: once(async () => buildQueues(setting, (await blobs()).credential, options)) };
}

async function buildBlobs(setting: StorageSetting, options: StorageClientOptions): Promise<BlobServiceClient> {
  const { BlobServiceClient, newPipeline } = await import('@azure/storage-blob');
  const base =
    setting.kind === 'connectionString'
      ? BlobServiceClient.fromConnectionString(setting.connectionString)
      : { url: setting.blobServiceUri, credential: await buildCredential({ ...options, identity: setting.identity }) };
  const pipeline = newPipeline(base.credential, { retryOptions: { ...defaultRetry, ...options.retry } });
  pipeline.factories.push(limitTries(options.tryTimeoutInMs ?? defaultTryTimeoutInMs));
  return new BlobServiceClient(base.url, pipeline);
}

/** A queue client does not tell its credential, so the blob client's is used: it is the same account. */
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
  pipeline.factories.push(limitTries(options.tryTimeoutInMs ?? defaultTryTimeoutInMs));
  return new QueueServiceClient(url, pipeline);
}

const maxUnanswered = 2;

/**
 * Ends a try that gets no answer, tries once more where none came or half of one, and says why the account refuses. The SDK's own `tryTimeoutInMs`
 * only tells the service how long it may take: a connection that went dead would be waited for without end.
 */
function limitTries(tryTimeoutInMs: number): RequestPolicyFactory {
  return {
    create: (next) => ({
      async sendRequest(request) {
        request.timeout = tryTimeoutInMs;
        for (let count = 1; ; count += 1) {
          try {
            const response = await next.sendRequest(request);
            // The client of queues makes an error of it only later.
            const refusal = toStorageRefusal(toAnswer(response), request);
            if (refusal) throw refusal;
            return response;
          } catch (error) {
            const timedOut = isAbort(error) && !request.abortSignal?.aborted;
            if (!timedOut && !isCutOff(error)) throw toStorageRefusal(error as StorageAnswer, request) ?? error;
            if (count < maxUnanswered) continue;
            throw timedOut ? new StorageTimeoutError(request, tryTimeoutInMs, { cause: error }) : error;
          }
        }
      },
    }),
  };
}

function toAnswer({ status, headers, bodyAsText }: HttpOperationResponse): StorageAnswer {
  return { statusCode: status, details: { errorCode: headers.get('x-ms-error-code') }, response: { bodyAsText } };
}

/** No answer of the storage account within the limit; the request may have been carried out nevertheless. */
export class StorageTimeoutError extends Error {
  override readonly name = 'StorageTimeoutError';
  constructor(request: { readonly method: string; readonly url: string }, timeoutInMs: number, options: ErrorOptions) {
    // The query may hold a signature.
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

/** The SDK tries again where no answer came, but not where its body ended in the middle. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Error reading response as text');
}
