/** An update of one target: observe, plan, gate, apply, record, notify. */
import { TargetMovedError } from '../core/errors.ts';
import type { UpdateRecord } from '../core/ledger/runRecord.ts';
import { newRunIdAfter } from '../core/targets/runId.ts';
import type { Target } from '../core/targets/target.ts';
import { updateTimeInMs } from '../core/timeLimit.ts';
import { applyPlan, withEarlierWrites } from './update/applyPlan.ts';
import { notifyOfRun } from './update/notifyOfRun.ts';
import { catchUp, openState } from './update/openState.ts';
import { observeAndPlan, type PlannedUpdate } from './update/planUpdate.ts';
import { toFraction } from './update/postpone.ts';
import { recordInterruption, recordRun } from './update/recordRun.ts';
import { assertTimeLeft, type Run, type StateHandle } from './update/run.ts';
import { resultOfError, type RunResult } from './update/runResult.ts';
import type { UpdateRequest, UpdateServices } from './update/updateServices.ts';
import { gateOf } from './update/writeGate.ts';
import type { ArmSession, Logger, TargetSession } from './ports.ts';

/** How often one run may read and plan, if somebody else changes the resource meanwhile. */
const maxAttempts = 3;

/** `busy`: somebody else updates it now. `unknown`: no such target is configured (any more). */
export async function updateTarget(
  services: UpdateServices,
  request: UpdateRequest,
): Promise<UpdateRecord | 'busy' | 'unknown'> {
  const target = (await services.targets.read()).find((candidate) => candidate.name === request.target);
  if (!target) {
    services.logger.warn('update asked for a target that is not configured', { targetId: request.target });
    return 'unknown';
  }
  const deadline = deadlineFrom(services.clock.now());
  const update = (session: TargetSession) => updateInSession(services, session, target, request, { deadline });
  // Most checks find nothing to write, and need no lease for that.
  const result = await services.states.withLeaseToWrite(target.name, update);
  return result === 'moved' ? services.states.withLease(target.name, update) : result;
}

function deadlineFrom(now: Date): Date {
  return new Date(now.getTime() + updateTimeInMs);
}

interface RunOptions {
  /** Makes the change that a person asked for; it throws to refuse. */
  readonly prepare?: (state: StateHandle, arm: ArmSession) => Promise<void>;
  /** The run begins nothing after it. */
  readonly deadline?: Date;
  readonly hasCaughtUp?: boolean;
}

/**
 * One run over the target of the session:
 * 1. Open the state, and `prepare`.
 * 2. Observe, plan, ask the gate, apply. Start again if the ledger turns out to be newer than the state.
 * 3. Record the result, whatever it is, and notify.
 * 4. Throw the error of a failed run, or send a postponed message again.
 */
export async function updateInSession(
  services: UpdateServices,
  session: TargetSession,
  target: Target,
  request: UpdateRequest,
  { prepare, deadline = deadlineFrom(services.clock.now()), hasCaughtUp = false }: RunOptions = {},
): Promise<UpdateRecord> {
  const { state, notes } = await openState(services, session, target);
  const arm = services.arm.openSession({ deadline });
  if (prepare) await catchUp(services, state);
  const before = state.current;
  await prepare?.(state, arm);

  const startedAt = services.clock.now();
  const runId = newRunIdAfter(state.current, startedAt, services.randomHex());
  const run: Run = { services, request, session, target, startedAt, runId, arm, state, progress: { replans: [] } };
  const ended = await attempt(run, hasCaughtUp).catch((error: unknown) => resultOfFailure(run, error));
  if (ended === 'restored' || (!hasCaughtUp && !run.progress.planned && (await catchUp(services, state)))) {
    const caughtUp = { ...session, state: state.current };
    return updateInSession(services, caughtUp, target, request, { deadline, hasCaughtUp: true });
  }
  if (!run.progress.planned) await recordInterruption(services, state, runId);
  const result: RunResult = { ...ended, reasons: [...notes, ...ended.reasons] };

  const recorded = await recordRun(run, result, before);
  const { record } = recorded;
  logRun(services.logger, record);
  await notifyOfRun(services.notifier, before.run.lastResult, recorded);
  if (result.outcome === 'failed') throw result.error;
  // After the record: if the process dies before this line, the queue delivers the message again anyway.
  if (result.postponement) await services.queue.send(result.postponement.message, result.postponement.delayInMs);
  return record;
}

/** Observes, plans, asks the gate and applies; starts again if somebody else changed the resource meanwhile. */
async function attempt(run: Run, hasCaughtUp: boolean): Promise<RunResult | 'restored'> {
  const { services, target, state, runId, progress } = run;
  for (let count = 1; ; count += 1) {
    try {
      assertTimeLeft(run);
      const planned = await observeAndPlan(run);
      progress.planned = planned;
      await recordInterruption(services, state, runId, planned);
      // Before anything is claimed: the state must not be older than the ledger. Checked once, because a forged record
      // may sort after all later ones and would restart the run for ever.
      if (!hasCaughtUp && !isQuiet(planned) && (await catchUp(services, state))) return 'restored';
      return toResult(run, planned, await applyPlan(run, planned, gateOf(run)));
    } catch (error) {
      if (!(error instanceof TargetMovedError) || count >= maxAttempts) throw error;
      // Random, so that two runs that overwrite each other do not retry at the same time.
      const waitInMs = Math.round(count * (500 + 1_500 * toFraction(services.randomHex())));
      progress.replans.push({ call: 'plan', code: codeOfMove(error), waitedInMs: waitInMs });
      services.logger.warn('target moved under the run, planning again', { runId, targetId: target.name });
      await services.clock.sleep(waitInMs);
    }
  }
}

function isQuiet({ result }: PlannedUpdate): boolean {
  return result.changes.length === 0 && result.plan.verdict === 'apply';
}

function toResult({ state, runId }: Run, planned: PlannedUpdate, last: NonNullable<RunResult['applied']>): RunResult {
  const { applied, plan } = withEarlierWrites(last, planned.result.plan, state.current, runId);
  const { outcome, reasons } = applied;
  return { outcome, reasons, planned: { ...planned, result: { ...planned.result, plan } }, applied };
}

function resultOfFailure({ services, progress, request: { by, ...message } }: Run, error: unknown): RunResult {
  const result = resultOfError(error, message, toFraction(services.randomHex()));
  return progress.planned ? { ...result, planned: progress.planned } : result;
}

/** Azure's error code; without one the app itself found that the rules had changed. */
function codeOfMove({ cause }: TargetMovedError): string {
  const { code, detailCode } = (cause ?? {}) as { readonly code?: unknown; readonly detailCode?: unknown };
  return [detailCode, code].find((known) => typeof known === 'string') ?? 'TargetMoved';
}

function logRun(logger: Logger, record: UpdateRecord): void {
  logger.info('target updated', {
    runId: record.id,
    targetId: record.chain,
    outcome: record.outcome,
    add: record.plan?.add.length ?? 0,
    remove: record.plan?.remove.length ?? 0,
    reasons: record.reasons.map((reason) => reason.code),
  });
}
