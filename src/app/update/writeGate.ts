/** The only place from which Azure is written to. It respects `policy: plan`, a pause and the setting UPDATES_PAUSED. */
import type { Plan, RuleChange } from '../../core/plan/plan.ts';
import type { Reason, ReasonCode } from '../../core/reasons.ts';
import type { Target } from '../../core/targets/target.ts';
import { dayAndTimeInWords } from '../../core/words.ts';
import { prefixesOwned, type OperatorState } from '../../core/targets/targetState.ts';
import type { CurrentState } from '../ports.ts';
import { adapterOf } from './observe.ts';
import { assertTimeLeft, type Run } from './run.ts';

/** A plan, and the reason if a run now would write nothing of it. The gate does not influence `id`. */
export interface GatedPlan extends Plan {
  readonly gate?: { readonly code: ReasonCode; readonly message: string };
}

export interface GateInput {
  readonly target: Target;
  readonly state: { readonly operator: OperatorState };
  readonly updatesPaused: boolean;
}

/** Who or what paused a target; undefined if it is not paused. */
export function pauseReason({ target, state, updatesPaused }: GateInput): Reason | undefined {
  const { paused } = state.operator;
  if (updatesPaused)
    return {
      code: 'paused',
      message: 'UPDATES_PAUSED is set: nothing is written to any target until the setting is removed.',
    };
  if (target.paused)
    return {
      code: 'paused',
      message: 'The targets file pauses this target ("paused": true): nothing is written until that is removed.',
    };
  if (!paused) return undefined;
  return {
    code: 'paused',
    message: `Paused by ${paused.by} on ${dayAndTimeInWords(paused.at)}: nothing is written until someone resumes the target.`,
  };
}

/** Why nothing may be written to a target; undefined if it may. */
export function gateReason(input: GateInput): Reason | undefined {
  const paused = pauseReason(input);
  if (paused) return paused;
  if (input.target.policy !== 'plan') return undefined;
  return {
    code: 'planOnly',
    message: 'Preview only (policy "plan"). Set the policy to addOnly or sync to apply it.',
  };
}

export function gateOf({ target, state, services }: Run): Reason | undefined {
  return gateReason({ target, state: state.current, updatesPaused: services.updatesPaused });
}

export async function writeThroughGate(
  run: Run,
  current: CurrentState,
  changes: readonly RuleChange[],
): Promise<CurrentState> {
  const { target, session, arm, state } = run;
  const closed = gateOf(run);
  if (closed) throw new Error(`the write gate is closed for ${target.name}: ${closed.message}`);
  assertTimeLeft(run);
  session.assertHeld();
  return adapterOf(arm, target).write(target, current, changes, prefixesOwned(state.current));
}
