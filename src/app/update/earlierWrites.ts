/** A run that planned again has done what its earlier plans wrote as well: its record tells all of it. */
import { livePrefixes } from '../../core/plan/currentRule.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { intersectPrefixes, sortPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import type { InFlight, TargetState } from '../../core/targets/targetState.ts';
import type { Applied, RunResult } from './runResult.ts';
import type { Situation } from './situation.ts';

type PlannedResult = RunResult & { readonly situation: Situation; readonly applied: Applied };

/** What is begun now, with what the same run began before. */
export function joinInFlight(earlier: InFlight | undefined, next: InFlight): InFlight {
  if (earlier?.runId !== next.runId) return next;
  const { startedAt, before } = earlier;
  return { ...next, startedAt, before, plan: joinPlans(next.plan, earlier.plan) };
}

/** What the run wrote before it planned last, as far as it is to be seen now. */
export function withEarlierWrites(result: PlannedResult, { inFlight }: TargetState, runId: string): RunResult {
  if (inFlight?.runId !== runId) return result;
  const { situation, applied, outcome } = result;
  const { before } = inFlight;
  const live = livePrefixes(applied.after);
  const done = {
    add: intersectPrefixes(inFlight.plan.add, live),
    remove: subtractPrefixes(inFlight.plan.remove, live),
  };
  const isQuiet = outcome === 'unchanged' || outcome === 'held';
  const isWritten = JSON.stringify(before) !== JSON.stringify(applied.after);
  return {
    ...result,
    outcome: isQuiet && isWritten ? 'applied' : outcome,
    situation: { ...situation, result: { ...situation.result, plan: joinPlans(situation.result.plan, done) } },
    applied: { ...applied, before },
  };
}

function joinPlans(plan: Plan, earlier: Pick<Plan, 'add' | 'remove'>): Plan {
  return {
    ...plan,
    add: joined(plan.add, earlier.add),
    remove: joined(plan.remove, earlier.remove),
  };
}

function joined(now: readonly string[], earlier: readonly string[]): readonly string[] {
  return sortPrefixes([...now, ...subtractPrefixes(earlier, now)]);
}
