/** The answer of `GET overview`: what the page shows first. */
import type { TargetKind } from '../targets/targetKinds.ts';
import type { Policy } from '../targets/target.ts';
import type { TargetStatus } from '../targets/targetState.ts';

export type Tone = 'good' | 'warn' | 'bad';

export interface Overview {
  readonly cloud: string;
  readonly version: string;
  readonly now: Now;
  /** What a person has to decide or fix, the most urgent first. */
  readonly waiting: readonly Card[];
  /** The most urgent first; null if they cannot be read. */
  readonly targets: readonly TargetRow[] | null;
  readonly list: ListInfo;
  /** The latest ones, the newest first. */
  readonly releases: readonly ReleaseRow[];
  /** Sentences about what is normal for the tag. */
  readonly normal: readonly string[];
}

export interface Now {
  readonly state:
    'calm' | 'updating' | 'waiting' | 'overdue' | 'blocked' | 'listStandsStill' | 'storageDown' | 'noList';
  readonly tone: Tone;
  readonly sentence: string;
  /** Further facts. */
  readonly details: readonly string[];
}

export type CardAction = 'review' | 'approve' | 'pause';

export interface Card {
  readonly id: string;
  readonly kind: 'approval' | 'doesNotFit' | 'overdue' | 'blocked' | 'failed';
  readonly tone: Tone;
  /** The targets that need this decision. */
  readonly targets: readonly CardTarget[];
  /** One sentence: what the card is about. */
  readonly title: string;
  /** Why, and what happens next if nobody acts. */
  readonly text: readonly string[];
  /** The first of the prefixes. */
  readonly items: readonly CardItem[];
  /** Number of all prefixes. */
  readonly itemCount: number;
  /** ISO time since when the targets have waited. */
  readonly since: string | null;
  /** ISO time from which on Azure may use the first missing prefix. */
  readonly deadline: string | null;
  readonly actions: readonly CardAction[];
}

export interface CardTarget {
  readonly name: string;
  /** The plan that an approval approves. */
  readonly planId?: string;
}

/** What is known of a listed prefix apart from the plan. */
export type DescribePrefix = (prefix: string) => {
  readonly tag: string | null;
  /** Such as `West Europe`. */
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
  /** The same in words, in the same order: `West Europe`. */
  readonly regionNames: readonly string[];
  readonly why: string;
  /** How many listed prefixes the target lacks. */
  readonly missing: number;
  /** ISO time from which on Azure may use the first of them; null if it lacks none, or no deadline counts. */
  readonly deadline: string | null;
  readonly room: { readonly used: number; readonly limit: number; readonly weeksUntilFull: number | null } | null;
  /** How many prefixes the target had or was to have after each list of the last twelve months. */
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
  /** Microsoft's page with the weekly file of this cloud. */
  readonly officialPage: string;
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
  /** Such as `West Europe`. */
  readonly regions: readonly string[];
  /** How many targets need something that the release added; null if the targets cannot be read. */
  readonly needed: number | null;
  /** How many of them still lack some of it. */
  readonly lacking: number | null;
}
