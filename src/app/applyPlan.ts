/** Applies a plan: claim, write, read back; removals in a later message, after the additions have taken effect. */
import { intersectPrefixes, sameAddresses, sortPrefixes, subtractPrefixes } from '../core/prefixes.ts';
import type { RuleChange } from '../core/plan.ts';
import type { Reason } from '../core/reasons.ts';
import { counted } from '../core/words.ts';
import { TargetMovedError } from '../core/errors.ts';
import type { Approval, LiveRule, OwnedPrefix, TargetState } from '../core/targetState.ts';
import type { RunOutcome } from '../core/runRecord.ts';
import type { ArmSession, Clock, CurrentState, TargetSession, UpdateQueue } from './ports.ts';
import { adapterOf, type Situation } from './situation.ts';
import type { StateCell } from './stateCell.ts';
import { gateReason, writeThroughGate } from './writeGate.ts';

export interface Applied {
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  readonly before: readonly LiveRule[];
  /** As read back; as before where nothing was written. */
  readonly after: readonly LiveRule[];
  /** What the state remembers from now on, without the result itself. */
  readonly state: TargetState;
}

export interface ApplyContext {
  readonly services: { readonly clock: Clock; readonly queue: UpdateQueue; readonly updatesPaused: boolean };
  readonly session: TargetSession;
  readonly arm: ArmSession;
  readonly cell: StateCell;
  readonly runId: string;
}

export async function applyPlan(context: ApplyContext, situation: Situation): Promise<Applied> {
  const { plan } = situation.result;
  const before = toLiveRules(situation.current);
  const idle = { before, after: before, state: stateWithoutWrite(context.cell.state, situation) };
  const step = nextStep(situation, context);
  const gate = gateReason(gateInput(context, situation));

  if (plan.verdict === 'blocked') {
    // Whose is what cannot be told now, so that no claim is given up.
    const state = { ...context.cell.state, ...remembered(situation) };
    return { ...idle, state, outcome: 'blocked', reasons: plan.reasons };
  }
  if (gate) {
    const outcome = step.changes.length + step.later.length === 0 ? quietOutcome(situation) : closedOutcome(gate);
    return { ...idle, outcome, reasons: [gate, ...plan.reasons] };
  }
  if (step.changes.length > 0) return write(context, situation, step, before);
  if (step.later.length === 0) return { ...idle, outcome: quietOutcome(situation), reasons: plan.reasons };
  await askForRemovals(context, situation, context.cell.state);
  return { ...idle, outcome: 'pending', reasons: [...plan.reasons, settlingNote(situation, context.cell.state)] };
}

interface Step {
  /** To be written now. */
  readonly changes: readonly RuleChange[];
  /** Removals left for a later message. */
  readonly later: readonly string[];
}

/** Additions alone first; removals once nothing is left to add and the last additions have settled. */
function nextStep(situation: Situation, { services, cell }: ApplyContext): Step {
  const { plan, additions, changes } = situation.result;
  const isOneStep = JSON.stringify(additions) === JSON.stringify(changes);
  if (plan.remove.length === 0 || isOneStep) return { changes, later: [] };
  const notBefore = cell.state.removalsNotBefore;
  const settled = notBefore === undefined || services.clock.now().getTime() >= Date.parse(notBefore);
  return plan.add.length === 0 && settled ? { changes, later: [] } : { changes: additions, later: plan.remove };
}

async function write(
  context: ApplyContext,
  situation: Situation,
  step: Step,
  before: readonly LiveRule[],
): Promise<Applied> {
  const { services, cell, arm, session, runId } = context;
  const { target, current, result } = situation;
  const startedAt = services.clock.now().toISOString();
  const claimed = claim(cell.state, situation, step.changes, startedAt);
  await cell.put({ ...claimed, inFlight: { runId, startedAt, plan: result.plan, before } });

  await writeThroughGate(gateInput(context, situation), arm, session, current, step.changes, ownedTexts(claimed));

  const readBack = await adapterOf(arm, target).read(target);
  verify(readBack, step.changes);
  const state = stateAfterWrite(claimed, situation, step, readBack, services.clock.now(), settleInMs(arm, situation));
  if (step.later.length > 0) await askForRemovals(context, situation, state);
  return {
    outcome: step.later.length > 0 ? 'pending' : 'applied',
    reasons: [...result.plan.reasons, ...(step.later.length > 0 ? [settlingNote(situation, state)] : [])],
    before,
    after: toLiveRules(readBack),
    state,
  };
}

/** In a message of their own, once the additions have settled. */
async function askForRemovals({ services }: ApplyContext, situation: Situation, state: TargetState): Promise<void> {
  const notBefore = Date.parse(state.removalsNotBefore ?? '');
  const delayInMs = Number.isNaN(notBefore) ? 0 : Math.max(0, notBefore - services.clock.now().getTime());
  await services.queue.send({ target: situation.target.name, reason: 'removals' }, delayInMs);
}

/**
 * Ownership is claimed before the write: a claim without a rule does no harm, a rule without a claim is lost to us.
 * What counts against `maxAddedAddresses` is noted with it: claimed addresses are not counted again, so that a write
 * that failed must not make room for others.
 */
