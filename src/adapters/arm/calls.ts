/** Counts, retries and time-limits the calls of one session. Several sessions run in parallel in one process. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../app/ports.ts';
import type { ArmUsage } from '../../core/ledger/runRecord.ts';
import { ArmError } from './armError.ts';
import { classifyArmError, type ArmVerdict } from './errors.ts';

export interface ArmCalls {
  readonly clock: Clock;
  readonly deadline: Date;
  /** Sent with every request, so that Azure's activity log can be joined with our ledger. */
  readonly correlationId: string;
  /** True for calls that the run can do without: a refusal is not waited for. */
  readonly isOptional?: boolean;
  /** The long-running operation that is being followed, if any. */
  readonly followed?: { hasSucceeded: boolean };
  /** Call (`get /subscriptions/…`) → epoch since when Azure refuses it. Shared by all sessions of the process. */
  readonly refusals: Map<string, number>;
  /** Goes into the run's record. */
  readonly usage: { reads: number; writes: number; readonly retries: ArmUsage['retries'][number][] };
}

const storage = new AsyncLocalStorage<ArmCalls>();

/** Runs `work`; all its requests count as requests of this session. */
export function asCallsOf<T>(calls: ArmCalls, work: () => Promise<T>): Promise<T> {
  return storage.run(calls, work);
}

/** The session that the running code belongs to; undefined outside a session. */
export function currentCalls(): ArmCalls | undefined {
  return storage.getStore();
}

/** Epoch by the session's clock, or by the system's outside a session. */
export function now(): number {
  return (currentCalls()?.clock.now() ?? new Date()).getTime();
}

/** Runs work that the session can do without, and allows it at most this time. */
export function withinTime<T>(inMs: number, work: () => Promise<T>): Promise<T> {
  const calls = currentCalls();
  if (!calls) return work();
  const deadline = calls.clock.now().getTime() + Math.min(inMs, remainingInMs(calls));
  return asCallsOf({ ...calls, deadline: new Date(deadline), isOptional: true }, work);
}

export function remainingInMs(calls: ArmCalls): number {
  return calls.deadline.getTime() - calls.clock.now().getTime();
}

/** Retries what may pass by itself, until the session's deadline. Records every wait in the session's usage. */
export async function withRetries<T>(
  call: string,
  attempt: (number: number) => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      const verdict = classifyArmError(error);
      const { code, detailCode, retryAfterInMs } = verdict;
      // `Retry-After: 0` must not become a hundred tries a second.
      const waitInMs = retryAfterInMs !== undefined && retryAfterInMs > 0 ? retryAfterInMs : backoffInMs(number);
      if (isFinal(error) || !mayPass(verdict, error, waitInMs)) throw error;
      if (!(await waitBeforeRetry(call, detailCode ?? code, waitInMs))) throw error;
    }
  }
}

/**
 * A refusal may pass by itself, for example after a role was assigned or a resource was created a moment ago. Once
 * `patienceInMs` is over, later sessions of this process do not wait for it again.
 */
function mayPass({ kind, patienceInMs = 0 }: ArmVerdict, error: unknown, waitInMs: number): boolean {
  if (kind === 'retry') return true;
  const calls = currentCalls();
  if (kind !== 'blocked' || patienceInMs === 0 || !calls || calls.isOptional) return false;
  // The only POST searches for tagged resources. The next reconciliation repeats it anyway.
  if (!(error instanceof ArmError) || error.method === 'POST') return false;
  const key = toRefusalKey(error);
  const now = calls.clock.now().getTime();
  const since = calls.refusals.get(key) ?? now;
  calls.refusals.set(key, since);
  if (givenUp.has(error)) return false;
  const isInTime = now + waitInMs - since <= patienceInMs;
  if (!isInTime) givenUp.add(error);
  return isInTime;
}

/** Errors that were retried long enough by an inner withRetries: an outer one does not wait for them again. */
const givenUp = new WeakSet<ArmError>();

/** Call after a success: the next refusal of this call starts a new period of patience. */
export function forgetRefusal(call: { readonly method: string; readonly path: string }): void {
  currentCalls()?.refusals.delete(toRefusalKey(call));
}

function toRefusalKey({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`.toLowerCase();
}

/** Returns false at once if the session has not enough time left, or outside a session. */
export async function waitBeforeRetry(call: string, code: string, waitInMs: number): Promise<boolean> {
  const calls = currentCalls();
  if (!calls || waitInMs >= remainingInMs(calls)) return false;
  calls.usage.retries.push({ call, code, waitedInMs: waitInMs });
  await calls.clock.sleep(waitInMs);
  return true;
}

/** Records in the run that a call failed and the work continued without its result. */
export function recordIgnoredFailure(call: string, code: string): void {
  currentCalls()?.usage.retries.push({ call, code, waitedInMs: 0 });
}

/** 1, 2, 4 … 30 seconds, minus a random part of up to half, so that waiting sessions do not all retry together. */
function backoffInMs(number: number): number {
  return Math.round(Math.min(30_000, 1_000 * 2 ** (number - 1)) * (0.5 + Math.random() / 2));
}
