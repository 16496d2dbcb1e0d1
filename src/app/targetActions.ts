/** What people do to a target: look at its plan, approve exactly that plan, roll back, pause, resume. */
import { InvalidDocumentError, RequestError, shorten } from '../core/errors.ts';
import { isSnapshotId } from '../core/serviceTags/contentHash.ts';
import type { RunOutcome, UpdateRecord } from '../core/ledger/runRecord.ts';
import type { ProblemKind } from '../core/problemKinds.ts';
import { nextState } from '../core/targets/nextState.ts';
import { newRunIdAfter } from '../core/targets/runId.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Target } from '../core/targets/target.ts';
import type { Pin } from '../core/targets/targetState.ts';
import { type GatedPlan, gateReason } from './update/writeGate.ts';
import type { ArmSession, TargetSession } from './ports.ts';
import { readLastPlan } from './queries/ledgerQueries.ts';
import { unknownSnapshot } from './queries/snapshotLibrary.ts';
import { requireTarget } from './queries/targetQueries.ts';
import { pullServiceTags, type PullResult, type PullServices } from './pullServiceTags.ts';
import { isRejected, rejectRelease, retireTag, takeBackRejection, type DecisionResult } from './releaseDecisions.ts';
import { toApproval } from './update/approvals.ts';
import { observeTarget } from './update/observe.ts';
import { bindToResource, loadState, recordEvent, recordWithoutRun, type Entry } from './update/openState.ts';
import { planUpdate, type PlannedUpdate } from './update/planUpdate.ts';
import { alignmentOf, recordInterruption } from './update/recordRun.ts';
import type { StateHandle } from './update/run.ts';
import type { UpdateRequest, UpdateServices } from './update/updateServices.ts';
import { updateInSession } from './updateTarget.ts';

export type ActionServices = UpdateServices & PullServices;

/** What people may do to targets over HTTP. Every method throws RequestError if the caller can fix the cause. */
export interface TargetActions {
  /** The plan as it would run now, or would after a rollback to `snapshot`; nothing is written. */
  planTarget(name: string, snapshot?: string): Promise<GatedPlan>;
  /** Approves exactly that plan. RequestError 409 with the member `plan` if it has changed or nothing may be written. */
  approvePlan(name: string, planId: string, by: string): Promise<ActionResult>;
  rollbackTarget(name: string, snapshotId: string, by: string): Promise<ActionResult>;
  resumeTarget(name: string, by: string): Promise<ActionResult>;
  pauseTarget(name: string, by: string): Promise<ActionResult>;
  pullNow(by: string): Promise<Pick<PullResult, 'outcome' | 'message'>>;
  rejectRelease(snapshotId: string, reason: string, by: string): Promise<DecisionResult>;
  takeBackRejection(snapshotId: string, by: string): Promise<DecisionResult>;
  retireTag(tag: string, by: string): Promise<DecisionResult>;
}

/** Plain JSON; more members are allowed. */
export interface ActionResult {
  readonly target: string;
  /** One sentence: what happened, or what happens next. */
  readonly message: string;
  readonly runId?: string;
}

/** An update that a person asked for, with the name of the person. */
type PersonsRequest = UpdateRequest & { readonly by: string };

/** How actions run: plainly, or with a trace and metrics. */
export interface ActionRuns {
  pull(work: (services: ActionServices) => Promise<PullResult | 'busy'>): Promise<PullResult | 'busy'>;
  update(
    request: { readonly target: string; readonly reason: string },
    work: (services: ActionServices) => Promise<UpdateRecord>,
  ): Promise<UpdateRecord>;
}

export function buildTargetActions(
  services: ActionServices,
  runs: ActionRuns = { pull: (work) => work(services), update: (_request, work) => work(services) },
): TargetActions {
  return {
    planTarget: (name, snapshot) => planTarget(services, name, snapshot),
    approvePlan: async (target, planId, by) => {
      const request = { target, reason: 'approval', by };
      const record = await runs.update(request, (traced) => approvePlan(traced, request, planId));
      return toActionResult(record, `${by} approved plan ${planId}`);
    },
    rollbackTarget: async (target, snapshotId, by) => {
      const request = { target, reason: 'rollback', by };
      const record = await runs.update(request, (traced) => rollbackTarget(traced, request, snapshotId));
      return toActionResult(record, `rolled back to ${snapshotId} until somebody resumes it`);
    },
    resumeTarget: async (target, by) => {
      const request = { target, reason: 'resume', by };
      const record = await runs.update(request, (traced) => resumeTarget(traced, request));
      return toActionResult(record, 'resumed');
    },
    pauseTarget: async (target, by) => {
      const request = { target, reason: 'pause', by };
      const { id } = await runs.update(request, (traced) => pauseTarget(traced, request));
      return { target, message: 'paused: the app writes nothing to it until somebody resumes it', runId: id };
    },
    rejectRelease: (id, reason, by) => rejectRelease(services, id, reason, by),
    takeBackRejection: (id, by) => takeBackRejection(services, id, by),
    retireTag: (tag, by) => retireTag(services, tag, by),
    pullNow: async (by) => {
      const result = await runs.pull((traced) => pullServiceTags(traced, { reason: 'request', by }));
      if (result === 'busy') throw busy('pull-busy', 'a pull is running now: try again in a minute');
      return result;
    },
  };
}

