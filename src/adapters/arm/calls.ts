/** The calls of one session: counted, tried again and bounded in time. Sessions run side by side in one process. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../app/ports.ts';
import type { ArmUsage } from '../../core/ledger/runRecord.ts';
import { classifyArmError } from './errors.ts';

export interface ArmCalls {
  readonly clock: Clock;
  readonly deadline: Date;
  /** Sent with every request, so that Azure's activity log can be joined with our ledger. */
  readonly correlationId: string;
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

/** Runs work that the session does not wait for any longer. */
export function withinTime<T>(inMs: number, work: () => Promise<T>): Promise<T> {
  const calls = currentCalls();
  if (!calls) return work();
  const deadline = calls.clock.now().getTime() + Math.min(inMs, remainingInMs(calls));
  return asCallsOf({ ...calls, deadline: new Date(deadline) }, work);
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
      const { kind, code, detailCode, retryAfterInMs } = classifyArmError(error);
      // `Retry-After: 0` must not become a hundred tries a second.
      const waitInMs = retryAfterInMs !== undefined && retryAfterInMs > 0 ? retryAfterInMs : backoffInMs(number);
      if (kind !== 'retry' || isFinal(error)) throw error;
      if (!(await waitBeforeRetry(call, detailCode ?? code, waitInMs))) throw error;
    }
  }
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
