/** What the queries read, and the settings that their answers depend on. */
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
  /** True while the targets are to come from a file and it does not exist. */
  readonly isTargetsFileMissing?: () => Promise<boolean>;
  readonly updatesPaused: boolean;
  /** `GET health` answers 503 if the last pull is older than this. */
  readonly maxPullAgeInHours: number;
  /** Result of the last notification to each webhook, in the order of the setting; undefined if none was sent yet. */
  readonly readDeliveries?: () => Promise<readonly (DeliveryStatus | undefined)[]>;
  /** Schedules and last runs of the timers, for health. Absent: health does not watch the timers. */
  readonly timers?: Omit<TimerWatch, 'runs'> & Pick<TimerStore, 'read'>;
}
