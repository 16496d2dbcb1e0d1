import type { Cloud, DocumentWarning, ServiceTagsDocument } from './serviceTags.ts';

/** Why the removals that a snapshot shows for one tag are not believed. Additions are. */
export interface TagQuarantine {
  readonly tag: string;
  /** `unknown`: what it had before cannot be read any more, so nobody knows what it lost. */
  readonly kind: 'missing' | 'empty' | 'shrunken' | 'unknown';
  readonly reason: string;
  /** The last snapshot whose content for the tag was believed. */
  readonly baseline: string;
  /** Day of publication (`YYYY-MM-DD`) since when the tag is in quarantine. */
  readonly since: string;
  /** How many further snapshots showed the tag without losing more. */
  readonly confirmations: number;
}

/** What one source said in the pull that made a snapshot. */
export interface SourceReport {
  readonly source: string;
  readonly status: 'healthy' | 'stale' | 'failed';
  readonly date?: string;
  readonly changeNumber?: number;
  /** sha256 of the canonical content, hex. */
  readonly contentHash?: string;
  readonly origin?: string;
  readonly error?: string;
  /** Since when (ISO) the source has given this content. */
  readonly unchangedSince?: string;
}

/** Where healthy sources disagree about one tag. */
export interface SourceDisagreement {
  readonly tag: string;
  /** The source that has the prefixes: one that the newest document lacks them of, or the newest document alone. */
  readonly source: string;
  readonly prefixes: readonly string[];
  /** No other source has what the newest document has: it counts double against the budgets. */
  readonly isNewest?: true;
}

export interface SnapshotSummary {
  /** `<cloud>-<YYYYMMDD>-<changeNumber>-<first 12 hex of contentHash>` */
  readonly id: string;
  readonly cloud: Cloud;
  /**
   * Date of publication as the file's name says it, else the day of the pull: `YYYY-MM-DD`. A list that comes back after
   * another one was current has the day on which it came back, or the first day after it that makes an id of its own.
   */
  readonly date: string;
  readonly changeNumber: number;
  /** sha256 over the cloud and each tag's name and prefixes, hex. Change numbers are not part of it. */
  readonly contentHash: string;
  /** ISO time of the pull that stored it. */
  readonly pulledAt: string;
  readonly tagCount: number;
  readonly prefixCount: number;
  /** The snapshot before this one. */
  readonly previous?: string;
  readonly quarantine: readonly TagQuarantine[];
}

/** What the history records of the release that a snapshot was made of. Absent in snapshots of version 0.1. */
export interface SnapshotRelease {
  /** `YYYY-MM-DD`: of the file, or the day on which it was first seen; never a day that was made up for an id. */
  readonly date: string;
  /** ISO time of the last pull before. */
  readonly lookedAt?: string;
  /** A late list only added to the list before. */
  readonly addsOnly?: true;
}

export interface Snapshot extends SnapshotSummary {
  readonly release?: SnapshotRelease;
  readonly sources: readonly SourceReport[];
  readonly disagreements: readonly SourceDisagreement[];
  readonly warnings: readonly DocumentWarning[];
  readonly document: ServiceTagsDocument;
}

/** `current/<cloud>.json`: which snapshot holds now. */
export interface SnapshotPointer {
  readonly cloud: Cloud;
  readonly snapshot: string;
  readonly contentHash: string;
  readonly date: string;
  readonly changeNumber: number;
  /**
   * The newest day that the list is known to be of: of the newest file followed, or four weeks before a list without a
   * date was first seen. Absent in pointers of earlier versions: `date` stands for it.
   */
  readonly fileDate?: string;
  /** The list has more than the newest one, of a late list: only a newer one takes its place. */
  readonly isExtended?: boolean;
  /** ISO time since when it is current. */
  readonly since: string;
}
