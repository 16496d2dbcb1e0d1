/** What the state remembers of a plan: claims before the write, what came of it after. */
import { intersectPrefixes, overlapping, sortPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import { livePrefixes } from '../../core/plan/currentRule.ts';
import type { RuleChange } from '../../core/plan/plan.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { addedFrom, ownedPrefixes, validApproval } from '../../core/targets/targetFacts.ts';
import type { Approval, OwnedPrefix, TargetState } from '../../core/targets/targetState.ts';
import type { CurrentState } from '../ports.ts';
import type { Situation } from './situation.ts';

/**
 * Ownership is claimed before the write: a claim without a rule does no harm, a rule without a claim is lost to us.
 * What counts against `maxAddedAddresses` is noted with it: claimed addresses are not counted again, so that a write
 * that failed must not make room for others.
 */
export function claim(
  state: TargetState,
  situation: Situation,
  changes: readonly RuleChange[],
  now: Date,
  removalsNotBefore: Date,
): TargetState {
  const { plan, ours } = situation.result;
  const known = new Map(state.owned.map((owned) => [owned.prefix, owned]));
  const added = traitsOf(situation.target).hasMark ? plan.add : changes.flatMap((change) => change.prefixes);
  const owned = [
    ...state.owned,
    ...sortPrefixes([...ours, ...added])
      .filter((prefix) => !known.has(prefix))
      .map(toClaim),
  ];
  const exposure = {
    snapshot: plan.snapshot,
    addedAddresses: addedFrom(state, plan.snapshot) + situation.result.addedAddresses,
  };
  return {
    ...state,
    owned,
    exposure,
    ...(plan.add.length > 0 ? { removalsNotBefore: removalsNotBefore.toISOString() } : {}),
    ownedRules: ruleNames(situation, state.ownedRules, changes),
  };

  function toClaim(prefix: string): OwnedPrefix {
    return { prefix, since: now.toISOString() };
  }
}

function ruleNames(situation: Situation, owned: readonly string[], changes: readonly RuleChange[]): readonly string[] {
  if (!traitsOf(situation.target).hasOwnRules) return [];
  const written = changes.filter((change) => change.operation === 'put').map((change) => change.rule);
  return [...new Set([...owned, ...written])].sort();
}

export function stateWithoutWrite(state: TargetState, situation: Situation): TargetState {
  const next = {
    ...withOwned(state, [...situation.result.ours, ...claimsWithoutRule(state, situation)]),
    ...remembered(situation),
    ownedRules: ownedRulesOf(state, situation.current, situation),
  };
  return withOpenApproval(next, situation, situation.current);
}

/**
 * What we let in before and somebody took out is still ours to put back. A registry's rules carry no mark: a person
 * may add a rule that is claimed and not there, so the claim is given up unless a write of ours may yet come through.
 */
function claimsWithoutRule(state: TargetState, { target, selection, current }: Situation): readonly string[] {
  const isUnderWay = current.notes.some((note) => note.code === 'settling');
  if (traitsOf(target).hasMark) return intersectPrefixes(ownedPrefixes(state), selection.prefixes);
  return isUnderWay ? overlapping(ownedPrefixes(state), selection.prefixes) : [];
}

export function stateAfterWrite(
  state: TargetState,
  situation: Situation,
  later: readonly string[],
  readBack: CurrentState,
  now: Date,
  settle: number,
): TargetState {
  const { result, target } = situation;
  const live = readBack.rules.flatMap((rule) => rule.prefixes);
  const removed = later.length > 0 ? [] : result.plan.remove;
  // What a registry still holds of those that were taken out is somebody else's.
  const written = (later.length > 0 ? result.additions : result.changes).flatMap((change) => change.prefixes);
  const ours = traitsOf(target).hasMark
    ? subtractPrefixes(intersectPrefixes(live, [...result.ours, ...result.plan.add]), removed)
    : live.filter((prefix) => written.includes(prefix));
  const { inFlight, removalsNotBefore, ...rest } = state;
  const notBefore = result.plan.add.length > 0 ? new Date(now.getTime() + settle).toISOString() : removalsNotBefore;
  const next = {
    ...withOwned(rest, ours),
    ...remembered(situation),
    ownedRules: ownedRulesOf(state, readBack, situation),
    ...(notBefore !== undefined && (result.plan.add.length > 0 || later.length > 0)
      ? { removalsNotBefore: notBefore }
      : {}),
  };
  return withOpenApproval(next, situation, readBack);
}

/** What a run learns whether or not it writes. */
export function remembered({
  result,
  state,
}: Situation): Pick<
  TargetState,
  'absent' | 'returned' | 'clocksMovedBy' | 'heldAdditions' | 'heldAdditionsLimit' | 'knownRegions'
> {
  const { clocks, heldAdditions } = result;
  return {
    ...clocks,
    heldAdditions: heldAdditions.prefixes,
    heldAdditionsLimit: heldAdditions.limit,
    knownRegions: state.knownRegions ?? [],
  };
}

/**
 * An approval is for one snapshot and one configuration, and for what of it could not be done yet: a removal that is
 * made is not approved for a rule that somebody adds later.
 */
function withOpenApproval(state: TargetState, { configHash, result }: Situation, live: CurrentState): TargetState {
  const { approval: given, ...rest } = state;
  const approval = validApproval(state, result.plan.snapshot, configHash);
  if (!approval) return rest;
  const present = livePrefixes(live.rules);
  const add = subtractPrefixes(approval.add, present);
  const remove = intersectPrefixes(approval.remove, present);
  return add.length + remove.length === 0 ? rest : { ...rest, approval: { ...approval, add, remove } };
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
  if (!traitsOf(situation.target).hasOwnRules) return [];
  // The mark alone is enough: a state that was lost learns from it.
  return live.rules
    .filter(({ rule, mark }) => mark === 'ours' || (mark !== undefined && state.ownedRules.includes(rule)))
    .map(({ rule }) => rule);
}

/** A person's yes to all of a plan: what it holds, and what an approval before this one let through already. */
export function toApproval(situation: Situation, by: string, at: Date): Approval {
  const { plan } = situation.result;
  return {
    planId: plan.id,
    by,
    at: at.toISOString(),
    snapshot: plan.snapshot,
    configHash: situation.configHash,
    add: sortPrefixes([...plan.held.add, ...plan.add]),
    remove: sortPrefixes([...plan.held.remove, ...plan.remove]),
  };
}
