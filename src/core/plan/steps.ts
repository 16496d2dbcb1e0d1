/** The two steps of a plan, additions first and removals later, as far as the room goes; and what waits for more of it. */
import { arrange, build, type Arrangement, type Change } from './arrange.ts';
import { presentIn, type Capacity } from './capacity.ts';
import type { Plan } from './plan.ts';
import { dropContained, intersectPrefixes, mergePrefixes, subtractPrefixes } from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import { keptIn, type PlanLists } from './ruleSet.ts';
import { countReason, remainderReason, roomReason, wayToReplace, wayToRoom } from './shortage.ts';
import { withoutCount } from './widening.ts';

/** Everything that a plan is about, dealt out. */
export interface Dealt {
  readonly lists: PlanLists;
  readonly held: Plan['held'];
}

export interface Steps extends Dealt {
  readonly reasons: readonly Reason[];
  /** True where there is room for nothing at all. */
  readonly isBlocked: boolean;
  readonly afterAdditions: readonly string[];
  readonly afterAll: readonly string[];
}

/** What comes of the lists in the room that there is. */
interface Outcome extends Arrangement {
  /** What is taken out for it: all that is due, or none of it where its remainder would have no room. */
  readonly removed: readonly string[];
}

interface Outlook {
  readonly now: Outcome;
  /** What an approval of the plan would lead to, where that is more. */
  readonly approved?: Outcome;
  /** What would leave before its time then. */
  readonly early: readonly string[];
  readonly reasons: readonly Reason[];
}

/** What fits is done now; what of the rest an approval would bring is held with it, for the approver to see. */
export function fitSteps(capacity: Capacity, dealt: Dealt, mayReplace: boolean): Steps {
  const outlook = lookAhead(capacity, dealt, mayReplace);
  const { lists, held } = dealOut(capacity, dealt, outlook);
  const { rules, leftOut } = outlook.now;
  const afterAdditions = build(capacity, rules, { add: lists.add, remove: [] });
  const isOneStep = lists.add.length > 0 && afterAdditions.length > (capacity.room ?? Infinity);
  return {
    lists,
    held,
    reasons: outlook.reasons,
    isBlocked: leftOut.length > 0 && isBare(capacity, rules),
    // Where the room is enough only once the removals are done, both are one step.
    afterAdditions: isOneStep ? rules : afterAdditions,
    afterAll: rules,
  };
}

function lookAhead(capacity: Capacity, dealt: Dealt, mayReplace: boolean): Outlook {
  const { lists } = dealt;
  const now = outcomeOf(capacity, lists);
  if (now.leftOut.length === 0 && !isStuck(lists, now)) return { now, early: [], reasons: [] };
  const uncounted = withoutCount(capacity);
  const approved = outcomeOf(uncounted, lists);
  return letsInMore(approved, now)
    ? waitForCount(capacity, lists, now, approved)
    : waitForRoom(uncounted, dealt, now, mayReplace ? lists.retain : []);
}

/** Approved, more addresses that are not listed are let in than `maxAddedAddresses` has left. */
function waitForCount(capacity: Capacity, lists: PlanLists, now: Outcome, approved: Outcome): Outlook {
  const change = { add: lists.add, remove: approved.removed };
  const reasons = [
    ...countReason(capacity, approved.rules, subtractPrefixes(now.leftOut, approved.leftOut)),
    ...roomReason(capacity, change, approved.leftOut, 'fit', wayToRoom(capacity, change, lists.retain)),
  ];
  return { now, approved, early: [], reasons };
}

/** Approved, what is held leaves and makes room; and so may what has not waited its time yet. */
function waitForRoom(capacity: Capacity, { lists, held }: Dealt, now: Outcome, retained: readonly string[]): Outlook {
  const leaving = [...held.remove, ...retained];
  const approved = outcomeOf(capacity, { add: lists.add, remove: [...lists.remove, ...leaving] });
  const isMore = letsInMore(approved, now);
  const isFreed = isStuck(lists, now) && approved.removed.length > 0;
  const change = { add: lists.add, remove: now.removed };
  const way = isMore ? wayToReplace(leaving, approved.leftOut) : wayToRoom(capacity, change, lists.retain);
  const reasons = [
    ...roomReason(capacity, change, now.leftOut, isBare(capacity, now.rules) ? 'quota' : 'fit', way),
    ...remainderReason(isStuck(lists, now) ? lists.remove : [], isFreed),
  ];
  return isMore || isFreed ? { now, approved, early: retained, reasons } : { now, early: [], reasons };
}

function letsInMore(one: Outcome, other: Outcome): boolean {
  return subtractPrefixes(other.leftOut, one.leftOut).length > 0;
}

function dealOut(capacity: Capacity, { lists, held }: Dealt, { now, approved, early }: Outlook): Dealt {
  const standing = presentIn(capacity);
  const waiting = subtractPrefixes([...now.leftOut, ...(approved?.rules ?? [])], [...standing, ...now.rules]);
  // A wider prefix may still hold what is due, for as long as there is no room without it.
  const stays = intersectPrefixes(now.removed, now.rules);
  const retain = subtractPrefixes(lists.retain, early);
  return {
    lists: {
      add: subtractPrefixes(now.rules, standing),
      remove: subtractPrefixes(now.removed, now.rules),
      retain: dropContained([...retain, ...stays]),
    },
    held: {
      add: dropContained([...held.add, ...waiting]),
      remove: dropContained([...held.remove, ...(isStuck(lists, now) ? lists.remove : []), ...early]),
    },
  };
}

/** A removal that leaves more prefixes than there are now (parts of a wide one) is not made where those have no room. */
function outcomeOf(capacity: Capacity, { add, remove }: Change): Outcome {
  const all = arrange(capacity, { add, remove });
  const kept = keptIn(capacity.target, capacity.ownership);
  const most = Math.max(capacity.room ?? Infinity, mergePrefixes(kept).length);
  if (all.rules.length <= most) return { ...all, removed: remove };
  return { ...arrange(capacity, { add, remove: [] }), removed: [] };
}

function isStuck(lists: PlanLists, { removed }: Outcome): boolean {
  return removed.length < lists.remove.length;
}

/** Nothing of ours stands, and nothing will. */
function isBare({ target, ownership }: Capacity, rules: readonly string[]): boolean {
  return rules.length + keptIn(target, ownership).length === 0;
}
