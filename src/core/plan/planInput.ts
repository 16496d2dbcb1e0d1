/** All that a plan is calculated from. */
import type { CurrentRule } from './currentRule.ts';
import type { Reason } from '../reasons.ts';
import type { Relisted } from './removals.ts';
import type { Target } from '../targets/target.ts';
import type { PlannerState } from '../targets/targetState.ts';

export interface PlanInput {
  readonly target: Target;
  readonly configHash: string;
  readonly snapshot: string;
  /** The selection of the snapshot: canonical, of the target's families, no overlap. */
  readonly desired: readonly string[];
  /** Listed inside of one of the desired: goes in where that one is held. */
  readonly nested?: readonly string[];
  readonly current: {
    readonly rules: readonly CurrentRule[];
    /** Room for our prefixes and, in a registry, the foreign ones; undefined: not known. */
    readonly maxPrefixes: number | undefined;
    readonly blockers: readonly Reason[];
    readonly notes: readonly Reason[];
  };
  readonly state: Pick<
    PlannerState,
    | 'owned'
    | 'ownedRules'
    | 'absent'
    | 'returned'
    | 'pin'
    | 'approval'
    | 'exposure'
    | 'clocksMovedBy'
    | 'heldAdditions'
    | 'heldAdditionsLimit'
    | 'removalsNotBefore'
  >;
  /** Key of the current publication. */
  readonly publication: string;
  /** What was listed between the snapshot that moved the clocks last and this one; absent: nothing. */
  readonly relisted?: Relisted;
  /** What forbids any write: unknown regions, an empty selection. */
  readonly blockers: readonly Reason[];
  /** What forbids any removal: quarantine, missing tags, unreadable prefixes. */
  readonly distrust: readonly Reason[];
  readonly now: Date;
}
