/** The errors that the app throws. A message names the field, the value and what is accepted; other facts are fields. */
import type { ProblemKind } from './problemKinds.ts';
import type { BlockCode } from './reasons.ts';

/** Text that is neither an address nor a CIDR. */
export class InvalidPrefixError extends Error {
  override readonly name = 'InvalidPrefixError';
  readonly prefix: string;
  constructor(prefix: string) {
    super(`"${shorten(prefix)}" is not an IP address or a CIDR such as 20.42.66.0/23 or 2603:1030::/48`);
    this.prefix = prefix;
  }
}

/** A document, blob or answer does not have the expected shape; `path` is the first bad field. */
export class InvalidDocumentError extends Error {
  override readonly name = 'InvalidDocumentError';
  readonly path: string;
  constructor(message: string, path = '', options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A stored document that a newer program wrote: it is neither read nor overwritten. */
export class NewerVersionError extends Error {
  override readonly name = 'NewerVersionError';
  /** Container and blob. */
  readonly document: string;
  constructor(document: string, version: number, known: number) {
    super(
      `${document} has version ${version}, and this program knows versions up to ${known}: it stays as it is. Publish the newer program again.`,
    );
    this.document = document;
  }
}

/** A setting or a field of the targets file that is missing or wrong; `field` is its name or path. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly field: string;
  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
    this.field = field;
  }
}

/** A source of service tags that could not be read. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly source: string;
  constructor(source: string, message: string, options?: ErrorOptions) {
    super(`source ${source}: ${message}`, options);
    this.source = source;
  }
}

/** Nothing can be applied to a target until a person acts: no permission, resource gone, wrong SKU, foreign rule. */
export class TargetBlockedError extends Error {
  override readonly name = 'TargetBlockedError';
  readonly code: BlockCode;
  /** True only if Azure certainly refused a write: then nothing was added, and the app gives up its claim. */
  readonly isRefused: boolean;
  constructor(code: BlockCode, message: string, options: ErrorOptions & { readonly isRefused?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.isRefused = options.isRefused ?? false;
  }
}

/** Somebody else changed the live resource during a run: read it again and plan again. */
export class TargetMovedError extends Error {
  override readonly name = 'TargetMovedError';
}

/** Azure works but cannot take the change now: the resource is locked by another change, or calls are throttled. */
export class TargetBusyError extends Error {
  override readonly name = 'TargetBusyError';
  /** How long Azure asks to wait, if it says so. */
  readonly retryAfterInMs: number | undefined;
  constructor(message: string, retryAfterInMs?: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterInMs = retryAfterInMs;
  }
}

/** Azure, the network or the identity endpoint did not answer as it should. Nobody has to act: the app tries again. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  /** Error code of Azure or of the network. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The storage account refuses the app. The message names the account, what is missing and the command that helps. */
export class StorageRefusedError extends Error {
  override readonly name = 'StorageRefusedError';
  /** Error code of the storage service. */
  readonly code: string;
  /** The message without names, for answers that anybody may read. */
  readonly summary: string;
  constructor(message: string, facts: Pick<StorageRefusedError, 'code' | 'summary'>, options?: ErrorOptions) {
    super(message, options);
    this.code = facts.code;
    this.summary = facts.summary;
  }
}

/** The first refusal of storage in a chain of causes. */
export function findStorageRefusal(error: unknown): StorageRefusedError | undefined {
  if (error instanceof StorageRefusedError) return error;
  return error instanceof Error && error.cause !== undefined ? findStorageRefusal(error.cause) : undefined;
}

/** Of the SDKs' errors; `StorageTimeoutError` and `SignInError` are the adapters'. */
const storageErrors = ['RestError', 'StorageTimeoutError', 'SignInError'];

/**
 * True if storage refuses the app or does not answer. What goes wrong with Azure or a source has an error of its own here,
 * so an error of an SDK comes from storage.
 */
export function isStorageFailure(error: unknown): boolean {
  if (findStorageRefusal(error)) return true;
  if (!(error instanceof Error) || !storageErrors.includes(error.name)) return false;
  const { statusCode = 503 } = error as { readonly statusCode?: number };
  return statusCode === 429 || statusCode >= 500;
}

/** The lease of a target was lost while work went on: nothing more may be written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** An HTTP request that cannot be answered; becomes `application/problem+json` (RFC 9457). */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly problem: ProblemKind;
  /** Further members of the problem document. */
  readonly details: Readonly<Record<string, unknown>>;
  constructor(status: number, problem: ProblemKind, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
    this.details = details;
  }
}

export function toErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function shorten(text: string, length = 120): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** Quotes a value for an error message. */
export function quoteValue(value: unknown): string {
  // The types do not say so, but JSON.stringify(undefined) is undefined.
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'nothing' : shorten(text);
}
