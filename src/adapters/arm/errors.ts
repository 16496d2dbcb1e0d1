/** What an error of Azure means for a run: by HTTP status, code and detail code, in one place. */
import { TargetBlockedError, TargetBusyError, TargetMovedError, toErrorMessage } from '../../core/errors.ts';
import type { BlockCode } from '../../core/reasons.ts';
import { ArmError } from './armError.ts';

export interface ArmVerdict {
  /** `retry`: the same again later. `replan`: read and plan again. `blocked`: a person must act. `fatal`: not known. */
  readonly kind: 'retry' | 'replan' | 'blocked' | 'fatal';
  readonly code: string;
  readonly detailCode?: string;
  readonly retryAfterInMs?: number;
  /** For `blocked`: why, and what a person can do. */
  readonly reason?: { readonly code: BlockCode; readonly message: string };
}

type Facts = Pick<ArmError, 'code' | 'message' | 'path'>;
type Explain = (facts: Facts) => string;

/** Codes that say the same whatever the status. Detail codes are looked up first: they are the exact ones. */
const retryCodes = new Set([
  'RetryableError',
  'RetryableErrorDueToAnotherOperation', // an NSG's lock, not a quota
  'ReferencedResourceNotProvisioned',
  'AnotherOperationInProgress', // also as the result of an accepted operation
  'OperationPreempted',
  'TooManyRequests',
  'SubscriptionRequestsThrottled',
  'InternalServerError',
  'ServerTimeout',
  'ServiceUnavailable',
  'GatewayTimeout',
  'ResourceBeingUpdated',
  'PARSE_ERROR', // an answer that broke off
]);

const lockCodes = new Set([
  'RetryableError',
  'RetryableErrorDueToAnotherOperation',
  'ReferencedResourceNotProvisioned',
  'AnotherOperationInProgress',
  'OperationPreempted',
  'ResourceBeingUpdated',
]);

const replanCodes = new Set([
  'CanceledAndSupersededDueToAnotherOperation',
  'OperationCanceled',
  'OperationCancelled',
  'PreconditionFailed',
  'PreconditionFailedEtagMismatch',
]);

const blockedCodes: Readonly<Record<string, readonly [BlockCode, Explain]>> = {
  AuthorizationFailed: ['noPermission', explainPermission],
  LinkedAuthorizationFailed: ['noPermission', explainPermission],
  RequestDisallowedByPolicy: ['rejected', ({ message }) => `an Azure Policy denies the write: ${message}`],
  ScopeLocked: ['locked', explainLock],
  SubscriptionNotFound: ['notFound', explainSubscription],
  InvalidSubscriptionId: ['notFound', explainSubscription],
  ReadOnlyDisabledSubscription: ['rejected', explainDisabled],
  SubscriptionDisabled: ['rejected', explainDisabled],
  ResourceGroupNotFound: [
    'notFound',
    ({ path }) => `resource group ${groupOf(path)} does not exist: correct resourceId or remove the target`,
  ],
  ResourceGroupBeingDeleted: [
    'notFound',
    ({ path }) => `resource group ${groupOf(path)} is being deleted: remove the target`,
  ],
  ResourceNotFound: ['notFound', explainResource],
  ParentResourceNotFound: [
    'notFound',
    ({ message, path }) => explainResource({ path: /parent resource '([^']+)'/i.exec(message)?.[1] ?? path }),
  ],
  MissingSubscriptionRegistration: ['rejected', ({ message }) => `register the resource provider first: ${message}`],
  SecurityRuleConflict: [
    'priorityTaken',
    ({ message }) => `another rule has the same priority and direction: choose another priority (${message})`,
  ],
  SecurityRuleCountLimitReached: ['quota', explainFull],
  SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached: ['quota', explainFull],
  QuotaExceeded: ['quota', ({ message }) => `the service's quota is reached: ${message}`],
};

/** Decides what an error that came out of a call to Azure means. */
export function classifyArmError(error: unknown): ArmVerdict {
  if (error instanceof ArmError) return classifyAnswer(error);
  if (error instanceof TargetMovedError) return { kind: 'replan', code: error.name };
  const code = codeOfUnknown(error);
  if (isCredentialError(error)) {
    return isTransientStatus(statusOf(error))
      ? { kind: 'retry', code }
      : blocked(code, 'badCredentials', explain(error));
  }
  return { kind: isConnectionError(error, code) ? 'retry' : 'fatal', code };
}

/** Another change holds the resource: not a matter of too many calls. */
export function isLock({ code, detailCode }: Pick<ArmError, 'code' | 'detailCode'>): boolean {
  return [detailCode, code].some((known) => known !== undefined && lockCodes.has(known));
}

/** What the app is to hear of an error: TargetBlockedError, TargetBusyError, TargetMovedError, or the error itself. */
export function toTargetError(error: unknown): unknown {
  if (error instanceof TargetBlockedError || error instanceof TargetMovedError) return error;
  const { kind, reason, code, detailCode, retryAfterInMs } = classifyArmError(error);
  if (kind === 'blocked' && reason) return new TargetBlockedError(reason.code, reason.message, { cause: error });
  if (kind === 'retry' && error instanceof ArmError && isBusy(error)) {
    return new TargetBusyError(`${detailCode ?? code}: ${error.message}`, retryAfterInMs, { cause: error });
  }
  if (kind !== 'replan') return error;
  const message = `another change came first (${detailCode ?? code}): ${toErrorMessage(error)}`;
  return new TargetMovedError(message, { cause: error });
}

