import type { Reason } from '../../core/reasons.ts';
import type { Target } from '../../core/targets/target.ts';
import type { TargetState } from '../../core/targets/targetState.ts';

export interface PauseInput {
  readonly target: Target;
  readonly state: Pick<TargetState, 'paused'>;
  readonly updatesPaused: boolean;
}

/** Who or what paused a target; undefined where nothing did. */
export function pauseReason({ target, state, updatesPaused }: PauseInput): Reason | undefined {
  if (updatesPaused) return { code: 'paused', message: 'UPDATES_PAUSED is set: nothing is written to any target.' };
  if (target.paused) return { code: 'paused', message: 'The targets file pauses this target.' };
  if (!state.paused) return undefined;
  return { code: 'paused', message: `Paused by ${state.paused.by} on ${state.paused.at}; resume it to go on.` };
}
