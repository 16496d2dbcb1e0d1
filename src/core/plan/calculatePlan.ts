/** Calculates the plan: compares the list with the live rules, and decides which differences may be applied now. */
import { createHash } from 'node:crypto';
import { findRuleLocks, holdLocked, leftAloneNotes, ruleChanges, type RuleLock } from './changes.ts';
import type { CurrentRule, LiveRule } from './currentRule.ts';
import { decide, type Decided } from './decide.ts';
import { explainRows, toItem, type Explained } from './explain.ts';
import { neededForCover, type Resumable } from './arrange.ts';
import { fitRules, type Fitted } from './fit.ts';
import { othersNotes, quotaNote, supernetNote } from './notes.ts';
import { measureRoom, type Room } from './room.ts';
import { limitAdditions, limitRemovals, type Limited } from './limit.ts';
import { classifyLiveRules, divide, partition, toRows, type LiveRules } from './own.ts';
import { planLists, type Plan, type PlanItem, type PlanVerdict, type RuleChange } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import { comparePrefixes, parsePrefix } from '../prefixes.ts';

export interface PlanResult {
  readonly plan: Plan;
  /** Writes that only add (and correct a rule's other fields); the same as `changes` if additions need the removals' room. */
  readonly additions: readonly RuleChange[];
  /** Writes after which all of the plan is applied; empty if the live rules are as planned. */
  readonly changes: readonly RuleChange[];
  /** Live prefixes that this app added. */
  readonly ours: readonly string[];
}

/**
 * 1. own: who added each live prefix, and one row per prefix with the facts that decide about it
 * 2. decide: the fate of each row, from a table
 * 3. limit: changes that are too many together wait for approval
 * 4. fit: which prefixes there is room for
 * 5. changes: what to write, without the rules that may not be written now
 *
 * It yields now and then, so that the process can do other work.
 */
export function* planInSteps(input: PlanInput): Resumable<PlanResult> {
  const live = classifyLiveRules(input);
  yield;
  const rows = toRows(input, live);
  yield;
  const decided = limitAdditions(decideRows(input, live, rows), input.growth);
  yield;
  const room = measureRoom(input, live, decided);
  yield;
  const kept = yield* keepForCover(room, decided);
  yield;
  const limited = limitRemovals(kept, input, live);
  yield;
  const outcome = yield* fitUnlocked(input, room, limited.rows);
  yield;
  return yield* toResult(input, live, room, limited, outcome);
}

function decideRows(input: PlanInput, live: LiveRules, rows: Parameters<typeof decide>[0]): readonly Decided[] {
  return decide(rows, {
    ...input,
    isPinned: input.operator.pin !== undefined,
    isForeignRule: live.blockers.length > 0,
  });
}

/** Keeps unlisted addresses in a wider rule as long as the list needs that rule. */
function* keepForCover(room: Room, rows: readonly Decided[]): Resumable<readonly Decided[]> {
  const [unlisted, others] = partition(rows, ({ live, listed }) => live === 'ours' && listed === undefined);
  if (unlisted.length === 0) return rows;
  const kept = divide(unlisted, yield* neededForCover(room), (row): Decided => ({
    ...row,
    fate: { is: 'keep', why: 'supernet' },
  }));
  return [...others, ...kept];
}

interface Outcome {
  readonly fitted: Fitted;
  readonly locks: readonly RuleLock[];
  readonly additions: readonly RuleChange[];
  readonly changes: readonly RuleChange[];
}

/** Fits as if every rule could be written; if a rule to be written is locked, fits again without it. */
function* fitUnlocked(input: PlanInput, room: Room, rows: readonly Decided[]): Resumable<Outcome> {
  const { live, target } = room;
  const changesOf = (prefixes: readonly string[]) => ruleChanges(input, live, prefixes);
  const mayReplace = target.policy !== 'addOnly' && input.removalBlockers.length === 0;
  const unlocked = yield* fitRules(room, rows, mayReplace);
  yield;
  const written = new Set(changesOf(unlocked.afterAll).map(({ rule }) => rule));
  const locks = findRuleLocks(input, live, rows).filter(({ rule }) => written.has(rule));
  const fitted = locks.length === 0 ? unlocked : yield* fitRules(room, holdLocked(rows, locks), mayReplace);
  const isOpen = ({ rule }: RuleChange) => !locks.some((lock) => lock.rule === rule);
  yield;
  const additions = changesOf(fitted.afterAdditions).filter(isOpen);
  yield;
  return { fitted, locks, additions, changes: changesOf(fitted.afterAll).filter(isOpen) };
}

/** Rows between two yields: some milliseconds of work. */
const itemsPerStep = 500;

function* toResult(
  input: PlanInput,
  live: LiveRules,
  room: Room,
  { excess }: Limited,
  { fitted, locks, additions, changes }: Outcome,
): Resumable<PlanResult> {
  const { target, snapshot } = input;
  const context: Explained = { input, live, room, fitted, excess };
  const rows = sortRows(fitted.rows);
  const items: PlanItem[] = [];
  for (const row of rows) {
    if (items.length % itemsPerStep === 0) yield;
    items.push(toItem(row, context));
  }
  yield;
  const blockers = [...input.blockers, ...input.live.blockers, ...live.blockers];
  const isStuck = fitted.isBlocked || (changes.length === 0 && locks.some((lock) => !lock.canBeApproved));
  const content = {
    target: target.name,
    snapshot,
    ...planLists(items, live.others),
    ruleDrift: driftOf(live),
    verdict: verdictOf(blockers.length > 0 || isStuck, rows, locks),
  };
  yield;
  const explained = explainRows(rows, context);
  yield;
  const widened = supernetNote(context);
  yield;
  const reasons = [
    ...blockers,
    ...locks.flatMap((lock) => lock.reasons),
    ...explained,
    ...widened,
    ...quotaNote(context),
    ...input.live.notes,
    ...leftAloneNotes(live.rules, changes),
    ...othersNotes(context),
  ];
  return {
    plan: { version: 1, id: planId(content, input.configHash, input.live.rules), ...content, items, reasons },
    additions,
    changes,
    ours: live.ours,
  };
}

function sortRows(rows: readonly Decided[]): readonly Decided[] {
  return rows
    .map((row) => ({ row, parsed: parsePrefix(row.prefix) }))
    .sort((a, b) => comparePrefixes(a.parsed, b.parsed))
    .map(({ row }) => row);
}

function driftOf({ rules }: LiveRules): string[] {
  return rules.flatMap(({ rule, mark, drift }) => (mark === undefined ? [] : drift.map((text) => `${rule}: ${text}`)));
}

function verdictOf(isBlocked: boolean, rows: readonly Decided[], locks: readonly RuleLock[]): PlanVerdict {
  if (isBlocked) return 'blocked';
  const waits = rows.some(({ fate: { is } }) => is === 'needsApproval' || is === 'doesNotFit' || is === 'neverAllowed');
  return waits || locks.length > 0 ? 'held' : 'apply';
}

function planId(
  content: Omit<Plan, 'version' | 'id' | 'items' | 'reasons'>,
  configHash: string,
  rules: readonly CurrentRule[],
): string {
  const live: LiveRule[] = rules
    .filter((rule) => rule.mark !== undefined)
    .map((rule) => ({ rule: rule.rule, prefixes: [...rule.prefixes].sort() }));
  return createHash('sha256')
    .update(JSON.stringify({ ...content, configHash, live }))
    .digest('hex');
}
