/** What is remembered of one target, in groups; `nextState` is the only place that changes it. */
import type { Target } from './target.ts';
import type { LedgerHead, RunOutcome, UpdateRecord } from '../ledger/runRecord.ts';
import type { CapacityHistory } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../reasons.ts';

export const targetStatuses = [
  'inSync',
  'pending',
  'held',
  'blocked',
  'failed',
  'paused',
  'planOnly',
  'noEffect', // the rules are as planned, but the registry ignores them
] as const;
export type TargetStatus = (typeof targetStatuses)[number];

/** `state/<name>.json`: everything that is stored about one target. */
export interface TargetState {
  readonly version: 2;
  readonly target: string;
  /** ARM id of the resource, in lower case; absent in states that were stored before this member existed. */
  readonly resourceId?: string;
  /** The deployment that owns the target's rules: see `toOwnerId` in composition.ts. */
  readonly ownerId: string;
  readonly ownership: OwnershipState;
  readonly operator: OperatorState;
  readonly selection?: SelectionState;
  readonly run: RunState;
}

/** What this app added. */
export interface OwnershipState {
  readonly prefixes: readonly OwnedPrefix[];
  /** Names of the NSG rules that were seen with this app's mark. */
  readonly rules: readonly string[];
}

/** A prefix that this app added. It is claimed before the write, so that there is never a rule without a claim. */
export interface OwnedPrefix {
  readonly prefix: string;
  /** ISO time of the claim. */
  readonly since: string;
  /** Claimed for a write that is not known to have succeeded: the claim counts only if the prefix is live. */
  readonly isUnproven?: true;
}

/** What people decided. */
export interface OperatorState {
  readonly pin?: Pin;
  readonly paused?: Pause;
  readonly approval?: RecordedApproval;
}

export interface Pin {
  readonly snapshot: string;
  readonly by: string;
  readonly at: string;
}

export interface Pause {
  readonly by: string;
  readonly at: string;
}

/** A person's approval of one plan. */
export interface Approval {
  readonly planId: string;
  readonly by: string;
  readonly at: string;
  /** Id of the snapshot that the plan was calculated from. */
  readonly snapshot: string;
  readonly configHash: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** It ends with the next release, with a change of the target, or after seven days. */
export interface RecordedApproval extends Approval {
  /** Id of the snapshot that was current then; differs from the plan's if the target was pinned. */
  readonly newest: string;
  /** Id of its record in the ledger: without that record the approval does not count. */
  readonly record: string;
}

/** What the target selects, and since when: the grace period of prefixes that it no longer selects starts then. */
export interface SelectionState {
  readonly hash: string;
  /** ISO time. */
  readonly since: string;
  /** It may have been selected before too: `since` counts only for prefixes that no release ever listed for it. */
  readonly isFirst?: true;
}

/** Where the runs are. */
export interface RunState {
  /** A write that was begun. If it is still here, the run has not ended, or has died. */
  readonly inFlight?: InFlight;
  /** Removals wait until then (ISO), so that the additions before them have taken effect. */
  readonly removalsNotBefore?: string;
  /** What the last read of the live rules found, so that the target can be shown without another read. */
  readonly seen?: SeenRules;
  /** How full the resource is, release by release. */
  readonly capacity?: CapacityHistory;
  /** The day (`YYYY-MM-DD`) of the last notification that a deadline is near. */
  readonly deadlineAnnounced?: string;
  readonly lastResult?: LastResult;
  /** The news of the newest record: the same news are recorded again after a day, not after an hour. */
  readonly recorded?: { readonly at: string; readonly news: string; readonly outcome: RunOutcome };
  /** Records that are not known to be in the ledger yet, oldest first, each linked to the one before it. */
  readonly outbox: readonly UpdateRecord[];
  readonly ledgerHead?: LedgerHead;
}

export interface InFlight {
  readonly runId: string;
  readonly startedAt: string;
  /** The app's rules before the first write. */
  readonly before: readonly LiveRule[];
  /** More than one if somebody else changed the resource and the run planned again. */
  readonly writes: readonly BegunWrite[];
}

export interface BegunWrite {
  readonly plan: Plan;
  /** New claims for this write; given up if Azure refuses it. */
  readonly claimed: readonly string[];
  /** The value before this write. */
  readonly removalsNotBefore?: string;
}

/** How the current list compares with the live rules, even if the target is pinned to an earlier list. */
export interface SeenRules {
  /** Id of the snapshot that was current then. */
  readonly snapshot: string;
  /** Listed prefixes that the live rules lack, with the day on which they were first listed (`YYYY-MM-DD`). */
  readonly missing: readonly MissingPrefix[];
  /** Prefixes of ours that are no longer listed, and since when. */
  readonly absent: readonly AbsentPrefix[];
  /** Listed prefixes that rules of others let in. */
  readonly byOthers: readonly string[];
  /** For a target with `regions.ofRegistry`: home and replicas of that registry. */
  readonly registryRegions?: readonly string[];
}

export interface MissingPrefix {
  readonly prefix: string;
  readonly published: string;
}

/** Runs that find the same again are not written down, but for one a day. */
export interface LastResult {
  readonly runId: string;
  readonly at: string;
  readonly outcome: RunOutcome;
  readonly status: TargetStatus;
  /** ISO time since when the target has had this status; `pending`, `failed` and `blocked` count as one. */
  readonly since: string;
  readonly reasons: readonly Reason[];
  readonly snapshot: string;
  readonly planId?: string;
  /**
   * Hash of the configuration and of the selected tags that the rules were last brought in line with. Absent in states of
   * earlier versions, and until a run could do that.
   */
  readonly alignedWith?: string;
  /** Why the run failed. */
  readonly error?: string;
  /** How many prefixes the plan has in each of its lists. */
  readonly counts: { readonly add: number; readonly remove: number; readonly retain: number; readonly held: number };
}

/** A prefix of ours that the list no longer has, or the target no longer selects. */
export interface AbsentPrefix {
  readonly prefix: string;
  /** ISO time at which the first release without it was seen. */
  readonly since: string;
  /** How many further releases did not list it. */
  readonly confirmations: number;
}

export function emptyState(target: string, ownerId: string): TargetState {
  return {
    version: 2,
    target,
    ownerId,
    ownership: { prefixes: [], rules: [] },
    operator: {},
    run: { outbox: [] },
  };
}

/** The prefixes that this app let in, whether they are still live or not. */
export function prefixesOwned({ ownership }: Pick<TargetState, 'ownership'>): string[] {
  return ownership.prefixes.map(({ prefix }) => prefix);
}

/** True if something that the app added was seen in the target's rules. */
export function isApplied({ ownership: { prefixes, rules } }: Pick<TargetState, 'ownership'>): boolean {
  return rules.length > 0 || prefixes.some(({ isUnproven }) => !isUnproven);
}

/** Only a target that the app keeps up to date can miss a deadline. */
export function hasDeadline(
  { policy, paused }: Pick<Target, 'policy' | 'paused'>,
  { isPaused, isApplied: isInUse }: { readonly isPaused: boolean; readonly isApplied: boolean },
): boolean {
  return policy !== 'plan' && !paused && !isPaused && isInUse;
}
