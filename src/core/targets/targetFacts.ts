/** What a target's state says, as the plan and the run that carries it out both read it. */
import type { Approval, TargetState } from './targetState.ts';

/** What this app let in, there or not. */
export function ownedPrefixes({ owned }: Pick<TargetState, 'owned'>): string[] {
  return owned.map((claim) => claim.prefix);
}

/** An approval is for one snapshot and one configuration. */
export function validApproval(
  { approval }: Pick<TargetState, 'approval'>,
  snapshot: string,
  configHash: string,
): Approval | undefined {
  return approval?.snapshot === snapshot && approval.configHash === configHash ? approval : undefined;
}

/** IPv4 addresses that were let in from a snapshot so far. */
export function addedFrom({ exposure }: Pick<TargetState, 'exposure'>, snapshot: string): number {
  return exposure?.snapshot === snapshot ? exposure.addedAddresses : 0;
}
