/** What a fault of the storage service means; its codes: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */

interface StorageFault {
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly errorCode?: unknown };
}

/** True for an answer of the service with one of these error codes. */
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

/** A write under `If-None-Match: *` found the blob there; a leased one refuses before it looks at the condition. */
export function isThereAlready(error: unknown): boolean {
  return hasErrorCode(error, 'BlobAlreadyExists', 'LeaseIdMissing');
}

/** A write under `If-Match` found another ETag, or no blob at all. */
export function isOvertaken(error: unknown): boolean {
  return hasErrorCode(error, 'ConditionNotMet', 'TargetConditionNotMet', 'BlobNotFound');
}

/** The lease ran out, was broken, or is another's by now. */
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
