/** What a run tells of the room in its target. */
import { rememberCount, type CapacityHistory } from '../../core/plan/capacityUse.ts';
import { intersectPrefixes } from '../../core/prefixes.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import type { RunResult } from './runResult.ts';
import type { Situation } from './situation.ts';

/** As before where the run did not get so far as to read the resource. */
export function capacityAfter(state: TargetState, { situation, applied }: RunResult): CapacityHistory | undefined {
  if (!situation) return state.capacity;
  const limit = limitOf(situation, state);
  const assumed = isAssumed(situation, state) ? { isAssumed: true as const } : {};
  if (limit === undefined) return state.capacity;
  const after = new Map(applied?.after.map(({ rule, prefixes }) => [rule, prefixes]));
  const used = sum(situation.current.rules.map(({ rule, prefixes }) => (after.get(rule) ?? prefixes).length));
  const history = state.capacity?.history ?? [];
  // A target that is pinned follows an old list, which says nothing of the pace.
  if (!situation.snapshot || situation.state.pin) return { used, limit, ...assumed, history };
  return {
    used,
    limit,
    ...assumed,
    history: rememberCount(history, { date: situation.snapshot.date, count: countAll(situation) }),
  };
}

/** A registry says its quota only where it is asked, which is before a write. */
function limitOf({ current, target }: Situation, state: TargetState): number | undefined {
  if (current.maxPrefixes !== undefined) return current.maxPrefixes;
  return state.capacity?.limit ?? traitsOf(target).assumedQuota;
}

function isAssumed({ current, target, result }: Situation, { capacity }: TargetState): boolean {
  if (traitsOf(target).assumedQuota === undefined) return false;
  if (current.maxPrefixes === undefined) return capacity?.isAssumed ?? capacity === undefined;
  return result.plan.reasons.some(({ code }) => code === 'assumedQuota');
}

/** Prefixes in the rules once the whole plan is applied, with what of the list it holds. */
function countAll({ target, current, selection, result: { changes, plan } }: Situation): number {
  const changed = new Map(changes.map((change) => [change.rule, change]));
  const untouched = current.rules.filter(({ rule }) => !changed.has(rule)).map(({ prefixes }) => prefixes.length);
  const written = changes.map(({ operation, prefixes }) => (operation === 'put' ? prefixes.length : 0));
  const foreign = !traitsOf(target).hasOwnRules && changes.length > 0 ? plan.foreign.length : 0;
  const held = intersectPrefixes(plan.held.add, selection.prefixes);
  return sum(untouched) + sum(written) + foreign + held.length;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
