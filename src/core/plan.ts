/** The plan: what we want, what we wrote, what is there, and what of the difference may be applied now. */
import { createHash } from 'node:crypto';
import { fitToCapacity } from './capacity.ts';
import type { CurrentRule } from './currentRule.ts';
import { calculateOwnership, type Ownership } from './ownership.ts';
import { ofFamily, overlapping, subtractPrefixes } from './prefixes.ts';
import type { Reason } from './reasons.ts';
import { moveClocks, type RemovalClocks } from './removals.ts';
import { findRuleLocks, holdFamilies, leftAloneNotes, rulesOfTarget } from './ruleLocks.ts';
import { buildRuleSet, fitSteps, ruleChanges, type PlanLists } from './ruleSet.ts';
import { checkAdditions, listed, reasonFor } from './safety.ts';
import { sortRemovals } from './sortRemovals.ts';
import type { Target } from './target.ts';
import type { Approval, LiveRule, TargetState } from './targetState.ts';
import { counted } from './words.ts';

/** One rule as it would be written: an NSG rule of one family, or all of a registry's own IP rules. */
export interface RuleChange {
  /** Name of the NSG rule; `ipRules` for a registry. */
  readonly rule: string;
  readonly operation: 'put' | 'delete';
  /** All prefixes that the app's rule holds afterwards, canonical, no overlap; a registry's foreign ones are not among them. */
  readonly prefixes: readonly string[];
}

export type PlanVerdict = 'apply' | 'held' | 'blocked';

/** What a run would do to one target: plain JSON; the same object is applied, stored, shown and approved. */
export interface Plan {
  /** sha256 (hex) of the content: target, configuration, snapshot, live rules, and every list below. */
  readonly id: string;
  readonly target: string;
  /** Id of the snapshot that it is computed from; empty where there is none. */
  readonly snapshot: string;
  /** Addresses to let in, as canonical prefixes that are not covered by the live rules. */
  readonly add: readonly string[];
  /** Addresses to take out now. */
  readonly remove: readonly string[];
  /** Ours, no longer listed, kept for now; `reasons` says why. */
  readonly retain: readonly string[];
  /** In the live rules, not written by this app. */
  readonly foreign: readonly string[];
  /** What waits for an approval of this plan. */
  readonly held: { readonly add: readonly string[]; readonly remove: readonly string[] };
  /** Differences of a rule beside its prefixes (`priority: 310, wanted 300`), put right by the same write. */
  readonly ruleDrift: readonly string[];
  readonly verdict: PlanVerdict;
  readonly reasons: readonly Reason[];
}

export interface PlanInput {
  readonly target: Target;
  readonly configHash: string;
  readonly snapshot: string;
  /** The selection of the snapshot: canonical, of the target's families, no overlap. */
  readonly desired: readonly string[];
  /** Listed inside of one of the desired: goes in where that one is held. */
  readonly nested?: readonly string[];
  readonly current: {
    readonly rules: readonly CurrentRule[];
    /** Room for our prefixes and, in a registry, the foreign ones; undefined: not known. */
    readonly maxPrefixes: number | undefined;
    readonly blockers: readonly Reason[];
    readonly notes: readonly Reason[];
  };
  readonly state: Pick<
    TargetState,
    | 'owned'
    | 'ownedRules'
    | 'absent'
    | 'returned'
    | 'pin'
    | 'approval'
    | 'exposure'
    | 'heldAdditions'
    | 'removalsNotBefore'
  >;
  /** Key of the current publication. */
  readonly publication: string;
  /** What forbids any write: unknown regions, an empty selection. */
  readonly blockers: readonly Reason[];
  /** What forbids any removal: quarantine, missing tags, unreadable prefixes. */
  readonly distrust: readonly Reason[];
  readonly now: Date;
}

export interface PlanResult {
  readonly plan: Plan;
  /** Writes that only add (and mend a rule's other fields); all of it at once where both lists together have no room. */
  readonly additions: readonly RuleChange[];
  /** Writes after which all of the plan is applied; empty where the live rules are as planned. */
  readonly changes: readonly RuleChange[];
  readonly clocks: RemovalClocks;
  readonly ours: readonly string[];
  /** IPv4 addresses that count against `maxAddedAddresses`. */
  readonly addedAddresses: number;
  /** What `maxAddedAddresses` holds: it waits for an approval, not for the next list. */
  readonly heldAdditions: readonly string[];
  /** Listed addresses that the live rules lack after this plan: held, refused or blocked. */
  readonly unapplied: readonly string[];
}

