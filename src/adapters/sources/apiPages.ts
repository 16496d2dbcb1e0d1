import type { NetworkManagementClient } from '@azure/arm-network';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline';
import { SourceError } from '../../core/errors.ts';
import { withoutSecrets } from '../../core/urls.ts';
import { parseRetryAfter } from '../retryAfter.ts';
import { withRetries, type Failure, type RetryOptions } from './retry.ts';

/** Limits for one fetch, all of its pages together. */
export interface PageLimits {
  readonly controller: AbortController;
  readonly maxBytes: number;
  readonly retry: RetryOptions;
}

export interface ApiAnswer {
  /** URL of the first request. */
  readonly url: string;
  /** The first page, with the `values` of all pages. */
  readonly json: unknown;
}

const maxPages = 100;
type OnProgress = (progress: { readonly loadedBytes: number }) => void;

/**
 * Reads every page of service tags and joins their values. (The SDK returns one page and leaves `nextLink` to its
 * caller.) Throws SourceError.
 */
export async function readPages(
  client: NetworkManagementClient,
  location: string,
  limits: PageLimits,
): Promise<ApiAnswer> {
  const startCounting = byteCounter(limits);
  let request: FirstRequest = { url: '' };
  const first = await retried(limits, () =>
    client.serviceTags.list(location, {
      abortSignal: limits.controller.signal,
      requestOptions: { onDownloadProgress: startCounting() },
      onResponse: (response) => {
        request = response.request;
      },
    }),
  );
  const values: unknown[] = [...(first.values ?? [])];
  const seen = new Set<string>();
  let next: unknown = first.nextLink;
  while (typeof next === 'string' && next !== '') {
    const url = checkedNextLink(next, request.url, seen);
    const page = await retried(limits, () => readPage(client, { ...request, url }, limits, startCounting()));
    if (!Array.isArray(page.values)) {
      throw new SourceError('api', `${withoutSecrets(url)}: values: expected an array of service tags on every page`);
    }
    values.push(...(page.values as unknown[]));
    next = page.nextLink;
  }
  return { url: request.url, json: { ...first, values: first.values && values } };
}

interface FirstRequest {
  readonly url: string;
  readonly allowInsecureConnection?: boolean;
}

/** Sends the request through the client's own pipeline, which signs, counts and logs it like every call of the SDK. */
async function readPage(
  client: NetworkManagementClient,
  { url, allowInsecureConnection = false }: FirstRequest,
  limits: PageLimits,
  onDownloadProgress: OnProgress,
): Promise<{ readonly values?: unknown; readonly nextLink?: unknown }> {
  const headers = createHttpHeaders({ accept: 'application/json' });
  const abortSignal = limits.controller.signal;
  const request = createPipelineRequest({ url, headers, allowInsecureConnection, abortSignal, onDownloadProgress });
  const response = await client.pipeline.sendRequest(createDefaultHttpClient(), request);
  if (response.status !== 200) {
    const body = (response.bodyAsText ?? '').slice(0, 200);
    throw new RestError(`page of service tags: ${body}`, { statusCode: response.status, request, response });
  }
  try {
    return (JSON.parse(response.bodyAsText ?? '') ?? {}) as object;
  } catch (cause) {
    throw new SourceError('api', `${withoutSecrets(url)}: the page is not JSON`, { cause });
  }
}

/** Requires the same origin as the first request, because the request carries a token. */
function checkedNextLink(nextLink: string, firstUrl: string, seen: Set<string>): string {
  const { origin } = new URL(firstUrl);
  const url = URL.parse(nextLink, firstUrl);
  if (url?.origin !== origin) {
    throw new SourceError('api', `nextLink leads to ${withoutSecrets(nextLink)}, expected a link to ${origin}`);
  }
  if (seen.has(url.href)) throw new SourceError('api', `nextLink leads back to a page that was read: ${url.pathname}`);
  if (seen.size >= maxPages) throw new SourceError('api', `more than ${maxPages} pages of service tags`);
  seen.add(url.href);
  return url.href;
}

function retried<T>(limits: PageLimits, attempt: () => Promise<T>): Promise<T> {
  return withRetries(attempt, toFailure, limits.retry, limits.controller.signal);
}

interface HttpFailure extends Error {
  readonly statusCode?: number;
  readonly retryAfterInMs?: number;
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
}

function toFailure(error: HttpFailure): Failure {
  const isNetwork = error.name === 'RestError' || error.statusCode !== undefined;
  return {
    isFinal: error instanceof SourceError || !isNetwork,
    status: error.statusCode,
    retryAfterInMs: error.retryAfterInMs ?? parseRetryAfter(error.response?.headers.get('retry-after'), new Date()),
  };
}

/** Applies `maxBytes` to the sum of all requests. The SDK reports progress for each request, starting from 0. */
function byteCounter({ controller, maxBytes }: PageLimits): () => OnProgress {
  let total = 0;
  return () => {
    let ofThisRequest = 0;
    return ({ loadedBytes }) => {
      total += loadedBytes - ofThisRequest;
      ofThisRequest = loadedBytes;
      if (total > maxBytes) controller.abort(new Error(`the answer is larger than ${maxBytes} bytes`));
    };
  };
}
