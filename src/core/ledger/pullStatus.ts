import type { Cloud, DocumentWarning } from '../serviceTags/serviceTags.ts';
import type { MisdatedFile } from '../serviceTags/fileDate.ts';
import type { SourceDisagreement, SourceReport } from '../serviceTags/snapshot.ts';
import type { LedgerHead, PullRecord } from './runRecord.ts';

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
  readonly misdated?: Readonly<Record<string, MisdatedFile>>;
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
