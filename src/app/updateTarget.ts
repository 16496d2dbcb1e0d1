/** The story of one target: read, plan, check, apply, verify, record. */
import { TargetMovedError } from '../core/errors.ts';
import { newRunId } from '../core/ledger/ledgerChain.ts';
import type { ArmUsage, RunRecord } from '../core/ledger/runRecord.ts';
import type { Target } from '../core/targets/target.ts';
import type { TargetState } from '../core/targets/targetState.ts';
import { applyPlan, type Applied } from './update/applyPlan.ts';
import { capacityAfter } from './update/capacityAfter.ts';
import { readConfirmedSituation } from './update/confirmedSituation.ts';
import { deadlineNotice } from './update/deadlineNotice.ts';
import { notifyOfRun } from './update/notifyOfRun.ts';
import type { ArmSession, Logger, TargetSession } from './ports.ts';
import { toFraction } from './update/postpone.ts';
import { commitRecord, flushOutbox } from './runRecords.ts';
import { toLastResult, toRunRecord } from './update/keptResult.ts';
import { isRecorded, resultOfError, type RunResult } from './update/runResult.ts';
import { recordInterruption } from './update/interruption.ts';
import { readSituation, type Situation } from './update/situation.ts';
import { createStateCell, type StateCell } from './update/stateCell.ts';
import { bindToResource, loadState } from './update/targetStateRecovery.ts';
import type { UpdateRequest, UpdateServices } from './update/update.ts';
import { measureWaiting, type Waiting } from './update/waiting.ts';

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
  const runId = newRunId(startedAt, target.name, services.randomHex());
  const found = await loadState(services.ledger, session.state, target.name, services.ownerId);
  const loaded = bindToResource(found, target);
  const cell = createStateCell(session, await flushOutbox(services.ledger, loaded.state));
  const last = cell.state.lastResult;
  const arm = services.arm.openSession();

  if (prepare.change) await cell.put(prepare.change(cell.state));
  if (prepare.approve) await prepare.approve(await readSituation(services, arm, target, cell.state), cell);
  const progress: Progress = { replans: [] };
  const { by, ...message } = request;
  const ended = await attempt(services, session, arm, target, cell, runId, progress).catch((error: unknown) => ({
    ...resultOfError(error, message, toFraction(services.randomHex())),
    ...(progress.situation ? { situation: progress.situation } : {}),
  }));
  if (!progress.situation) await recordInterruption(services, cell, runId);
  const result: RunResult = { ...ended, reasons: [...loaded.notes, ...ended.reasons] };

  const finishedAt = services.clock.now();
  const trigger = { reason: request.reason, ...(by === undefined ? {} : { by }) };
  const frame = { id: runId, startedAt, finishedAt, trigger, ownerId: services.ownerId };
  const usage = arm.usage();
  const calls = { ...usage, retries: [...usage.retries, ...progress.replans] };
  const record = toRunRecord(frame, cell.state, result, calls);
  const waiting = await measureWaiting(services, target, cell.state, result);
  const deadline = deadlineNotice(cell.state, waiting.waiting ?? cell.state.waiting ?? [], finishedAt);
  // What a person asked for is recorded whatever came of it: a lost state is taken from the ledger.
  const recorded = by !== undefined || isRecorded(result, last);
  const stored = await storeResult(services, cell, result, record, recorded, {
    ...waiting,
    ...(deadline && { deadlineAnnounced: deadline.day }),
  });

  logRun(services.logger, stored);
  await notifyOfRun(services.notifier, last, stored);
  if (deadline) await services.notifier.notify(deadline.notification);
  if (result.outcome === 'failed') throw result.error;
  // Behind the record: a run that ends in between is delivered again anyway.
  if (result.postponement) await services.queue.send(result.postponement.message, result.postponement.delayInMs);
  return stored;
}

/** How far a run has come. */
interface Progress {
  situation?: Situation;
  /** The resource moved under the run, so it read and planned again. */
  readonly replans: ArmUsage['retries'][number][];
}

async function attempt(
  services: UpdateServices,
  session: TargetSession,
  arm: ArmSession,
  target: Target,
  cell: StateCell,
  runId: string,
  progress: Progress,
): Promise<RunResult> {
  for (let count = 1; ; count += 1) {
    try {
      const situation = await readConfirmedSituation(services, arm, target, cell.state);
      progress.situation = situation;
      await recordInterruption(services, cell, runId, situation.current);
      const applied = await applyPlan({ services, session, arm, cell, runId }, situation);
      return asWritten({ outcome: applied.outcome, reasons: applied.reasons, situation, applied }, cell.state, runId);
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

/** A run that planned again and found all well: what it wrote before that was not seen to be there, and is. */
function asWritten(result: PlannedResult, { inFlight }: TargetState, runId: string): RunResult {
  if (result.outcome !== 'unchanged' || inFlight?.runId !== runId) return result;
  const { situation, applied } = result;
  const planned = { ...situation.result, plan: inFlight.plan };
  return {
    ...result,
    outcome: 'applied',
    situation: { ...situation, result: planned },
    applied: { ...applied, before: inFlight.before },
  };
}

type PlannedResult = RunResult & { readonly situation: Situation; readonly applied: Applied };

/** What Azure called it; where it did not, the rules were found changed. */
function codeOfMove({ cause }: TargetMovedError): string {
  const { code, detailCode } = (cause ?? {}) as { readonly code?: unknown; readonly detailCode?: unknown };
  return [detailCode, code].find((known) => typeof known === 'string') ?? 'TargetMoved';
}

async function storeResult(
  services: UpdateServices,
  cell: StateCell,
  result: RunResult,
  record: RunRecord,
  recorded: boolean,
  clock: Waiting & Pick<TargetState, 'deadlineAnnounced'>,
): Promise<RunRecord> {
  // The record tells how far a write came, so that it is in flight no more.
  const { outbox, ledgerHead, inFlight, ...rest } = result.applied?.state ?? cell.state;
  const capacity = capacityAfter(cell.state, result);
  const state: TargetState = {
    ...rest,
    ...(inFlight && inFlight.runId !== record.id ? { inFlight } : {}),
    ...(cell.state.ledgerHead ? { ledgerHead: cell.state.ledgerHead } : {}),
    ...(capacity ? { capacity } : {}),
    ...clock,
    lastResult: toLastResult(result, record.id, services.clock.now()),
  };
  if (!recorded) {
    await cell.put(state);
    return record;
  }
  return (await commitRecord<TargetState>(services.ledger, cell.put, state, record)).record;
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
