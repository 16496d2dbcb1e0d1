/** Writes the result of a run to the state and to the ledger. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonicalJson.ts';
import { toErrorMessage } from '../../core/errors.ts';
import type { ArmUsage, RunOutcome, UpdateRecord } from '../../core/ledger/runRecord.ts';
import { storedPlan } from '../../core/plan/plan.ts';
import { rememberCount, toCapacityUse, type CapacityHistory } from '../../core/plan/capacityUse.ts';
import { intersectPrefixes } from '../../core/prefixes.ts';
import { nextState } from '../../core/targets/nextState.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { prefixesOwned, type LastResult, type TargetState } from '../../core/targets/targetState.ts';
import { dayInMs } from '../../core/time.ts';
import type { Notification, TargetSession } from '../ports.ts';
import { joinPlans, toLiveRules } from './applyPlan.ts';
import { deadlineNotice } from './notifyOfRun.ts';
import type { PlannedUpdate } from './planUpdate.ts';
import type { Run } from './run.ts';
import { isRecorded, statusOf, type RunResult } from './runResult.ts';
import { measureMissing } from './missing.ts';
import type { UpdateServices } from './updateServices.ts';
import type { StateHandle } from './run.ts';

export interface RecordedRun {
  /** Of the result: `LastResult.alignedWith`. */
  readonly alignedWith: string | undefined;
  /** The record in the ledger; of a run that is not kept, the record that it would have had. */
  readonly record: UpdateRecord;
  readonly deadline: Notification | undefined;
}

/** Stores the result of the run and what the target lacks now; in the ledger only if there is something to tell. */
export async function recordRun(run: Run, result: RunResult, before: TargetState): Promise<RecordedRun> {
  const { services, target, state, runId, request } = run;
  const finishedAt = services.clock.now();
  const capacity = capacityAfter(state.current, result);
  const record = toRunRecord(run, result, capacity, finishedAt);
  const seen = await measureMissing(services, target, state.current, result);
  const missing = (seen ?? state.current.run.seen)?.missing ?? [];
  const deadline = deadlineNotice(target, state.current, missing, finishedAt);
  const alignedWith = alignmentAfter(result) ?? before.run.lastResult?.alignedWith;
  const ending = {
    type: 'ended',
    runId,
    result: { ...toLastResult(result, runId, services.clock.now()), ...(alignedWith !== undefined && { alignedWith }) },
    seen,
    capacity,
    deadlineAnnounced: deadline?.day,
  } as const;
  const after = nextState(state.current, ending);
  // What a person asked for is always recorded.
  const isKept = request.by !== undefined || isRecorded(result, before, after, finishedAt);
  if (!isKept && isAsStored(state.stored, after, finishedAt)) return { record, deadline: undefined, alignedWith };
  await state.store(isKept ? { ...ending, record } : ending);
  const stored = isKept ? (state.current.run.outbox.at(-1) ?? record) : record;
  await state.settle(services.ledger);
  // Logged outside of the ledger: it reveals a chain that was cut off or rewritten.
  if (isKept) services.logger.info('ledger head', { chain: target.name, ...state.current.run.ledgerHead });
  return { record: stored, deadline: deadline?.notification, alignedWith };
}

const aligning: readonly RunOutcome[] = ['applied', 'unchanged', 'held'];

/** Undefined if the run did not bring the rules in line: it was blocked or paused, or has failed. */
function alignmentAfter({ outcome, applied, planned }: RunResult): string | undefined {
  return planned && (applied || aligning.includes(outcome)) ? alignmentOf(planned) : undefined;
}

/** `LastResult.alignedWith` of a run with this plan. */
export function alignmentOf({ configHash, selection }: Pick<PlannedUpdate, 'configHash' | 'selection'>): string {
  return createHash('sha256')
    .update(JSON.stringify([configHash, selection?.hash]))
    .digest('hex');
}

/** An hourly check that finds what the last one found writes nothing, for a day. */
function isAsStored(stored: TargetSession['state'], after: TargetState, now: Date): boolean {
  if (stored === undefined || stored === 'unreadable') return false;
  const at = stored.run.lastResult?.at;
  if (at === undefined || now.getTime() - Date.parse(at) >= dayInMs) return false;
  return canonicalJson(withoutTime(stored)) === canonicalJson(withoutTime(after));
}

function withoutTime({ run, ...state }: TargetState) {
  return { ...state, run: { ...run, lastResult: { ...run.lastResult, runId: '', at: '' } } };
}

/**
 * Writes the record of an earlier run that began a write and never finished, with the live rules (if they could be read)
 * as its outcome. It comes before any record of a later run, so that the chain is in the order of the runs.
 */
