/** The plan: what we want, what we wrote, what is there, and what of the difference may be applied now. */
import { createHash } from 'node:crypto';
import { fitToCapacity } from './capacity.ts';
import type { CurrentRule } from './currentRule.ts';
import { calculateOwnership, type Ownership } from './ownership.ts';
import {
  addressFamilies,
  dropContained,
  intersectEach,
  intersectPrefixes,
  isPrefix,
  mergePrefixes,
} from './prefixes.ts';
import { ofFamily, overlapping, sameAddresses, subtractPrefixes, type AddressFamily } from './prefixes.ts';
import type { Reason } from './reasons.ts';
import { counted } from './words.ts';
import { dueTime, flappingPrefixes, isDue, moveClocks, type RemovalClocks } from './removals.ts';
import { checkAdditions, checkRemovals, listed, reasonFor } from './safety.ts';
import type { SafetyLimits, Target } from './target.ts';
import type { AbsentPrefix, Approval, LiveRule, TargetState } from './targetState.ts';

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
  readonly current: {
    readonly rules: readonly CurrentRule[];
    /** Room for our prefixes and, in a registry, the foreign ones; undefined: not known. */
    readonly maxPrefixes: number | undefined;
    readonly blockers: readonly Reason[];
    readonly notes: readonly Reason[];
  };
  readonly state: Pick<
    TargetState,
    'owned' | 'ownedRules' | 'absent' | 'returned' | 'pin' | 'approval' | 'exposure' | 'removalsNotBefore'
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
  /** Listed addresses that the live rules lack after this plan: held, refused or blocked. */
  readonly unapplied: readonly string[];
}

