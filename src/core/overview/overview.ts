/** What the page shows at first sight, as `GET overview` answers it. */
import type { TargetKind } from '../targets/targetKinds.ts';
import type { Policy } from '../targets/target.ts';
import type { TargetStatus } from '../targets/targetState.ts';

export type Tone = 'good' | 'warn' | 'bad';

export interface Overview {
  readonly cloud: string;
  readonly version: string;
  readonly now: Now;
  /** What a person has to decide or mend, the most urgent first. */
  readonly waiting: readonly Card[];
  /** The most urgent first; null where they cannot be read. */
  readonly targets: readonly TargetRow[] | null;
  readonly list: ListInfo;
  /** The latest ones, the newest first. */
  readonly releases: readonly ReleaseRow[];
  /** What is normal for the tag, a sentence each. */
  readonly normal: readonly string[];
}

export interface Now {
  readonly state:
    'calm' | 'updating' | 'waiting' | 'overdue' | 'blocked' | 'listStandsStill' | 'storageDown' | 'noList';
  readonly tone: Tone;
  readonly sentence: string;
  /** Facts beside it. */
  readonly details: readonly string[];
}

export type CardAction = 'review' | 'approve' | 'pause';

export interface Card {
  readonly id: string;
  readonly kind: 'approval' | 'doesNotFit' | 'overdue' | 'blocked' | 'failed';
  readonly tone: Tone;
  /** The targets that wait for the same. */
  readonly targets: readonly CardTarget[];
  /** One sentence: what it is. */
  readonly title: string;
  /** Why, and what happens next without anybody. */
  readonly text: readonly string[];
  /** The first of them. */
  readonly items: readonly CardItem[];
  /** How many there are in all. */
  readonly itemCount: number;
  /** ISO time. */
  readonly since: string | null;
  /** ISO time from which on Azure may use the first of what is missing. */
  readonly deadline: string | null;
  readonly actions: readonly CardAction[];
}

export interface CardTarget {
  readonly name: string;
  /** What an approval is of. */
  readonly planId?: string;
}

/** What is known of a listed prefix beside the plan. */
export type DescribePrefix = (prefix: string) => {
  readonly tag: string | null;
  /** As people write it. */
  readonly region: string | null;
  /** `YYYY-MM-DD` */
  readonly firstListed: string | null;
  readonly deadline: string | null;
};

export interface CardItem {
  readonly change: 'add' | 'remove';
  readonly prefix: string;
  readonly region: string | null;
  /** As text: an IPv6 prefix may have more than a number can hold. */
  readonly addresses: string;
  /** `YYYY-MM-DD` */
  readonly firstListed: string | null;
}

export interface TargetRow {
  readonly name: string;
  readonly kind: TargetKind;
  readonly policy: Policy;
  readonly status: TargetStatus;
  readonly isOverdue: boolean;
  /** `all regions`, `West Europe`, `3 regions` */
  readonly where: string;
  /** ARM locations, for the filter; empty: all. */
  readonly regions: readonly string[];
  readonly why: string;
  /** How many listed prefixes it lacks, and from when on (ISO) Azure may use the first; null: it lacks none, or is not counted. */
  readonly missing: number;
  readonly deadline: string | null;
  readonly room: { readonly used: number; readonly limit: number; readonly weeksUntilFull: number | null } | null;
  /** Prefixes that it has or is to have, after each list of the last twelve months. */
  readonly sizes: readonly (readonly [day: string, count: number])[];
  /** ISO time of the last change that was written; null: none is known. */
  readonly lastChange: string | null;
  readonly isPinned: boolean;
}

export interface ListInfo {
  readonly snapshot: string | null;
  /** `YYYY-MM-DD` */
  readonly released: string | null;
  /** ISO time of the last pull that read it. */
  readonly fetchedAt: string | null;
  readonly isPullFailed: boolean;
  readonly sources: readonly { readonly source: string; readonly status: string; readonly date?: string }[];
  readonly disagreements: number;
}

export interface ReleaseRow {
  readonly date: string;
  readonly snapshot: string;
  readonly isRejected: boolean;
  readonly added: number;
  readonly removed: number;
  /** As people write them. */
  readonly regions: readonly string[];
  /** Targets that it has something new for, and those of them that lack some of it; null while they cannot be read. */
  readonly needed: number | null;
  readonly lacking: number | null;
}
