/** Calculates the plan: what we want, what we wrote, what is there, and what of the difference may be applied now. */
import { createHash } from 'node:crypto';
import { calculateCapacity, presentIn, type Capacity } from './capacity.ts';
import type { CurrentRule, LiveRule } from './currentRule.ts';
import { foreignNotes, sortLive, type Live } from './liveRules.ts';
import { countAddresses, intersectPrefixes, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { addedFrom } from '../targets/targetFacts.ts';
import type { PlannerState } from '../targets/targetState.ts';
import type { Reason } from '../reasons.ts';
import type { Plan, PlanVerdict, RuleChange } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { moveClocks, type RemovalClocks } from './removals.ts';
import { findRuleLocks, holdFamilies, leftAloneNotes, type RuleLock } from './ruleLocks.ts';
import { ruleChanges } from './ruleSet.ts';
import { checkAdditions, maxAddedAddressesOf, type AdditionCheck } from './safety.ts';
import { sortRemovals, type SortedRemovals } from './sortRemovals.ts';
import { fitSteps, type Dealt, type Steps } from './steps.ts';
import { aimOf, supernetNote } from './widening.ts';

export interface PlanResult {
  readonly plan: Plan;
  /** Writes that only add (and mend a rule's other fields); all of it at once where both lists together have no room. */
  readonly additions: readonly RuleChange[];
  /** Writes after which all of the plan is applied; empty where the live rules are as planned. */
  readonly changes: readonly RuleChange[];
  readonly clocks: RemovalClocks & Pick<PlannerState, 'clocksMovedBy'>;
  readonly ours: readonly string[];
  /** IPv4 addresses that count against `maxAddedAddresses`. */
  readonly addedAddresses: number;
  readonly heldAdditions: HeldAdditions;
  /** Listed addresses that the live rules lack after this plan: held, refused or blocked. */
  readonly unapplied: readonly string[];
}

/** What `maxAddedAddresses` holds: it waits for an approval or a higher limit, not for the next list. */
export interface HeldAdditions {
  readonly prefixes: readonly string[];
  /** The limit that they were held by. */
  readonly limit: number;
}

/** What of a plan may be written: without the rules that are locked. */
interface Fitted {
  readonly steps: Steps;
  readonly locks: readonly RuleLock[];
  readonly additions: readonly RuleChange[];
  readonly changes: readonly RuleChange[];
}

/** What the steps of a plan came to, one after the other. */
interface Found {
  readonly live: Live;
  readonly check: AdditionCheck;
  readonly capacity: Capacity;
  readonly clocks: RemovalClocks;
  readonly removals: SortedRemovals;
  readonly fitted: Fitted;
}

/** Whose is what; what may be let in; what is due to leave; what of both has room, and the writes that it takes. */
export function calculatePlan(input: PlanInput): PlanResult {
  const live = sortLive(input);
  const check = checkListed(input, live);
  const capacity = capacityOf(input, live, check);
  const clocks = clocksAfter(input, live, capacity);
  const removals = sortRemovals(input, live.ownership, clocks, live.approval);
  const fitted = fitIntoRoom(input, live, capacity, check.refused, {
    lists: { add: check.allowed, remove: removals.remove, retain: removals.retain },
    held: { add: check.held, remove: removals.held },
  });
  return toResult(input, { live, check, capacity, clocks, removals, fitted });
}

function checkListed(input: PlanInput, live: Live): AdditionCheck {
  const { target, desired } = input;
  return checkAdditions({
    missing: subtractPrefixes(desired, presentIn({ target, ...live })),
    desired,
    nested: input.nested ?? [],
    owned: live.owned,
    approved: live.approval?.add ?? [],
    limits: target.limits,
    heldBefore: heldBefore(input),
    alreadyAdded: addedFrom(input.state, input.snapshot),
  });
}

/** What of the list is held or refused takes no room, and no wider prefix lets it in by the way. */
function capacityOf(input: PlanInput, live: Live, check: AdditionCheck): Capacity {
  const { target, desired, current } = input;
  return calculateCapacity({
    target,
    ownership: live.ownership,
    listed: desired,
    covered: live.covered,
    barred: [...check.held, ...check.refused],
    owned: live.owned,
    approved: live.approval?.add ?? [],
    maxPrefixes: current.maxPrefixes,
    maxNewAddresses: maxAddedAddressesOf(target.limits) - addedFrom(input.state, input.snapshot) - check.addedAddresses,
  });
}

function clocksAfter(input: PlanInput, { ownership }: Live, capacity: Capacity): RemovalClocks {
  const isBelieved = input.state.pin === undefined && input.distrust.length === 0;
  return moveClocks({
    clocks: input.state,
    ours: ownership.ours,
    desired: [...input.desired, ...aimOf(capacity)],
    publication: isBelieved ? input.publication : undefined,
    relisted: input.relisted ?? [],
    now: input.now,
  });
}

function fitIntoRoom(
  input: PlanInput,
  live: Live,
  capacity: Capacity,
  refused: readonly string[],
  dealt: Dealt,
): Fitted {
  const { rules, ownership, approval } = live;
  const mayReplace = input.target.policy !== 'addOnly' && input.distrust.length === 0;
  const changesOf = (prefixes: readonly string[]) => ruleChanges(input, rules, ownership, prefixes);
  const unlocked = fitSteps(capacity, dealt, mayReplace);
  const written = changesOf(unlocked.afterAll).map(({ rule }) => rule);
  const locks = findRuleLocks(input, rules, ownership, approval, refused).filter(({ rule }) => written.includes(rule));
  const families = locks.map(({ family }) => family);
  const steps =
    locks.length === 0 ? unlocked : fitSteps(capacity, holdFamilies(dealt.lists, dealt.held, families), mayReplace);
  const isOpen = ({ rule }: RuleChange) => !locks.some((lock) => lock.rule === rule);
  return {
    steps,
    locks,
    additions: changesOf(steps.afterAdditions).filter(isOpen),
    changes: changesOf(steps.afterAll).filter(isOpen),
  };
}

function toResult(input: PlanInput, found: Found): PlanResult {
  const { live, check, clocks, fitted } = found;
  const { lists } = fitted.steps;
  const blockers = [...input.blockers, ...input.current.blockers, ...live.ownership.blockers];
  const isBlocked = blockers.length > 0;
  const content = contentOf(input, found, isBlocked);
  const id = planId(content, input.configHash, input.current.rules);
  return {
    plan: { id, ...content, reasons: [...blockers, ...reasonsOf(input, found)] },
    additions: fitted.additions,
    changes: fitted.changes,
    clocks: rememberClocks(input, clocks, isBlocked),
    ours: live.ownership.ours,
    addedAddresses: countNew(lists.add, live),
    heldAdditions: rememberHeld(input, found, isBlocked),
    unapplied: unappliedOf(input.desired, fitted.steps, check, isBlocked),
  };
}

/** Nothing is learned of a target while nothing can be done to it, and of the current list while it follows another one. */
function rememberClocks(
  { state, snapshot }: PlanInput,
  clocks: RemovalClocks,
  isBlocked: boolean,
): PlanResult['clocks'] {
  const { absent, returned, clocksMovedBy } = state;
  const before = clocksMovedBy === undefined ? {} : { clocksMovedBy };
  if (isBlocked) return { absent, returned, ...before };
  return { ...clocks, ...(state.pin ? before : { clocksMovedBy: snapshot }) };
}

/** A limit that was raised is a person's word. */
function heldBefore({ state, target }: PlanInput): readonly string[] {
  const { heldAdditions = [], heldAdditionsLimit = Infinity } = state;
  return maxAddedAddressesOf(target.limits) > heldAdditionsLimit ? [] : heldAdditions;
}

/** A list that is not believed, or not the current one, does not say that what is held is listed no more. */
function rememberHeld(input: PlanInput, { check, live }: Found, isBlocked: boolean): HeldAdditions {
  const { state, distrust, target } = input;
  const before = heldBefore(input);
  const isDoubtful = isBlocked || distrust.length > 0 || state.pin !== undefined;
  const unseen = isDoubtful ? subtractPrefixes(before, [...live.ownership.ours, ...(live.approval?.add ?? [])]) : [];
  const maxAddedAddresses = maxAddedAddressesOf(target.limits);
  return {
    prefixes: sortPrefixes([...check.beyondCount, ...unseen]),
    limit: before.length > 0 ? (state.heldAdditionsLimit ?? maxAddedAddresses) : maxAddedAddresses,
  };
}

function contentOf({ target, snapshot }: PlanInput, found: Found, isBlocked: boolean): Omit<Plan, 'id' | 'reasons'> {
  const { rules, ownership } = found.live;
  const { steps, locks, changes } = found.fitted;
  const isStuck = steps.isBlocked || (changes.length === 0 && locks.some((lock) => !lock.canBeApproved));
  const waiting = [...steps.held.add, ...steps.held.remove, ...found.check.refused];
  return {
    target: target.name,
    snapshot,
    ...steps.lists,
    foreign: ownership.foreign,
    held: steps.held,
    ruleDrift: rules.flatMap(({ rule, mark, drift }) =>
      mark === undefined ? [] : drift.map((text) => `${rule}: ${text}`),
    ),
    verdict: verdictOf(isBlocked || isStuck, waiting),
  };
}

/** What holds, what waits, what is to be known. */
function reasonsOf(input: PlanInput, { live, check, capacity, removals, fitted }: Found): Reason[] {
  const { locks, steps, changes } = fitted;
  const leaving = [...steps.lists.retain, ...steps.held.remove];
  return [
    ...locks.flatMap((lock) => lock.reasons),
    ...steps.reasons,
    ...check.reasons,
    ...removals.reasons,
    ...supernetNote(capacity, steps.afterAll, leaving),
    ...input.current.notes,
    ...leftAloneNotes(live.rules, changes),
    ...foreignNotes(input, live),
  ];
}

/** What counts against `maxAddedAddresses`: not what was let in before, nor what a person approved. */
function countNew(added: readonly string[], { owned, approval }: Live): number {
  return Number(countAddresses(subtractPrefixes(added, [...owned, ...(approval?.add ?? [])]), 'ipv4'));
}

function unappliedOf(
  desired: readonly string[],
  { lists, held }: Steps,
  check: AdditionCheck,
  isBlocked: boolean,
): string[] {
  const waiting = [...held.add, ...(isBlocked ? lists.add : [])];
  return [...intersectPrefixes(waiting, desired), ...check.refused];
}

function verdictOf(isBlocked: boolean, held: readonly string[]): PlanVerdict {
  if (isBlocked) return 'blocked';
  return held.length > 0 ? 'held' : 'apply';
}

function planId(content: Omit<Plan, 'id' | 'reasons'>, configHash: string, rules: readonly CurrentRule[]): string {
  const live: LiveRule[] = rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: [...rule.prefixes].sort() }));
  return createHash('sha256')
    .update(JSON.stringify({ ...content, configHash, live }))
    .digest('hex');
}
