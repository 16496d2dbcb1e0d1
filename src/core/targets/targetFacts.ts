/** What a target's state says, as the plan and the run that carries it out both read it. */
import type { Target } from './target.ts';
import type { Approval, PlannerState, TargetState } from './targetState.ts';

/** What this app let in, there or not. */
export function ownedPrefixes({ owned }: Pick<PlannerState, 'owned'>): string[] {
  return owned.map((claim) => claim.prefix);
}

/** An approval is for one snapshot and one configuration. */
export function validApproval(
  { approval }: Pick<PlannerState, 'approval'>,
  snapshot: string,
  configHash: string,
): Approval | undefined {
  return approval?.snapshot === snapshot && approval.configHash === configHash ? approval : undefined;
}

/** IPv4 addresses that were let in from a snapshot so far. */
export function addedFrom({ exposure }: Pick<PlannerState, 'exposure'>, snapshot: string): number {
  return exposure?.snapshot === snapshot ? exposure.addedAddresses : 0;
}

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
