/** What an error of Azure means for a run: by HTTP status, code and detail code, in one place. */
import { TargetBlockedError, TargetBusyError, TargetMovedError, toErrorMessage } from '../../core/errors.ts';
import type { BlockCode } from '../../core/reasons.ts';
import { ArmError, isOperationPath } from './armError.ts';
import {
  explainCredential,
  explainDisabled,
  explainFull,
  explainGroup,
  explainGroupDeletion,
  explainLock,
  explainParent,
  explainPermission,
  explainRejection,
  explainResource,
  explainSubscription,
  type Facts,
} from './explain.ts';

export interface ArmVerdict {
  /** `retry`: the same again later. `replan`: read and plan again. `blocked`: a person must act. `fatal`: not known. */
  readonly kind: 'retry' | 'replan' | 'blocked' | 'fatal';
  readonly code: string;
  readonly detailCode?: string;
  readonly retryAfterInMs?: number;
  /** For `blocked`: why, and what a person can do. */
  readonly reason?: { readonly code: BlockCode; readonly message: string };
}

/** Codes that say the same whatever the status. Detail codes are looked up first: they are the exact ones. */
const lockCodes = new Set([
  'RetryableError',
  'RetryableErrorDueToAnotherOperation', // an NSG's lock, not a quota
  'ReferencedResourceNotProvisioned',
  'AnotherOperationInProgress', // also as the result of an accepted operation
  'OperationPreempted',
  'ResourceBeingUpdated',
]);

const retryCodes = new Set([
  ...lockCodes,
  'TooManyRequests',
  'SubscriptionRequestsThrottled',
  'InternalServerError',
  'ServerTimeout',
  'ServiceUnavailable',
  'GatewayTimeout',
  'PARSE_ERROR', // an answer that broke off
]);

const replanCodes = new Set([
  'CanceledAndSupersededDueToAnotherOperation',
  'OperationCanceled',
  'OperationCancelled',
  'PreconditionFailed',
  'PreconditionFailedEtagMismatch',
]);

/** What is wrong with the request itself, also where Azure finds it only after it has accepted it. */
const rejectedCodes = new Set([
  'InvalidRequestFormat',
  'InvalidResourceName',
  'OverlappingSubnetsNotPermittedInSecurityRule',
  'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
  'SecurityRuleInvalidAddressPrefix',
  'SecurityRuleInvalidPortRange',
  'SecurityRuleInvalidPriority',
  'SecurityRuleParameterContainsUnsupportedValue',
  'SecurityRuleParametersMissing',
]);

const blockedCodes: Readonly<Record<string, readonly [BlockCode, (facts: Facts) => string]>> = {
  AuthorizationFailed: ['noPermission', explainPermission],
  LinkedAuthorizationFailed: ['noPermission', explainPermission],
  RequestDisallowedByPolicy: ['rejected', ({ message }) => `an Azure Policy denies the write: ${message}`],
  ScopeLocked: ['locked', explainLock],
  SubscriptionNotFound: ['notFound', explainSubscription],
  InvalidSubscriptionId: ['notFound', explainSubscription],
  ReadOnlyDisabledSubscription: ['rejected', explainDisabled],
  SubscriptionDisabled: ['rejected', explainDisabled],
  ResourceGroupNotFound: ['notFound', explainGroup],
  ResourceGroupBeingDeleted: ['notFound', explainGroupDeletion],
  ResourceNotFound: ['notFound', explainResource],
  ParentResourceNotFound: ['notFound', explainParent],
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
      : blocked(code, 'badCredentials', explainCredential({ message: toErrorMessage(error) }));
  }
  return { kind: isConnectionError(error, code) ? 'retry' : 'fatal', code };
}

/** Another change holds the resource: not a matter of too many calls. */
export function isLock({ code, detailCodes }: ArmError): boolean {
  return [...detailCodes, code].some((known) => lockCodes.has(known));
}

/**
 * What a read was told of the write that it follows: how it ended, or that nobody knows (any more). Asked again it is
 * answered the same, so that the write itself has to look what there is.
 */
export function isWordOfWrite(error: unknown): boolean {
  return error instanceof ArmError && error.method === 'GET' && (error.statusCode === 409 || isLostOperation(error));
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

/** The same of a write that came to nothing. */
export function toRefusal(error: unknown): unknown {
  const known = toTargetError(error);
  if (!(known instanceof TargetBlockedError)) return known;
  return new TargetBlockedError(known.code, known.message, { cause: known.cause, isRefused: true });
}

function classifyAnswer(error: ArmError): ArmVerdict {
  const { code, detailCode } = error;
  const facts = { code, ...(detailCode === undefined ? {} : { detailCode }) };
  if (isLostOperation(error)) return { ...retry(error), ...facts };
  for (const detail of error.detailCodes) {
    const verdict = classifyCode(detail, error);
    if (verdict) return { ...verdict, code, detailCode: detail };
  }
  return { ...(classifyCode(code, error) ?? classifyStatus(error)), ...facts };
}

/** The resource may well be there, and what was written to it too: look again. */
function isLostOperation({ statusCode, path }: ArmError): boolean {
  return statusCode === 404 && isOperationPath(path);
}

function classifyCode(code: string, error: ArmError): ArmVerdict | undefined {
  if (retryCodes.has(code)) return retry(error);
  if (replanCodes.has(code)) return { kind: 'replan', code };
  if (rejectedCodes.has(code)) return blocked(code, 'rejected', explainRejection(error));
  const known = Object.hasOwn(blockedCodes, code) ? blockedCodes[code] : undefined;
  return known && blocked(code, known[0], known[1](error));
}

function classifyStatus(error: ArmError): ArmVerdict {
  const { statusCode, code, message } = error;
  if (isTransientStatus(statusCode) || statusCode === 409) return retry(error);
  if (statusCode === 412) return { kind: 'replan', code };
  if (statusCode === 401) return blocked(code, 'badCredentials', explainCredential(error));
  if (statusCode === 403) return blocked(code, 'noPermission', explainPermission(error));
  if (statusCode === 404) return blocked(code, 'notFound', explainResource(error));
  if (/exceed\w* (the )?allowed quota/i.test(message))
    return blocked(code, 'quota', `no room for so many rules: ${message}`);
  if (/premium sku|sku (is )?not supported/i.test(message)) return blocked(code, 'wrongSku', message);
  // Without a status an operation failed of which nothing is known.
  if (statusCode === undefined || statusCode >= 500) return { kind: 'fatal', code };
  return blocked(code, 'rejected', explainRejection(error));
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
