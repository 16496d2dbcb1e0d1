/** All that a plan is calculated from. */
import type { CurrentRule } from './currentRule.ts';
import type { Absence } from '../history/absences.ts';
import type { Growth } from '../history/growth.ts';
import type { ReleaseRef } from '../history/historyDocument.ts';
import type { Reason } from '../reasons.ts';
import type { Target } from '../targets/target.ts';
import type { Approval, OwnedPrefix, Pin } from '../targets/targetState.ts';

export interface PlanInput {
  readonly target: Target;
  readonly configHash: string;
  /** Id of the snapshot that the target follows; empty if there is none. */
  readonly snapshot: string;
  /** The selection of the snapshot: canonical, of the target's families, no overlap. */
  readonly listed: readonly ListedPrefix[];
  /** Listed inside of one of `listed`: counts if that one is not let in. */
  readonly nested: readonly string[];
  readonly live: {
    readonly rules: readonly CurrentRule[];
    /** How many prefixes the target may hold: of a registry all, of an NSG those of its own rules; undefined: not known. */
    readonly maxRules: number | undefined;
    readonly blockers: readonly Reason[];
    readonly notes: readonly Reason[];
  };
  /** What this app added, there or not. */
  readonly ownership: { readonly owned: readonly OwnedPrefix[]; readonly ownedRules: readonly string[] };
  readonly operator: {
    readonly pin?: Pin;
    /** One that holds for this snapshot, this configuration and this time. */
    readonly approval?: Approval;
  };
  /** Of prefixes that are not listed: the parts that the newest trusted list lacks. */
  readonly absences: (prefixes: readonly string[]) => readonly Absence[];
  readonly growth: Growth;
  /** What forbids any write: unknown regions, an empty selection. */
  readonly blockers: readonly Reason[];
  /** What forbids any removal: quarantine, missing tags, unreadable prefixes. */
  readonly removalBlockers: readonly Reason[];
  /** ISO time since when that has been so. */
  readonly removalsBlockedSince?: string;
  readonly now: Date;
}

export interface ListedPrefix {
  readonly prefix: string;
  readonly tag: string;
  /** ARM location. */
  readonly region?: string;
  readonly firstListed?: Pick<ReleaseRef, 'date' | 'seenAt'>;
  /** True if the list got it after its record began: then its neighbours count when its width is measured. */
  readonly isAddition?: boolean;
  /** The only one of several working sources that lists it. */
  readonly onlySource?: string;
}
