/** The one place from which anything is written to Azure: past it `policy: plan`, a pause and the kill switch hold. */
import type { RuleChange } from '../../core/plan/plan.ts';
import type { Reason } from '../../core/reasons.ts';
import { pauseReason, type PauseInput } from './pauseReason.ts';
import type { ArmSession, CurrentState, TargetSession } from '../ports.ts';
import { adapterOf } from './situation.ts';

/** Why nothing may be written to a target; undefined where it may. */
export function gateReason(input: PauseInput): Reason | undefined {
  const paused = pauseReason(input);
  if (paused) return paused;
  if (input.target.policy === 'plan') {
    return { code: 'planOnly', message: 'Policy plan writes nothing: set addOnly or sync to let it.' };
  }
  return undefined;
}

export async function writeThroughGate(
  input: PauseInput,
  arm: ArmSession,
  session: TargetSession,
  current: CurrentState,
  changes: readonly RuleChange[],
  owned: readonly string[],
): Promise<CurrentState> {
  const closed = gateReason(input);
  if (closed) throw new Error(`the write gate is closed for ${input.target.name}: ${closed.message}`);
  session.assertHeld();
  return adapterOf(arm, input.target).write(input.target, current, changes, owned);
}
