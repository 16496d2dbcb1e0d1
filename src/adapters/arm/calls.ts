/** The calls of one session: counted, tried again and bounded in time. Sessions run side by side in one process. */
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
  /** True for what can be done without: a refusal counts at once. */
  readonly isOptional?: boolean;
  /** The operation that is being followed, if one is. */
  readonly followed?: { hasSucceeded: boolean };
  /** Since when (epoch) a call has been refused, by call: of all sessions of the process. */
  readonly refusals: Map<string, number>;
  /** For the run's record. */
  readonly usage: { reads: number; writes: number; readonly retries: ArmUsage['retries'][number][] };
}

const storage = new AsyncLocalStorage<ArmCalls>();

/** Runs work whose requests belong to `calls`. */
export function asCallsOf<T>(calls: ArmCalls, work: () => Promise<T>): Promise<T> {
  return storage.run(calls, work);
}

/** The session that the running code belongs to; undefined outside of one. */
export function currentCalls(): ArmCalls | undefined {
  return storage.getStore();
}

/** Epoch of the session's clock. */
export function now(): number {
  return (currentCalls()?.clock.now() ?? new Date()).getTime();
}

/** Runs work that the session can do without: it waits for it so long and no longer. */
export function withinTime<T>(inMs: number, work: () => Promise<T>): Promise<T> {
  const calls = currentCalls();
  if (!calls) return work();
  const deadline = calls.clock.now().getTime() + Math.min(inMs, remainingInMs(calls));
  return asCallsOf({ ...calls, deadline: new Date(deadline), isOptional: true }, work);
}

export function remainingInMs(calls: ArmCalls): number {
  return calls.deadline.getTime() - calls.clock.now().getTime();
}

/** Tries again what Azure says is worth it, as long as the session's deadline allows; every wait is recorded. */
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
 * A refusal may pass by itself: a role that was just assigned, a resource that was just created. Once its time is over,
 * the next sessions of this process do not wait for it again.
 */
function mayPass({ kind, patienceInMs = 0 }: ArmVerdict, error: unknown, waitInMs: number): boolean {
  if (kind === 'retry') return true;
  const calls = currentCalls();
  if (kind !== 'blocked' || patienceInMs === 0 || !calls || calls.isOptional) return false;
  // The POST asks for tagged resources, which is asked again by the next reconciliation.
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

/** Refusals that were waited for long enough: who called for the call does not wait once more. */
const givenUp = new WeakSet<ArmError>();

/** The next refusal of this call is a new one. */
export function forgetRefusal(call: { readonly method: string; readonly path: string }): void {
  currentCalls()?.refusals.delete(toRefusalKey(call));
}

function toRefusalKey({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`.toLowerCase();
}

/** False, at once, where the session has not so much time left (or there is none to record in). */
export async function waitBeforeRetry(call: string, code: string, waitInMs: number): Promise<boolean> {
  const calls = currentCalls();
  if (!calls || waitInMs >= remainingInMs(calls)) return false;
  calls.usage.retries.push({ call, code, waitedInMs: waitInMs });
  await calls.clock.sleep(waitInMs);
  return true;
}

/** Something did not come as hoped, and the work goes on without it: the run's record shows it. */
export function noteGoingOn(call: string, code: string): void {
  currentCalls()?.usage.retries.push({ call, code, waitedInMs: 0 });
}

/** 1, 2, 4 … 30 seconds, of which a random half is taken off so that waiting sessions do not come back together. */
function backoffInMs(number: number): number {
  return Math.round(Math.min(30_000, 1_000 * 2 ** (number - 1)) * (0.5 + Math.random() / 2));
}
