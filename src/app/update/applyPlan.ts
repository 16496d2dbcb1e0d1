/** Applies a plan: claim, write, read back; removals in a later message, after the additions have taken effect. */
import { sameAddresses } from '../../core/prefixes.ts';
import type { RuleChange } from '../../core/plan/plan.ts';
import type { Reason } from '../../core/reasons.ts';
import { counted } from '../../core/words.ts';
import { TargetBlockedError, TargetMovedError } from '../../core/errors.ts';
import type { LiveRule } from '../../core/plan/currentRule.ts';
import type { Target } from '../../core/targets/target.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { ownedPrefixes } from '../../core/targets/targetFacts.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import type { RunOutcome } from '../../core/ledger/runRecord.ts';
import type { ArmSession, CurrentState } from '../ports.ts';
import { claim, remembered, stateAfterWrite, stateWithoutWrite } from './appliedState.ts';
import { joinInFlight } from './earlierWrites.ts';
import type { Run } from './run.ts';
import type { Applied } from './runResult.ts';
import { adapterOf, type Situation } from './situation.ts';
import { gateReason, writeThroughGate } from './writeGate.ts';

export async function applyPlan(run: Run, situation: Situation): Promise<Applied> {
  const { plan } = situation.result;
  const before = toLiveRules(situation.current);
  const step = nextStep(situation, run);
  const isDone = step.changes.length + step.later.length === 0;
  const idle = { before, after: before, state: stateWithoutWrite(run.cell.state, situation) };
  const gate = gateReason(gateInput(run, situation));

  if (plan.verdict === 'blocked') {
    // Whose is what cannot be told now, so that no claim is given up.
    const state = { ...run.cell.state, ...remembered(situation) };
    return { ...idle, state, outcome: 'blocked', reasons: plan.reasons };
  }
  if (gate) {
    const outcome = isDone ? quietOutcome(situation) : closedOutcome(gate);
    return { ...idle, outcome, reasons: [gate, ...plan.reasons] };
  }
  if (step.changes.length > 0) return write(run, situation, step, before);
  if (step.later.length === 0) return { ...idle, outcome: quietOutcome(situation), reasons: plan.reasons };
  await askForRemovals(run, situation, run.cell.state);
  return { ...idle, outcome: 'pending', reasons: [...plan.reasons, settlingNote(situation, run.cell.state)] };
}

interface Step {
  /** To be written now. */
  readonly changes: readonly RuleChange[];
  /** Removals left for a later message. */
  readonly later: readonly string[];
}

/** Additions alone first; removals once nothing is left to add and the last additions have settled. */
function nextStep(situation: Situation, { services, cell }: Run): Step {
  const { plan, additions, changes } = situation.result;
  const isOneStep = JSON.stringify(additions) === JSON.stringify(changes);
  if (plan.remove.length === 0 || isOneStep) return { changes, later: [] };
  const notBefore = cell.state.removalsNotBefore;
  const settled = notBefore === undefined || services.clock.now().getTime() >= Date.parse(notBefore);
  return plan.add.length === 0 && settled ? { changes, later: [] } : { changes: additions, later: plan.remove };
}

async function write(run: Run, situation: Situation, step: Step, before: readonly LiveRule[]): Promise<Applied> {
  const { services, cell, arm, session, runId } = run;
  const { target, current, result } = situation;
  const now = services.clock.now();
  const unclaimed = cell.state;
  const claimed = claim(unclaimed, situation, step.changes, now, settledAtLatest(run, situation, now));
  const inFlight = joinInFlight(unclaimed.inFlight, { runId, startedAt: now.toISOString(), plan: result.plan, before });
  await cell.put({ ...claimed, inFlight });
  let readBack: CurrentState;
  try {
    readBack = await writeThroughGate(
      gateInput(run, situation),
      arm,
      session,
      current,
      step.changes,
      ownedPrefixes(claimed),
    );
  } catch (error) {
    // Nothing was written, and what a person then adds by hand is not ours.
    if (error instanceof TargetBlockedError && error.isRefused) await cell.put(unclaimed);
    throw error;
  }

  verify(readBack, step.changes, target);
  const state = stateAfterWrite(
    claimed,
    situation,
    step.later,
    readBack,
    services.clock.now(),
    settleInMs(arm, situation),
  );
  if (step.later.length > 0) await askForRemovals(run, situation, state);
  return {
    outcome: step.later.length > 0 ? 'pending' : 'applied',
    reasons: [
      ...result.plan.reasons,
      ...notesSince(current, readBack),
      ...(step.later.length > 0 ? [settlingNote(situation, state)] : []),
    ],
    before,
    after: toLiveRules(readBack),
    state,
  };
}

/** What shows only after the write: somebody opened the registry meanwhile. */
function notesSince(before: CurrentState, after: CurrentState): Reason[] {
  const known = new Set(before.notes.map(({ message }) => message));
  return after.notes.filter(({ message }) => !known.has(message));
}

/**
 * Until it is known when a write came through, the latest time counts. Azure goes on with it when nobody follows any
 * longer, so a whole session is counted from the write, not what is left of this one.
 */
function settledAtLatest({ arm, startedAt }: Run, situation: Situation, now: Date): Date {
  const longestWriteInMs = arm.deadline.getTime() - startedAt.getTime();
  return new Date(now.getTime() + longestWriteInMs + settleInMs(arm, situation));
}

/** In a message of their own, once the additions have settled. */
async function askForRemovals({ services }: Run, situation: Situation, state: TargetState): Promise<void> {
  const notBefore = Date.parse(state.removalsNotBefore ?? '');
  const delayInMs = Number.isNaN(notBefore) ? 0 : Math.max(0, notBefore - services.clock.now().getTime());
  await services.queue.send({ target: situation.target.name, reason: 'removals' }, delayInMs);
}

/** Azure must hold what was written; a registry's rule list also holds what others put there. */
function verify(readBack: CurrentState, changes: readonly RuleChange[], target: Target): void {
  for (const change of changes) {
    const live = readBack.rules.find((rule) => rule.rule === change.rule);
    const prefixes = live?.prefixes ?? [];
    const isThere = traitsOf(target).hasOwnRules
      ? sameAddresses(prefixes, change.prefixes)
      : change.prefixes.every((prefix) => prefixes.includes(prefix));
    if (!isThere) throw new TargetMovedError(`${change.rule} does not hold what was written to it`);
  }
}

function quietOutcome(situation: Situation): RunOutcome {
  return situation.result.plan.verdict === 'held' ? 'held' : 'unchanged';
}

function closedOutcome(gate: Reason): RunOutcome {
  return gate.code === 'paused' ? 'paused' : 'planOnly';
}

function settlingNote(situation: Situation, state: TargetState): Reason {
  const { remove } = situation.result.plan;
  return {
    code: 'settling',
    message: `${counted(remove.length, 'removal')} to be made after ${state.removalsNotBefore ?? 'the next run'}, when the additions have taken effect.`,
    prefixes: remove,
  };
}

function gateInput(run: Run, situation: Situation): Parameters<typeof gateReason>[0] {
  return { target: situation.target, state: run.cell.state, updatesPaused: run.services.updatesPaused };
}

function settleInMs(arm: ArmSession, situation: Situation): number {
  return adapterOf(arm, situation.target).settleInMs;
}

export function toLiveRules(current: CurrentState): LiveRule[] {
  return current.rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: rule.prefixes }));
}
