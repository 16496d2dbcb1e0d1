/** Applies a plan: notes ownership, writes, reads back. Removals follow in a later message, after the additions work. */
import { TargetBlockedError, TargetMovedError } from '../../core/errors.ts';
import type { RunOutcome } from '../../core/ledger/runRecord.ts';
import { livePrefixes, type LiveRule } from '../../core/plan/currentRule.ts';
import { storedPlan, type Plan, type RuleChange } from '../../core/plan/plan.ts';
import { intersectPrefixes, overlapping, sameAddresses, sortPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import type { RulesFound } from '../../core/targets/nextState.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { prefixesOwned, type TargetState } from '../../core/targets/targetState.ts';
import type { Target } from '../../core/targets/target.ts';
import { andMore, dayAndTimeInWords } from '../../core/words.ts';
import { updateTimeInMs } from '../../core/timeLimit.ts';
import type { CurrentState } from '../ports.ts';
import { adapterOf } from './observe.ts';
import type { PlannedUpdate } from './planUpdate.ts';
import { assertTimeLeft, type Run } from './run.ts';
import { writeThroughGate } from './writeGate.ts';

/** The result of applying a plan. */
export interface Applied {
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  readonly before: readonly LiveRule[];
  /** The rules as read back; as before if nothing was written. */
  readonly after: readonly LiveRule[];
}

/** `gate`: why nothing may be written to the target now, if so. */
export async function applyPlan(run: Run, planned: PlannedUpdate, gate: Reason | undefined): Promise<Applied> {
  const { plan } = planned.result;
  const before = toLiveRules(planned.current);
  const idle = { before, after: before };
  const step = nextStep(run, planned);
  const isDone = step.changes.length + step.later.length === 0;
  const quietOutcome: RunOutcome = plan.verdict === 'held' ? 'held' : 'unchanged';

  if (plan.verdict === 'blocked') {
    // Nobody knows now whose rule is whose, so the app keeps what it noted as its own.
    run.state.note({ type: 'observed' });
    return { ...idle, outcome: 'blocked', reasons: plan.reasons };
  }
  if (step.changes.length > 0 && !gate) return write(run, planned, step, before);
  run.state.note({ type: 'observed', ...foundWithoutWrite(run.state.current, planned) });
  if (gate) return { ...idle, outcome: isDone ? quietOutcome : closedOutcome(gate), reasons: [gate, ...plan.reasons] };
  if (isDone) return { ...idle, outcome: quietOutcome, reasons: plan.reasons };
  await askForRemovals(run);
  return { ...idle, outcome: 'pending', reasons: [...plan.reasons, settlingNote(run, plan)] };
}

interface WriteStep {
  /** Changes to write now. */
  readonly changes: readonly RuleChange[];
  /** Removals left for a later message. */
  readonly later: readonly string[];
}

/** Additions first. Removals once nothing is left to add and the last additions have taken effect. */
function nextStep({ services, state }: Run, { result }: PlannedUpdate): WriteStep {
  const { plan, additions, changes } = result;
  const isOneStep = JSON.stringify(additions) === JSON.stringify(changes);
  if (plan.remove.length === 0 || isOneStep) return { changes, later: [] };
  const notBefore = state.current.run.removalsNotBefore;
  const settled = notBefore === undefined || services.clock.now().getTime() >= Date.parse(notBefore);
  return plan.add.length === 0 && settled ? { changes, later: [] } : { changes: additions, later: plan.remove };
}

async function write(run: Run, planned: PlannedUpdate, step: WriteStep, before: readonly LiveRule[]): Promise<Applied> {
  const { services, state, runId, target } = run;
  const { plan, ours } = planned.result;
  const now = services.clock.now();
  const added = traitsOf(target).hasMark ? plan.add : step.changes.flatMap((change) => change.prefixes);
  // Before the claim too: what is claimed and never written would be ours if a person added it meanwhile.
  assertTimeLeft(run);
  await state.store({
    type: 'claimed',
    runId,
    at: now.toISOString(),
    plan: storedPlan(plan),
    before,
    prefixes: [...ours, ...added],
    removalsNotBefore: settledAtLatest(run, now).toISOString(),
  });
  let readBack: CurrentState;
  try {
    readBack = await writeThroughGate(run, planned.current, step.changes);
  } catch (error) {
    if (error instanceof TargetBlockedError && error.isRefused) await state.store({ type: 'refused' });
    throw error;
  }

  verify(readBack, step.changes, target);
  const notBefore = plan.add.length > 0 ? settledFrom(run).toISOString() : state.current.run.removalsNotBefore;
  const isAwaited = plan.add.length > 0 || step.later.length > 0;
  state.note({
    type: 'written',
    ...foundAfterWrite(state.current, planned, step, readBack),
    ...(isAwaited && notBefore !== undefined ? { removalsNotBefore: notBefore } : {}),
  });
  if (step.later.length > 0) await askForRemovals(run);
  return {
    outcome: step.later.length > 0 ? 'pending' : 'applied',
    reasons: [
      ...reasonsAfterWrite(plan.reasons, planned.current, readBack),
      ...(step.later.length > 0 ? [settlingNote(run, plan)] : []),
    ],
    before,
    after: toLiveRules(readBack),
  };
}

/**
 * Adds notes that show only after the write: somebody opened the registry to all networks meanwhile. They take the place of
 * notes with the same code, which name the rules as they were before.
 */
function reasonsAfterWrite(planned: readonly Reason[], before: CurrentState, after: CurrentState): Reason[] {
  const known = new Set(before.notes.map(({ message }) => message));
  const added = after.notes.filter(({ message }) => !known.has(message));
  const current = new Set(after.notes.map(({ message }) => message));
  const renewed = new Set(added.map(({ code }) => code));
  const isOutdated = ({ code, message }: Reason) => known.has(message) && !current.has(message) && renewed.has(code);
  return [...planned.filter((reason) => !isOutdated(reason)), ...added];
}

function foundWithoutWrite(state: TargetState, planned: PlannedUpdate): RulesFound {
  const { result, current } = planned;
  return {
    ownership: {
      prefixes: result.ours,
      underWay: claimsUnderWay(state, planned),
      rules: liveRulesOfOurs(state, current, planned.target),
    },
    approval: { isValid: planned.isApprovalValid, live: livePrefixes(current.rules) },
    ...(planned.selection ? { selection: planned.selection } : {}),
  };
}

/**
 * Gives up ownership of prefixes that are in no rule, because a person may add them later; but not while a write of ours
 * may still take effect.
 */
function claimsUnderWay(state: TargetState, { own, current }: PlannedUpdate): readonly string[] {
  const isUnderWay = current.notes.some((note) => note.code === 'settling');
  return isUnderWay ? overlapping(prefixesOwned(state), own?.selection.prefixes ?? []) : [];
}

function foundAfterWrite(
  state: TargetState,
  planned: PlannedUpdate,
  { later }: WriteStep,
  readBack: CurrentState,
): RulesFound {
  const { result, target, isApprovalValid } = planned;
  const live = livePrefixes(readBack.rules);
  const removed = later.length > 0 ? [] : result.plan.remove;
  // If a registry still contains a removed prefix, somebody else added it.
  const written = (later.length > 0 ? result.additions : result.changes).flatMap((change) => change.prefixes);
  const ours = traitsOf(target).hasMark
    ? subtractPrefixes(intersectPrefixes(live, [...result.ours, ...result.plan.add]), removed)
    : live.filter((prefix) => written.includes(prefix));
  return {
    ownership: { prefixes: ours, rules: liveRulesOfOurs(state, readBack, target) },
    approval: { isValid: isApprovalValid, live },
    ...(planned.selection ? { selection: planned.selection } : {}),
  };
}

/** A rule with the app's mark is ours, even if the state was lost. */
function liveRulesOfOurs({ ownership }: TargetState, { rules }: CurrentState, target: Target): readonly string[] {
  if (!traitsOf(target).hasOwnRules) return [];
  return rules
    .filter(({ rule, mark }) => mark === 'ours' || (mark !== undefined && ownership.rules.includes(rule)))
    .map(({ rule }) => rule);
}

/**
 * The latest time at which a write can take effect, as long as the real one is not known. Azure finishes a write even if
 * the app stops waiting for it, so the whole time of an update counts from the write on.
 */
function settledAtLatest(run: Run, now: Date): Date {
  return new Date(now.getTime() + updateTimeInMs + adapterOf(run.arm, run.target).settleInMs);
}

function settledFrom({ services, arm, target }: Run): Date {
  return new Date(services.clock.now().getTime() + adapterOf(arm, target).settleInMs);
}

/** Queues the removals as a message of their own, for when the additions have taken effect. */
async function askForRemovals({ services, state, target }: Run): Promise<void> {
  const notBefore = Date.parse(state.current.run.removalsNotBefore ?? '');
  const delayInMs = Number.isNaN(notBefore) ? 0 : Math.max(0, notBefore - services.clock.now().getTime());
  await services.queue.send({ target: target.name, reason: 'removals' }, delayInMs);
}

/** Azure must contain what was written. A registry's list may contain prefixes of others as well. */
function verify(readBack: CurrentState, changes: readonly RuleChange[], target: Target): void {
  for (const change of changes) {
    const live = readBack.rules.find((rule) => rule.rule === change.rule);
    const prefixes = live?.prefixes ?? [];
    const isThere = traitsOf(target).hasOwnRules
      ? sameAddresses(prefixes, change.prefixes)
      : change.prefixes.every((prefix) => prefixes.includes(prefix));
    if (!isThere) throw new TargetMovedError(`${change.rule} does not contain what was written to it`);
  }
}

function closedOutcome(gate: Reason): RunOutcome {
  return gate.code === 'paused' ? 'paused' : 'planOnly';
}

function settlingNote({ state }: Run, { remove }: Plan): Reason {
  const { removalsNotBefore: notBefore } = state.current.run;
  const when = notBefore === undefined ? 'with the next run' : `after ${dayAndTimeInWords(notBefore)}`;
  return {
    code: 'settling',
    message: `The app removes ${andMore(remove)} ${when}, when the additions have taken effect.`,
    prefixes: remove,
  };
}

export function toLiveRules(current: CurrentState): LiveRule[] {
  return current.rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: rule.prefixes }));
}

