/** Plans an update from what was observed. */
import { setImmediate } from 'node:timers/promises';
import { planInSteps, type PlanResult } from '../../core/plan/calculatePlan.ts';
import { subtractPrefixes } from '../../core/prefixes.ts';
import type { Reason } from '../../core/reasons.ts';
import { traitsOf } from '../../core/targets/targetKinds.ts';
import { prefixesOwned } from '../../core/targets/targetState.ts';
import type { ArmSession } from '../ports.ts';
import { adapterOf, observeTarget, type TargetObservation } from './observe.ts';
import type { Run } from './run.ts';
import { pinNotes } from './selectionReasons.ts';
import { gateOf } from './writeGate.ts';

export interface PlannedUpdate extends TargetObservation {
  readonly result: PlanResult;
}

/** So long after a write Azure may still answer with the rules from before it. */
const secondLookInMs = 5_000;

/**
 * Azure may answer with rules from before our last write. Then a rule of ours seems to be missing, the app would give up
 * its ownership, and from the next answer on the rule would count as somebody else's. So if a plan would give up
 * ownership, the rules are read again.
 */
export async function observeAndPlan(run: Run): Promise<PlannedUpdate> {
  const { services, arm, target } = run;
  const look = async () => planUpdate(arm, await observeTarget(services, arm, target, run.state.current));
  const planned = await look();
  if (lostClaims(run, planned).length === 0) return planned;
  await services.clock.sleep(secondLookInMs);
  return look();
}

/** The write itself notes ownership again of what it writes to a rule with a mark, so that is not lost. */
function lostClaims(run: Run, { result }: PlannedUpdate): readonly string[] {
  const isWritten = traitsOf(run.target).hasMark && !gateOf(run);
  return subtractPrefixes(prefixesOwned(run.state.current), [...result.ours, ...(isWritten ? result.plan.add : [])]);
}

export async function planUpdate(arm: ArmSession, observation: TargetObservation): Promise<PlannedUpdate> {
  const { state, own, newest } = observation;
  const { result, maxRules } = await planWithQuota(arm, observation);
  const notes = [...observation.notes, ...pinNotes(state.operator.pin, result, own, newest)];
  return {
    ...observation,
    current: { ...observation.current, maxRules },
    result: withNotes(result, notes),
  };
}

interface PlanWithQuota {
  readonly result: PlanResult;
  readonly maxRules: number | undefined;
}

/**
 * The quota of a registry needs a call of its own. So it is read only if there is something to write, and only once while
 * the registry is less than half full; and always if rules are wider than listed, because fewer rules make them wider.
 */
async function planWithQuota(arm: ArmSession, observation: TargetObservation): Promise<PlanWithQuota> {
  const { target, input, current, state } = observation;
  const { maxRules } = input.live;
  const known = state.run.capacity;
  const adapter = adapterOf(arm, target);
  const result = await inSteps(planInSteps(input));
  const { verdict, reasons } = result.plan;
  const isShort = verdict === 'blocked' || reasons.some(({ code }) => code === 'fit');
  const isWidened = reasons.some(({ code }) => code === 'supernet');
  const isQuiet = result.changes.length === 0 && result.plan.add.length === 0 && !isShort && !isWidened;
  if (isQuiet || current.blockers.length > 0 || maxRules !== undefined || !adapter.readQuota) {
    return { result, maxRules };
  }
  const count = result.changes.reduce((most, { prefixes }) => Math.max(most, prefixes.length), 0);
  const hasRoom = known && !known.isAssumed && 2 * (count + result.plan.foreign.length) <= known.limit;
  if (hasRoom && !isShort && !isWidened) return { result, maxRules: known.limit };
  const { limit, note } = await adapter.readQuota(target, current);
  const planned = await inSteps(planInSteps({ ...input, live: { ...input.live, maxRules: limit } }));
  const wanted = (target.kind === 'nsgRule' ? undefined : target.capacity.maxRules) ?? Infinity;
  return { result: note ? withNotes(planned, [note]) : planned, maxRules: Math.min(limit, wanted) };
}

/** Adds notes, each once. They do not change what the plan does, so they do not change its id. */
function withNotes({ plan, ...result }: PlanResult, notes: readonly Reason[]): PlanResult {
  const reasons = new Map([...plan.reasons, ...notes].map((reason) => [reason.message, reason]));
  return { ...result, plan: { ...plan, reasons: [...reasons.values()] } };
}

/** Runs a long calculation step by step, so that the process can answer requests between the steps. */
async function inSteps<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
