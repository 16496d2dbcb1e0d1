/** Step 3 of a plan: what is within the limits prefix by prefix, and too much together. */
import type { Decided } from './decide.ts';
import { divideBy, partition, type LiveRules } from './own.ts';
import { prefixesOf } from './plan.ts';
import type { PlanInput } from './planInput.ts';
import type { Growth } from '../history/growth.ts';
import { overlapping } from '../prefixes.ts';
import { removalExcess } from '../removalLimit.ts';
import type { SafetyLimits } from '../targets/target.ts';

export interface Limited {
  readonly rows: readonly Decided[];
  /** By how much the removals are beyond the limits, in words. */
  readonly excess: string | undefined;
}

/**
 * What the list got within the window, and was more than `maxAddedAddresses` or `maxAddedPrefixes` have room for, waits
 * for a person; no later list makes room for it. What was let in before or is approved does not count.
 */
export function limitAdditions(rows: readonly Decided[], { beyondBudget }: Growth): readonly Decided[] {
  const [fresh, rest] = partition(
    rows,
    ({ fate, isOwned, isApproved }) => fate.is === 'add' && !isOwned && !isApproved,
  );
  const limited = divideBy(fresh, beyondBudget, (row, { limit, release }): Decided => ({
    ...row,
    fate: { is: 'needsApproval', change: 'add', why: limit, release },
  }));
  return [...rest, ...limited];
}

/**
 * Removals beyond `maxRemovedPercent` or `maxRemovedCount` wait, twice over: all that leaves now, and all that the list
 * dropped in the window that ends when it dropped the prefix, so that a little in every release is no less than all of
 * it at once. Approved ones do not count, nor do those that nobody relies on yet.
 */
export function limitRemovals(rows: readonly Decided[], input: PlanInput, { ours }: LiveRules): Limited {
  const { target, growth, ownership } = input;
  const counts = ({ fate, live, isApproved }: Decided): boolean =>
    fate.is === 'remove' && live === 'ours' && !isApproved && !fate.isUncounted;
  const [due, rest] = partition(rows, counts);
  if (due.length === 0) return { rows, excess: undefined };

  const listed = prefixesOf(input.listed);
  const excessAt = memoize((since: string) => windowExcess(growth, since, listed, target.limits));
  const excessOf = ({ absence }: Decided): string | undefined => absence && excessAt(absence.since);
  const [beyondWindow, others] = partition(due, (row) => excessOf(row) !== undefined);
  const now = removalExcess(prefixesOf(others), prefixesBefore(ownership, ours, others), target.limits);
  const beyond = now === undefined ? beyondWindow : due;
  const [first] = beyondWindow;
  return {
    rows: [...rest, ...(now === undefined ? others : []), ...beyond.map(hold)],
    excess: now ?? (first && excessOf(first)),
  };
}

function windowExcess(
  { droppedInWindow }: Growth,
  since: string,
  listed: readonly string[],
  limits: SafetyLimits,
): string | undefined {
  const dropped = droppedInWindow(since);
  return removalExcess(dropped, [...listed, ...dropped], limits);
}

/**
 * What was added since the first of them went missing must not make a removal look small. A state that was lost has
 * forgotten what was claimed when: then all of ours counts.
 */
function prefixesBefore(
  { owned }: PlanInput['ownership'],
  ours: readonly string[],
  due: readonly Decided[],
): readonly string[] {
  const first = due.flatMap(({ absence }) => (absence ? [absence.since] : [])).sort()[0] ?? '';
  const before = owned.filter(({ since }) => since < first).map(({ prefix }) => prefix);
  return before.length === 0 ? ours : overlapping(ours, [...before, ...prefixesOf(due)]);
}

function hold(row: Decided): Decided {
  return { ...row, fate: { is: 'needsApproval', change: 'remove', why: 'removalLimit' } };
}

function memoize(calculate: (key: string) => string | undefined): (key: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (key) => {
    if (!known.has(key)) known.set(key, calculate(key));
    return known.get(key);
  };
}