/** Shorter than in a run: a person waits for the plan, so it does not wait for an outage or a new role to be over. */
const planTimeInMs = 30_000;

/** Reads the live resource and plans; nothing is written, no lease is taken. */
async function planTarget(services: ActionServices, name: string, snapshot?: string): Promise<GatedPlan> {
  const target = await findTarget(services, name);
  const stored = await services.states.get(name).catch((error: unknown) => {
    if (error instanceof InvalidDocumentError) return 'unreadable' as const;
    throw error;
  });
  const { state: bound } = bindToResource(await loadState(services, stored, name), target);
  const pin = snapshot === undefined ? undefined : await toPin(services, snapshot, 'this preview');
  const state = pin ? nextState(bound, { type: 'prepared', change: { pin } }) : bound;
  const deadline = new Date(services.clock.now().getTime() + planTimeInMs);
  const arm = services.arm.openSession({ deadline });
  return toGatedPlan(services, await planUpdate(arm, await observeTarget(services, arm, target, state)));
}

function toGatedPlan({ updatesPaused }: ActionServices, { target, state, result }: PlannedUpdate): GatedPlan {
  const gate = gateReason({ target, state, updatesPaused });
  return gate ? { ...result.plan, gate: { code: gate.code, message: gate.message } } : result.plan;
}

/** Writes a record of the approval to the ledger before anything is written to Azure because of it. */
function approvePlan(services: ActionServices, request: PersonsRequest, planId: string): Promise<UpdateRecord> {
  return updateAfterChange(services, request, async (state, arm, target) => {
    const planned = await planUpdate(arm, await observeTarget(services, arm, target, state.current));
    const { plan } = planned.result;
    const isShown = plan.id === planId || (await isRestApplied(services, state, planId, planned));
    refuseWhatCannotBeApproved(toGatedPlan(services, planned), planId, isShown);
    const now = services.clock.now();
    const at = now.toISOString();
    const id = newRunIdAfter(state.current, now, services.randomHex());
    const newest = planned.newest?.snapshot.id ?? '';
    const approval = toApproval({ plan, newest, configHash: planned.configHash }, request.by, now, id);
    const trigger = { reason: request.reason, by: request.by };
    const entry: Entry = {
      record: { trigger, outcome: 'approved', reasons: plan.reasons, plan },
      event: { type: 'prepared', change: { approval } },
    };
    // First the record of a write that was cut off: the chain is in the order of its runs.
    await recordInterruption(services, state, id, planned);
    await recordEvent(services, state, { id, at }, entry);
  });
}

/**
 * True if `planId` is the plan of the last run, and nothing but that run's own write has changed since: it applied the rest,
 * and what a person was shown still waits.
 */
async function isRestApplied(
  { ledger }: ActionServices,
  { current: { run } }: StateHandle,
  planId: string,
  planned: PlannedUpdate,
): Promise<boolean> {
  const { plan } = planned.result;
  const isDone = plan.add.length + plan.remove.length + plan.ruleDrift.length === 0;
  const { lastResult } = run;
  if (!isDone || lastResult?.planId !== planId || lastResult.alignedWith !== alignmentOf(planned)) return false;
  const last = await readLastPlan(ledger, planned.state);
  const remains = ({ snapshot, held, foreign, retain }: Plan) => JSON.stringify([snapshot, held, foreign, retain]);
  return last !== undefined && plan.verdict === 'held' && remains(last) === remains(plan);
}

