/**
 * Fits the prefixes into the free rules, in the first of these ways that works.
 *
 * 1. As listed.
 * 2. With neighbours merged, which lets in no other address.
 * 3. `fit: supernet`: with wider rules that let in as few unlisted addresses as possible.
 * 4. In part: present rules stay; prefixes that were let in before are added first, then the widest, as long as there is
 *    room, so that as few addresses as possible are left out.
 *
 * The generators yield at least every few milliseconds, so that a long search does not block the process.
 */
import { partition } from './own.ts';
import { countBeyond, extraIn, isWide, isWithinCount, writtenIn, type Room, type WideRoom } from './room.ts';
import { CoverSearch } from './supernet.ts';
import {
  dropContained,
  intersectPrefixes,
  mergePrefixes,
  overlapping,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import { counted } from '../words.ts';

/** A calculation that stops at each `yield`, until its caller lets it go on. */
export type Resumable<T> = Generator<undefined, T>;

export interface Delta {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** The rules after a change, and the part of it that does not fit. */
export interface Arrangement {
  readonly rules: readonly string[];
  readonly leftOut: readonly string[];
  /** True if nothing of what is due is removed, because the parts that stay do not fit. */
  readonly isStuck: boolean;
}

/** `isLimited`: wider rules let in no more new addresses than `maxAddedAddresses` has left. */
export interface Arranging extends Delta {
  readonly isLimited: boolean;
}

/** A removal may leave more rules than before (the parts of a wide one). It is not made if these do not fit. */
export function* arrange(room: Room, wish: Arranging): Resumable<Arrangement> {
  const all = yield* arrangeRules(room, wish);
  const most = Math.max(room.freeRules, mergePrefixes(writtenIn(room)).length);
  if (wish.remove.length === 0 || all.rules.length <= most) return { ...all, isStuck: false };
  return { ...(yield* arrangeRules(room, { ...wish, remove: [] })), isStuck: true };
}

type Arranged = Omit<Arrangement, 'isStuck'>;

function* arrangeRules(room: Room, wish: Arranging): Resumable<Arranged> {
  const asListed = yield* build(room, wish);
  if (asListed.length <= room.freeRules) return { rules: asListed, leftOut: [] };
  const merged = mergeRules(room, asListed);
  if (merged.length <= room.freeRules) return { rules: merged, leftOut: [] };
  yield;
  if (!isWide(room)) return yield* arrangeExactly(room, wish, merged);
  const whole = yield* widen(room, wish, merged);
  yield;
  if (whole && (!wish.isLimited || isWithinCount(room, whole))) return { rules: whole, leftOut: [] };
  const inPart = yield* arrangeInPart(room, wish, merged, Infinity);
  if (!wish.isLimited || isWithinCount(room, inPart.rules)) return inPart;
  return yield* arrangeInPart(room, wish, merged, room.widening.maxNewAddresses);
}

/** A block of neighbours needs one rule, and no further one if a part of it is already in the rules. */
function* arrangeExactly(room: Room, { add, remove }: Delta, blocks: readonly string[]): Resumable<Arranged> {
  const stayingRules = yield* build(room, { add: [], remove });
  const stayingBlocks = overlapping(blocks, stayingRules);
  if (stayingBlocks.length > room.freeRules) return { rules: stayingRules, leftOut: add };
  const queue = queueOf(room, blocks, stayingBlocks, add);
  const rules = sortPrefixes([...stayingBlocks, ...queue.slice(0, room.freeRules - stayingBlocks.length)]);
  return { rules, leftOut: subtractPrefixes(add, rules) };
}

/** One search for all candidates: see `supernet.ts`. */
function* arrangeInPart(
  room: WideRoom,
  { add, remove }: Delta,
  blocks: readonly string[],
  maxNewAddresses: number,
): Resumable<Arranged> {
  const stayingRules = yield* build(room, { add: [], remove });
  const stayingBlocks = overlapping(blocks, stayingRules);
  yield;
  const search = searchOf(room, blocks);
  yield;
  const most = Math.min(mostExtra(room, stayingBlocks), extraIn(room, stayingBlocks) + maxNewAddresses);
  if (!search.require(stayingBlocks, most)) return { rules: stayingRules, leftOut: add };
  const taken = [...stayingBlocks];
  for (const block of queueOf(room, blocks, stayingBlocks, add)) {
    if (search.require([block], most)) taken.push(block);
    yield;
  }
  const rules = sortPrefixes(taken.length <= room.freeRules ? taken : search.cover.prefixes);
  return { rules, leftOut: subtractPrefixes(add, rules) };
}

/** Prefixes that were let in before come first, then the widest. */
function queueOf(
  { live }: Room,
  blocks: readonly string[],
  stayingBlocks: readonly string[],
  add: readonly string[],
): readonly string[] {
  const allowedBefore = new Set(overlapping(blocks, intersectPrefixes(add, live.owned)));
  const staying = new Set(stayingBlocks);
  const width = new Map(blocks.map((block) => [block, widthOf(block)]));
  const queue = blocks.filter((block) => !staying.has(block));
  return queue.sort(
    (a, b) =>
      Number(allowedBefore.has(b)) - Number(allowedBefore.has(a)) ||
      Number((width.get(b) ?? 0n) - (width.get(a) ?? 0n)),
  );
}

function widthOf(prefix: string): bigint {
  const { start, end } = parsePrefix(prefix);
  return end - start;
}

/** With wider rules: around the list alone if that fits, else also around what stays. */
function* widen(
  room: WideRoom,
  { add, remove }: Delta,
  merged: readonly string[],
): Resumable<readonly string[] | undefined> {
  const cover = yield* coverOf(room, room.needed);
  yield;
  if (cover) {
    const rules = yield* buildRules(room, { needed: cover, add: [...add, ...cover], remove });
    if (rules.length <= room.freeRules && !opensTooMuch(room, rules)) return rules;
  }
  return yield* coverOf(room, merged);
}

/**
 * The rules whose unlisted addresses are needed for the list: the cheapest rules that cover the list; if these exceed the
 * limits, those that cover the listed addresses in our rules; else our rules that contain listed addresses.
 */
export function* neededForCover(room: Room): Resumable<readonly string[]> {
  if (!isWide(room)) return [];
  const { needed, live } = room;
  const allowed = intersectPrefixes(needed, live.ours);
  return (
    (yield* coverWithinCount(room, needed)) ??
    (yield* coverWithinCount(room, allowed)) ??
    overlapping(live.ours, needed)
  );
}

function* coverWithinCount(room: WideRoom, prefixes: readonly string[]): Resumable<readonly string[] | undefined> {
  const cover = yield* coverOf(room, prefixes);
  return cover && isWithinCount(room, cover) ? cover : undefined;
}

/** Rules that cover `prefixes` and let in no more unlisted addresses than `maxExtraAddresses`; undefined if there are none. */
function* coverOf(room: WideRoom, prefixes: readonly string[]): Resumable<readonly string[] | undefined> {
  const given = dropContained(prefixes);
  if (given.length <= room.freeRules) return given;
  yield;
  const search = searchOf(room, given);
  yield;
  return search.require(given, mostExtra(room, given)) ? search.cover.prefixes : undefined;
}

function searchOf({ freeRules, widening }: WideRoom, prefixes: readonly string[]): CoverSearch {
  return new CoverSearch(prefixes, freeRules, widening.bounds);
}

/** How many unlisted addresses rules may let in: `maxExtraAddresses`, or as many as these rules already do. */
function mostExtra(room: WideRoom, rules: readonly string[]): number {
  return Math.max(room.widening.maxExtraAddresses, extraIn(room, rules));
}

function opensTooMuch(room: WideRoom, rules: readonly string[]): boolean {
  const isMore = countBeyond(rules, [...room.listed, ...room.live.ours]) > 0;
  return isMore && extraIn(room, rules) > room.widening.maxExtraAddresses;
}

/** Settings with which these prefixes would fit, such as `maxExtraAddresses of 512 addresses`; empty if there are none. */
export function* waysToFit({ freeRules, widening }: WideRoom, prefixes: readonly string[]): Resumable<string> {
  const { maxExtraAddresses, bounds } = widening;
  function* extraAt(widest: number): Resumable<number> {
    const search = new CoverSearch(prefixes, freeRules, { ...bounds, widest });
    yield;
    return search.require(prefixes, Infinity) ? search.extraAddresses : Infinity;
  }
  // The wider the rules may be, the fewer unlisted addresses the best ones let in.
  function* narrowest(isEnough: (extra: number) => boolean): Resumable<number | undefined> {
    let [low, high] = [widestAccepted, bounds.widest];
    if (low >= high || !isEnough(yield* extraAt(low))) return undefined;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (isEnough(yield* extraAt(middle))) low = middle;
      else high = middle;
    }
    return low;
  }
  const extra = yield* extraAt(bounds.widest);
  const wider = yield* narrowest((addresses) => addresses <= maxExtraAddresses);
  const ways = [
    ...(extra === Infinity ? [] : [allowing(extra)]),
    ...(wider === undefined ? [] : [`widestPrefix IPv4 /${wider}`]),
  ];
  if (ways.length > 0) return ways.join(' or ');
  const possible = yield* narrowest((addresses) => addresses < Infinity);
  if (possible === undefined) return '';
  return `widestPrefix IPv4 /${possible} and ${allowing(yield* extraAt(possible))}`;
}

function allowing(extraAddresses: number): string {
  return `maxExtraAddresses of ${counted(extraAddresses, 'address')}`;
}

/** The widest `widestPrefix` that the targets file accepts. */
const widestAccepted = 8;

interface RuleParts extends Delta {
  /** Prefixes that need a rule of ours, as they are written. */
  readonly needed: readonly string[];
}

export function build(room: Room, { add, remove }: Delta): Resumable<readonly string[]> {
  return buildRules(room, { add, remove, needed: room.needed });
}

/** All prefixes of our rules after `add` is added and `remove` is removed. */
export function* buildRules({ target, live }: Room, { needed, add, remove }: RuleParts): Resumable<readonly string[]> {
  const kept = writtenIn({ target, live });
  const open = intersectPrefixes(needed, mergePrefixes([...kept, ...add, ...live.allowedByOthers]));
  yield;
  const admitted = overlapping(open, [...kept, ...add]);
  yield;
  const stays = subtractPrefixes(subtractPrefixes(kept, needed), remove);
  // A registry has each prefix only once: writing somebody else's prefix again would make it ours.
  const theirs = new Set(traitsOf(target).hasOwnRules ? [] : live.others);
  // A prefix from which nothing is removed stays whole: its parts would need more rules, or be somebody else's.
  const touched = new Set(overlapping(kept, remove));
  const beside = [...stays, ...admitted.filter((prefix) => theirs.has(prefix))];
  const whole = overlapping(kept, beside).filter((prefix) => !touched.has(prefix));
  return dropContained([...[...admitted, ...stays].filter((prefix) => !theirs.has(prefix)), ...whole]);
}

/**
 * The fewest rules for the same addresses. Not merged are prefixes of others, because nobody could tell any more who added
 * the merged one, and rules with unlisted addresses, whose width has a limit of its own. In a registry no merged rule is
 * one that somebody else already has.
 */
export function mergeRules({ target, live, listed, widening }: Room, rules: readonly string[]): string[] {
  const theirs = new Set(live.others);
  const [kept, ours] = partition(rules, (prefix) => theirs.has(prefix));
  const wider = widening === undefined ? [] : overlapping(ours, subtractPrefixes(ours, listed));
  const merged = mergePrefixes(subtractPrefixes(ours, wider)).flatMap((prefix) =>
    theirs.has(prefix) && !traitsOf(target).hasOwnRules ? overlapping(rules, [prefix]) : [prefix],
  );
  return sortPrefixes([...merged, ...wider, ...kept]);
}