export function calculatePlan(input: PlanInput): PlanResult {
  const { target, current, state, now } = input;
  const owned = state.owned.map((claim) => claim.prefix);
  const ownership = calculateOwnership({
    target,
    rules: current.rules,
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
    owned,
    approved: approval?.add ?? [],
    limits: target.limits,
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

  const ruleDrift = [
    ...current.rules.flatMap((rule) =>
      rule.mark === undefined ? [] : rule.drift.map((text) => `${rule.rule}: ${text}`),
    ),
    ...(ownership.unreadable.length > 0 ? [`not a prefix in a rule of ours: ${ownership.unreadable.join(', ')}`] : []),
  ];
  const steps = fitSteps(
    { add: additions.allowed, remove: removals.remove, retain: removals.retain },
    { add: additions.held, remove: removals.held },
    { room: capacity.room, mayReplace: target.policy !== 'addOnly' },
    (add, remove) => buildRuleSet(target, ownership, { desired, covered, add, remove }),
  );
  const content = {
    target: target.name,
    snapshot: input.snapshot,
    ...steps.lists,
    foreign: ownership.foreign,
    held: steps.held,
    ruleDrift,
    verdict: verdictOf(blockers, [...steps.held.add, ...steps.held.remove, ...additions.refused]),
  };
  const plan: Plan = {
    id: planId(content, input.configHash, current.rules),
    ...content,
    reasons: [
      ...blockers,
      ...additions.reasons,
      ...removals.reasons,
      ...steps.reasons,
      ...capacity.notes,
      ...current.notes,
      ...foreignNotes(target, ownership),
    ],
  };
  return {
    plan,
    additions: ruleChanges(input, ownership, steps.afterAdditions),
    changes: ruleChanges(input, ownership, steps.afterAll),
    // Nothing is learned of a target while nothing can be done to it.
    clocks: blockers.length > 0 ? { absent: state.absent, returned: state.returned } : clocks,
    ours: ownership.ours,
    addedAddresses: steps.lists.add.length > 0 ? additions.addedAddresses : 0,
    unapplied: [...steps.held.add, ...additions.refused, ...(blockers.length > 0 ? steps.lists.add : [])],
  };
}

/** An approval holds for one snapshot and one configuration. */
function validApproval(approval: Approval | undefined, input: PlanInput): Approval | undefined {
  return approval?.snapshot === input.snapshot && approval.configHash === input.configHash ? approval : undefined;
}

interface SortedRemovals {
  readonly remove: readonly string[];
  readonly held: readonly string[];
  readonly retain: readonly string[];
  readonly reasons: readonly Reason[];
}

/** Deals every address of ours that is no longer listed to one of: remove now, held, retained. */
function sortRemovals(
  input: PlanInput,
  ownership: Ownership,
  clocks: RemovalClocks,
  approval: Approval | undefined,
): SortedRemovals {
  const { target, state, now } = input;
  const foreign = checkForeign(input, ownership, approval);
  if (target.policy === 'addOnly') {
    const gone = prefixesOf(clocks.absent);
    return {
      remove: [],
      held: [],
      retain: gone,
      reasons: reasonFor('addOnly', gone, `${listed(gone)} is no longer listed; policy addOnly keeps it.`),
    };
  }
  const approved = approval?.remove ?? [];
  const isOver = removalTest(input);
  const due = clocks.absent.filter(isOver);
  const early = clocks.absent.filter((clock) => !isOver(clock));
  const approvedEarly = intersectEach(prefixesOf(early), approved);
  const waiting = early.flatMap((clock, index) =>
    subtractPrefixes([clock.prefix], approvedEarly[index] ?? []).map((prefix) => ({ ...clock, prefix })),
  );
  const open = [...prefixesOf(due), ...approvedEarly.flat()];
  const check = checkRemovals({
    due: open,
    ours: prefixesBefore(state, ownership.ours, due, open),
    approved,
    flapping: flappingPrefixes(clocks.returned, now),
    limits: target.limits,
    distrust: input.distrust,
  });
  return {
    remove: dropContained([...check.allowed, ...foreign.remove]),
    held: dropContained([...check.held, ...foreign.held]),
    retain: prefixesOf(waiting),
    reasons: [
      ...check.reasons,
      ...foreign.reasons,
      ...graceReasons(waiting, target.limits),
      ...(check.held.length === 0 && waiting.length > 0 ? input.distrust : []),
    ],
  };
}

/**
 * Says of a clock whether its prefix may go, as far as time is concerned. A pin is a person's word, so it does not
 * wait. A list that is not believed confirms nothing, but it does not put off for ever the day on which a person is asked.
 */
function removalTest({ target, state, distrust, now }: PlanInput): (clock: AbsentPrefix) => boolean {
  if (state.pin !== undefined) return () => true;
  if (distrust.length > 0) return (clock) => now.getTime() >= dueTime(clock, target.limits).getTime();
  return (clock) => isDue(clock, target.limits, now);
}

/**
 * Prefixes of ours as they were when the first of the due ones went missing: what was added since must not make a
 * removal look small.
 */
function prefixesBefore(
  state: PlanInput['state'],
  ours: readonly string[],
  due: readonly AbsentPrefix[],
  open: readonly string[],
): readonly string[] {
  const first = due.map((clock) => clock.since).sort()[0] ?? '';
  const before = state.owned.filter((owned) => owned.since < first).map((owned) => owned.prefix);
  return overlapping(ours, [...before, ...open]);
}

/** A prefix that somebody put into an NSG rule of ours, and that is not listed, stays until a person approves that it goes. */
function checkForeign(
  { target, desired }: PlanInput,
  ownership: Ownership,
  approval: Approval | undefined,
): { remove: readonly string[]; held: readonly string[]; reasons: readonly Reason[] } {
  if (target.kind !== 'nsgRule' || ownership.blockers.length > 0) return { remove: [], held: [], reasons: [] };
  const unlisted = subtractPrefixes(ownership.foreign, desired);
  const remove = intersectPrefixes(unlisted, approval?.remove ?? []);
  const held = subtractPrefixes(unlisted, remove);
  return {
    remove,
    held,
    reasons: reasonFor(
      'foreignInOwnedRule',
      held,
      `${listed(held)} is in the rule but was not written by this app: it stays until you approve the plan or take it out.`,
    ),
  };
}

function graceReasons(waiting: readonly AbsentPrefix[], limits: SafetyLimits): Reason[] {
  if (waiting.length === 0) return [];
  const prefixes = prefixesOf(waiting);
  const last = Math.max(...waiting.map((clock) => dueTime(clock, limits).getTime()));
  const missing = Math.max(...waiting.map((clock) => limits.removalConfirmations - clock.confirmedBy.length));
  const publications = missing > 0 ? ` and ${counted(missing, 'further publication')} without it` : '';
  return reasonFor(
    'removalGrace',
    prefixes,
    `${listed(prefixes)} is no longer listed; it leaves after ${new Date(last).toISOString().slice(0, 10)}${publications}.`,
  );
}

interface RuleSetParts {
  readonly desired: readonly string[];
  readonly covered: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** All prefixes of the app's rules once `add` is in and `remove` is out. */
function buildRuleSet(target: Target, ownership: Ownership, parts: RuleSetParts): readonly string[] {
  const { desired, covered, add, remove } = parts;
  const isNsg = target.kind === 'nsgRule';
  const kept = isNsg ? [...ownership.ours, ...ownership.foreign] : ownership.ours;
  const admitted = subtractPrefixes(intersectPrefixes(desired, mergePrefixes([...kept, ...add])), covered);
  const stays = subtractPrefixes(subtractPrefixes(kept, desired), remove);
  // A prefix of which nothing is taken out stays whole: its parts would need more room.
  const touched = new Set(overlapping(kept, remove));
  const whole = overlapping(kept, stays).filter((prefix) => !touched.has(prefix));
  const all = dropContained([...admitted, ...whole, ...stays]);
  if (isNsg) return all;
  // A registry holds a prefix once: what somebody else let in must not become ours by being written again.
  const foreign = new Set(ownership.foreign);
  return all.filter((prefix) => !foreign.has(prefix));
}

interface PlanLists {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly retain: readonly string[];
}

interface Steps {
  readonly lists: PlanLists;
  readonly held: Plan['held'];
  readonly reasons: readonly Reason[];
  readonly afterAdditions: readonly string[];
  readonly afterAll: readonly string[];
}

/**
 * Additions first, removals later, as far as the room goes. Where the room is enough only once the removals are done,
 * both are one step; where it is not enough even then, the additions are held together with what takes their room. A
 * removal that leaves more prefixes than there are now (parts of a wide one) is held where those have no room.
 */
function fitSteps(
  lists: PlanLists,
  held: Plan['held'],
  { room, mayReplace }: { readonly room: number | undefined; readonly mayReplace: boolean },
  build: (added: readonly string[], removed: readonly string[]) => readonly string[],
): Steps {
  const afterAll = build(lists.add, lists.remove);
  if (room === undefined || afterAll.length <= room) {
    const afterAdditions = build(lists.add, []);
    const isOneStep = room !== undefined && lists.add.length > 0 && afterAdditions.length > room;
    return { lists, held, reasons: [], afterAdditions: isOneStep ? afterAll : afterAdditions, afterAll };
  }
  const now = build([], []);
  const left = build([], lists.remove);
  const remove = left.length <= Math.max(room, now.length) ? lists.remove : [];
  const kept = lists.remove.length === remove.length ? [] : lists.remove;
  const blocked = [...lists.add, ...kept];
  const afterRemovals = kept.length === 0 ? left : now;
  if (blocked.length === 0) return { lists, held, reasons: [], afterAdditions: now, afterAll: afterRemovals };
  const way = mayReplace
    ? 'Approve the plan to replace them now.'
    : 'Policy addOnly keeps them: make room, or choose another policy.';
  return {
    lists: { add: [], remove, retain: mayReplace ? [] : lists.retain },
    held: {
      add: dropContained([...held.add, ...lists.add]),
      remove: dropContained([...held.remove, ...kept, ...(mayReplace ? lists.retain : [])]),
    },
    reasons: reasonFor(
      'fit',
      blocked,
      `${afterAll.length} prefixes would be needed and there is room for ${room}: prefixes that are no longer listed still take some of it. ${way}`,
    ),
    afterAdditions: now,
    afterAll: afterRemovals,
  };
}

function ruleChanges(input: PlanInput, ownership: Ownership, prefixes: readonly string[]): RuleChange[] {
  if (input.target.kind === 'registryNetworkRules') {
    return sameAddresses(prefixes, ownership.ours) ? [] : [{ rule: 'ipRules', operation: 'put', prefixes }];
  }
  const names: Record<AddressFamily, string> = {
    ipv4: input.target.rule.name,
    ipv6: `${input.target.rule.name}-ipv6`,
  };
  return addressFamilies.flatMap((family) => {
    const rule = names[family];
    const live = input.current.rules.find((candidate) => candidate.rule === rule);
    return nsgRuleChange(rule, live, ofFamily(prefixes, family));
  });
}

function nsgRuleChange(rule: string, live: CurrentRule | undefined, prefixes: readonly string[]): RuleChange[] {
  const exists = live?.mark !== undefined;
  if (prefixes.length === 0) return exists ? [{ rule, operation: 'delete', prefixes: [] }] : [];
  const isAsWanted =
    exists &&
    live.drift.length === 0 &&
    live.prefixes.every((prefix) => isPrefix(prefix)) &&
    sameAddresses(live.prefixes, prefixes);
  return isAsWanted ? [] : [{ rule, operation: 'put', prefixes }];
}

function verdictOf(blockers: readonly Reason[], held: readonly string[]): PlanVerdict {
  if (blockers.length > 0) return 'blocked';
  return held.length > 0 ? 'held' : 'apply';
}

function foreignNotes(target: Target, { foreign, blockers }: Ownership): Reason[] {
  if (target.kind === 'registryNetworkRules') {
    const others = `${counted(foreign.length, 'rule')} ${foreign.length === 1 ? 'was' : 'were'} added by others`;
    return reasonFor('foreignRules', foreign, `${others} and left alone.`);
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

function prefixesOf(clocks: readonly AbsentPrefix[]): string[] {
  return clocks.map((clock) => clock.prefix);
}