function refuseWhatCannotBeApproved(plan: GatedPlan, planId: string, isShown: boolean): void {
  const refuse = (problem: ProblemKind, message: string) => new RequestError(409, problem, message, { plan });
  if (plan.gate) {
    const problem = plan.gate.code === 'planOnly' ? 'target-plan-only' : 'target-paused';
    throw refuse(problem, `nothing is written to ${plan.target}: ${plan.gate.message}`);
  }
  if (!isShown) {
    const message = `plan "${shorten(planId, 12)}" of ${plan.target} no longer applies, because its rules, the list or its settings have changed: look at the new plan, and approve that one`;
    throw refuse('plan-changed', message);
  }
  if (plan.verdict === 'blocked') {
    const why = plan.reasons.map((reason) => reason.message).join(' ');
    throw refuse('target-blocked', `${plan.target} is blocked, and an approval does not help: ${why}`);
  }
}

async function rollbackTarget(
  services: ActionServices,
  request: PersonsRequest,
  snapshot: string,
): Promise<UpdateRecord> {
  await findTarget(services, request.target);
  const pin = await toPin(services, snapshot, request.by);
  return updateAfterChange(services, request, (state) => state.store({ type: 'prepared', change: { pin } }));
}

/** Throws RequestError: 404 if there is no such snapshot, 409 if a person rejected its release. */
async function toPin(services: ActionServices, snapshot: string, by: string): Promise<Pin> {
  const known = isSnapshotId(snapshot) && (await services.snapshots.get(services.cloud, snapshot));
  if (!known) throw unknownSnapshot(snapshot);
  const stored = await services.histories.readDecisions(services.cloud);
  if (stored && isRejected(stored.decisions, snapshot)) throw rejectedSnapshot(snapshot);
  return { snapshot, by, at: services.clock.now().toISOString() };
}

function rejectedSnapshot(id: string): RequestError {
  const message = `${id} is rejected, so it counts as never published: choose another release (GET snapshots), or take the rejection back first (DELETE snapshots/${id}/reject)`;
  return new RequestError(409, 'release-decided', message);
}

/** Lifts a pin and a pause, then follows the current snapshot again. */
function resumeTarget(services: ActionServices, request: PersonsRequest): Promise<UpdateRecord> {
  return updateAfterChange(services, request, (state) => state.store({ type: 'prepared', change: 'resumed' }));
}

/** Runs an update after `prepare` has made the change that the person asked for. */
async function updateAfterChange(
  services: ActionServices,
  request: PersonsRequest,
  prepare: (state: StateHandle, arm: ArmSession, target: Target) => Promise<void>,
): Promise<UpdateRecord> {
  const target = await findTarget(services, request.target);
  return underLease(services, target, (session) =>
    updateInSession(services, session, target, request, { prepare: (state, arm) => prepare(state, arm, target) }),
  );
}

/** Writes a record, because a lost state is rebuilt from the ledger. */
async function pauseTarget(
  services: ActionServices,
  { target: name, reason, by }: PersonsRequest,
): Promise<UpdateRecord> {
  const target = await findTarget(services, name);
  return underLease(services, target, (session) =>
    recordWithoutRun(services, session, name, ({ notes, at }) => ({
      record: { trigger: { reason, by }, outcome: 'paused', reasons: notes },
      event: { type: 'prepared', change: { paused: { by, at } } },
    })),
  );
}

async function findTarget(services: ActionServices, name: string): Promise<Target> {
  return requireTarget(await services.targets.read(), name);
}

async function underLease<T>(
  services: ActionServices,
  target: Target,
  work: (session: TargetSession) => Promise<T>,
): Promise<T> {
  const result = await services.states.withLease(target.name, work);
  if (result === 'busy') throw busy('target-busy', `${target.name} is being updated now: try again in a minute`);
  return result;
}

function busy(problem: ProblemKind, message: string): RequestError {
  return new RequestError(409, problem, message, { retryAfterInSeconds: 60 });
}

/** The result of an action, with the outcome of its run. */
type RunActionResult = ActionResult & Pick<UpdateRecord, 'outcome' | 'reasons'>;

/** What the run did, after what the person did. */
const outcomeWords: Partial<Record<RunOutcome, string>> = {
  applied: 'the app has written the rules',
  unchanged: 'no rule had to change',
  pending: 'the app goes on in a later run',
  held: 'changes wait for approval, see reasons',
};

function toActionResult(record: UpdateRecord, what: string): RunActionResult {
  return {
    target: record.chain,
    message: `${what}; ${outcomeWords[record.outcome] ?? `the target is ${record.outcome}, see reasons`}`,
    runId: record.id,
    outcome: record.outcome,
    reasons: record.reasons,
  };
}
