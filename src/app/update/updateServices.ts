/** What an update needs from outside, and its request. */
import type {
  Arm,
  Ledger,
  Logger,
  Notifier,
  TargetsSource,
  TargetStateStore,
  UpdateMessage,
  UpdateQueue,
} from '../ports.ts';
import type { ObservationReaders } from './observe.ts';
import type { HistorySource } from './past.ts';

export interface UpdateServices extends ObservationReaders {
  readonly targets: TargetsSource;
  readonly history: HistorySource;
  readonly states: TargetStateStore;
  readonly ledger: Ledger;
  readonly arm: Arm;
  readonly queue: UpdateQueue;
  readonly notifier: Notifier;
  readonly logger: Logger;
  readonly updatesPaused: boolean;
  /** 8 hex digits, for run ids. */
  readonly randomHex: () => string;
}

export interface UpdateRequest extends UpdateMessage {
  readonly by?: string;
}
