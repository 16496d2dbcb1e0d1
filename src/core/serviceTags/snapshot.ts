import type { Cloud, DocumentWarning, ServiceTagsDocument } from './serviceTags.ts';

/** Why nothing is removed because of one tag of a snapshot. Its new prefixes are still added. */
export interface TagQuarantine {
  readonly tag: string;
  /** `unknown`: the prefixes that it had before can no longer be read, so nobody knows what it lost. */
  readonly kind: 'missing' | 'empty' | 'shrunken' | 'unknown';
  readonly reason: string;
  /** Id of the last snapshot whose content for the tag was trusted. */
  readonly baseline: string;
  /** Day of the release (`YYYY-MM-DD`) since when the tag has been in quarantine. */
  readonly since: string;
  /** How many further releases listed the tag without losing more. */
  readonly confirmations: number;
}

/** The result of one source in the pull that made a snapshot. */
export interface SourceReport {
  readonly source: string;
  readonly status: 'healthy' | 'stale' | 'failed';
  readonly date?: string;
  readonly changeNumber?: number;
  /** sha256 of the canonical content, hex. */
  readonly contentHash?: string;
  readonly origin?: string;
  readonly error?: string;
  /** ISO time since when the source has had this content. */
  readonly unchangedSince?: string;
}

/** Healthy sources disagree about one tag. */
export interface SourceDisagreement {
  readonly tag: string;
  /** The source that lists the prefixes, which the newest document lacks; or the source of the newest document (`isNewest`). */
  readonly source: string;
  readonly prefixes: readonly string[];
  /** Only the newest document lists the prefixes: they count double against the budgets. */
  readonly isNewest?: true;
}

export interface SnapshotSummary {
  /** `<cloud>-<YYYYMMDD>-<changeNumber>-<first 12 hex of contentHash>` */
  readonly id: string;
  readonly cloud: Cloud;
  /**
   * `YYYY-MM-DD` from the file's name, else the day of the pull. A list that comes back after another one was current
   * gets the day on which it came back, or the next day that makes its id unique.
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

/** What the history records about the release of a snapshot. Absent in snapshots of version 0.1. */
export interface SnapshotRelease {
  /** `YYYY-MM-DD`: of the file, or the day on which it was first seen; never a day that only makes an id unique. */
  readonly date: string;
  /** ISO time of the last pull before. */
  readonly lookedAt?: string;
  /** The list was older than the one before, and only added to it. */
  readonly addsOnly?: true;
}

export interface Snapshot extends SnapshotSummary {
  readonly release?: SnapshotRelease;
  readonly sources: readonly SourceReport[];
  readonly disagreements: readonly SourceDisagreement[];
  readonly warnings: readonly DocumentWarning[];
  readonly document: ServiceTagsDocument;
}

/** `current/<cloud>.json`: which snapshot is current. */
export interface SnapshotPointer {
  readonly cloud: Cloud;
  readonly snapshot: string;
  readonly contentHash: string;
  readonly date: string;
  readonly changeNumber: number;
  /**
   * `YYYY-MM-DD`: the day of the newest file in the list, or four weeks before a list without a date was first seen.
   * Absent in pointers of earlier versions: then `date` is used.
   */
  readonly fileDate?: string;
  /** An older list has added prefixes to this one: only a newer list may replace it. */
  readonly isExtended?: boolean;
  /** ISO time since when it has been current. */
  readonly since: string;
}
