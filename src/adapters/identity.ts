/** Signs in to Azure. Retries if the identity endpoint fails, and turns the SDK's long errors into one sentence. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import type { Logger } from '../app/ports.ts';
import type { ManagedIdentity } from '../config/identity.ts';
import { toErrorMessage } from '../core/errors.ts';

export interface IdentityOptions {
  /** The identity to sign in with. Undefined: the app's only one. */
  readonly identity?: ManagedIdentity | undefined;
  /** Sign-in address of the cloud. A managed identity does not need it; other credentials do. */
  readonly authorityHost?: string | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** Azure gave no token. `isOutage`: the identity is fine, but the endpoint that gives tokens does not work. */
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

/** Right after a deployment the endpoint may fail once or twice. After that the caller decides when to try again. */
const waitsInMs = [500, 1_500];

/** Returns the managed identity in Azure; elsewhere what DefaultAzureCredential finds. `getToken` throws SignInError. */
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
  // buildCredential does the retries: the SDK's own last 20 seconds, and it does not retry after a 403.
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
  /** Set by MSAL, the sign-in library that the SDK uses. */
  readonly errorCode?: unknown;
  readonly status?: unknown;
}

export function toSignInError(error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  const cause = causeOf(error as SdkError);
  const status = statusOf(cause);
  const code = codeOf(cause, status);
  if (isOutage(cause, status)) {
    const message = `the identity endpoint that signs the app in to Azure does not answer as it should (${code}): this passes by itself`;
    return new SignInError(message, { isOutage: true, code }, { cause: error });
  }
  const message = isWithoutIdentity(error as SdkError)
    ? 'there is nothing to sign in to Azure with: give the app a managed identity, or sign in with az login on your own machine'
    : `Azure gives the app no token (${code}): check that the managed identity that AZURE_CLIENT_ID or AzureWebJobsStorage__clientId names is assigned to the app, and AZURE_CLOUD`;
  return new SignInError(message, { isOutage: false, code }, { cause: error });
}

/** DefaultAzureCredential tries several credentials. In Azure only the error of the managed identity matters. */
function causeOf(error: SdkError): SdkError {
  const ofManagedIdentity = error.errors?.find(({ message = '' }) => message.startsWith('ManagedIdentityCredential: '));
  const relevant = ofManagedIdentity ?? error;
  return relevant.cause ?? relevant;
}

function isOutage({ name, code, errorCode, message = '' }: SdkError, status: number | undefined): boolean {
  if (
    errorCode === 'network_error' ||
    /^(ECONN\w+|ETIMEDOUT|EPIPE|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|REQUEST_SEND_ERROR)$/.test(String(code))
  )
    return true;
  // The endpoint answered, but without a token.
  if (name === 'AuthenticationRequiredError') return true;
  if (status !== undefined) return status >= 500 || [403, 404, 408, 410, 429].includes(status);
  return /unexpected error|timed? ?out|temporarily|too many/i.test(message);
}

function isWithoutIdentity({ name, errors = [] }: SdkError): boolean {
  const isManaged = errors.some(({ message = '' }) => /^ManagedIdentityCredential: (Auth|Network)/.test(message));
  return name === 'AggregateAuthenticationError' && !isManaged;
}

function statusOf({ status, statusCode, message = '' }: SdkError): number | undefined {
  const inField = [status, statusCode].find((value) => typeof value === 'number');
  if (inField !== undefined) return inField;
  const inText = /http status code: (\d{3})/i.exec(message)?.[1];
  return inText === undefined ? undefined : Number(inText);
}

function codeOf({ errorCode, code, name, message = '' }: SdkError, status: number | undefined): string {
  const entra = /\bAADSTS\d+/.exec(message)?.[0];
  if (entra !== undefined) return entra;
  if (status !== undefined) return `HTTP ${status}`;
  return [code, errorCode, name].find((value) => typeof value === 'string' && value !== '') as string;
}
