/** Downloads a text over HTTPS, with limits for size, time, redirects and retries. */
import packageJson from '../../../package.json' with { type: 'json' };
import { SourceError, toErrorMessage } from '../../core/errors.ts';
import { isLoopback, withoutSecrets } from '../../core/urls.ts';
import { parseRetryAfter } from '../retryAfter.ts';
import { decodeText } from './decodeText.ts';
import { retryDefaults, timeLimit, withRetries, type Failure, type RetryOptions } from './retry.ts';

export interface FetchOptions extends RetryOptions {
  /** Limit for the decoded body. */
  readonly maxBytes?: number;
  /** Allows plain http to a loopback address, for tests. */
  readonly allowLoopbackHttp?: boolean;
  /** The only hosts that are asked, also after redirects. Undefined: any host. */
  readonly hosts?: readonly string[];
}

export interface FetchedText {
  readonly text: string;
  /** URL of the answer, after all redirects. */
  readonly url: URL;
}

export const defaultMaxBytes = 64 * 1024 * 1024;
const maxRedirects = 5;
const userAgent = `acr-address-keeper/${packageJson.version}`;

interface Settings {
  readonly accept: string;
  readonly maxBytes: number;
  readonly allowLoopbackHttp: boolean;
  readonly hosts: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

class AttemptError extends Error {
  override readonly name = 'AttemptError';
  readonly failure: Failure;
  constructor(message: string, failure: Failure, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** GETs a text. Throws SourceError with the URL, the status and what was expected. */
export async function fetchText(
  source: string,
  url: string,
  accept: string,
  options: FetchOptions = {},
): Promise<FetchedText> {
  const { signal } = timeLimit(options.timeoutInMs ?? retryDefaults.timeoutInMs);
  const { maxBytes = defaultMaxBytes, allowLoopbackHttp = false, hosts } = options;
  const settings = { accept, maxBytes, allowLoopbackHttp, hosts, signal };
  const toFailure = (error: Error) => (error instanceof AttemptError ? error.failure : { isFinal: true });
  try {
    return await withRetries(() => attempt(url, settings), toFailure, options, signal);
  } catch (error) {
    throw new SourceError(source, `${withoutSecrets(url)}: ${toErrorMessage(error)}`, { cause: error });
  }
}

async function attempt(url: string, settings: Settings): Promise<FetchedText> {
  let next = checkedUrl(url, settings);
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await request(next, settings);
    const location = redirectOf(response);
    if (location === undefined) {
      await assertOk(response);
      return { text: await readBody(response, settings.maxBytes), url: next };
    }
    await discard(response);
    next = checkedUrl(location, settings, next);
  }
  throw new AttemptError(`more than ${maxRedirects} redirects`, { isFinal: true });
}

async function request(url: URL, { accept, signal }: Settings): Promise<Response> {
  try {
    return await fetch(url, { headers: { accept, 'user-agent': userAgent }, signal, redirect: 'manual' });
  } catch (cause) {
    throw new AttemptError(`no answer (${rootMessage(cause)})`, {}, { cause });
  }
}

/** Requires https and an allowed host. Refuses a URL with a password without quoting it, so that no log contains it. */
function checkedUrl(text: string, { allowLoopbackHttp, hosts }: Settings, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  const what = base ? 'redirects to' : 'is';
  if (!url) throw new AttemptError(`${what} no URL`, { isFinal: true });
  const isAllowedHttp = allowLoopbackHttp && url.protocol === 'http:' && isLoopback(url);
  if (url.protocol !== 'https:' && !isAllowedHttp) {
    const message = `${what} ${withoutSecrets(url.href)}, expected an https URL`;
    throw new AttemptError(message, { isFinal: true });
  }
  if (url.username !== '' || url.password !== '') {
    throw new AttemptError(`${what} a URL with a user name or password, which is not accepted`, { isFinal: true });
  }
  if (hosts && !hosts.includes(url.host)) {
    const message = `${what} ${withoutSecrets(url.href)}, expected a URL on ${hosts.join(' or ')}`;
    throw new AttemptError(message, { isFinal: true });
  }
  return url;
}

function redirectOf(response: Response): string | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  return response.headers.get('location') ?? undefined;
}

async function assertOk(response: Response): Promise<void> {
  const { status, headers } = response;
  if (status === 200) return;
  await discard(response);
  const retryAfterInMs = parseRetryAfter(headers.get('retry-after'), new Date());
  const later = retryAfterInMs === undefined ? '' : `, Retry-After ${Math.ceil(retryAfterInMs / 1000)} s`;
  throw new AttemptError(`HTTP ${status}${later}, expected 200`, { status, retryAfterInMs });
}

/** Counts decompressed bytes, so that a small compressed body cannot fill the memory. */
async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) break; // leaving the loop cancels the stream
    }
  } catch (cause) {
    throw new AttemptError(`the answer broke off after ${size} bytes (${rootMessage(cause)})`, {}, { cause });
  }
  if (size > maxBytes) throw new AttemptError(`larger than ${maxBytes} bytes`, { isFinal: true });
  return decodeText(Buffer.concat(chunks));
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** `fetch` only says "fetch failed". The reason is in its cause, or in the cause's `errors` if all addresses failed. */
function rootMessage(error: unknown): string {
  const { message, cause } = error as { readonly message?: string; readonly cause?: unknown };
  const { message: reason, errors } = (cause ?? {}) as { readonly message?: string; readonly errors?: unknown[] };
  return (errors?.[0] as { readonly message?: string } | undefined)?.message ?? reason ?? message ?? String(error);
}
