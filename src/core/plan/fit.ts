/** Step 4 of a plan: what fits is applied now; the rest waits for approval or does not fit. */
import {
  arrange,
  build,
  buildRules,
  mergeRules,
  waysToFit,
  type Arrangement,
  type Delta,
  type Resumable,
} from './arrange.ts';
import type { Decided, Fate } from './decide.ts';
import { divide, partition, presentIn } from './own.ts';
import { isWide, isWithinCount, writtenIn, type Room } from './room.ts';
import { overlapping, prefixesOf, subtractPrefixes } from '../prefixes.ts';
import type { ReasonCode } from '../reasons.ts';

/** Why something does not fit, and what would make room. */
export interface Shortage {
  readonly code: Extract<ReasonCode, 'fit' | 'quota'>;
  /** How many rules all of it needs with neighbours merged and no wider rules, whether there are such rules now or not. */
  readonly neededRules: number;
  /** With `fit: supernet`: settings that would make room; empty if there are none. */
  readonly ways: string;
  /** What an approval removes to make room; empty: an approval does not help. */
  readonly leaving: readonly string[];
  /** What takes up rules and is no longer listed. */
  readonly retained: readonly string[];
}

export interface Fitted {
  readonly rows: readonly Decided[];
  /** Our rules after all additions. */
  readonly afterAdditions: readonly string[];
  /** Our rules after the whole plan. */
  readonly afterAll: readonly string[];
  readonly shortage: Shortage | undefined;
  /** True if there is room for nothing at all. */
  readonly isBlocked: boolean;
}

/** What fits is applied now. The rest waits together with all that its approval would change, so that the approver sees it. */
export function* fitRules(room: Room, rows: readonly Decided[], mayReplace: boolean): Resumable<Fitted> {
  const prefixes = (is: string, change?: string) =>
    prefixesOf(rows.filter(({ fate }) => fate.is === is && fate.change === change));
  const kept = prefixes('kept');
  const change = { add: prefixes('add'), remove: subtractPrefixes(prefixes('remove'), room.needed) };
  const now = yield* arrange(room, { ...change, isLimited: true });
  yield;
  if (now.leftOut.length === 0 && !now.isStuck) return yield* toFitted(room, rows, now);

  const waiting = prefixes('needsApproval', 'remove');
  const outlook = yield* lookAhead(room, change, waiting, mayReplace ? kept : []);
  const helps = letsInMore(outlook, now) || (now.isStuck && !outlook.isStuck);
  const approved = helps ? outlook : undefined;
  const made = now.isStuck ? { ...change, remove: [] } : change;
  const all = mergeRules(room, yield* build(room, made));
  yield;
  const keptForCover = prefixesOf(rows.filter(({ fate }) => fate.is === 'keep' && fate.why === 'supernet'));
  const notWidened = yield* build(room, { ...made, remove: [...made.remove, ...keptForCover] });
  yield;
  const shortage: Shortage = {
    code: room.live.ours.length + now.rules.length === 0 ? 'quota' : 'fit',
    neededRules: mergeRules(room, notWidened).length,
    ways: isWide(room) && !approved ? yield* waysToFit(room, all) : '',
    leaving: approved ? [...waiting, ...approved.early] : [],
    retained: kept,
  };
  return yield* toFitted(room, rows, now, approved, shortage);
}

/** What an approval of the plan leads to. */
interface Outlook extends Arrangement {
  /** What an approval removes before its grace period is over. */
  readonly early: readonly string[];
}

/**
 * After an approval, removals that wait are made and wider rules may let in more addresses. Prefixes in their grace period
 * are removed too if that makes more room.
 */
function* lookAhead(
  room: Room,
  { add, remove }: Delta,
  waiting: readonly string[],
  kept: readonly string[],
): Resumable<Outlook> {
  const leaving = [...remove, ...waiting];
  const afterGrace = yield* arrange(room, { add, remove: leaving, isLimited: false });
  if (kept.length === 0) return { ...afterGrace, early: [] };
  const withoutGrace = yield* arrange(room, { add, remove: [...leaving, ...kept], isLimited: false });
  const isBetter = letsInMore(withoutGrace, afterGrace) || (afterGrace.isStuck && !withoutGrace.isStuck);
  return isBetter ? { ...withoutGrace, early: kept } : { ...afterGrace, early: [] };
}

