/**
 * Classifies errors of the storage service. Its codes:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 */

interface StorageFault {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly errorCode?: unknown };
}

/** True if the service answered with one of these error codes. */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  const { code, details } = error as StorageFault;
  return codes.some((expected) => expected === code || expected === details?.errorCode);
}

export function hasStatus(error: unknown, statusCode: number): boolean {
  return error instanceof Error && (error as StorageFault).statusCode === statusCode;
}

export function isContainerMissing(error: unknown): boolean {
  return hasErrorCode(error, 'ContainerNotFound');
}

export function isMissing(error: unknown): boolean {
  return hasErrorCode(error, 'BlobNotFound', 'ContainerNotFound');
}

/** True if a write with `If-None-Match: *` found a blob. If that is leased, the service answers LeaseIdMissing first. */
export function isThereAlready(error: unknown): boolean {
  return hasErrorCode(error, 'BlobAlreadyExists', 'LeaseIdMissing');
}

/** True if a write with `If-Match` found another ETag, or no blob. */
export function isOvertaken(error: unknown): boolean {
  return hasErrorCode(error, 'ConditionNotMet', 'TargetConditionNotMet', 'BlobNotFound');
}

/** True if the lease has ended, was broken, or belongs to somebody else. */
export function isLeaseGone(error: unknown): boolean {
  return hasErrorCode(error, ...leaseGoneCodes);
}

const leaseGoneCodes = [
  'BlobNotFound',
  'ContainerNotFound',
  'LeaseAlreadyBroken',
  'LeaseIdMismatchWithBlobOperation',
  'LeaseIdMismatchWithLeaseOperation',
  'LeaseIdMissing',
  'LeaseIsBrokenAndCannotBeRenewed',
  'LeaseIsBreakingAndCannotBeAcquired',
  'LeaseIsBreakingAndCannotBeChanged',
  'LeaseLost',
  'LeaseNotPresentWithBlobOperation',
  'LeaseNotPresentWithLeaseOperation',
];
