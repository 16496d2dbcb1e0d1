/** Decides what an error of Azure means for a run, from HTTP status, code and detail code. The only place that does. */
import {
  OutageError,
  TargetBlockedError,
  TargetBusyError,
  TargetMovedError,
  toErrorMessage,
} from '../../core/errors.ts';
import type { BlockCode } from '../../core/reasons.ts';
import { SignInError } from '../identity.ts';
import { ArmError, isOperationPath } from './armError.ts';
import {
  explainCredential,
  explainDenyAssignment,
  explainDisabled,
  explainDisallowedByAzure,
  explainFull,
  explainGroup,
  explainGroupDeletion,
  explainLinkedScope,
  explainLock,
  explainParent,
  explainPermission,
  explainPolicy,
  explainProxy,
  explainRejection,
  explainResource,
  explainSubscription,
  explainUnregistered,
  type Facts,
} from './explain.ts';
import { withoutPeriod } from '../../core/words.ts';

export interface ArmVerdict {
  /** `retry`: send the same again later. `replan`: read and plan again. `blocked`: a person must act. `fatal`: unknown. */
  readonly kind: 'retry' | 'replan' | 'blocked' | 'fatal';
  readonly code: string;
  readonly detailCode?: string;
  readonly retryAfterInMs?: number;
  /** For `blocked`: retry for this long first, because the refusal may pass by itself. */
  readonly patienceInMs?: number;
  /** For `blocked`: the reason, and what a person can do. */
  readonly reason?: { readonly code: BlockCode; readonly message: string };
}

/** How long (ms) a refusal is retried before the target counts as blocked. */
const patience = {
  /** A role may have been assigned a moment ago. */
  freshRole: 3 * 60_000,
  /** The resource may have been created a moment ago. */
  freshResource: 20_000,
  /** The proxy or firewall may have been restarted a moment ago. */
  proxy: 30_000,
};

/** These codes mean the same with every status. Detail codes are looked up first, because they are more exact. */
const lockCodes = codes(
  'RetryableError',
  'RetryableErrorDueToAnotherOperation', // an NSG's lock, not a quota
  'ReferencedResourceNotProvisioned',
  'AnotherOperationInProgress', // also as the result of an accepted operation
  'OperationPreempted',
  'ResourceBeingUpdated',
);

const retryCodes = codes(
  ...lockCodes,
  'TooManyRequests',
  'SubscriptionRequestsThrottled',
  'InternalServerError',
  'ServerTimeout',
  'ServiceUnavailable',
  'GatewayTimeout',
  'PARSE_ERROR', // the answer is incomplete
);

const replanCodes = codes(
  'CanceledAndSupersededDueToAnotherOperation',
  'OperationCanceled',
  'OperationCancelled',
  'PreconditionFailed',
  'PreconditionFailedEtagMismatch',
);

/** The request itself is wrong. Azure may find that only after it has accepted the request. */
const rejectedCodes = codes(
  'InvalidRequestFormat',
  'InvalidResourceName',
  'OverlappingSubnetsNotPermittedInSecurityRule',
  'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
  'SecurityRuleInvalidAddressPrefix',
  'SecurityRuleInvalidPortRange',
  'SecurityRuleInvalidPriority',
  'SecurityRuleParameterContainsUnsupportedValue',
  'SecurityRuleParametersMissing',
);

interface BlockedCase {
  readonly block: BlockCode;
  readonly explain: (facts: Facts) => string;
  readonly patienceInMs?: number;
}

const noRole: BlockedCase = { block: 'noPermission', explain: explainPermission, patienceInMs: patience.freshRole };
const noLinkedRole: BlockedCase = { ...noRole, explain: explainLinkedScope };
const denied: BlockedCase = { block: 'noPermission', explain: explainDenyAssignment };
const policy: BlockedCase = { block: 'rejected', explain: explainPolicy };
const full: BlockedCase = { block: 'quota', explain: explainFull };
const disabled: BlockedCase = { block: 'rejected', explain: explainDisabled };
const noSubscription: BlockedCase = { block: 'notFound', explain: explainSubscription };
const missing = (explain: BlockedCase['explain']): BlockedCase => ({
  block: 'notFound',
  explain,
  patienceInMs: patience.freshResource,
});