export function calculatePlan(input: PlanInput): PlanResult {
  const { target, current, state, now } = input;
  const owned = state.owned.map((claim) => claim.prefix);
  const rules = rulesOfTarget(target, current.rules, state.ownedRules);
  const ownership = calculateOwnership({
    target,
    rules,
    owned,
    ownedRules: state.ownedRules,
    desired: input.desired,
  });
  const capacity = fitToCapacity({
    target,
    desired: input.desired,
    ours: ownership.ours,
    foreign: ownership.foreign,
    maxPrefixes: current.maxPrefixes,
  });
  const { desired, covered } = capacity;
  const approval = validApproval(state.approval, input);

  const present = [...ownership.ours, ...(target.kind === 'nsgRule' ? ownership.foreign : covered)];
  const additions = checkAdditions({
    missing: subtractPrefixes(desired, present),
    desired: capacity.isWidened ? desired : input.desired,
    nested: input.nested ?? [],
    owned,
    approved: approval?.add ?? [],
    limits: target.limits,
    heldBefore: state.heldAdditions ?? [],
    alreadyAdded: state.exposure?.snapshot === input.snapshot ? state.exposure.addedAddresses : 0,
  });

  const blockers = [...input.blockers, ...current.blockers, ...ownership.blockers, ...capacity.blockers];
  const clocks = moveClocks({
    clocks: state,
    ours: ownership.ours,
    desired,
    publication: state.pin !== undefined || input.distrust.length > 0 ? undefined : input.publication,
    now,
  });
  const removals = sortRemovals(input, ownership, clocks, approval);

  const ruleDrift = rules.flatMap(({ rule, mark, drift }) =>
    mark === undefined ? [] : drift.map((text) => `${rule}: ${text}`),
  );
  const lists = { add: additions.allowed, remove: removals.remove, retain: removals.retain };
  const held = { add: additions.held, remove: removals.held };
  const room = capacity.blockers.length > 0 ? undefined : capacity.room;
  const fit = (parts: { readonly lists: PlanLists; readonly held: Plan['held'] }) =>
    fitSteps(parts, { room, mayReplace: target.policy !== 'addOnly' }, (add, remove) =>
      buildRuleSet(target, ownership, { desired, covered, add, remove }),
    );
  const changesOf = (prefixes: readonly string[]) => ruleChanges(input, rules, ownership, prefixes);
  const unlocked = fit({ lists, held });
  const locks = findRuleLocks(input, rules, ownership, approval).filter((lock) =>
    changesOf(unlocked.afterAll).some(({ rule }) => rule === lock.rule),
  );
  const isOpen = ({ rule }: RuleChange) => !locks.some((lock) => lock.rule === rule);
  const steps =
    locks.length === 0
      ? unlocked
      : fit(
          holdFamilies(
            lists,
            held,
            locks.map(({ family }) => family),
          ),
        );
  const changes = changesOf(steps.afterAll).filter(isOpen);
  const isStuck = changes.length === 0 && locks.some((lock) => !lock.canBeApproved);
  const content = {
    target: target.name,
    snapshot: input.snapshot,
    ...steps.lists,
    foreign: ownership.foreign,
    held: steps.held,
    ruleDrift,
    verdict: verdictOf(blockers.length > 0 || isStuck, [...steps.held.add, ...steps.held.remove, ...additions.refused]),
  };
  const plan: Plan = {
    id: planId(content, input.configHash, current.rules),
    ...content,
    reasons: [
      ...blockers,
      ...locks.flatMap((lock) => lock.reasons),
      ...additions.reasons,
      ...removals.reasons,
      ...steps.reasons,
      ...capacity.notes,
      ...current.notes,
      ...leftAloneNotes(rules, changes),
      ...foreignNotes(target, ownership, input.desired),
    ],
  };
  return {
    plan,
    additions: changesOf(steps.afterAdditions).filter(isOpen),
    changes,
    // Nothing is learned of a target while nothing can be done to it.
    clocks: blockers.length > 0 ? { absent: state.absent, returned: state.returned } : clocks,
    ours: ownership.ours,
    addedAddresses: ofFamily(steps.lists.add, 'ipv4').length > 0 ? additions.addedAddresses : 0,
    heldAdditions: additions.beyondCount,
    unapplied: [...steps.held.add, ...additions.refused, ...(blockers.length > 0 ? steps.lists.add : [])],
  };
}

/** An approval holds for one snapshot and one configuration. */
function validApproval(approval: Approval | undefined, input: PlanInput): Approval | undefined {
  return approval?.snapshot === input.snapshot && approval.configHash === input.configHash ? approval : undefined;
}

function verdictOf(isBlocked: boolean, held: readonly string[]): PlanVerdict {
  if (isBlocked) return 'blocked';
  return held.length > 0 ? 'held' : 'apply';
}

function foreignNotes(target: Target, { foreign, blockers }: Ownership, desired: readonly string[]): Reason[] {
  if (target.kind === 'registryNetworkRules') {
    const others = `${counted(foreign.length, 'rule')} ${foreign.length === 1 ? 'was' : 'were'} added by others`;
    const listedToo = overlapping(foreign, desired).length;
    const [hold, stays] = listedToo === 1 ? ['holds', 'stays'] : ['hold', 'stay'];
    const stay =
      listedToo === 0 ? '' : `; ${listedToo} of them ${hold} listed addresses, and ${stays} when those are dropped`;
    return reasonFor('foreignRules', foreign, `${others} and left alone${stay}.`);
  }
  if (target.policy !== 'addOnly' || blockers.length > 0) return [];
  const message = `${listed(foreign)} is in the rule but was not written by this app; policy addOnly keeps it.`;
  return reasonFor('foreignRules', foreign, message);
}

function planId(content: Omit<Plan, 'id' | 'reasons'>, configHash: string, rules: readonly CurrentRule[]): string {
  const live: LiveRule[] = rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: [...rule.prefixes].sort() }));
  return createHash('sha256')
    .update(JSON.stringify({ ...content, configHash, live }))
    .digest('hex');
}
