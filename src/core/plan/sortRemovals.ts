/** What becomes of each address of ours that is no longer selected, and of what others put into a rule of ours. */
import type { Ownership } from './ownership.ts';
import type { PlanInput } from './planInput.ts';
import { dropContained, intersectEach, intersectPrefixes, overlapping, subtractPrefixes } from '../prefixes.ts';
import { reasonFor, type Reason } from '../reasons.ts';
import { dueTime, flappingPrefixes, isDue, isWithoutPublication, prefixesOf, type RemovalClocks } from './removals.ts';
import { checkRemovals } from './safety.ts';
import type { SafetyLimits } from '../targets/target.ts';
import { traitsOf } from '../targets/targetKinds.ts';
import type { AbsentPrefix, Approval } from '../targets/targetState.ts';
import { toDay } from '../time.ts';
import { andMore, counted } from '../words.ts';

export interface SortedRemovals {
  readonly remove: readonly string[];
  readonly held: readonly string[];
  readonly retain: readonly string[];
  readonly reasons: readonly Reason[];
}

/** Deals every address of ours that is no longer selected to one of: remove now, held, retained. */
export function sortRemovals(
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
      reasons: reasonFor('addOnly', gone, `${andMore(gone)} is no longer selected; policy addOnly keeps it.`),
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
      ...graceReasons(waiting, input),
      ...(check.held.length === 0 && waiting.length > 0 ? input.distrust : []),
    ],
  };
}

/**
 * Says of a clock whether its prefix may go, as far as time is concerned. A pin is a person's word: what only the pinned
 * list lacks does not wait, what was in its grace before goes on waiting. A list that is not believed confirms nothing,
 * but it does not put off for ever the day on which a person is asked.
 */
function removalTest({ target, state, distrust, now }: PlanInput): (clock: AbsentPrefix) => boolean {
  if (state.pin !== undefined) return (clock) => isWithoutPublication(clock) || isDue(clock, target.limits, now);
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
  if (!traitsOf(target).hasOwnRules || ownership.blockers.length > 0) return { remove: [], held: [], reasons: [] };
  const unlisted = subtractPrefixes(ownership.foreign, desired);
  const remove = intersectPrefixes(unlisted, approval?.remove ?? []);
  const held = subtractPrefixes(unlisted, remove);
  return {
    remove,
    held,
    reasons: reasonFor(
      'foreignInOwnedRule',
      held,
      `${andMore(held)} is in the rule but was not written by this app: it stays until you approve the plan or take it out.`,
    ),
  };
}

/** Where nothing is removed now, no day can be named: the clocks may begin anew once the list is believed. */
function graceReasons(waiting: readonly AbsentPrefix[], { target: { limits }, distrust }: PlanInput): Reason[] {
  if (waiting.length === 0) return [];
  const prefixes = prefixesOf(waiting);
  const stays = distrust.length > 0 ? ', and stays meanwhile' : `; it leaves after ${timeLeft(waiting, limits)}`;
  return reasonFor('removalGrace', prefixes, `${andMore(prefixes)} is no longer selected${stays}.`);
}

function timeLeft(waiting: readonly AbsentPrefix[], limits: SafetyLimits): string {
  const last = Math.max(...waiting.map((clock) => dueTime(clock, limits).getTime()));
  const missing = Math.max(...waiting.map((clock) => limits.removalConfirmations - clock.confirmedBy.length));
  const publications = missing > 0 ? ` and ${counted(missing, 'further publication')}` : '';
  return `${toDay(last)}${publications}`;
}
