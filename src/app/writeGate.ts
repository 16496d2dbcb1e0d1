/** The one place from which anything is written to Azure: past it `policy: plan`, a pause and the kill switch hold. */
import type { RuleChange } from '../core/plan.ts';
import type { Reason } from '../core/reasons.ts';
import type { Target } from '../core/target.ts';
import type { TargetState } from '../core/targetState.ts';
import type { ArmSession, CurrentState, TargetSession } from './ports.ts';
import { adapterOf } from './situation.ts';

export interface GateInput {
  readonly target: Target;
  readonly state: Pick<TargetState, 'paused'>;
  readonly updatesPaused: boolean;
}

/** Why nothing may be written to a target; undefined where it may. */
export function gateReason({ target, state, updatesPaused }: GateInput): Reason | undefined {
  if (updatesPaused) return { code: 'paused', message: 'UPDATES_PAUSED is set: nothing is written to any target.' };
  if (target.paused) return { code: 'paused', message: 'The targets file pauses this target.' };
  if (state.paused) {
    return { code: 'paused', message: `Paused by ${state.paused.by} on ${state.paused.at}; resume it to go on.` };
  }
  if (target.policy === 'plan') {
    return { code: 'planOnly', message: 'Policy plan writes nothing: set addOnly or sync to let it.' };
  }
  return undefined;
}

export async function writeThroughGate(
  input: GateInput,
  arm: ArmSession,
  session: TargetSession,
  current: CurrentState,
  changes: readonly RuleChange[],
  owned: readonly string[],
): Promise<void> {
  const closed = gateReason(input);
  if (closed) throw new Error(`the write gate is closed for ${input.target.name}: ${closed.message}`);
  session.assertHeld();
  await adapterOf(arm, input.target).write(input.target, current, changes, owned);
}
