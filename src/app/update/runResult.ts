/** What a run came to. */
import {
  OutageError,
  TargetBlockedError,
  TargetBusyError,
  TargetMovedError,
  toErrorMessage,
} from '../../core/errors.ts';
import type { Reason } from '../../core/reasons.ts';
import type { LiveRule } from '../../core/plan/currentRule.ts';
import type { RunOutcome } from '../../core/ledger/runRecord.ts';
import type { LastResult, TargetState, TargetStatus } from '../../core/targets/targetState.ts';
import { toPostponement, type Postponement } from './postpone.ts';
import type { UpdateMessage } from '../ports.ts';
import type { Situation } from './situation.ts';

/** What came of a plan. */
export interface Applied {
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  readonly before: readonly LiveRule[];
  /** As read back; as before where nothing was written. */
  readonly after: readonly LiveRule[];
  /** What the state remembers from now on, without the result itself. */
  readonly state: TargetState;
}

export interface RunResult {
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  /** Absent where the run did not get so far as to plan. */
  readonly situation?: Situation;
  readonly applied?: Applied;
  readonly error?: unknown;
  /** When the update is asked for again, where it could not do its work now. */
  readonly postponement?: Postponement;
}

const unfinished: readonly RunOutcome[] = ['failed', 'pending', 'blocked', 'interrupted'];

/**
 * Recorded are the runs that wrote, held, were blocked, failed, or found something new to plan; and one that finds all
 * well where the run before it had not come to its end: the ledger must not end with a failure that is none any more.
 */
export function isRecorded(result: RunResult, last: LastResult | undefined): boolean {
  if (result.outcome === 'unchanged') return last !== undefined && unfinished.includes(last.outcome);
  if (result.outcome === 'planOnly' || result.outcome === 'paused') {
    return last?.planId !== result.situation?.result.plan.id;
  }
  return true;
}

/** `request` is what is asked for again where the target is busy; `fraction` spreads those that are refused together. */
export function resultOfError(error: unknown, request: UpdateMessage, fraction: number): RunResult {
  if (error instanceof TargetBlockedError) {
    return { outcome: 'blocked', reasons: [{ code: error.code, message: error.message }], error };
  }
  const isBusy = error instanceof TargetBusyError || error instanceof TargetMovedError;
  const retryAfterInMs = error instanceof TargetBusyError ? error.retryAfterInMs : undefined;
  const postponement = isBusy ? toPostponement(request, fraction, retryAfterInMs) : undefined;
  if (!postponement) return { outcome: 'failed', reasons: [failureReason(error)], error };
  const seconds = Math.ceil(postponement.delayInMs / 1_000);
  const message = `${toErrorMessage(error)}. The update is asked for again in ${seconds} seconds.`;
  return { outcome: 'pending', reasons: [{ code: 'postponed', message }], error, postponement };
}

/** An unknown failure always tells its code. */
function failureReason(error: unknown): Reason {
  const message = toErrorMessage(error);
  const code = codeOf(error);
  const text = message.includes(code) ? message : `${code}: ${message}`;
  if (!(error instanceof OutageError)) return { code: 'failed', message: text };
  return { code: 'outage', message: `${text}. It passes by itself: the update is tried again in about a minute.` };
}

function codeOf(error: unknown): string {
  const { code, detailCode, name } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return [detailCode, code, name].find((known) => typeof known === 'string') ?? 'unknown';
}

export function statusOf(result: RunResult): TargetStatus {
  switch (result.outcome) {
    case 'applied':
    case 'unchanged':
      return result.situation?.result.plan.verdict === 'held' ? 'held' : 'inSync';
    case 'interrupted':
      return 'pending';
    case 'pending':
    case 'held':
    case 'blocked':
    case 'failed':
    case 'planOnly':
    case 'paused':
      return result.outcome;
  }
}