function classifyAnswer(error: ArmError): ArmVerdict {
  const facts = {
    code: error.code,
    ...(error.detailCode !== undefined && { detailCode: error.detailCode }),
  };
  for (const code of [error.detailCode, error.code]) {
    const verdict = code === undefined ? undefined : classifyCode(code, error);
    if (verdict) return { ...verdict, ...facts };
  }
  return { ...classifyStatus(error), ...facts };
}

function classifyCode(code: string, error: ArmError): ArmVerdict | undefined {
  if (retryCodes.has(code)) return retry(error);
  if (replanCodes.has(code)) return { kind: 'replan', code };
  const known = Object.hasOwn(blockedCodes, code) ? blockedCodes[code] : undefined;
  return known && blocked(code, known[0], known[1](error));
}

function classifyStatus(error: ArmError): ArmVerdict {
  const { statusCode, code, message } = error;
  if (statusCode === undefined) return { kind: 'fatal', code };
  if (isTransientStatus(statusCode) || statusCode === 409) return retry(error);
  if (statusCode === 412) return { kind: 'replan', code };
  if (statusCode === 401) return blocked(code, 'badCredentials', explain(error));
  if (statusCode === 403) return blocked(code, 'noPermission', explainPermission(error));
  if (statusCode === 404) return blocked(code, 'notFound', explainResource(error));
  if (/exceed\w* (the )?allowed quota/i.test(message))
    return blocked(code, 'quota', `no room for so many rules: ${message}`);
  if (/premium sku|sku (is )?not supported/i.test(message)) return blocked(code, 'wrongSku', message);
  if (statusCode >= 400 && statusCode < 500) {
    return blocked(code, 'rejected', `Azure refused the request for good (${error.detailCode ?? code}): ${message}`);
  }
  return { kind: 'fatal', code };
}

function retry({ code, retryAfterInMs }: ArmError): ArmVerdict {
  return { kind: 'retry', code, ...(retryAfterInMs !== undefined && { retryAfterInMs }) };
}

function blocked(code: string, reason: BlockCode, message: string): ArmVerdict {
  return { kind: 'blocked', code, reason: { code: reason, message } };
}

/** Azure works and says: not now. An outage is not that. */
function isBusy(error: ArmError): boolean {
  return isLock(error) || error.statusCode === 429 || error.statusCode === 409;
}

function isTransientStatus(status: number | undefined): boolean {
  return status === 408 || status === 429 || (status !== undefined && status >= 500 && status !== 501);
}

/** Errors of @azure/identity, known by name: the package itself is loaded only where a credential is needed. */
function isCredentialError(error: unknown): boolean {
  return (
    error instanceof Error &&
    [
      'AuthenticationError',
      'AggregateAuthenticationError',
      'AuthenticationRequiredError',
      'CredentialUnavailableError',
    ].includes(error.name)
  );
}

function isConnectionError(error: unknown, code: string): boolean {
  if (/^(REQUEST_SEND_ERROR|PARSE_ERROR|ECONN\w+|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|UND_ERR_\w+)$/.test(code))
    return true;
  // A request that took longer than its own timeout ends as an AbortError.
  return error instanceof Error && error.name === 'AbortError';
}

function codeOfUnknown(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown';
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' ? status : undefined;
}

function explain(error: unknown): string {
  return `the app's credential was not accepted; check its managed identity, AZURE_CLIENT_ID and AZURE_CLOUD: ${toErrorMessage(error)}`;
}

function explainPermission({ message, path }: Facts): string {
  const action = /perform action '([^']+)'/i.exec(message)?.[1];
  const scope = /over scope '([^']+)'/i.exec(message)?.[1] ?? path;
  const principal = /object id '([^']+)'/i.exec(message)?.[1];
  if (action === undefined) return `no permission on ${scope}: ${message}`;
  return (
    `the app's identity may not do ${action} on ${scope}: assign it a role that contains this action, at that scope ` +
    `(az role assignment create --assignee-object-id ${principal ?? '<object id>'} --role <role> --scope ${scope})`
  );
}

function explainLock({ message, path }: Facts): string {
  const scope = /are locked: '([^']+)'/i.exec(message)?.[1] ?? path;
  return `a resource lock on ${scope} forbids the change: remove the lock (az lock list --resource ${scope}), or pause the target`;
}

function explainSubscription({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} does not exist, or belongs to another tenant or cloud: correct resourceId or remove the target`;
}

function explainDisabled({ path }: Facts): string {
  return `subscription ${subscriptionOf(path)} is disabled and therefore read-only: enable it again, or remove the target`;
}

function explainResource({ path }: Pick<Facts, 'path'>): string {
  return `${path} does not exist: it was deleted or moved; correct resourceId or remove the target`;
}

function explainFull({ message }: Facts): string {
  return `the NSG is full: remove rules that are not needed, or use fewer regions (${message})`;
}

function subscriptionOf(path: string): string {
  return /\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? path;
}

function groupOf(path: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(path)?.[1] ?? path;
}
