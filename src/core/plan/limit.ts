/** Step 3 of a plan: changes that are within the limits one by one and too many together wait for approval. */
import type { Decided } from './decide.ts';
import { divideBy, partition, type LiveRules } from './own.ts';
import type { PlanInput } from './planInput.ts';
import type { Growth } from '../history/growth.ts';
import { overlapping, prefixesOf } from '../prefixes.ts';
import { removalExcess } from '../removalLimit.ts';
import type { SafetyLimits } from '../targets/target.ts';

export interface Limited {
  readonly rows: readonly Decided[];
  /** By how much the removals exceed the limits, in words. */
  readonly excess: string | undefined;
}

/**
 * Prefixes that were listed within the window and exceed `maxAddedAddresses` or `maxAddedPrefixes` wait for approval; no
 * later list makes room for them. Prefixes that were let in before or are approved do not count.
 */
export function limitAdditions(rows: readonly Decided[], { beyondBudget }: Growth): readonly Decided[] {
  const [fresh, rest] = partition(
    rows,
    ({ fate, isOwned, isApproved }) => fate.is === 'add' && !isOwned && !isApproved,
  );
  const limited = divideBy(fresh, beyondBudget, (row, { limit }): Decided => ({
    ...row,
    fate: { is: 'needsApproval', change: 'add', why: limit },
  }));
  return [...rest, ...limited];
}

/**
 * Removals beyond `maxRemovedPercent` or `maxRemovedCount` wait for approval. Two amounts are checked: all removals of
 * this plan, and all prefixes that the list dropped in the window that ends when it dropped the prefix, so that a little
 * in every release counts like all of it at once. Approved removals and those with `isUncounted` do not count.
 */
export function limitRemovals(rows: readonly Decided[], input: PlanInput, { ours }: LiveRules): Limited {
  const { target, growth, ownership } = input;
  const counts = ({ fate, isApproved }: Decided): boolean => fate.is === 'remove' && !isApproved && !fate.isUncounted;
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
 * The prefixes that a removal is compared with. Prefixes added after the first of `due` went missing are left out: they
 * would make the removal look small. A rebuilt state does not know when they were added: then all of ours count.
 */
function prefixesBefore(
  { owned }: PlanInput['ownership'],
  ours: readonly string[],
  due: readonly Decided[],
): readonly string[] {
  const first = due.flatMap(({ absence }) => (absence ? [absence.since] : [])).sort()[0] ?? '';
  const before = prefixesOf(owned.filter(({ since }) => since < first));
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
