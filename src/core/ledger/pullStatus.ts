import { isSnapshotId, parseSnapshotId } from '../serviceTags/contentHash.ts';
import type { Cloud, DocumentWarning } from '../serviceTags/serviceTags.ts';
import type { MisdatedFiles } from '../serviceTags/fileDate.ts';
import type { SourceDisagreement, SourceReport } from '../serviceTags/snapshot.ts';
import { isPullRecord, type LedgerHead, type PullRecord, type RunRecord } from './runRecord.ts';

/** The stored status of the pulls: the last pull, the newest release, the sources. */
export interface PullStatus {
  readonly cloud: Cloud;
  readonly lastPull: {
    readonly at: string;
    readonly outcome: 'changed' | 'unchanged' | 'failed';
    readonly snapshot?: string;
    readonly error?: string;
    readonly runId: string;
  };
  /** The newest release seen, with or without new content. */
  readonly publication?: NewestRelease;
  /** The snapshot whose changes were queued for all targets. */
  readonly fannedOut?: string;
  readonly sources: readonly SourceReport[];
  readonly disagreements: readonly SourceDisagreement[];
  /** Files that were dated in the future, by the day in their names. */
  readonly misdated?: MisdatedFiles;
  /** Records of pulls that are not known to be in the ledger yet, oldest first. */
  readonly outbox?: readonly PullRecord[];
  /** Head of the ledger chain `pull`. */
  readonly ledgerHead?: LedgerHead;
}

export interface NewestRelease {
  /** Differs between any two releases: date, change number, content hash and the entries that could not be read. */
  readonly key: string;
  readonly date: string;
  readonly seenAt: string;
  /** Entries that are no prefixes. The same content may come with other such entries in the next release. */
  readonly unreadable?: readonly DocumentWarning[];
}

/**
 * True for a record of a pull of this cloud. The chain `pull` has the records of all clouds, and each links to one of its
 * own cloud. Records of earlier versions name the cloud only in the snapshot's id; without one they count for any cloud.
 */
export function isPullOf(cloud: Cloud, record: RunRecord): boolean {
  if (!isPullRecord(record)) return false;
  const { details, snapshot } = record;
  const named = snapshot && isSnapshotId(snapshot.id) ? parseSnapshotId(snapshot.id).cloud : undefined;
  return (details?.cloud ?? named ?? cloud) === cloud;
}
