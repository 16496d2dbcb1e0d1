/** Step 2 of a plan: the fate of each row on its own. Step 3 (`limit.ts`) looks at all of them together. */
import type { Row } from './own.ts';
import type { FateName } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import type { Absence } from '../history/absences.ts';
import type { ReasonCode } from '../reasons.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import { dayInMs } from '../time.ts';

export interface Fate {
  readonly is: FateName;
  /** What waits for approval, or does not fit. */
  readonly change?: 'add' | 'remove';
  readonly why?: ReasonCode;
  /** ISO time before which it is not removed. */
  readonly until?: string | undefined;
  /** How many further releases have to omit it before it is removed. */
  readonly releases?: number;
  /** True if nobody relies on it yet, so that its removal does not count against the limits. */
  readonly isUncounted?: boolean;
  /** True for a removal whose remaining parts do not fit, and for wider rules that exceed `maxAddedAddresses`. */
  readonly isForRoom?: boolean;
  /** A sentence about its whole rule, instead of one about the row. */
  readonly message?: string;
}

export interface Decided extends Row {
  readonly fate: Fate;
}

/** What decides about rows, apart from the rows themselves. */
export interface DecisionContext extends Pick<
  PlanInput,
  'target' | 'removalBlockers' | 'removalsBlockedSince' | 'now'
> {
  readonly isPinned: boolean;
  /** True if it is not known who owns the rules: nobody is asked to approve the removal of their prefixes. */
  readonly isForeignRule: boolean;
}

type Test = (row: Row, context: DecisionContext) => boolean;
type Outcome = Fate | ((row: Row, context: DecisionContext) => Fate);

/** A prefix that has come back this often within 180 days counts as flapping. */
const flappingReturns = 2;

const isListed: Test = ({ listed }) => listed !== undefined;
const isOthers: Test = ({ live }) => live === 'others';
const isVouched: Test = ({ isOwned, isApproved }) => isOwned || isApproved;
const isAddOnly: Test = (_, { target }) => target.policy === 'addOnly';
const isBlocked: Test = (_, { removalBlockers }) => removalBlockers.length > 0;

/**
 * | a row that is …                                                   | fate                    |
 * |-------------------------------------------------------------------|-------------------------|
 * | listed, and in our rules                                          | keep                    |
 * | listed, and let in by rules of others                             | others                  |
 * | listed, special-purpose                                           | neverAllowed            |
 * | listed, let in before or approved                                 | add                     |
 * | listed, part of a block wider than `widestPrefix`                 | needsApproval           |
 * | listed                                                            | add                     |
 * | of others, in rules of their own, or in a rule of unknown owner   | others                  |
 * | of others, in a rule of ours, policy addOnly                      | others                  |
 * | of others, in a rule of ours, removal approved                    | remove                  |
 * | of others, in a rule of ours                                      | needsApproval           |
 * | ours, policy addOnly                                              | kept                    |
 * | ours, removal approved                                            | remove                  |
 * | ours, nothing may be removed, and its grace days are over         | needsApproval           |
 * | ours, nothing may be removed                                      | kept                    |
 * | ours, young: few releases ever listed it                          | remove, uncounted       |
 * | ours, pinned, and only the pinned list lacks it                   | remove                  |
 * | ours, pinned                                                      | kept                    |
 * | ours, and the trusted list has it all the same                    | kept                    |
 * | ours, days or releases of its grace period are left               | kept                    |
 * | ours, has come back twice in 180 days                             | needsApproval           |
 * | ours                                                              | remove                  |
 */
const table: readonly (readonly [Test, Outcome])[] = [
  [both(isListed, ({ live }) => live === 'ours'), { is: 'keep' }],
  [both(isListed, ({ live }) => live === 'others'), { is: 'others' }],
  [
    both(isListed, ({ special }) => special !== undefined),
    { is: 'neverAllowed', change: 'add', why: 'specialPurpose' },
  ],
  [both(isListed, isVouched), { is: 'add' }],
  [both(isListed, ({ wideBlock }) => wideBlock !== undefined), waits('add', 'widestPrefix')],
  [isListed, { is: 'add' }],

  [both(isOthers, (_, { target, isForeignRule }) => !traitsOf(target).hasOwnRules || isForeignRule), { is: 'others' }],
  [both(isOthers, isAddOnly), { is: 'others' }],
  [both(isOthers, ({ isApproved }) => isApproved), { is: 'remove' }],
  [isOthers, waits('remove', 'foreignInOwnedRule')],

  [isAddOnly, { is: 'kept', why: 'addOnly' }],
  [({ isApproved }) => isApproved, { is: 'remove' }],
  [both(isBlocked, areDaysOver), (_, context) => waits('remove', blockerOf(context))],
  [isBlocked, (_, context) => ({ is: 'kept', why: blockerOf(context) })],
  [isYoung, { is: 'remove', isUncounted: true }],
  [({ absence }, { isPinned }) => isPinned && !absence, { is: 'remove' }],
  [(_, { isPinned }) => isPinned, { is: 'kept', why: 'pinned' }],
  [({ absence }) => !absence, { is: 'kept', why: 'removalGrace' }],
  [isInGrace, graceOf],
  [({ absence }) => (absence?.returns ?? 0) >= flappingReturns, waits('remove', 'flapping')],
];

export function decide(rows: readonly Row[], context: DecisionContext): readonly Decided[] {
  return rows.map((row) => ({ ...row, fate: fateOf(row, context) }));
}

function fateOf(row: Row, context: DecisionContext): Fate {
  const outcome = table.find(([test]) => test(row, context))?.[1] ?? { is: 'remove' };
  return typeof outcome === 'function' ? outcome(row, context) : outcome;
}

function both(one: Test, other: Test): Test {
  return (row, context) => one(row, context) && other(row, context);
}

function waits(change: 'add' | 'remove', why: ReasonCode): Fate {
  return { is: 'needsApproval', change, why };
}

function blockerOf({ removalBlockers }: DecisionContext): ReasonCode {
  return removalBlockers[0]?.code ?? 'quarantined';
}

/** True if it was listed by fewer releases than are needed to confirm its removal. */
function isYoung({ absence }: Row, { target }: DecisionContext): boolean {
  return (absence?.listedReleases ?? Infinity) < target.limits.removalConfirmations;
}

function isInGrace(row: Row, context: DecisionContext): boolean {
  return !areDaysOver(row, context) || releasesLeft(row.absence, context) > 0;
}

function graceOf(row: Row, context: DecisionContext): Fate {
  const releases = releasesLeft(row.absence, context);
  return { is: 'kept', why: 'removalGrace', until: endOfGrace(row, context), releases };
}

/** The days of the grace period pass even while nothing may be removed, so that a person is asked in the end. */
function areDaysOver(row: Row, context: DecisionContext): boolean {
  // A person chose the pinned list: prefixes that only this list lacks do not wait.
  if (!row.absence && context.isPinned) return true;
  const end = endOfGrace(row, context);
  return end !== undefined && context.now.getTime() >= Date.parse(end);
}

/** ISO time; undefined if it is not known since when the row is not listed. */
export function endOfGrace(
  { absence }: Row,
  { target, removalsBlockedSince }: Pick<DecisionContext, 'target' | 'removalsBlockedSince'>,
): string | undefined {
  const since = absence?.since ?? removalsBlockedSince;
  if (since === undefined) return undefined;
  return new Date(Date.parse(since) + target.limits.removalGraceDays * dayInMs).toISOString();
}

function releasesLeft(absence: Absence | undefined, { target }: DecisionContext): number {
  return Math.max(0, target.limits.removalConfirmations - (absence?.confirmations ?? 0));
}
