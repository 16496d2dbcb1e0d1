/** What the queries read, and the settings that they tell of. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { ChangeStore, Clock, Ledger, Logger, SnapshotStore, TargetsSource, TargetStateStore } from '../ports.ts';

export interface QueryServices {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'list' | 'readPointer' | 'readPullStatus'>;
  readonly changes: Pick<ChangeStore, 'get'>;
  readonly states: Pick<TargetStateStore, 'get' | 'listSummaries'>;
  readonly ledger: Pick<Ledger, 'get' | 'list'>;
  readonly targets: TargetsSource;
  /** Where the targets come from a file: true while it is not there. */
  readonly isTargetsFileMissing?: () => Promise<boolean>;
  readonly updatesPaused: boolean;
  /** Health is 503 where the last pull is older. */
  readonly maxPullAgeInHours: number;
}
