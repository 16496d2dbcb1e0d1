/** What the state and the ledger keep of a run. */
import { toCapacityUse } from '../../core/plan/capacityUse.ts';
import { toErrorMessage } from '../../core/errors.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import { ownedPrefixes } from '../../core/targets/targetFacts.ts';
import type { LastResult, TargetState } from '../../core/targets/targetState.ts';
import { capacityAfter } from './capacityAfter.ts';
import type { Run } from './run.ts';
import { statusOf, type RunResult } from './runResult.ts';
import type { UpdateRequest } from './updateServices.ts';

/** The record tells how far a write came, so that it is in flight no more. */
export function stateAfterRun(state: TargetState, result: RunResult, runId: string, at: Date): TargetState {
  const { outbox, ledgerHead, inFlight, ...rest } = result.applied?.state ?? state;
  const capacity = capacityAfter(state, result);
  return {
    ...rest,
    ...(inFlight && inFlight.runId !== runId ? { inFlight } : {}),
    ...(state.ledgerHead ? { ledgerHead: state.ledgerHead } : {}),
    ...(capacity ? { capacity } : {}),
    lastResult: toLastResult(result, runId, at),
  };
}

function toLastResult(result: RunResult, runId: string, at: Date): LastResult {
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

/** `state` is the one stored last: where a write did not come to its end, it tells what was claimed and begun. */
export function toRunRecord(
  run: Run,
  { reason, by }: UpdateRequest,
  state: TargetState,
  result: RunResult,
  finishedAt: Date,
): RunRecord {
  const { runId, startedAt, services, arm, progress } = run;
  const usage = arm.usage();
  const { situation, applied } = result;
  const begun = state.inFlight?.runId === runId ? state.inFlight : undefined;
  const known = applied ?? (begun && { before: begun.before, after: undefined, state });
  const snapshot = situation?.snapshot;
  const capacity = capacityAfter(state, result);
  return {
    id: runId,
    chain: state.target,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationInMs: finishedAt.getTime() - startedAt.getTime(),
    trigger: { reason, ...(by === undefined ? {} : { by }) },
    outcome: result.outcome,
    reasons: result.reasons,
    ...(snapshot ? { snapshot: { id: snapshot.id, contentHash: snapshot.contentHash, date: snapshot.date } } : {}),
    ...(situation ? { plan: situation.result.plan } : {}),
    ...(known
      ? {
          before: known.before,
          ...(known.after ? { after: known.after } : {}),
          owned: ownedPrefixes(known.state),
          ownedRules: known.state.ownedRules,
          ownerId: services.ownerId,
          ...(state.resourceId === undefined ? {} : { resourceId: state.resourceId }),
        }
      : {}),
    ...(capacity ? { capacity: toCapacityUse(capacity) } : {}),
    arm: { ...usage, retries: [...usage.retries, ...progress.replans] },
    ...(result.outcome === 'failed' ? { details: { error: toErrorMessage(result.error) } } : {}),
  };
}