/** By code in lower case. */
export const blockedCodes: ReadonlyMap<string, BlockedCase> = new Map<string, BlockedCase>(
  Object.entries({
    AuthorizationFailed: noRole,
    LinkedAuthorizationFailed: noLinkedRole,
    LinkedAccessCheckFailed: noLinkedRole,
    DenyAssignmentAuthorizationFailed: denied,
    RequestDisallowedByPolicy: policy,
    PolicyViolation: policy,
    RequestDisallowedByAzure: { block: 'rejected', explain: explainDisallowedByAzure },
    ScopeLocked: { block: 'locked', explain: explainLock },
    SubscriptionNotFound: noSubscription,
    InvalidSubscriptionId: noSubscription,
    ReadOnlyDisabledSubscription: disabled,
    SubscriptionDisabled: disabled,
    ResourceGroupNotFound: missing(explainGroup),
    ResourceGroupBeingDeleted: { block: 'notFound', explain: explainGroupDeletion },
    ResourceNotFound: missing(explainResource),
    ParentResourceNotFound: missing(explainParent),
    MissingSubscriptionRegistration: { block: 'rejected', explain: explainUnregistered },
    SecurityRuleConflict: {
      block: 'priorityTaken',
      explain: ({ message }) =>
        `another rule has the same priority and direction: choose another priority (${withoutPeriod(message)})`,
    },
    SecurityRuleCountLimitReached: full,
    SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached: full,
    QuotaExceeded: {
      block: 'quota',
      explain: ({ message }) =>
        `the service's quota is reached (${withoutPeriod(message)}): use fewer regions, or remove rules that nobody needs`,
    },
  } satisfies Record<string, BlockedCase>).map(([code, blocked]) => [code.toLowerCase(), blocked]),
);

/** In lower case, because services spell the same code in several ways. */
function codes(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}

/** Accepts anything that a call to Azure can throw. */
export function classifyArmError(error: unknown): ArmVerdict {
  if (error instanceof ArmError) return classifyAnswer(error);
  if (error instanceof OutageError) return { kind: 'retry', code: error.code };
  if (error instanceof SignInError) {
    return error.isOutage ? { kind: 'retry', code: error.code } : blocked(error.code, 'badCredentials', error.message);
  }
  if (error instanceof TargetMovedError) return { kind: 'replan', code: error.name };
  const code = codeOfUnknown(error);
  return { kind: isConnectionError(error, code) ? 'retry' : 'fatal', code };
}

/** True if another change locks the resource. The status may be 429 as well, although there were not too many calls. */
export function isLock({ code, details }: ArmError): boolean {
  return [...details.map((detail) => detail.code), code].some((known) => lockCodes.has(known.toLowerCase()));
}

/**
 * True if a poll reports how its write ended, or that its outcome is lost. A further poll would answer the same, so the
 * writer has to read the resource.
 */
export function isOutcomeOfWrite(error: unknown): boolean {
  return error instanceof ArmError && error.method === 'GET' && (error.statusCode === 409 || isLostOperation(error));
}

/**
 * Converts an error of a call to Azure into TargetBlockedError, TargetBusyError, TargetMovedError or OutageError.
 * Returns other errors as they are.
 */
export function toTargetError(error: unknown): unknown {
  if (error instanceof TargetBlockedError || error instanceof TargetMovedError || error instanceof OutageError)
    return error;
  const { kind, reason, code, detailCode, retryAfterInMs } = classifyArmError(error);
  if (kind === 'blocked' && reason) return new TargetBlockedError(reason.code, reason.message, { cause: error });
  if (kind === 'retry' && error instanceof ArmError && isBusy(error)) {
    return new TargetBusyError(describeBusy(error, detailCode ?? code), retryAfterInMs, { cause: error });
  }
  if (kind === 'retry')
    return new OutageError(detailCode ?? code, describeOutage(error, detailCode ?? code), { cause: error });
  if (kind !== 'replan') return error;
  const message = `another change of the resource came first (${detailCode ?? code}: ${withoutPeriod(toErrorMessage(error))})`;
  return new TargetMovedError(message, { cause: error });
}

function describeBusy(error: ArmError, code: string): string {
  const { path, statusCode, message } = error;
  const what =
    !isLock(error) && statusCode === 429
      ? `Azure takes no more calls for ${path} now`
      : `another change of ${path} is in progress`;
  return `${what} (${code}: ${withoutPeriod(message)})`;
}

function describeOutage(error: unknown, code: string): string {
  if (error instanceof OutageError || error instanceof SignInError) return error.message;
  if (code === 'AbortError')
    return 'a call to Azure was still running when the time of the run was over; the next run reads what became of it';
  const what = error instanceof ArmError ? `${error.method} ${error.path}: ` : '';
  return `Azure Resource Manager did not answer as it should (${code}): ${what}${withoutPeriod(toErrorMessage(error))}`;
}

