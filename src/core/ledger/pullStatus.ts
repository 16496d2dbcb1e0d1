import type { Cloud, DocumentWarning } from '../serviceTags/serviceTags.ts';
import type { MisdatedFile } from '../serviceTags/fileDate.ts';
import type { SourceDisagreement, SourceReport } from '../serviceTags/snapshot.ts';
import type { LedgerHead, PullRecord } from './runRecord.ts';

/** What is remembered of the pulls themselves: heartbeat, publications, sources. */
export interface PullStatus {
  readonly cloud: Cloud;
  readonly lastPull: {
    readonly at: string;
    readonly outcome: 'changed' | 'unchanged' | 'failed';
    readonly snapshot?: string;
    readonly error?: string;
    readonly runId: string;
  };
  /** The newest publication seen, with or without new content; counts confirmations of a removal. */
  readonly publication?: NewestRelease;
  /** The snapshot whose changes were queued for all targets. */
  readonly fannedOut?: string;
  readonly sources: readonly SourceReport[];
  readonly disagreements: readonly SourceDisagreement[];
  /** Files that were dated in the future, by the day in their names. */
  readonly misdated?: Readonly<Record<string, MisdatedFile>>;
  /** Records of pulls that are not known to be in the ledger yet, oldest first. */
  readonly outbox?: readonly PullRecord[];
  /** Head of the ledger chain `pull`. */
  readonly ledgerHead?: LedgerHead;
}

export interface NewestRelease {
  /** Differs between any two publications: date, change number, content hash, and what of it could not be read. */
  readonly key: string;
  readonly date: string;
  readonly seenAt: string;
  /** What of it was no prefix: content that is the same as before may be whole, or not, another time. */
  readonly unreadable?: readonly DocumentWarning[];
}
