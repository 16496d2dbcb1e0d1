/** Everything from which a plan is calculated. */
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
  /** Listed prefixes inside one of `listed`: they are used if that one is not let in. */
  readonly nested: readonly string[];
  readonly live: {
    readonly rules: readonly CurrentRule[];
    /** How many prefixes are possible: in all rules of a registry, in the target's own rules of an NSG. Undefined: not known. */
    readonly maxRules: number | undefined;
    readonly blockers: readonly Reason[];
    readonly notes: readonly Reason[];
  };
  /** What this app added, whether it is still live or not. */
  readonly ownership: { readonly owned: readonly OwnedPrefix[]; readonly ownedRules: readonly string[] };
  readonly operator: {
    readonly pin?: Pin;
    /** An approval that is valid for this snapshot, this configuration and this time. */
    readonly approval?: Approval;
  };
  /** For unlisted prefixes: the parts that the newest trusted list lacks, and since when. */
  readonly absences: (prefixes: readonly string[]) => readonly Absence[];
  readonly growth: Growth;
  /** Why nothing may be written: unknown regions, an empty selection. */
  readonly blockers: readonly Reason[];
  /** Why nothing may be removed: quarantine, missing tags, unreadable prefixes. */
  readonly removalBlockers: readonly Reason[];
  /** ISO time since when nothing may be removed. */
  readonly removalsBlockedSince?: string;
  readonly now: Date;
}

export interface ListedPrefix {
  readonly prefix: string;
  readonly tag: string;
  /** ARM location. */
  readonly region?: string;
  readonly firstListed?: Pick<ReleaseRef, 'date' | 'seenAt'>;
  /** True if it was added after the first recorded list: then its width is measured together with its neighbours. */
  readonly isAddition?: boolean;
}