/** Like toTargetError, for a write that has certainly changed nothing: sets `isRefused`. */
export function toRefusal(error: unknown): unknown {
  const known = toTargetError(error);
  if (!(known instanceof TargetBlockedError)) return known;
  return new TargetBlockedError(known.code, known.message, { cause: known.cause, isRefused: true });
}

function classifyAnswer(error: ArmError): ArmVerdict {
  const { code, detailCode } = error;
  const facts = { code, ...(detailCode === undefined ? {} : { detailCode }) };
  if (isLostOperation(error)) return { ...retry(error), ...facts };
  for (const detail of error.details) {
    const verdict = classifyCode(detail.code, { ...factsOf(error), message: detail.message ?? error.message }, error);
    if (verdict) return { ...verdict, code, detailCode: detail.code };
  }
  return { ...(classifyCode(code, factsOf(error), error) ?? classifyStatus(error)), ...facts };
}

function factsOf({ code, details, message, path, method, additionalInfo }: ArmError): Facts {
  return { code, details, message, path, method, additionalInfo };
}

/** True if the operation's URL answers 404. The resource may exist and contain what was written: read it. */
function isLostOperation({ statusCode, path }: ArmError): boolean {
  return statusCode === 404 && isOperationPath(path);
}

function classifyCode(code: string, facts: Facts, error: ArmError): ArmVerdict | undefined {
  const name = code.toLowerCase();
  if (retryCodes.has(name)) return retry(error);
  if (replanCodes.has(name)) return { kind: 'replan', code };
  if (rejectedCodes.has(name)) return blocked(code, 'rejected', explainRejection(facts));
  const known = blockedCodes.get(name);
  if (!known) return undefined;
  const { block, explain, patienceInMs } = isDenied(known, facts) ? denied : known;
  return blocked(code, block, explain(facts), patienceInMs);
}

/** Older services give a deny assignment the code of a missing role. Only the message tells them apart. */
function isDenied(known: BlockedCase, { message }: Facts): boolean {
  return known === noRole && /because of the deny assignment/i.test(message);
}

function classifyStatus(error: ArmError): ArmVerdict {
  const { statusCode, code, message } = error;
  if (isTransientStatus(statusCode) || statusCode === 409) return retry(error);
  if (error.isFromProxy && statusCode !== undefined && statusCode < 500)
    return blocked(code, 'proxy', explainProxy(error), patience.proxy);
  if (statusCode === 412) return { kind: 'replan', code };
  if (statusCode === 401) return blocked(code, 'badCredentials', explainCredential(error));
  if (statusCode === 403) return classifyForbidden(error);
  if (statusCode === 404) return blocked(code, 'notFound', explainResource(error), patience.freshResource);
  if (/exceed\w* (the )?allowed quota/i.test(message))
    return blocked(code, 'quota', `there is no room for so many rules (${withoutPeriod(message)}): use fewer regions`);
  if (/premium sku|sku (is )?not supported/i.test(message))
    return blocked(
      code,
      'wrongSku',
      `only Premium registries have IP rules: change the registry's SKU, or remove the target (${withoutPeriod(message)})`,
    );
  // No status: a long-running operation failed for an unknown reason.
  if (statusCode === undefined || statusCode >= 500) return { kind: 'fatal', code };
  return blocked(code, 'rejected', explainRejection(error));
}

/** For a 403 with an unknown code: decides by the message. */
function classifyForbidden(error: ArmError): ArmVerdict {
  const { code, message } = error;
  if (/deny assignment/i.test(message)) return blocked(code, 'noPermission', explainDenyAssignment(error));
  if (/disallowed by policy/i.test(message)) return blocked(code, 'rejected', explainPolicy(error));
  const isFresh = /does not have (authorization|permission)|recently granted/i.test(message);
  return blocked(code, 'noPermission', explainPermission(error), isFresh ? patience.freshRole : undefined);
}

function retry({ code, retryAfterInMs }: ArmError): ArmVerdict {
  return { kind: 'retry', code, ...(retryAfterInMs !== undefined && { retryAfterInMs }) };
}

function blocked(code: string, reason: BlockCode, message: string, patienceInMs?: number): ArmVerdict {
  return {
    kind: 'blocked',
    code,
    reason: { code: reason, message },
    ...(patienceInMs !== undefined && { patienceInMs }),
  };
}

/** True if Azure works but cannot take the change now. An outage is something else. */
function isBusy(error: ArmError): boolean {
  return isLock(error) || error.statusCode === 429 || error.statusCode === 409;
}

function isTransientStatus(status: number | undefined): boolean {
  return status === 408 || status === 429 || (status !== undefined && status >= 500 && status !== 501);
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
