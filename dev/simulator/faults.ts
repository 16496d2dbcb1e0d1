/** Faults that a test can plan for a request. */
import { ArmError } from './armError.ts';

export type Fault =
  /** Answers with this error and does nothing. */
  | { readonly kind: 'error'; readonly error: ArmError }
  /** Answers with this text and does nothing: a proxy's HTML page, half a document. */
  | { readonly kind: 'raw'; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly kind: 'dropBefore' }
  | { readonly kind: 'dropAfter' }
  | { readonly kind: 'slow'; readonly delayInMs: number }
  /** A GET answers with the state before the last write. */
  | { readonly kind: 'staleRead' }
  /** The answer contains no service tags. */
  | { readonly kind: 'emptyValues' }
  /** The write is accepted, and its operation fails later. */
  | { readonly kind: 'operationFails'; readonly error: ArmError }
  /** The write is accepted, its operation is canceled in favour of an invisible one, and its change is lost. */
  | { readonly kind: 'operationSuperseded' };

export interface FaultMatcher {
  readonly method?: string;
  readonly path?: RegExp;
  /** `Microsoft.Network/networkSecurityGroups/securityRules/write` */
  readonly action?: string;
}

interface Candidate {
  readonly method: string;
  readonly path: string;
  readonly action: string | undefined;
  /** Number of the request since the simulator started, from 1. */
  readonly sequence: number;
}

/** The faults that a test has planned, and the choice of one for each request. */
export class FaultScript {
  readonly #next: { readonly matcher: FaultMatcher; readonly fault: Fault; left: number }[] = [];
  readonly #at = new Map<number, Fault>();

  failNext(matcher: FaultMatcher, fault: Fault, times: number): void {
    this.#next.push({ matcher, fault, left: times });
  }

  failAt(sequence: number, fault: Fault): void {
    this.#at.set(sequence, fault);
  }

  forget(): void {
    this.#next.length = 0;
    this.#at.clear();
  }

  take(candidate: Candidate): Fault | undefined {
    const planned = this.#at.get(candidate.sequence);
    if (planned) return planned;
    const entry = this.#next.find((item) => item.left > 0 && matches(item.matcher, candidate));
    if (entry) entry.left -= 1;
    return entry?.fault;
  }
}

export function isOperationFault(
  fault: Fault | undefined,
): fault is Extract<Fault, { kind: 'operationFails' | 'operationSuperseded' }> {
  return fault?.kind === 'operationFails' || fault?.kind === 'operationSuperseded';
}

const lockMessage = 'Another operation on this or dependent resource is in progress.';

/** Ready-made faults. */
export const faults = {
  serverError: (status = 500): Fault => ({
    kind: 'error',
    error: new ArmError(status, status === 503 ? 'ServiceUnavailable' : 'InternalServerError', 'An error occurred.', {
      details: [],
    }),
  }),
  tooManyRequests: (retryAfterInSeconds: number): Fault => ({
    kind: 'error',
    error: new ArmError(429, 'TooManyRequests', 'Too many requests have been received for this subscription.', {
      headers: { 'Retry-After': String(retryAfterInSeconds) },
    }),
  }),
  nsgLocked: (): Fault => ({
    kind: 'error',
    error: new ArmError(429, 'RetryableError', 'A retryable error occurred.', {
      details: [
        {
          code: 'RetryableErrorDueToAnotherOperation',
          message: 'Operation PutSecurityRuleOperation (somebody else) is updating resource.',
        },
      ],
    }),
  }),
  anotherOperation: (): Fault => ({
    kind: 'error',
    error: new ArmError(409, 'AnotherOperationInProgress', lockMessage, { details: [] }),
  }),
  operationFails: (code = 'InternalServerError', message = 'An error occurred.'): Fault => ({
    kind: 'operationFails',
    error: new ArmError(500, code, message, { details: [] }),
  }),
  operationMeetsAnother: (): Fault => ({
    kind: 'operationFails',
    error: new ArmError(409, 'AnotherOperationInProgress', lockMessage, { details: [] }),
  }),
} as const;

function matches(matcher: FaultMatcher, candidate: Candidate): boolean {
  const { method, path, action } = matcher;
  return (
    (method === undefined || method.toUpperCase() === candidate.method) &&
    (path === undefined || path.test(candidate.path)) &&
    (action === undefined || action.toLowerCase() === candidate.action?.toLowerCase())
  );
}
