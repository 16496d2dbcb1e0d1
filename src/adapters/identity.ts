/** Sign-in to Azure: tried again if the platform's endpoint fails, and one sentence in place of what the SDK writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import type { Logger } from '../app/ports.ts';
import type { ManagedIdentity } from '../config/identity.ts';
import { toErrorMessage } from '../core/errors.ts';

export interface IdentityOptions {
  /** The identity to sign in with; undefined: the app's only one. */
  readonly identity?: ManagedIdentity | undefined;
  /** Of the cloud, for a credential that is not the platform's managed identity. */
  readonly authorityHost?: string | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** No token. `isOutage`: nothing is wrong with the identity, the endpoint that gives tokens does not answer. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly isOutage: boolean;
  readonly code: string;
  constructor(message: string, facts: Pick<SignInError, 'isOutage' | 'code'>, options?: ErrorOptions) {
    super(message, options);
    this.isOutage = facts.isOutage;
    this.code = facts.code;
  }
}

/** Right after a deployment the endpoint may answer wrongly once or twice. A longer outage is for the caller to ride out. */
const waitsInMs = [500, 1_500];

/** In Azure the managed identity, else what DefaultAzureCredential finds. Throws SignInError. */
export async function buildCredential(options: IdentityOptions = {}): Promise<TokenCredential> {
  const credential = await buildSdkCredential(options);
  const { logger, sleep: wait = sleep } = options;
  return {
    async getToken(scopes, request) {
      for (let count = 0; ; count += 1) {
        try {
          return await credential.getToken(scopes, request);
        } catch (error) {
          const failure = toSignInError(error);
          const waitInMs = waitsInMs[count];
          if (failure.isOutage && waitInMs !== undefined && !request?.abortSignal?.aborted) {
            await wait(waitInMs);
            continue;
          }
          logger?.warn('no token for Azure', { code: failure.code, error: toErrorMessage(error) });
          throw failure;
        }
      }
    },
  };
}

async function buildSdkCredential({ identity, authorityHost }: IdentityOptions): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  // Tries are counted here: the SDK's own go on for 20 seconds, and not after a 403.
  const retryOptions = { maxRetries: 0 };
  // eslint-disable-next-line no-restricted-properties -- the platform's own variables, which the SDK reads itself
  const { IDENTITY_ENDPOINT, AZURE_CLIENT_SECRET } = process.env;
  if (IDENTITY_ENDPOINT !== undefined && AZURE_CLIENT_SECRET === undefined)
    return new ManagedIdentityCredential({ ...identity, retryOptions });
  const { clientId, resourceId } = { clientId: undefined, resourceId: undefined, ...identity };
  return new DefaultAzureCredential({
    retryOptions,
    ...(authorityHost !== undefined && { authorityHost }),
    ...(clientId !== undefined && { managedIdentityClientId: clientId }),
    ...(resourceId !== undefined && { managedIdentityResourceId: resourceId }),
  });
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly cause?: SdkError;
  readonly errors?: readonly SdkError[];
  /** Of MSAL. */
  readonly errorCode?: unknown;
  readonly status?: unknown;
}

export function toSignInError(error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  const told = ofManagedIdentity(error as SdkError);
  const status = statusOf(told);
  const code = codeOf(told, status);
  if (isOutage(told, status)) {
    const message = `the identity endpoint that signs the app in to Azure does not answer as it should (${code}): this passes by itself`;
    return new SignInError(message, { isOutage: true, code }, { cause: error });
  }
  const message = isWithoutIdentity(error as SdkError)
    ? 'there is nothing to sign in to Azure with: give the app a managed identity, or sign in with az login on your own machine'
    : `Azure gives the app no token (${code}): check that the managed identity that AZURE_CLIENT_ID or AzureWebJobsStorage__clientId names is assigned to the app, and AZURE_CLOUD`;
  return new SignInError(message, { isOutage: false, code }, { cause: error });
}

/** Of all that DefaultAzureCredential tried, the managed identity is what counts in Azure. */
function ofManagedIdentity(error: SdkError): SdkError {
  const tried = error.errors?.find(({ message = '' }) => message.startsWith('ManagedIdentityCredential: '));
  const told = tried ?? error;
  return told.cause ?? told;
}

function isOutage(told: SdkError, status: number | undefined): boolean {
  if (
    told.errorCode === 'network_error' ||
    /^(ECONN\w+|ETIMEDOUT|EPIPE|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|REQUEST_SEND_ERROR)$/.test(
      String(told.code),
    )
  )
    return true;
  // An answer that is no token.
  if (told.name === 'AuthenticationRequiredError') return true;
  if (status !== undefined) return status >= 500 || [403, 404, 408, 410, 429].includes(status);
  return /unexpected error|timed? ?out|temporarily|too many/i.test(told.message ?? '');
}

function isWithoutIdentity({ name, errors = [] }: SdkError): boolean {
  const isManaged = errors.some(({ message = '' }) => /^ManagedIdentityCredential: (Auth|Network)/.test(message));
  return name === 'AggregateAuthenticationError' && !isManaged;
}

function statusOf({ status, statusCode, message = '' }: SdkError): number | undefined {
  const told = [status, statusCode].find((value) => typeof value === 'number');
  if (told !== undefined) return told;
  const inText = /http status code: (\d{3})/i.exec(message)?.[1];
  return inText === undefined ? undefined : Number(inText);
}

function codeOf({ errorCode, code, name, message = '' }: SdkError, status: number | undefined): string {
  const entra = /\bAADSTS\d+/.exec(message)?.[0];
  if (entra !== undefined) return entra;
  if (status !== undefined) return `HTTP ${status}`;
  return [code, errorCode, name].find((value) => typeof value === 'string' && value !== '') as string;
}
