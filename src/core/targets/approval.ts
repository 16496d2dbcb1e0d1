/** How long a person's approval of a plan is valid. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonicalJson.ts';
import { dayInMs } from '../time.ts';
import type { Target } from './target.ts';
import type { RecordedApproval } from './targetState.ts';

const validForDays = 7;

export interface ApprovalTime {
  /** Id of the snapshot that the target follows. */
  readonly snapshot: string;
  /** Id of the current snapshot; differs from `snapshot` if the target is pinned. */
  readonly newest: string;
  readonly configHash: string;
  readonly now: Date;
}

/** True if the approval is valid. It ends with the next release, with a change of the target, or after seven days. */
export function holds(approval: RecordedApproval, { snapshot, newest, configHash, now }: ApprovalTime): boolean {
  return (
    approval.snapshot === snapshot &&
    approval.newest === newest &&
    approval.configHash === configHash &&
    now.getTime() < Date.parse(approval.at) + validForDays * dayInMs
  );
}

/** sha256 (hex) of a target's configuration without `paused` and `given`. An approval ends when it changes. */
export function targetConfigHash(target: Target): string {
  return createHash('sha256')
    .update(canonicalJson({ ...target, paused: undefined, given: undefined }))
    .digest('hex');
}
