/** What a run came to, as the state and the ledger keep it. */
import { toCapacityUse } from '../../core/plan/capacityUse.ts';
import { TargetBlockedError, TargetBusyError, TargetMovedError, toErrorMessage } from '../../core/errors.ts';
import { blockCodes, type BlockCode, type Reason } from '../../core/reasons.ts';
import type { RunOutcome, RunRecord } from '../../core/ledger/runRecord.ts';
import type { LastResult, TargetState, TargetStatus } from '../../core/targets/targetState.ts';
import type { Applied } from './applyPlan.ts';
import { capacityAfter } from './capacityAfter.ts';
import { toPostponement, type Postponement } from './postpone.ts';
import type { UpdateMessage } from '../ports.ts';
import type { Situation } from './situation.ts';

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

const unfinished: readonly string[] = ['failed', 'pending', 'blocked', 'interrupted'] satisfies RunOutcome[];

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
    return { outcome: 'blocked', reasons: [{ code: toBlockCode(error.code), message: error.message }], error };
  }
  const isBusy = error instanceof TargetBusyError || error instanceof TargetMovedError;
  const retryAfterInMs = error instanceof TargetBusyError ? error.retryAfterInMs : undefined;
  const postponement = isBusy ? toPostponement(request, fraction, retryAfterInMs) : undefined;
  if (!postponement) return { outcome: 'failed', reasons: [], error };
  const seconds = Math.ceil(postponement.delayInMs / 1_000);
  const message = `${toErrorMessage(error)}. The update is asked for again in ${seconds} seconds.`;
  return { outcome: 'pending', reasons: [{ code: 'postponed', message }], error, postponement };
}

function toBlockCode(code: string): BlockCode {
  return blockCodes.find((known) => known === code) ?? 'rejected';
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

export function toLastResult(result: RunResult, runId: string, at: Date): LastResult {
  const plan = result.situation?.result.plan;
  const message = result.outcome === 'failed' ? toErrorMessage(result.error) : undefined;
  return {
    runId,
    at: at.toISOString(),
    outcome: result.outcome,
    status: statusOf(result),
    reasons: result.reasons,
    snapshot: plan?.snapshot ?? '',
    ...(plan ? { planId: plan.id } : {}),
    ...(message === undefined ? {} : { error: message }),
    counts: {
      add: plan?.add.length ?? 0,
      remove: plan?.remove.length ?? 0,
      retain: plan?.retain.length ?? 0,
      held: (plan?.held.add.length ?? 0) + (plan?.held.remove.length ?? 0),
    },
  };
}

export interface RunFrame {
  readonly id: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly trigger: RunRecord['trigger'];
  readonly ownerId: string;
}

/** `state` is the one stored last: where a write did not come to its end, it tells what was claimed and begun. */
export function toRunRecord(frame: RunFrame, state: TargetState, result: RunResult, arm: RunRecord['arm']): RunRecord {
  const { situation, applied } = result;
  const begun = state.inFlight?.runId === frame.id ? state.inFlight : undefined;
  const known = applied ?? (begun && { before: begun.before, after: undefined, state });
  const snapshot = situation?.snapshot;
  const capacity = capacityAfter(state, result);
  return {
    id: frame.id,
    chain: state.target,
    startedAt: frame.startedAt.toISOString(),
    finishedAt: frame.finishedAt.toISOString(),
    durationInMs: frame.finishedAt.getTime() - frame.startedAt.getTime(),
    trigger: frame.trigger,
    outcome: result.outcome,
    reasons: result.reasons,
    ...(snapshot ? { snapshot: { id: snapshot.id, contentHash: snapshot.contentHash, date: snapshot.date } } : {}),
    ...(situation ? { plan: situation.result.plan } : {}),
    ...(known
      ? {
          before: known.before,
          ...(known.after ? { after: known.after } : {}),
          owned: known.state.owned.map((owned) => owned.prefix),
          ownedRules: known.state.ownedRules,
          ownerId: frame.ownerId,
          ...(state.resourceId === undefined ? {} : { resourceId: state.resourceId }),
        }
      : {}),
    ...(capacity ? { capacity: toCapacityUse(capacity) } : {}),
    ...(arm ? { arm } : {}),
    ...(result.outcome === 'failed' ? { details: { error: toErrorMessage(result.error) } } : {}),
  };
}
