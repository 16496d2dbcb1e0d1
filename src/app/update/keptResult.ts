/** What the state and the ledger keep of a run. */
import { toCapacityUse } from '../../core/plan/capacityUse.ts';
import { toErrorMessage } from '../../core/errors.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import type { LastResult, TargetState } from '../../core/targets/targetState.ts';
import { capacityAfter } from './capacityAfter.ts';
import { statusOf, type RunResult } from './runResult.ts';

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
