/**
 * Step 4 of a plan: fits the prefixes into the free rules, in the first of these ways that works.
 *
 * 1. As listed.
 * 2. With neighbours merged, which lets in no other address.
 * 3. `fit: supernet`: with wider rules that let in as few unlisted addresses as possible.
 * 4. In part: present rules stay; prefixes that were let in before are added first, then the widest, as long as there is
 *    room, so that as few addresses as possible are left out.
 *
 * The generators yield every few milliseconds, so that a long search does not block the process.
 */
import type { Decided } from './decide.ts';
import { divide, partition, presentIn, type LiveRules } from './own.ts';
import { prefixesOf } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { CoverSearch, type CoverBounds } from './supernet.ts';
import {
  countAddresses,
  dropContained,
  intersectPrefixes,
  mergePrefixes,
  overlapping,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import type { ReasonCode } from '../reasons.ts';
import type { Target } from '../targets/target.ts';
import { defaultMaxIpRules, traitsOf } from '../targets/targetKinds.ts';
import { dayInMs } from '../time.ts';

/** How many rules are possible, and how wide they may be. */
export interface Room {
  readonly target: Target;
  readonly live: LiveRules;
  readonly listed: readonly string[];
  /** Listed prefixes that may be let in and need a rule of ours. */
  readonly needed: readonly string[];
  /** How many rules are possible: all rules of a registry, or the prefixes in the target's own rules of an NSG. */
  readonly maxRules: number;
  /** How many of those are left for ours. */
  readonly freeRules: number;
  /** Only with `fit: supernet`. */
  readonly widening?: Widening;
}

export interface Widening {
  readonly bounds: CoverBounds;
  /** How many unlisted addresses may be let in. */
  readonly maxExtraAddresses: number;
  /** How many of them may be new: what `maxAddedAddresses` has left. */
  readonly maxNewAddresses: number;
}

/** Listed prefixes that may not be let in are barred: no wider rule may contain them. */
export function measureRoom(input: PlanInput, live: LiveRules, rows: readonly Decided[]): Room {
  const { target } = input;
  const listed = prefixesOf(input.listed);
  const barred = prefixesOf(rows.filter(({ fate, listed: entry }) => entry && isBarred(fate.is)));
  const needed = neededRules(listed, barred, live.allowedByOthers);
  const maxRules = maxRulesOf(input);
  const room = { target, live, listed, needed, maxRules };
  if (target.kind === 'nsgRule') return { ...room, freeRules: maxRules };
  const freeRules = Math.max(0, maxRules - live.others.length);
  const { fit, maxExtraAddresses } = target.capacity;
  if (fit === 'exact') return { ...room, freeRules };
  const bounds = { widest: target.limits.widestPrefix.ipv4, listed, barred, taken: live.others };
  return {
    ...room,
    freeRules,
    widening: { bounds, maxExtraAddresses, maxNewAddresses: newAddressesLeft(input, live) },
  };
}

function isBarred(fate: Decided['fate']['is']): boolean {
  return fate === 'needsApproval' || fate === 'neverAllowed';
}

function maxRulesOf({ target, live }: PlanInput): number {
  if (target.kind === 'nsgRule') return live.maxRules ?? Infinity;
  const { maxRules: wanted } = target.capacity;
  return Math.min(wanted ?? Infinity, live.maxRules ?? wanted ?? defaultMaxIpRules);
}

/** A prefix that other people's rules partly allow is written whole if the rest of it would need more than one rule. */
function neededRules(listed: readonly string[], barred: readonly string[], allowed: readonly string[]): string[] {
  return subtractPrefixes(listed, barred).flatMap((prefix) => {
    const rest = allowed.length === 0 ? [prefix] : subtractPrefixes([prefix], allowed);
    return rest.length > 1 ? [prefix] : rest;
  });
}

/** Unlisted addresses that wider rules let in within the window count like addresses that were listed within it. */
function newAddressesLeft({ target, growth, ownership, now, listed }: PlanInput, { ours }: LiveRules): number {
  const begin = new Date(now.getTime() - target.limits.limitWindowDays * dayInMs).toISOString();
  const [before, recent] = partition(ownership.owned, ({ since }) => since < begin);
  const extra = subtractPrefixes(intersectPrefixes(ours, prefixesOf(recent)), prefixesOf([...listed, ...before]));
  return Math.max(0, growth.limits.maxAddedAddresses - growth.usedAddresses - count(extra));
}

interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** The rules after a change, and the part of it that does not fit. */
interface Arrangement {
  readonly rules: readonly string[];
  readonly leftOut: readonly string[];
  /** What is removed: all that is due, or nothing if the parts that stay do not fit. */
  readonly removed: readonly string[];
}

/** Why something does not fit, and what would make room. */
export interface Shortage {
  readonly code: Extract<ReasonCode, 'fit' | 'quota'>;
  /** All rules that would be needed, merged. */
  readonly rules: readonly string[];
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

export type Steps<T> = Generator<undefined, T>;

/** What fits is applied now. The rest waits together with all that its approval would change, so that the approver sees it. */
export function* fitRules(room: Room, rows: readonly Decided[], mayReplace: boolean): Steps<Fitted> {
  const prefixes = (is: string, change?: string) =>
    prefixesOf(rows.filter(({ fate }) => fate.is === is && fate.change === change));
  const add = prefixes('add');
  const due = subtractPrefixes(prefixes('remove'), room.needed);
  const kept = prefixes('kept');
  const change = { add, remove: due };
  const now = yield* arrange(room, change, true);
  const isStuck = now.removed.length < due.length;
  yield;
  if (now.leftOut.length === 0 && !isStuck) return toFitted(room, rows, now, { early: [] });

  const later = yield* lookAhead(room, change, prefixes('needsApproval', 'remove'), mayReplace ? kept : []);
  const helps = letsInMore(later.arrangement, now) || (isStuck && later.arrangement.removed.length > 0);
  const outlook = helps ? later : { early: [] };
  const shortage: Shortage = {
    code: room.live.ours.length + now.rules.length === 0 ? 'quota' : 'fit',
    rules: mergeRules(room, build(room, { add, remove: now.removed })),
    leaving: helps ? later.leaving : [],
    retained: kept,
  };
  return toFitted(room, rows, now, outlook, shortage);
}

interface Outlook {
  /** The rules after an approval of the plan. */
  readonly arrangement?: Arrangement;
  /** What an approval removes before its grace period is over. */
  readonly early: readonly string[];
}

/**
 * After an approval, removals that wait are made and wider rules may let in more addresses. Prefixes in their grace period
 * are removed too if that makes more room.
 */
function* lookAhead(
  room: Room,
  { add, remove }: Change,
  waiting: readonly string[],
  kept: readonly string[],
): Steps<Required<Outlook> & { readonly leaving: readonly string[] }> {
  const patient = yield* arrange(room, { add, remove: [...remove, ...waiting] }, false);
  if (kept.length === 0) return { arrangement: patient, early: [], leaving: waiting };
  const hasty = yield* arrange(room, { add, remove: [...remove, ...waiting, ...kept] }, false);
  const isBetter = letsInMore(hasty, patient) || hasty.removed.length - kept.length > patient.removed.length;
  return isBetter
    ? { arrangement: hasty, early: kept, leaving: [...waiting, ...kept] }
    : { arrangement: patient, early: [], leaving: waiting };
}

function letsInMore(one: Arrangement, other: Arrangement): boolean {
  return subtractPrefixes(other.leftOut, one.leftOut).length > 0;
}

/** A removal may leave more rules than before (the parts of a wide one). It is not made if these do not fit. */
function* arrange(room: Room, change: Change, isCounted: boolean): Steps<Arrangement> {
  const all = yield* arrangeRules(room, change, isCounted);
  const most = Math.max(room.freeRules, mergePrefixes(writtenIn(room)).length);
  if (all.rules.length <= most) return { ...all, removed: change.remove };
  return { ...(yield* arrangeRules(room, { ...change, remove: [] }, isCounted)), removed: [] };
}

/** `isCounted`: wider rules let in no more new addresses than `maxAddedAddresses` has left. */
function* arrangeRules(room: Room, change: Change, isCounted: boolean): Steps<Omit<Arrangement, 'removed'>> {
  const asListed = build(room, change);
  yield;
  if (asListed.length <= room.freeRules) return { rules: asListed, leftOut: [] };
  const merged = mergeRules(room, asListed);
  if (merged.length <= room.freeRules) return { rules: merged, leftOut: [] };
  yield;
  if (!room.widening) return arrangeExactly(room, change, merged);
  const whole = yield* widen(room, change, merged);
  yield;
  if (whole && (!isCounted || isWithinCount(room, whole))) return { rules: whole, leftOut: [] };
  const { maxNewAddresses } = room.widening;
  const inPart = yield* arrangeInPart(room, change, merged, Infinity);
  if (!isCounted || isWithinCount(room, inPart.rules)) return inPart;
  return yield* arrangeInPart(room, change, merged, maxNewAddresses);
}

/** A block of neighbours needs one rule, and no further one if a part of it is already in the rules. */
function arrangeExactly(room: Room, { add, remove }: Change, blocks: readonly string[]): Omit<Arrangement, 'removed'> {
  const stands = build(room, { add: [], remove });
  const standing = overlapping(blocks, stands);
  if (standing.length > room.freeRules) return { rules: stands, leftOut: add };
  const queue = queueOf(room, blocks, standing, add);
  const rules = sortPrefixes([...standing, ...queue.slice(0, room.freeRules - standing.length)]);
  return { rules, leftOut: subtractPrefixes(add, rules) };
}

/** One search for all candidates: see `supernet.ts`. */
function* arrangeInPart(
  room: Room,
  { add, remove }: Change,
  blocks: readonly string[],
  maxNewAddresses: number,
): Steps<Omit<Arrangement, 'removed'>> {
  const stands = build(room, { add: [], remove });
  const standing = overlapping(blocks, stands);
  const search = searchOf(room, blocks);
  const open = extraIn(room, standing);
  const most = Math.min(mostExtra(room, standing), open + maxNewAddresses);
  if (!search.require(standing, most)) return { rules: stands, leftOut: add };
  const taken = [...standing];
  let tries = 0;
  for (const block of queueOf(room, blocks, standing, add)) {
    if (search.require([block], most)) taken.push(block);
    tries += 1;
    if (tries % triesPerStep === 0) yield;
  }
  const rules = sortPrefixes(taken.length <= room.freeRules ? taken : search.cover.prefixes);
  return { rules, leftOut: subtractPrefixes(add, rules) };
}

/** Some milliseconds of work. */
const triesPerStep = 100;

/** Prefixes that were let in before come first, then the widest. */
function queueOf(
  { live }: Room,
  blocks: readonly string[],
  standing: readonly string[],
  add: readonly string[],
): readonly string[] {
  const back = new Set(overlapping(blocks, intersectPrefixes(add, live.owned)));
  const stands = new Set(standing);
  const width = new Map(blocks.map((block) => [block, widthOf(block)]));
  const queue = blocks.filter((block) => !stands.has(block));
  return queue.sort(
    (a, b) => Number(back.has(b)) - Number(back.has(a)) || Number((width.get(b) ?? 0n) - (width.get(a) ?? 0n)),
  );
}

function widthOf(prefix: string): bigint {
  const { start, end } = parsePrefix(prefix);
  return end - start;
}

/** With wider rules: around the list alone if that fits, else also around what stays. */
function* widen(room: Room, { add, remove }: Change, merged: readonly string[]): Steps<readonly string[] | undefined> {
  const aim = yield* coverOf(room, room.needed);
  yield;
  if (aim) {
    const rules = buildRules(room, { needed: aim, add: [...add, ...aim], remove });
    if (rules.length <= room.freeRules && !opensTooMuch(room, rules)) return rules;
  }
  return yield* coverOf(room, merged);
}

/**
 * The rules whose unlisted addresses are needed for the list: the cheapest rules that cover the list; if these exceed the
 * limits, those that cover the listed addresses in our rules; else our rules that contain listed addresses.
 */
export function* neededForCover(room: Room): Steps<readonly string[]> {
  if (!room.widening) return [];
  const { needed, live } = room;
  const standing = intersectPrefixes(needed, live.ours);
  return (
    (yield* coverWithinCount(room, needed)) ??
    (yield* coverWithinCount(room, standing)) ??
    overlapping(live.ours, needed)
  );
}

function* coverWithinCount(room: Room, prefixes: readonly string[]): Steps<readonly string[] | undefined> {
  const cover = yield* coverOf(room, prefixes);
  return cover && isWithinCount(room, cover) ? cover : undefined;
}

/** Rules that cover `prefixes` and let in no more unlisted addresses than `maxExtraAddresses`; undefined if there are none. */
function* coverOf(room: Room, prefixes: readonly string[]): Steps<readonly string[] | undefined> {
  const given = dropContained(prefixes);
  if (given.length <= room.freeRules) return given;
  yield;
  const search = searchOf(room, given);
  yield;
  return search.require(given, mostExtra(room, given)) ? search.cover.prefixes : undefined;
}

function searchOf({ freeRules, widening }: Room, prefixes: readonly string[]): CoverSearch {
  return new CoverSearch(prefixes, freeRules, widening?.bounds ?? { widest: 32 });
}

/** How many unlisted addresses rules may let in: `maxExtraAddresses`, or as many as these rules already do. */
function mostExtra(room: Room, rules: readonly string[]): number {
  return Math.max(room.widening?.maxExtraAddresses ?? 0, extraIn(room, rules));
}

/** How many addresses of the prefixes are not listed. */
function extraIn({ listed }: Room, prefixes: readonly string[]): number {
  return count(subtractPrefixes(prefixes, listed));
}

function opensTooMuch(room: Room, rules: readonly string[]): boolean {
  const opened = subtractPrefixes(rules, [...room.listed, ...room.live.ours]);
  return opened.length > 0 && extraIn(room, rules) > (room.widening?.maxExtraAddresses ?? 0);
}

function isWithinCount(room: Room, rules: readonly string[]): boolean {
  return count(newlyOpened(room, rules)) <= (room.widening?.maxNewAddresses ?? Infinity);
}

/** Unlisted addresses that these rules would let in, and that neither were let in before nor approved. */
export function newlyOpened({ live, listed }: Room, rules: readonly string[]): string[] {
  const { ours, owned, approval } = live;
  return subtractPrefixes(rules, [...listed, ...ours, ...owned, ...(approval?.add ?? [])]);
}

function count(prefixes: readonly string[]): number {
  return Number(countAddresses(prefixes, 'ipv4'));
}

/** Settings with which these prefixes would fit, such as `maxExtraAddresses 512`; empty if there are none. */
export function waysToFit(room: Room, prefixes: readonly string[]): string {
  const { widening } = room;
  if (!widening) return '';
  const { maxExtraAddresses, bounds } = widening;
  const extraAt = (widest: number): number => {
    const search = new CoverSearch(prefixes, room.freeRules, { ...bounds, widest });
    return search.require(prefixes, Infinity) ? search.extraAddresses : Infinity;
  };
  // The wider the rules may be, the fewer unlisted addresses the best ones let in.
  const narrowest = (isEnough: (extra: number) => boolean): number | undefined => {
    let [low, high] = [widestAccepted, bounds.widest];
    if (low >= high || !isEnough(extraAt(low))) return undefined;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (isEnough(extraAt(middle))) low = middle;
      else high = middle;
    }
    return low;
  };
  const extra = extraAt(bounds.widest);
  const wider = narrowest((addresses) => addresses <= maxExtraAddresses);
  const ways = [
    ...(extra === Infinity ? [] : [`maxExtraAddresses ${extra}`]),
    ...(wider === undefined ? [] : [`widestPrefix IPv4 /${wider}`]),
  ];
  if (ways.length > 0) return ways.join(' or ');
  const possible = narrowest((addresses) => addresses < Infinity);
  return possible === undefined ? '' : `widestPrefix IPv4 /${possible} and maxExtraAddresses ${extraAt(possible)}`;
}

/** The widest `widestPrefix` that the targets file accepts. */
const widestAccepted = 8;

interface RuleParts extends Change {
  /** Prefixes that need a rule of ours, as they are written. */
  readonly needed: readonly string[];
}

function build(room: Room, change: Change): readonly string[] {
  return buildRules(room, { ...change, needed: room.needed });
}

/** All prefixes of our rules after `add` is added and `remove` is removed. */
function buildRules({ target, live }: Room, { needed, add, remove }: RuleParts): readonly string[] {
  const kept = writtenIn({ target, live });
  const open = intersectPrefixes(needed, mergePrefixes([...kept, ...add, ...live.allowedByOthers]));
  const admitted = overlapping(open, [...kept, ...add]);
  const stays = subtractPrefixes(subtractPrefixes(kept, needed), remove);
  // A registry has each prefix only once: writing somebody else's prefix again would make it ours.
  const theirs = new Set(traitsOf(target).hasOwnRules ? [] : live.others);
  // A prefix from which nothing is removed stays whole: its parts would need more rules, or be somebody else's.
  const touched = new Set(overlapping(kept, remove));
  const beside = [...stays, ...admitted.filter((prefix) => theirs.has(prefix))];
  const whole = overlapping(kept, beside).filter((prefix) => !touched.has(prefix));
  return dropContained([...[...admitted, ...stays].filter((prefix) => !theirs.has(prefix)), ...whole]);
}

/** All prefixes in our rules now. An NSG rule may contain prefixes that others added to it. */
function writtenIn({ target, live }: Pick<Room, 'target' | 'live'>): readonly string[] {
  return traitsOf(target).hasOwnRules ? [...live.ours, ...live.others] : live.ours;
}

/**
 * The fewest rules for the same addresses. Not merged are prefixes of others, because nobody could tell any more who added
 * the merged one, and rules with unlisted addresses, whose width has a limit of its own. In a registry no merged rule is
 * one that somebody else already has.
 */
function mergeRules({ target, live, listed, widening }: Room, rules: readonly string[]): string[] {
  const theirs = new Set(live.others);
  const [kept, ours] = partition(rules, (prefix) => theirs.has(prefix));
  const wider = widening === undefined ? [] : overlapping(ours, subtractPrefixes(ours, listed));
  const merged = mergePrefixes(subtractPrefixes(ours, wider)).flatMap((prefix) =>
    theirs.has(prefix) && !traitsOf(target).hasOwnRules ? overlapping(rules, [prefix]) : [prefix],
  );
  return sortPrefixes([...merged, ...wider, ...kept]);
}

function toFitted(
  room: Room,
  rows: readonly Decided[],
  now: Arrangement,
  { arrangement: later, early }: Outlook,
  shortage?: Shortage,
): Fitted {
  const { target, live } = room;
  const standing = presentIn(target, live);
  const isOverCount = later !== undefined && !isWithinCount(room, later.rules);
  const fitted = placeRows(rows, now, { later, early, isOverCount });
  const known = [...standing, ...prefixesOf(fitted.filter(({ fate }) => fate.change === 'add' || fate.is === 'add'))];
  const extra = subtractPrefixes(now.rules, known);
  const laterExtra = subtractPrefixes(later?.rules ?? [], [...known, ...now.rules]);
  const add = prefixesOf(fitted.filter(({ fate }) => fate.is === 'add'));
  const afterAdditions = buildRules(room, { needed: now.rules, add: [...add, ...extra], remove: [] });
  const isOneStep = add.length + extra.length > 0 && afterAdditions.length > room.freeRules;
  const isReplaced = overlapping(live.replaced, room.listed).length > 0;
  return {
    rows: [
      ...fitted,
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

function extraRow(prefix: string, fate: Decided['fate']): Decided {
  return { prefix, isOwned: false, isApproved: false, fate };
}

interface Placement {
  readonly later: Arrangement | undefined;
  readonly early: readonly string[];
  /** True if `later` lets in more new addresses than `maxAddedAddresses` has left. */
  readonly isOverCount: boolean;
}

/** The fates of the rows, given the room. */
function placeRows(
  rows: readonly Decided[],
  now: Arrangement,
  { later, early, isOverCount }: Placement,
): readonly Decided[] {
  const [adds, others] = partition(rows, ({ fate }) => fate.is === 'add');
  const [removes, rest] = partition(others, ({ fate }) => fate.is === 'remove');
  const [due, replaced] = partition(removes, ({ live }) => live === 'ours');
  const outside = adds.map(withFate({ is: 'doesNotFit', change: 'add', why: 'fit' }));
  const waiting = divide(outside, later?.rules ?? [], withFate(isOverCount ? opensMore : waitsForRoom));
  const isStuck = removes.length > 0 && now.removed.length === 0;
  const isFreed = later !== undefined && later.removed.length > 0;
  const stuck = withFate({
    is: isFreed ? 'needsApproval' : 'doesNotFit',
    change: 'remove',
    why: 'fit',
    isForRoom: true,
  });
  return [
    ...divide(waiting, now.rules, withFate({ is: 'add' })),
    // A wider rule may still contain a prefix that is due for removal, as long as there is no room without that rule.
    ...(isStuck
      ? removes.map(stuck)
      : [...divide(due, now.rules, withFate({ is: 'kept', why: 'supernet' })), ...replaced]),
    ...divide(
      rest.filter(({ fate }) => fate.is === 'kept'),
      early,
      withFate({ is: 'needsApproval', change: 'remove', why: 'fit' }),
    ),
    ...rest.filter(({ fate }) => fate.is !== 'kept'),
  ];
}

const waitsForRoom: Decided['fate'] = { is: 'needsApproval', change: 'add', why: 'fit' };
const opensMore: Decided['fate'] = { is: 'needsApproval', change: 'add', why: 'maxAddedAddresses', isForRoom: true };

function withFate(fate: Decided['fate']): (row: Decided) => Decided {
  return (row) => ({ ...row, fate });
}
