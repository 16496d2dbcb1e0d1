/** How long a person's approval of a plan holds. */
import { dayInMs } from '../time.ts';
import type { RecordedApproval } from './targetState.ts';

const validForDays = 7;

export interface ApprovalTime {
  /** What the target follows. */
  readonly snapshot: string;
  /** The current list; another one than `snapshot` if the target is pinned. */
  readonly newest: string;
  readonly configHash: string;
  readonly now: Date;
}

/** It ends with the next release, with a change of the target, or after seven days. */
export function holds(approval: RecordedApproval, { snapshot, newest, configHash, now }: ApprovalTime): boolean {
  return (
    approval.snapshot === snapshot &&
    approval.newest === newest &&
    approval.configHash === configHash &&
    now.getTime() < Date.parse(approval.at) + validForDays * dayInMs
  );
}
