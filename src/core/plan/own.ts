/** Step 1 of a plan: whose is what in the live rules, and one row per prefix with all that decides on it. */
import type { CurrentRule } from './currentRule.ts';
import { prefixesOf } from './plan.ts';
import type { ListedPrefix, PlanInput } from './planInput.ts';
import type { Absence } from '../history/absences.ts';
import {
  includesAll,
  intersectEach,
  intersectPrefixes,
  isPrefix,
  mergePrefixes,
  familyOf,
  overlapping,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import { specialPurposeRangeOf, type SpecialPurposeRange } from '../specialPurpose.ts';
import { familyOfRule } from '../targets/ownRules.ts';
import type { SafetyLimits, Target } from '../targets/target.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import type { Approval } from '../targets/targetState.ts';

/** A prefix, or a part of one, of which everything below is true as a whole. */
export interface Row {
  readonly prefix: string;
  /** The listed prefix that it is (a part of). */
  readonly listed?: ListedPrefix;
  /** Who let it in. */
  readonly live?: 'ours' | 'others';
  /** Let in by this app before, there or not. */
  readonly isOwned: boolean;
  /** By a person: that it goes in if it is listed, or else that it leaves. */
  readonly isApproved: boolean;
  /** Of a listed prefix. */
  readonly special?: SpecialPurposeRange;
  /** What it is a part of, merged with its listed neighbours, if that is wider than `widestPrefix`. */
  readonly wideBlock?: string;
  /** If it is not listed. */
  readonly absence?: Absence;
}

/** The live rules, told apart. */
export interface LiveRules {
  readonly rules: readonly CurrentRule[];
  /** In the live rules and added by this app. */
  readonly ours: readonly string[];
  /** In the live rules and added by somebody else; canonical, as they stand there. */
  readonly others: readonly string[];
  /** Of those in an NSG rule: what a person approved that it leaves. */
  readonly replaced: readonly string[];
  /** Of a registry: rules of others that let in nothing but listed addresses. None of ours is needed for those. */
  readonly allowedByOthers: readonly string[];
  /** What this app let in before, there or not. */
  readonly owned: readonly string[];
  readonly approval: Approval | undefined;
  readonly blockers: readonly Reason[];
}

export function classifyLiveRules(input: PlanInput): LiveRules {
  const { target, ownership, operator, live } = input;
  const listed = prefixesOf(input.listed);
  const owned = prefixesOf(ownership.owned);
  const rules = rulesOfTarget(target, live.rules, ownership.ownedRules);
  const parts = rules.map((rule) =>
    traitsOf(target).hasMark
      ? classifyMarked(rule, { target, owned, listed, ownedRules: ownership.ownedRules })
      : classifyClaimed(rule, new Set(owned)),
  );
  const ours = sortPrefixes(parts.flatMap((part) => part.ours));
  const others = sortPrefixes(parts.flatMap((part) => part.others));
  const blockers = parts.flatMap((part) => part.blockers);
  const { approval } = operator;
  const mayReplace = traitsOf(target).hasOwnRules && target.policy !== 'addOnly' && blockers.length === 0;
  const approved = mayReplace ? (approval?.remove ?? []) : [];
  return {
    rules,
    ours,
    others,
    replaced: others.filter((prefix) => !includesAll(listed, [prefix]) && includesAll(approved, [prefix])),
    allowedByOthers: traitsOf(target).hasOwnRules ? [] : allowedByOthers(ours, others, listed),
    owned,
    approval,
    blockers,
  };
}

/** The rules of a target: of its own families, and what it left behind in one that it had before. */
function rulesOfTarget(
  target: Target,
  rules: readonly CurrentRule[],
  ownedRules: readonly string[],
): readonly CurrentRule[] {
  if (target.kind !== 'nsgRule') return rules;
  return rules.filter(
    ({ rule, mark }) =>
      target.addressFamilies.includes(familyOfRule(target, rule)) || mark === 'ours' || ownedRules.includes(rule),
  );
}

type RuleParts = Pick<LiveRules, 'ours' | 'others' | 'blockers'>;

/** A registry's rules carry no mark: one is ours if exactly that prefix was claimed. */
function classifyClaimed({ prefixes }: CurrentRule, claimed: ReadonlySet<string>): RuleParts {
  const live = sortPrefixes(prefixes.filter(isPrefix));
  return {
    ours: live.filter((prefix) => claimed.has(prefix)),
    others: live.filter((prefix) => !claimed.has(prefix)),
    blockers: [],
  };
}

interface Claims {
  readonly target: Target;
  readonly owned: readonly string[];
  readonly ownedRules: readonly string[];
  readonly listed: readonly string[];
}

/**
 * | live rule | claimed in state | becomes |
 * |---|---|---|
 * | marked by this deployment | yes | prefixes of claimed addresses are ours, the others belong to others |
 * | marked by this deployment | no (state lost) | prefixes of listed addresses are ours, the others belong to others |
 * | marked by another deployment | – | blocked |
 * | unmarked | rule and some of its addresses | ours: the mark was edited away |
 * | unmarked | no | blocked, or with `adopt` as if the state was lost |
 *
 * A prefix that holds more than that was written by somebody else, as a whole: we write nothing that wide.
 */
function classifyMarked(rule: CurrentRule, { target, owned, ownedRules, listed }: Claims): RuleParts {
  const live = sortPrefixes(rule.prefixes.filter(isPrefix));
  const isClaimed = ownedRules.includes(rule.rule);
  const blocker = markBlocker(rule, isClaimed && intersectPrefixes(live, owned).length > 0, target);
  if (blocker) return { ours: [], others: live, blockers: [blocker] };
  const beyond = new Set(overlapping(live, subtractPrefixes(live, isClaimed ? owned : listed)));
  return {
    ours: live.filter((prefix) => !beyond.has(prefix)),
    others: live.filter((prefix) => beyond.has(prefix)),
    blockers: [],
  };
}

function markBlocker(rule: CurrentRule, isClaimed: boolean, target: Target): Reason | undefined {
  if (rule.mark === 'otherOwner') {
    return {
      code: 'otherOwner',
      message: `Rule ${rule.rule} belongs to another deployment of this app. Remove the target from one of the two, or clear the rule's description and set "adopt": true here.`,
    };
  }
  if (rule.mark === 'unmarked' && !isClaimed && !(target.kind === 'nsgRule' && target.adopt)) {
    return {
      code: 'foreignRule',
      message: `A rule named ${rule.rule} exists that this app did not write. Rename the rule in the targets file, delete the live rule, or set "adopt": true to take it over.`,
    };
  }
  return undefined;
}

/**
 * Of rules of others those that let in nothing but listed addresses, and which ours do not hold. Any other does not
 * count: it was made for something else and may go any day.
 */
export function allowedByOthers(
  ours: readonly string[],
  others: readonly string[],
  listed: readonly string[],
): string[] {
  const beyond = new Set(overlapping(others, subtractPrefixes(others, listed)));
  return subtractPrefixes(
    others.filter((prefix) => !beyond.has(prefix)),
    ours,
  );
}

/** What the live rules let in already, as far as that can be relied on. */
export function presentIn(target: Target, { ours, others, allowedByOthers: allowed }: LiveRules): string[] {
  return [...ours, ...(traitsOf(target).hasOwnRules ? others : allowed)];
}

/** One row per listed prefix, per prefix of ours that is not listed, and per prefix that others put into a rule of ours. */
export function toRows(input: PlanInput, live: LiveRules): readonly Row[] {
  return [...listedRows(input, live), ...unlistedRows(input, live), ...otherRows(input, live)];
}

/** Steps: what is live, what was owned, what is approved, what is special or too wide, each a cut through the rows. */
function listedRows({ target, listed, nested }: PlanInput, live: LiveRules): readonly Row[] {
  const all = listed.map((entry): Row => ({ prefix: entry.prefix, listed: entry, isOwned: false, isApproved: false }));
  const ours = divide(all, live.ours, (row): Row => ({ ...row, live: 'ours' }));
  const [kept, open] = partition(ours, (row) => row.live !== undefined);
  const others = traitsOf(target).hasOwnRules ? live.others : live.allowedByOthers;
  const [allowed, missing] = partition(
    divide(open, others, (row): Row => ({ ...row, live: 'others' })),
    (row) => row.live !== undefined,
  );
  if (missing.length === 0) return [...kept, ...allowed];
  const owned = divide(missing, live.owned, (row) => ({ ...row, isOwned: true }));
  const approved = divide(owned, live.approval?.add ?? [], (row) => ({ ...row, isApproved: true }));
  return [...kept, ...allowed, ...withDoubts(approved, listed, nested, target.limits)];
}

/** Listed on its own inside of a wider prefix, a sound one is not held or refused with it. */
function withDoubts(
  rows: readonly Row[],
  listed: readonly ListedPrefix[],
  nested: readonly string[],
  limits: SafetyLimits,
): readonly Row[] {
  const sound = nested.filter((prefix) => !isTooWide(prefix, limits) && !specialPurposeRangeOf(prefix));
  const isSound = new Set(intersectEach(sound, prefixesOf(rows)).flat());
  const cut = divide(rows, sound, (row) => row);
  const blockOf = wideBlocks(cut, listed, limits);
  return cut.map((row) => {
    if (isSound.has(row.prefix)) return row;
    const special = row.listed && specialPurposeRangeOf(row.listed.prefix);
    const wideBlock = blockOf(row);
    return { ...row, ...(special && { special }), ...(wideBlock !== undefined && { wideBlock }) };
  });
}

/**
 * Sixteen /20 side by side let in what a /16 does, so that neighbours are measured together; but not those that the list
 * had from the start, which nobody added to get around the limit.
 */
function wideBlocks(
  rows: readonly Row[],
  listed: readonly ListedPrefix[],
  limits: SafetyLimits,
): (row: Row) => string | undefined {
  const merged = mergePrefixes(prefixesOf(listed)).filter((prefix) => isTooWide(prefix, limits));
  const parts = intersectEach(merged, prefixesOf(rows));
  const blockOf = new Map(parts.flatMap((inside, index) => inside.map((part) => [part, merged[index]])));
  return ({ prefix, listed: entry }) => {
    if (!entry) return undefined;
    if (isTooWide(entry.prefix, limits)) return entry.prefix;
    return entry.isAddition ? blockOf.get(prefix) : undefined;
  };
}

function isTooWide(prefix: string, limits: SafetyLimits): boolean {
  return parsePrefix(prefix).length < limits.widestPrefix[familyOf(prefix)];
}

/** What of ours is not listed. Its absence is asked of the history. */
function unlistedRows({ listed, absences }: PlanInput, { ours, approval }: LiveRules): readonly Row[] {
  const gone = subtractPrefixes(ours, prefixesOf(listed));
  if (gone.length === 0) return [];
  const rows = gone.map((prefix): Row => ({ prefix, live: 'ours', isOwned: true, isApproved: false }));
  const dated = divideBy(rows, absences(gone), (row, absence) => ({ ...row, absence }));
  return divide(dated, approval?.remove ?? [], (row) => ({ ...row, isApproved: true }));
}

/** A prefix of others that is listed in part is one row all the same: what a person wrote is not cut into pieces. */
function otherRows({ listed }: PlanInput, { others, replaced }: LiveRules): readonly Row[] {
  const unlisted = subtractPrefixes(others, prefixesOf(listed));
  const isReplaced = new Set(replaced);
  return overlapping(others, unlisted).map((prefix) => ({
    prefix,
    live: 'others',
    isOwned: false,
    isApproved: isReplaced.has(prefix),
  }));
}

/** Cuts rows along the borders of `cover`; `mark` is for what lies inside. */
export function divide<T extends { readonly prefix: string }>(
  rows: readonly T[],
  cover: readonly string[],
  mark: (row: T) => T,
): readonly T[] {
  if (cover.length === 0) return rows;
  const inside = intersectEach(prefixesOf(rows), cover);
  return rows.flatMap((row, index) => cut(row, inside[index] ?? [], mark));
}

/** The same along entries that do not overlap, each with something to say of its part. */
export function divideBy<T extends { readonly prefix: string }, E extends { readonly prefix: string }>(
  rows: readonly T[],
  entries: readonly E[],
  mark: (row: T, entry: E) => T,
): readonly T[] {
  if (entries.length === 0 || rows.length === 0) return rows;
  const parts = intersectEach(prefixesOf(entries), prefixesOf(rows));
  const entryOf = new Map(parts.flatMap((inside, index) => inside.map((part) => [part, entries[index]])));
  const markOf = (row: T): T => {
    const entry = entryOf.get(row.prefix);
    return entry ? mark(row, entry) : row;
  };
  return divide(rows, prefixesOf(entries), markOf);
}

function cut<T extends { readonly prefix: string }>(
  row: T,
  inside: readonly string[],
  mark: (row: T) => T,
): readonly T[] {
  if (inside.length === 0) return [row];
  if (inside.length === 1 && inside[0] === row.prefix) return [mark(row)];
  const rest = subtractPrefixes([row.prefix], inside);
  return [...inside.map((prefix) => mark({ ...row, prefix })), ...rest.map((prefix) => ({ ...row, prefix }))];
}

export function partition<T>(rows: readonly T[], isFirst: (row: T) => boolean): readonly [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const row of rows) (isFirst(row) ? first : second).push(row);
  return [first, second];
}