export async function recordInterruption(
  services: Pick<UpdateServices, 'clock' | 'ledger'>,
  state: StateHandle,
  runId: string,
  planned?: PlannedUpdate,
): Promise<void> {
  const { inFlight } = state.current.run;
  if (!inFlight || inFlight.runId === runId) return;
  const { startedAt, before, writes } = inFlight;
  const now = services.clock.now();
  const plan = writes.at(-1)?.plan;
  const record: UpdateRecord = {
    id: inFlight.runId,
    chain: state.current.target,
    startedAt,
    finishedAt: now.toISOString(),
    durationInMs: now.getTime() - Date.parse(startedAt),
    trigger: { reason: 'interrupted' },
    outcome: 'interrupted',
    reasons: [
      {
        code: 'interrupted',
        message: `The run of ${state.current.target} ended in the middle of its write. This record shows what it left; the next run continues from there.`,
      },
    ],
    ...(plan ? { plan: { ...plan, ...joinPlans(writes.map((write) => write.plan)) } } : {}),
    before,
    ...(planned ? { after: toLiveRules(planned.current) } : {}),
    ...rebuildable(state.current),
  };
  await state.store({ type: 'ended', runId: inFlight.runId, record });
  await state.settle(services.ledger);
}

/** Every record contains this: a lost state is rebuilt from it. */
export function rebuildable(state: TargetState) {
  const { ownership, operator, selection, run, ownerId, resourceId } = state;
  const { removalsNotBefore } = run;
  return {
    owned: prefixesOwned(state),
    ownedRules: ownership.rules,
    operator,
    ownerId,
    ...(selection ? { selection } : {}),
    ...(removalsNotBefore === undefined ? {} : { removalsNotBefore }),
    ...(resourceId === undefined ? {} : { resourceId }),
  } satisfies Partial<UpdateRecord>;
}

function toLastResult(result: RunResult, runId: string, at: Date): Omit<LastResult, 'since'> {
  const plan = result.planned?.result.plan;
  const message = result.error === undefined ? undefined : toErrorMessage(result.error);
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

function toRunRecord(
  run: Run,
  result: RunResult,
  capacity: CapacityHistory | undefined,
  finishedAt: Date,
): UpdateRecord {
  const { runId, startedAt, arm, progress, state, request } = run;
  const { planned, applied } = result;
  const { inFlight } = state.current.run;
  const before = applied?.before ?? (inFlight?.runId === runId ? inFlight.before : undefined);
  const snapshot = planned?.own?.snapshot;
  const arms: ArmUsage = arm.usage();
  return {
    id: runId,
    chain: state.current.target,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationInMs: finishedAt.getTime() - startedAt.getTime(),
    trigger: { reason: request.reason, ...(request.by === undefined ? {} : { by: request.by }) },
    outcome: result.outcome,
    reasons: result.reasons,
    ...(snapshot ? { snapshot: { id: snapshot.id, contentHash: snapshot.contentHash, date: snapshot.date } } : {}),
    ...(planned ? { plan: storedPlan(planned.result.plan) } : {}),
    ...(before ? { before } : {}),
    ...(applied ? { after: applied.after } : {}),
    ...rebuildable(state.current),
    ...(capacity ? { capacity: toCapacityUse(capacity) } : {}),
    arm: { ...arms, retries: [...arms.retries, ...progress.replans] },
    ...(result.outcome === 'failed' ? { details: { error: toErrorMessage(result.error) } } : {}),
  };
}

/** How full the resource is; the known value if the run did not read it. */
function capacityAfter({ run, operator }: TargetState, { planned, applied }: RunResult): CapacityHistory | undefined {
  if (!planned) return run.capacity;
  const { current, own, target } = planned;
  // The quota of a registry is read only before a write.
  const limit = current.maxRules ?? run.capacity?.limit ?? traitsOf(target).assumedQuota;
  if (limit === undefined) return run.capacity;
  const after = new Map(applied?.after.map(({ rule, prefixes }) => [rule, prefixes]));
  const used = sum(current.rules.map(({ rule, prefixes }) => (after.get(rule) ?? prefixes).length));
  const assumed = isAssumed(planned, run.capacity) ? { isAssumed: true as const } : {};
  const history = run.capacity?.history ?? [];
  // A pinned target follows an old list, which says nothing about how fast the current one grows.
  if (!own || operator.pin) return { used, limit, ...assumed, history };
  const latest = { date: own.snapshot.date, count: countAll(planned) };
  return { used, limit, ...assumed, history: rememberCount(history, latest) };
}

function isAssumed({ current, target, result }: PlannedUpdate, known: CapacityHistory | undefined): boolean {
  if (traitsOf(target).assumedQuota === undefined) return false;
  if (current.maxRules === undefined) return known?.isAssumed ?? known === undefined;
  return result.plan.reasons.some(({ code }) => code === 'assumedQuota');
}

/** How many prefixes the rules have once the whole plan is applied, including those that wait for approval. */
function countAll({ target, current, own, result: { changes, plan } }: PlannedUpdate): number {
  const changed = new Map(changes.map((change) => [change.rule, change]));
  const untouched = current.rules.filter(({ rule }) => !changed.has(rule)).map(({ prefixes }) => prefixes.length);
  const written = changes.map(({ operation, prefixes }) => (operation === 'put' ? prefixes.length : 0));
  const foreign = !traitsOf(target).hasOwnRules && changes.length > 0 ? plan.foreign.length : 0;
  const held = intersectPrefixes(plan.held.add, own?.selection.prefixes ?? []);
  return sum(untouched) + sum(written) + foreign + held.length;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
