/** What the steps of one pull share. */
import { newestDay, type MisdatedFiles } from '../../core/serviceTags/fileDate.ts';
import type { MergedDownloads } from '../../core/serviceTags/mergeDownloads.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import type { TagChange } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { PullStatus } from '../../core/ledger/pullStatus.ts';
import type { Snapshot, SourceDisagreement, SourceReport } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import type {
  ChangeStore,
  Clock,
  HistoryStore,
  Ledger,
  Logger,
  Notifier,
  PullSession,
  ServiceTagsSource,
  SnapshotStore,
  TargetsSource,
  UpdateQueue,
} from '../ports.ts';

export interface PullServices {
  readonly clock: Clock;
  readonly cloud: Cloud;
  readonly sources: readonly ServiceTagsSource[];
  readonly snapshots: SnapshotStore;
  readonly changes: ChangeStore;
  readonly histories: HistoryStore;
  readonly ledger: Ledger;
  readonly targets: TargetsSource;
  readonly queue: UpdateQueue;
  readonly notifier: Notifier;
  readonly logger: Logger;
  readonly randomHex: () => string;
}

export interface PullResult {
  /** Absent if there was nothing to record. */
  readonly runId?: string;
  readonly outcome: 'changed' | 'unchanged';
  readonly snapshot: string;
  readonly previous?: string;
  readonly date: string;
  readonly changeNumber: number;
  readonly tagCount: number;
  readonly sources: readonly SourceReport[];
  readonly warnings: Snapshot['warnings'];
  readonly quarantine: Snapshot['quarantine'];
  /** Watched tags that changed. */
  readonly changes: readonly TagChange[];
  /** Targets that were queued for an update. */
  readonly queued: readonly string[];
  readonly message: string;
}

export interface Pull {
  readonly services: PullServices;
  readonly session: PullSession;
  readonly trigger: RunRecord['trigger'];
  readonly runId: string;
  readonly startedAt: Date;
  readonly status: PullStatus | undefined;
  /** What was lost or damaged, and how the pull went on: people are notified. */
  readonly notices: readonly string[];
}

/** The lists of all sources, merged. */
export interface PulledList {
  /** If the sources may only add to the current list, that one is merged too. */
  readonly merged: MergedDownloads;
  readonly addsOnly: boolean;
  /** The date that the list has after this pull. */
  readonly fileDate: string | undefined;
  /** Those known before, and those found now. */
  readonly misdated: MisdatedFiles;
  readonly sources: readonly SourceReport[];
  /** About watched tags. */
  readonly disagreements: readonly SourceDisagreement[];
  /** Undefined if the targets cannot be read. */
  readonly targets: readonly Target[] | undefined;
  readonly hash: string;
}

/** The newest date of the found lists if all of them are older than the current one; otherwise undefined. */
export function lateDay({ sources, addsOnly, fileDate = '' }: PulledList): string | undefined {
  const newest = newestDay(sources.map((report) => report.date));
  return addsOnly && newest !== undefined && newest < fileDate ? newest : undefined;
}
