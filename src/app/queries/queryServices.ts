/** What the queries read, and the settings that they tell of. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { TimerWatch } from '../../core/timers.ts';
import type {
  ChangeStore,
  Clock,
  DeliveryStatus,
  HistoryStore,
  Ledger,
  Logger,
  SnapshotStore,
  TargetsSource,
  TargetStateStore,
  TimerStore,
} from '../ports.ts';

export interface QueryServices {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'list' | 'readPointer' | 'readPullStatus'>;
  readonly changes: Pick<ChangeStore, 'get'>;
  readonly histories: HistoryStore;
  readonly states: Pick<TargetStateStore, 'get' | 'listSummaries'>;
  readonly ledger: Pick<Ledger, 'get' | 'list'>;
  readonly targets: TargetsSource;
  /** Where the targets come from a file: true while it is not there. */
  readonly isTargetsFileMissing?: () => Promise<boolean>;
  readonly updatesPaused: boolean;
  /** Health is 503 where the last pull is older. */
  readonly maxPullAgeInHours: number;
  /** How the last notification to each configured webhook ended, in their order; undefined: none was sent yet. */
  readonly readDeliveries?: () => Promise<readonly (DeliveryStatus | undefined)[]>;
  /** What health watches the timers by; absent if nothing is to be said of them. */
  readonly timers?: Omit<TimerWatch, 'runs'> & Pick<TimerStore, 'read'>;
}