/** If a run planned more than once, its plan and record include what its earlier plans wrote. */
export function withEarlierWrites(applied: Applied, plan: Plan, { run }: TargetState, runId: string) {
  const { inFlight } = run;
  if (inFlight?.runId !== runId) return { applied, plan };
  const { before } = inFlight;
  const live = livePrefixes(applied.after);
  const begun = joinPlans(inFlight.writes.map((write) => write.plan));
  const done = { add: intersectPrefixes(begun.add, live), remove: subtractPrefixes(begun.remove, live) };
  const isQuiet = applied.outcome === 'unchanged' || applied.outcome === 'held';
  const isWritten = JSON.stringify(before) !== JSON.stringify(applied.after);
  const outcome: RunOutcome = isQuiet && isWritten ? 'applied' : applied.outcome;
  return { applied: { ...applied, before, outcome }, plan: { ...plan, ...joinPlans([done, plan]) } };
}

/** Everything that the plans together add and remove. */
export function joinPlans(plans: readonly Pick<Plan, 'add' | 'remove'>[]): Pick<Plan, 'add' | 'remove'> {
  const joined = (list: 'add' | 'remove') =>
    plans.reduce<readonly string[]>(
      (all, plan) => sortPrefixes([...plan[list], ...subtractPrefixes(all, plan[list])]),
      [],
    );
  return { add: joined('add'), remove: joined('remove') };
}
