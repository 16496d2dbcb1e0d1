/** The result of a run. */
import {
  NewerVersionError,
  OutageError,
  TargetBlockedError,
  TargetBusyError,
  TargetMovedError,
  toErrorMessage,
} from '../../core/errors.ts';
import type { RunOutcome } from '../../core/ledger/runRecord.ts';
import type { Reason } from '../../core/reasons.ts';
import { newsOf } from '../../core/targets/nextState.ts';
import type { TargetState, TargetStatus } from '../../core/targets/targetState.ts';
import { dayInMs } from '../../core/time.ts';
import { counted, withoutPeriod } from '../../core/words.ts';
import type { Applied } from './applyPlan.ts';
import type { UpdateMessage } from '../ports.ts';
import type { PlannedUpdate } from './planUpdate.ts';
import { toPostponement, type Postponement } from './postpone.ts';

export interface RunResult {
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  /** Absent if the run ended before it had a plan. */
  readonly planned?: PlannedUpdate;
  readonly applied?: Applied;
  readonly error?: unknown;
  /** When the update is queued again, if it could not do its work now. */
  readonly postponement?: Postponement;
}

/** `request`: queued again if the target is busy. `fraction` (0 to 1) spreads updates that were refused together. */
export function resultOfError(error: unknown, request: UpdateMessage, fraction: number): RunResult {
  if (error instanceof TargetBlockedError) {
    return { outcome: 'blocked', reasons: [{ code: error.code, message: error.message }], error };
  }
  if (error instanceof NewerVersionError) {
    return { outcome: 'blocked', reasons: [{ code: 'newerVersion', message: error.message }], error };
  }
  const isBusy = error instanceof TargetBusyError || error instanceof TargetMovedError;
  const retryAfterInMs = error instanceof TargetBusyError ? error.retryAfterInMs : undefined;
  const postponement = isBusy ? toPostponement(request, fraction, retryAfterInMs) : undefined;
  if (!postponement) return { outcome: 'failed', reasons: [failureReason(error, request.target)], error };
  const seconds = Math.ceil(postponement.delayInMs / 1_000);
  const message = `${withoutPeriod(toErrorMessage(error))}. The app tries again in ${counted(seconds, 'second')}.`;
  return { outcome: 'pending', reasons: [{ code: 'postponed', message }], error, postponement };
}

/** The message contains the error code if there is one. */
function failureReason(error: unknown, target: string): Reason {
  const message = toErrorMessage(error);
  const code = codeOf(error);
  const isClear = error instanceof TargetBusyError || error instanceof TargetMovedError || message.includes(code);
  const text = withoutPeriod(isClear ? message : `${code}: ${message}`);
  if (!(error instanceof OutageError))
    return { code: 'failed', message: `The update of ${target} failed: ${text}. The app tries again within the hour.` };
  return { code: 'outage', message: `${text}. This passes by itself: the app tries again in about a minute.` };
}

function codeOf(error: unknown): string {
  const { code, detailCode, name } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return [detailCode, code, name].find((known) => typeof known === 'string') ?? 'unknown';
}

/** Correct rules have no effect if the registry does not evaluate them. */
export function haveNoEffect({ outcome, reasons }: Pick<RunResult, 'outcome' | 'reasons'>): boolean {
  const isSettled = outcome === 'applied' || outcome === 'unchanged' || outcome === 'held' || outcome === 'blocked';
  return isSettled && reasons.some(({ code }) => code === 'inert');
}

/** True if the registry was Premium before and has IP rules of ours. */
function isDowngraded({ planned, reasons }: RunResult): boolean {
  return reasons.some(({ code }) => code === 'wrongSku') && (planned?.state.ownership.prefixes.length ?? 0) > 0;
}

export function statusOf(result: RunResult): TargetStatus {
  if (haveNoEffect(result) || isDowngraded(result)) return 'noEffect';
  const { outcome, planned } = result;
  switch (outcome) {
    case 'applied':
    case 'unchanged':
      return planned?.result.plan.verdict === 'held' ? 'held' : 'inSync';
    case 'interrupted':
    case 'approved':
    case 'restored':
      return 'pending';
    case 'pending':
    case 'held':
    case 'blocked':
    case 'failed':
    case 'planOnly':
    case 'paused':
      return outcome;
  }
}

const unfinished: readonly RunOutcome[] = ['failed', 'pending', 'blocked', 'interrupted'];

/**
 * A run is recorded if it wrote, if a person asked for it, if it changed what a lost state is rebuilt from, or if its
 * result differs from that of the run before; and once per day while the target waits for approval, is blocked or fails.
 */
export function isRecorded(result: RunResult, before: TargetState, after: TargetState, at: Date): boolean {
  if (result.outcome === 'applied' || result.outcome === 'interrupted') return true;
  if (result.applied && result.outcome === 'pending') return true;
  if (rebuiltFrom(before) !== rebuiltFrom(after)) return true;
  const last = before.run.lastResult;
  const { recorded } = before.run;
  const { lastResult } = after.run;
  if (result.outcome === 'unchanged') {
    const isNews = lastResult?.status !== last?.status && [lastResult, last].some((one) => one?.status === 'noEffect');
    return isNews || (last !== undefined && unfinished.includes(last.outcome));
  }
  const isNews = !recorded || !lastResult || recorded.news !== newsOf(lastResult) || isWorse(result, recorded.outcome);
  if (result.outcome === 'planOnly' || result.outcome === 'paused') return isNews;
  return isNews || at.getTime() - Date.parse(recorded.at) >= dayInMs;
}

/** True if an earlier run was postponed and this one is not. */
function isWorse({ outcome }: RunResult, recorded: RunOutcome): boolean {
  return outcome === 'failed' && recorded !== 'failed';
}

/** What must be in the ledger in case the state is lost. */
function rebuiltFrom({ ownership, operator, selection, resourceId }: TargetState): string {
  return JSON.stringify([
    ownership.prefixes.map(({ prefix }) => prefix),
    ownership.rules,
    operator,
    selection,
    resourceId,
  ]);
}
