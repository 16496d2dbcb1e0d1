/** Step 1 of a plan: who added each live prefix, and one row per prefix with the facts that decide about it. */
import type { CurrentRule } from './currentRule.ts';
import type { ListedPrefix, PlanInput } from './planInput.ts';
import type { Absence } from '../history/absences.ts';
import {
  familyOf,
  includesAll,
  intersectEach,
  intersectPrefixes,
  isPrefix,
  mergePrefixes,
  overlapping,
  parsePrefix,
  prefixesOf,
  sortPrefixes,
  subtractPrefixes,
} from '../prefixes.ts';
import type { Reason } from '../reasons.ts';
import { specialPurposeRangeOf, type SpecialPurposeRange } from '../specialPurpose.ts';
import { familyOfRule, type SafetyLimits, type Target } from '../targets/target.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import type { Approval } from '../targets/targetState.ts';

/** A prefix, or a part of one. Every member below is true for all of its addresses. */
export interface Row {
  readonly prefix: string;
  /** The listed prefix that it is (a part of). */
  readonly listed?: ListedPrefix;
  /** Who added it to the live rules; absent: it is not live. */
  readonly live?: 'ours' | 'others';
  /** This app let it in before, whether it is still live or not. */
  readonly isOwned: boolean;
  /** A person approved its addition if it is listed, else its removal. */
  readonly isApproved: boolean;
  /** The special-purpose range that the listed prefix overlaps. */
  readonly special?: SpecialPurposeRange | undefined;
  /** The prefix that it and its listed neighbours make together, if that is wider than `widestPrefix`. */
  readonly wideBlock?: string | undefined;
  /** Since when it has not been listed. */
  readonly absence?: Absence;
}

/** The live rules, divided by who added their prefixes. */
export interface LiveRules {
  readonly rules: readonly CurrentRule[];
  /** In the live rules and added by this app. */
  readonly ours: readonly string[];
  /** In the live rules and added by somebody else; canonical, not merged. */
  readonly others: readonly string[];
  /** In a registry: other people's rules that let in only listed addresses. These addresses need no rule of ours. */
  readonly allowedByOthers: readonly string[];
  /** What this app let in before, whether it is still live or not. */
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
  return {
    rules,
    ours,
    others,
    allowedByOthers: traitsOf(target).hasOwnRules ? [] : allowedByOthers(ours, others, listed),
    owned,
    approval: operator.approval,
    blockers,
  };
}

/** The rules of a target: those of its address families, and its old rule of a family that it no longer has. */
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

/** A registry's rules have no mark: one is ours if exactly that prefix was claimed. */
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
 * A prefix that contains other addresses too was written by somebody else: the app writes nothing that wide.
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
 * The addresses of other people's rules that let in only listed addresses, without those that our rules contain. Other
 * rules do not count: they have another purpose, and may be deleted any day.
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

/** What the live rules already let in, without rules of others that may be deleted any day. */
export function presentIn(target: Target, { ours, others, allowedByOthers: allowed }: LiveRules): string[] {
  return [...ours, ...(traitsOf(target).hasOwnRules ? others : allowed)];
}

/** One row per listed prefix, per prefix of ours that is not listed, and per prefix that others put into a rule of ours. */
export function toRows(input: PlanInput, live: LiveRules): readonly Row[] {
  return [...listedRows(input, live), ...unlistedRows(input, live), ...otherRows(input, live)];
}

type ListedRow = Row & { readonly listed: ListedPrefix };

/** Cuts the listed prefixes into rows, step by step: live, owned before, approved, special-purpose or too wide. */
function listedRows({ target, listed, nested }: PlanInput, live: LiveRules): readonly Row[] {
  const all = listed.map((entry): ListedRow => ({
    prefix: entry.prefix,
    listed: entry,
    isOwned: false,
    isApproved: false,
  }));
  const ours = divide(all, live.ours, (row): ListedRow => ({ ...row, live: 'ours' }));
  const others = traitsOf(target).hasOwnRules ? live.others : live.allowedByOthers;
  const [present, missing] = partition(
    divide(ours, others, (row): ListedRow => ({ ...row, live: 'others' })),
    (row) => row.live !== undefined,
  );
  if (missing.length === 0) return present;
  const owned = divide(missing, live.owned, (row) => ({ ...row, isOwned: true }));
  const approved = divide(owned, live.approval?.add ?? [], (row) => ({ ...row, isApproved: true }));
  return [...present, ...withDoubts(approved, listed, nested, target.limits)];
}

/** A harmless prefix that is listed itself is not refused together with a wider one that contains it. */
function withDoubts(
  rows: readonly ListedRow[],
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
    return { ...row, special: specialPurposeRangeOf(row.listed.prefix), wideBlock: blockOf(row) };
  });
}

/**
 * Sixteen adjacent /20 let in as much as one /16, so neighbours are measured together. Prefixes of the first recorded
 * list are measured alone: nobody added them to get around the limit.
 */
function wideBlocks(
  rows: readonly ListedRow[],
  listed: readonly ListedPrefix[],
  limits: SafetyLimits,
): (row: ListedRow) => string | undefined {
  const merged = mergePrefixes(prefixesOf(listed)).filter((prefix) => isTooWide(prefix, limits));
  const parts = intersectEach(merged, prefixesOf(rows));
  const blockOf = new Map(parts.flatMap((inside, index) => inside.map((part) => [part, merged[index]])));
  return ({ prefix, listed: entry }) => {
    if (isTooWide(entry.prefix, limits)) return entry.prefix;
    return entry.isAddition ? blockOf.get(prefix) : undefined;
  };
}

function isTooWide(prefix: string, limits: SafetyLimits): boolean {
  return parsePrefix(prefix).length < limits.widestPrefix[familyOf(prefix)];
}

/** One row per prefix of ours that is not listed, with its absence from the history. */
function unlistedRows({ listed, absences }: PlanInput, { ours, approval }: LiveRules): readonly Row[] {
  const gone = subtractPrefixes(ours, prefixesOf(listed));
  if (gone.length === 0) return [];
  const rows = gone.map((prefix): Row => ({ prefix, live: 'ours', isOwned: true, isApproved: false }));
  const dated = divideBy(rows, absences(gone), (row, absence) => ({ ...row, absence }));
  return divide(dated, approval?.remove ?? [], (row) => ({ ...row, isApproved: true }));
}

/** A prefix of others stays one row even if a part of it is listed: what a person wrote is not cut into pieces. */
function otherRows({ listed }: PlanInput, { others, approval }: LiveRules): readonly Row[] {
  const unlisted = subtractPrefixes(others, prefixesOf(listed));
  const approved = approval?.remove ?? [];
  return overlapping(others, unlisted).map((prefix) => ({
    prefix,
    live: 'others',
    isOwned: false,
    isApproved: includesAll(approved, [prefix]),
  }));
}

/** Cuts rows at the borders of `cover`, and applies `mark` to the parts inside. */
export function divide<T extends { readonly prefix: string }>(
  rows: readonly T[],
  cover: readonly string[],
  mark: (row: T) => T,
): readonly T[] {
  if (cover.length === 0) return rows;
  const inside = intersectEach(prefixesOf(rows), cover);
  return rows.flatMap((row, index) => cut(row, inside[index] ?? [], mark));
}

/** The same with entries that do not overlap: `mark` gets the entry that contains the part. */
export function divideBy<T extends { readonly prefix: string }, E extends { readonly prefix: string }>(
  rows: readonly T[],
  entries: readonly E[],
  mark: (row: T, entry: E) => T,
): readonly T[] {
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
