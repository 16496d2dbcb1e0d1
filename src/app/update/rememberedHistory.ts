/** Until a target's past is asked of the history of the tag, it is kept in its state: clocks, and what was too much. */
import type { Absence } from '../../core/history/absences.ts';
import type { Growth } from '../../core/history/growth.ts';
import { defaultBudget } from '../../core/history/limits.ts';
import type { PlanResult } from '../../core/plan/calculatePlan.ts';
import { prefixesOf } from '../../core/plan/plan.ts';
import { flappingPrefixes, moveClocks, type Relisted } from '../../core/plan/removals.ts';
import { countAddresses, intersectEach, intersectPrefixes, ofFamily, parsePrefix } from '../../core/prefixes.ts';
import { sortPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import type { Selection } from '../../core/serviceTags/selection.ts';
import type { Target } from '../../core/targets/target.ts';
import { addedFrom } from '../../core/targets/targetFacts.ts';
import type { OwnedPrefix, PlannerMemory } from '../../core/targets/targetState.ts';

export interface RememberedInput {
  readonly target: Target;
  readonly memory: PlannerMemory;
  readonly owned: readonly OwnedPrefix[];
  readonly isPinned: boolean;
  readonly approved: readonly string[];
  readonly snapshot: string;
  readonly selection: Selection | undefined;
  readonly live: readonly string[];
  /** Key of the current publication; undefined if nothing is removed because of it. */
  readonly publication: string | undefined;
  readonly relisted: Relisted;
  readonly now: Date;
}

export interface Remembered {
  readonly absences: (prefixes: readonly string[]) => readonly Absence[];
  readonly growth: Growth;
  /** What the state keeps of it after a plan. */
  readonly after: (result: PlanResult) => RememberedState;
}

export type RememberedState = Pick<
  PlannerMemory,
  'absent' | 'returned' | 'clocksMovedBy' | 'heldAdditions' | 'heldAdditionsLimit'
> & { readonly addedBefore: number; readonly addedAddresses: number };

export function rememberHistory(input: RememberedInput): Remembered {
  const { memory, snapshot, target, now } = input;
  const limits = limitsOf(input);
  const beyond = beyondLimit(input, limits.maxAddedAddresses);
  const move = (gone: readonly string[]) =>
    moveClocks({
      clocks: memory,
      ours: gone,
      desired: input.selection?.prefixes ?? [],
      publication: input.publication,
      relisted: input.relisted,
      now,
    });
  return {
    absences: (gone) => absencesOf(move(gone), input.isPinned, now),
    growth: {
      limits: { ...limits, limitWindowDays: target.limits.limitWindowDays },
      usedAddresses: addedFrom(memory, snapshot),
      usedPrefixes: 0,
      beyondBudget: beyond.map((prefix) => ({ prefix, limit: 'maxAddedAddresses', release: { ...unknown, snapshot } })),
      droppedInWindow: () => [],
    },
    after: ({ plan, ours }) => {
      const isBlocked = plan.verdict === 'blocked';
      const { absent, returned } = isBlocked ? memory : move(ours);
      const movedBy = isBlocked || input.isPinned ? memory.clocksMovedBy : snapshot;
      const counted = subtractPrefixes(plan.add, [...prefixesOf(input.owned), ...input.approved]);
      const before = heldBefore(input, limits.maxAddedAddresses);
      const isDoubtful = isBlocked || input.publication === undefined;
      const unseen = isDoubtful ? subtractPrefixes(before, [...ours, ...input.approved]) : [];
      return {
        absent,
        returned,
        ...(movedBy === undefined ? {} : { clocksMovedBy: movedBy }),
        heldAdditions: sortPrefixes([...intersectPrefixes(beyond, plan.held.add), ...unseen]),
        heldAdditionsLimit:
          before.length > 0 ? (memory.heldAdditionsLimit ?? limits.maxAddedAddresses) : limits.maxAddedAddresses,
        addedBefore: addedFrom(memory, snapshot),
        addedAddresses: Number(countAddresses(counted, 'ipv4')),
      };
    },
  };
}

const unknown = { date: '', seenAt: '' };

function limitsOf({ target, selection }: RememberedInput) {
  const { prefixes = [], tags = [] } = selection ?? {};
  const size = { addresses: Number(countAddresses(prefixes, 'ipv4')), prefixes: prefixes.length };
  const budget = defaultBudget(tags, size);
  return {
    maxAddedAddresses: target.limits.maxAddedAddresses ?? budget.addresses,
    maxAddedPrefixes: target.limits.maxAddedPrefixes ?? budget.prefixes,
  };
}

/** A limit that was raised is a person's word. */
function heldBefore({ memory }: RememberedInput, maxAddedAddresses: number): readonly string[] {
  const { heldAdditions = [], heldAdditionsLimit = Infinity } = memory;
  return maxAddedAddresses > heldAdditionsLimit ? [] : heldAdditions;
}

/** Smallest first, so that a few oversized prefixes cannot keep the others out. */
function beyondLimit(input: RememberedInput, maxAddedAddresses: number): string[] {
  const { memory, owned, selection, live, approved, snapshot, target } = input;
  // What a new target lacks is no growth of the list.
  if (owned.length === 0 && memory.heldAdditions === undefined) return [];
  const vouched = [...live, ...prefixesOf(owned), ...approved];
  const fresh = ofFamily(subtractPrefixes(selection?.prefixes ?? [], vouched), 'ipv4');
  const waiting = intersectPrefixes(fresh, heldBefore(input, maxAddedAddresses));
  const narrow = subtractPrefixes(fresh, waiting)
    .map((text) => parsePrefix(text))
    .filter(({ length }) => length >= target.limits.widestPrefix.ipv4);
  let free = BigInt(Math.max(0, maxAddedAddresses - addedFrom(memory, snapshot)));
  const left = narrow
    .sort((a, b) => b.length - a.length)
    .filter(({ start, end }) => {
      const size = end - start + 1n;
      if (size > free) return true;
      free -= size;
      return false;
    });
  return sortPrefixes([...waiting, ...left.map(({ text }) => text)]);
}

/** A pin starts no clock of its own, so what only the pinned list lacks has none. */
function absencesOf(
  { absent, returned }: ReturnType<typeof moveClocks>,
  isPinned: boolean,
  now: Date,
): readonly Absence[] {
  const known = isPinned ? absent.filter(({ publication }) => publication !== '') : absent;
  const flapping = flappingPrefixes(returned, now);
  const prefixes = known.map(({ prefix }) => prefix);
  const unsteady = intersectEach(prefixes, flapping);
  return known.flatMap(({ since, confirmedBy }, index) => {
    const clock = { since, confirmations: confirmedBy.length, listedReleases: undefined };
    const parts = unsteady[index] ?? [];
    return [
      ...parts.map((prefix) => ({ ...clock, prefix, returns: 2 })),
      ...subtractPrefixes([prefixes[index] ?? ''], parts).map((prefix) => ({ ...clock, prefix, returns: 0 })),
    ];
  });
}
