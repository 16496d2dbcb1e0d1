/** The story of one target: read, plan, check, apply, verify, record. */
import { TargetMovedError } from '../core/errors.ts';
import { newRunId } from '../core/ledger/ledgerChain.ts';
import type { RunRecord } from '../core/ledger/runRecord.ts';
import type { Target } from '../core/targets/target.ts';
import type { LastResult, TargetState } from '../core/targets/targetState.ts';
import { applyPlan } from './update/applyPlan.ts';
import { readConfirmedSituation } from './update/confirmedSituation.ts';
import { deadlineNotice } from './update/deadlineNotice.ts';
import { withEarlierWrites } from './update/earlierWrites.ts';
import { notifyOfRun } from './update/notifyOfRun.ts';
import type { Logger, Notification, TargetSession } from './ports.ts';
import { toFraction } from './update/postpone.ts';
import { commitRecord, flushOutbox } from './runRecords.ts';
import { stateAfterRun, toRunRecord } from './update/keptResult.ts';
import type { Run } from './update/run.ts';
import { isRecorded, resultOfError, type RunResult } from './update/runResult.ts';
import { recordInterruption } from './update/interruption.ts';
import { readSituation, type Situation } from './update/situation.ts';
import { createStateCell, type StateCell } from './update/stateCell.ts';
import { bindToResource, loadState } from './update/targetStateRecovery.ts';
import type { UpdateRequest, UpdateServices } from './update/updateServices.ts';
import { measureWaiting } from './update/waiting.ts';

/** How often one run reads and plans again because the resource moved under it. */
const maxAttempts = 3;

/** `busy`: somebody else updates it now. `unknown`: no such target is configured (any more). */
export async function updateTarget(
  services: UpdateServices,
  request: UpdateRequest,
): Promise<RunRecord | 'busy' | 'unknown'> {
  const target = (await services.targets.read()).find((candidate) => candidate.name === request.target);
  if (!target) {
    services.logger.warn('update asked for a target that is not configured', { targetId: request.target });
    return 'unknown';
  }
  return services.states.withLease(target.name, (session) => updateUnderLease(services, session, target, request));
}

/** What a person changes before a run: the state as such, or after a look at the plan (throws to refuse). */
export interface Preparation {
  readonly change?: (state: TargetState) => TargetState;
  readonly approve?: (situation: Situation, cell: StateCell) => Promise<void>;
}

/** One run under the target's lease. It is recorded on every path; what failed is thrown after that. */
export async function updateUnderLease(
  services: UpdateServices,
  session: TargetSession,
  target: Target,
  request: UpdateRequest,
  prepare: Preparation = {},
): Promise<RunRecord> {
  const startedAt = services.clock.now();
  const found = await loadState(services.ledger, session.state, target.name, services.ownerId);
  const loaded = bindToResource(found, target);
  const run: Run = {
    services,
    session,
    target,
    startedAt,
    runId: newRunId(startedAt, target.name, services.randomHex()),
    arm: services.arm.openSession(),
    cell: createStateCell(session, await flushOutbox(services.ledger, loaded.state)),
    progress: { replans: [] },
  };
  const last = run.cell.state.lastResult;

  if (prepare.change) await run.cell.put(prepare.change(run.cell.state));
  if (prepare.approve) await prepare.approve(await readSituation(services, run.arm, target, run.cell.state), run.cell);
  const ended = await attempt(run).catch((error: unknown) => resultOfFailure(run, request, error));
  if (!run.progress.situation) await recordInterruption(services, run.cell, run.runId);
  const result: RunResult = { ...ended, reasons: [...loaded.notes, ...ended.reasons] };

  const { record, deadline } = await recordResult(run, request, result, last);
  await notifyOfRun(services.notifier, last, record);
  if (deadline) await services.notifier.notify(deadline);
  if (result.outcome === 'failed') throw result.error;
  // Behind the record: a run that ends in between is delivered again anyway.
  if (result.postponement) await services.queue.send(result.postponement.message, result.postponement.delayInMs);
  return record;
}

/** Reads, plans, applies; and once more from the start where the resource has moved meanwhile. */
async function attempt(run: Run): Promise<RunResult> {
  const { services, target, cell, runId, progress } = run;
  for (let count = 1; ; count += 1) {
    try {
      const situation = await readConfirmedSituation(services, run.arm, target, cell.state);
      progress.situation = situation;
      await recordInterruption(services, cell, runId, situation.current);
      const applied = await applyPlan(run, situation);
      const { outcome, reasons } = applied;
      return withEarlierWrites({ outcome, reasons, situation, applied }, cell.state, runId);
    } catch (error) {
      if (!(error instanceof TargetMovedError) || count >= maxAttempts) throw error;
      // Two runs that write over each other must not come back at the same instant.
      const waitInMs = Math.round(count * (500 + 1_500 * toFraction(services.randomHex())));
      progress.replans.push({ call: 'plan', code: codeOfMove(error), waitedInMs: waitInMs });
      services.logger.warn('target moved under the run, planning again', { runId, targetId: target.name });
      await services.clock.sleep(waitInMs);
    }
  }
}

function resultOfFailure({ services, progress }: Run, { by, ...message }: UpdateRequest, error: unknown): RunResult {
  const result = resultOfError(error, message, toFraction(services.randomHex()));
  return progress.situation ? { ...result, situation: progress.situation } : result;
}

/** What Azure called it; where it did not, the rules were found changed. */
function codeOfMove({ cause }: TargetMovedError): string {
  const { code, detailCode } = (cause ?? {}) as { readonly code?: unknown; readonly detailCode?: unknown };
  return [detailCode, code].find((known) => typeof known === 'string') ?? 'TargetMoved';
}

/** The record, and with it the state: what the run came to, and what the target waits for now. */
async function recordResult(
  run: Run,
  request: UpdateRequest,
  result: RunResult,
  last: LastResult | undefined,
): Promise<{ readonly record: RunRecord; readonly deadline: Notification | undefined }> {
  const { services, target, cell } = run;
  const finishedAt = services.clock.now();
  const record = toRunRecord(run, request, cell.state, result, finishedAt);
  const waiting = await measureWaiting(services, target, cell.state, result);
  const deadline = deadlineNotice(cell.state, waiting.waiting ?? cell.state.waiting ?? [], finishedAt);
  const state: TargetState = {
    ...stateAfterRun(cell.state, result, record.id, services.clock.now()),
    ...waiting,
    ...(deadline && { deadlineAnnounced: deadline.day }),
  };
  // What a person asked for is recorded whatever came of it: a lost state is taken from the ledger.
  const isKept = request.by !== undefined || isRecorded(result, last);
  const stored = isKept ? (await commitRecord<TargetState>(services.ledger, cell.put, state, record)).record : record;
  if (!isKept) await cell.put(state);
  logRun(services.logger, stored);
  return { record: stored, deadline: deadline?.notification };
}

function logRun(logger: Logger, record: RunRecord): void {
  logger.info('target updated', {
    runId: record.id,
    targetId: record.chain,
    outcome: record.outcome,
    add: record.plan?.add.length ?? 0,
    remove: record.plan?.remove.length ?? 0,
    reasons: record.reasons.map((reason) => reason.code),
  });
}