function letsInMore(one: Arrangement, other: Arrangement): boolean {
  return subtractPrefixes(other.leftOut, one.leftOut).length > 0;
}

function* toFitted(
  room: Room,
  rows: readonly Decided[],
  now: Arrangement,
  approved?: Outlook,
  shortage?: Shortage,
): Resumable<Fitted> {
  const { target, live } = room;
  // If an approval would exceed `maxAddedAddresses`, that is the reason to show, whatever else the rows wait for.
  const isOverCount = approved !== undefined && !isWithinCount(room, approved.rules);
  const placed = placeRows(rows, now, approved, isOverCount ? opensMore : waitsForRoom);
  yield;
  const known = [...presentIn(target, live), ...prefixesOf(placed)];
  const extra = subtractPrefixes(now.rules, known);
  const laterExtra = subtractPrefixes(approved?.rules ?? [], [...known, ...now.rules]);
  yield;
  const add = [...prefixesOf(placed.filter(({ fate }) => fate.is === 'add')), ...extra];
  const afterAdditions = yield* buildRules(room, { needed: now.rules, add, remove: [] });
  const isOneStep = add.length > 0 && afterAdditions.length > room.freeRules;
  const replaced = prefixesOf(placed.filter((row) => row.fate.is === 'remove' && row.live === 'others'));
  const isReplaced = overlapping(replaced, room.listed).length > 0;
  return {
    rows: [
      ...placed,
      ...extra.map((prefix) => extraRow(prefix, { is: 'add', why: 'supernet' })),
      ...laterExtra.map((prefix) => extraRow(prefix, isOverCount ? opensMore : { ...waitsForRoom, why: 'supernet' })),
    ],
    // Additions and removals are one write if they fit only together, or if prefixes of others are replaced.
    afterAdditions: isOneStep || isReplaced ? now.rules : afterAdditions,
    afterAll: now.rules,
    shortage,
    isBlocked: now.leftOut.length > 0 && now.rules.length + writtenIn(room).length === 0,
  };
}

function extraRow(prefix: string, fate: Fate): Decided {
  return { prefix, isOwned: false, isApproved: false, fate };
}

/** The fates of the rows, given the room. `later`: the fate of what an approval would let in. */
function placeRows(
  rows: readonly Decided[],
  now: Arrangement,
  approved: Outlook | undefined,
  later: Fate,
): readonly Decided[] {
  const [adds, others] = partition(rows, ({ fate }) => fate.is === 'add');
  const [removes, rest] = partition(others, ({ fate }) => fate.is === 'remove');
  const [kept, unchanged] = partition(rest, ({ fate }) => fate.is === 'kept');
  const outside = adds.map(withFate({ is: 'doesNotFit', change: 'add', why: 'fit' }));
  const waiting = divide(outside, approved?.rules ?? [], withFate(later));
  return [
    ...divide(waiting, now.rules, withFate({ is: 'add' })),
    ...placeRemovals(removes, now, approved),
    ...divide(kept, approved?.early ?? [], withFate({ is: 'needsApproval', change: 'remove', why: 'fit' })),
    ...unchanged,
  ];
}

function placeRemovals(rows: readonly Decided[], now: Arrangement, approved: Outlook | undefined): readonly Decided[] {
  if (now.isStuck) {
    const isFreed = approved !== undefined && !approved.isStuck;
    const is = isFreed ? 'needsApproval' : 'doesNotFit';
    return rows.map(withFate({ is, change: 'remove', why: 'fit', isForRoom: true }));
  }
  const [due, replaced] = partition(rows, ({ live }) => live === 'ours');
  // A wider rule may still contain a prefix that is due for removal, as long as there is no room without that rule.
  return [...divide(due, now.rules, withFate({ is: 'kept', why: 'supernet' })), ...replaced];
}

const waitsForRoom: Fate = { is: 'needsApproval', change: 'add', why: 'fit' };
const opensMore: Fate = { is: 'needsApproval', change: 'add', why: 'maxAddedAddresses', isForRoom: true };

function withFate(fate: Fate): (row: Decided) => Decided {
  return (row) => ({ ...row, fate });
}