function claim(state: TargetState, situation: Situation, changes: readonly RuleChange[], at: string): TargetState {
  const { plan, ours } = situation.result;
  const known = new Map(state.owned.map((owned) => [owned.prefix, owned]));
  const wanted =
    situation.target.kind === 'nsgRule'
      ? [...ours, ...plan.add]
      : [...ours, ...changes.flatMap((change) => change.prefixes)];
  const owned = [
    ...state.owned,
    ...sortPrefixes(wanted)
      .filter((prefix) => !known.has(prefix))
      .map(toClaim),
  ];
  const exposure = {
    snapshot: plan.snapshot,
    addedAddresses: addedBefore(state, plan.snapshot) + situation.result.addedAddresses,
  };
  return { ...state, owned, exposure, ownedRules: ruleNames(situation, state.ownedRules, changes) };

  function toClaim(prefix: string): OwnedPrefix {
    return { prefix, since: at };
  }
}

function ruleNames(situation: Situation, owned: readonly string[], changes: readonly RuleChange[]): readonly string[] {
  if (situation.target.kind !== 'nsgRule') return [];
  const written = changes.filter((change) => change.operation === 'put').map((change) => change.rule);
  return [...new Set([...owned, ...written])].sort();
}

/** Azure must hold what was written; a registry's rule list also holds what others put there. */
function verify(readBack: CurrentState, changes: readonly RuleChange[]): void {
  for (const change of changes) {
    const live = readBack.rules.find((rule) => rule.rule === change.rule);
    const prefixes = live?.prefixes ?? [];
    const isThere =
      change.rule === 'ipRules'
        ? change.prefixes.every((prefix) => prefixes.includes(prefix))
        : sameAddresses(prefixes, change.prefixes);
    if (!isThere) throw new TargetMovedError(`${change.rule} does not hold what was written to it`);
  }
}

function stateWithoutWrite(state: TargetState, situation: Situation): TargetState {
  const { result, selection, target } = situation;
  const stillWanted =
    target.kind === 'nsgRule'
      ? intersectPrefixes(ownedTexts(state), selection.prefixes)
      : ownedTexts(state).filter((prefix) => intersectPrefixes([prefix], selection.prefixes).length > 0);
  return forgetDoneApproval({
    ...withOwned(state, [...result.ours, ...stillWanted]),
    ...remembered(situation),
    ownedRules: ownedRulesOf(state, situation.current, situation),
  });
}

function stateAfterWrite(
  state: TargetState,
  situation: Situation,
  step: Step,
  readBack: CurrentState,
  now: Date,
  settle: number,
): TargetState {
  const { result, target } = situation;
  const live = readBack.rules.flatMap((rule) => rule.prefixes);
  const removed = step.later.length > 0 ? [] : result.plan.remove;
  const ours =
    target.kind === 'nsgRule'
      ? subtractPrefixes(intersectPrefixes(live, [...result.ours, ...result.plan.add]), removed)
      : live.filter((prefix) => state.owned.some((owned) => owned.prefix === prefix));
  const { inFlight, removalsNotBefore, ...rest } = state;
  const hasAdded = result.plan.add.length > 0;
  return forgetDoneApproval(
    {
      ...withOwned(rest, ours),
      ...remembered(situation),
      ownedRules: ownedRulesOf(state, readBack, situation),
      ...(hasAdded ? { removalsNotBefore: new Date(now.getTime() + settle).toISOString() } : {}),
    },
    step.later,
  );
}

/** What a run learns whether or not it writes. */
function remembered(situation: Situation): Pick<TargetState, 'absent' | 'returned' | 'knownRegions'> {
  const { clocks } = situation.result;
  return { absent: clocks.absent, returned: clocks.returned, knownRegions: situation.state.knownRegions ?? [] };
}

/** An approval has done its work once no removal of it is left. */
function forgetDoneApproval(state: TargetState, later: readonly string[] = []): TargetState {
  if (later.length > 0) return state;
  const { approval, ...rest } = state;
  return rest;
}

function withOwned(state: TargetState, prefixes: readonly string[]): TargetState {
  const known = new Map(state.owned.map((owned) => [owned.prefix, owned.since]));
  const since = (prefix: string): string =>
    known.get(prefix) ??
    state.owned.find((owned) => intersectPrefixes([owned.prefix], [prefix]).length > 0)?.since ??
    '';
  return { ...state, owned: sortPrefixes(prefixes).map((prefix) => ({ prefix, since: since(prefix) })) };
}

function ownedRulesOf(state: TargetState, live: CurrentState, situation: Situation): readonly string[] {
  if (situation.target.kind !== 'nsgRule') return [];
  const there = live.rules.filter((rule) => rule.mark !== undefined).map((rule) => rule.rule);
  return state.ownedRules.filter((rule) => there.includes(rule));
}

function addedBefore(state: TargetState, snapshot: string): number {
  return state.exposure?.snapshot === snapshot ? state.exposure.addedAddresses : 0;
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

function gateInput(context: ApplyContext, situation: Situation): Parameters<typeof gateReason>[0] {
  return { target: situation.target, state: context.cell.state, updatesPaused: context.services.updatesPaused };
}

function settleInMs(arm: ArmSession, situation: Situation): number {
  return adapterOf(arm, situation.target).settleInMs;
}

function ownedTexts(state: TargetState): string[] {
  return state.owned.map((owned) => owned.prefix);
}

export function toLiveRules(current: CurrentState): LiveRule[] {
  return current.rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: rule.prefixes }));
}

/** A person's yes to everything that a plan holds. */
export function toApproval(situation: Situation, by: string, at: Date): Approval {
  const { plan } = situation.result;
  return {
    planId: plan.id,
    by,
    at: at.toISOString(),
    snapshot: plan.snapshot,
    configHash: situation.configHash,
    add: plan.held.add,
    remove: sortPrefixes([...plan.held.remove, ...plan.remove]),
  };
}
