/** Whether Azure's deadline for new prefixes counts for a target. */
import type { Target } from './target.ts';
import type { TargetState } from './targetState.ts';

/** Whether anything of it is, or may be, in the target's rules. */
export function isApplied({ ownership }: Pick<TargetState, 'ownership'>): boolean {
  return ownership.prefixes.length + ownership.rules.length > 0;
}

/** Only a target that the app keeps up to date can miss the week in which a new prefix must be let in. */
export function hasDeadline(
  { policy, paused }: Pick<Target, 'policy' | 'paused'>,
  { isPaused, isApplied: isInUse }: { readonly isPaused: boolean; readonly isApplied: boolean },
): boolean {
  return policy !== 'plan' && !paused && !isPaused && isInUse;
}
