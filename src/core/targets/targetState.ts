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
  'noEffect', // the rules are as they are to be, but the registry does not look at them
] as const;
export type TargetStatus = (typeof targetStatuses)[number];

/** `state/<name>.json`: all that is remembered of one target. */
export interface TargetState {
  readonly version: 2;
  readonly target: string;
  /** The resource that all of it is about, in lower case; absent in states of before it was kept. */
  readonly resourceId?: string;
  /** The deployment that owns the target's rules: see composition. */
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

/** A prefix that this app added. Claimed before the write, so that a rule never stands without a claim. */
export interface OwnedPrefix {
  readonly prefix: string;
  /** ISO time of the claim. */
  readonly since: string;
  /** Claimed for a write that is not known to have come through: it stands for nothing unless it is live. */
  readonly isUnproven?: true;
}

/** What people said. */
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

/** A person's yes to one plan. */
export interface Approval {
  readonly planId: string;
  readonly by: string;
  readonly at: string;
  /** The snapshot that the plan was made of. */
  readonly snapshot: string;
  readonly configHash: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** It ends with the next release, with a change of the target, or after seven days. */
export interface RecordedApproval extends Approval {
  /** The snapshot that was current then: another one than the plan's if the target was pinned. */
  readonly newest: string;
  /** Id of the ledger's record of it: without that record the approval does not count. */
  readonly record: string;
}

/** What the target selects of the list, and since when: what it no longer selects has its grace period from then on. */
export interface SelectionState {
  readonly hash: string;
  /** ISO */
  readonly since: string;
  /** It may have been selected before as well: only what no release ever listed for it counts from `since`. */
  readonly isFirst?: true;
}

/** How far the runs came. */
export interface RunState {
  /** A write that was begun: if it is still here, that run did not come to its end. */
  readonly inFlight?: InFlight;
  /** Removals wait until then (ISO), so that the additions before them have taken effect. */
  readonly removalsNotBefore?: string;
  /** What the last look at the live rules found; the status of a target is told from it without another look. */
  readonly seen?: SeenRules;
  /** How full the resource is, release by release. */
  readonly capacity?: CapacityHistory;
  /** The day (`YYYY-MM-DD`) on which people were last told that a deadline is near. */
  readonly deadlineAnnounced?: string;
  readonly lastResult?: LastResult;
  /** What the newest record of a run told: the same is told again after a day, not after an hour. */
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
  /** More than one if the resource moved under the run and it planned again. */
  readonly writes: readonly BegunWrite[];
}

export interface BegunWrite {
  readonly plan: Plan;
  /** What was claimed for this write and not before it: given back if Azure refuses the write. */
  readonly claimed: readonly string[];
  /** As it was before this write. */
  readonly removalsNotBefore?: string;
}

/** How the current list compares with the live rules, also if the target is pinned to an earlier list. */
export interface SeenRules {
  /** Id of the snapshot that was current then. */
  readonly snapshot: string;
  /** Listed prefixes that the live rules lack, with the day on which they were first listed (`YYYY-MM-DD`). */
  readonly missing: readonly MissingPrefix[];
  /** Ours, no longer listed, and since when. */
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
  /** What kept a run from coming through. */
  readonly error?: string;
  /** How many prefixes the plan has in each of its lists. */
  readonly counts: { readonly add: number; readonly remove: number; readonly retain: number; readonly held: number };
}

/** A prefix of ours that the list no longer has, or the target no longer selects. */
export interface AbsentPrefix {
  readonly prefix: string;
  /** ISO time at which the first release without it was seen. */
  readonly since: string;
  /** How many further releases were without it. */
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

/** What this app let in, there or not. */
export function prefixesOwned({ ownership }: Pick<TargetState, 'ownership'>): string[] {
  return ownership.prefixes.map(({ prefix }) => prefix);
}

/** True if the target's rules contain, or may contain, something that the app added. */
export function isApplied({ ownership }: Pick<TargetState, 'ownership'>): boolean {
  return ownership.prefixes.length + ownership.rules.length > 0;
}

/** Only a target that the app keeps up to date can miss a deadline. */
export function hasDeadline(
  { policy, paused }: Pick<Target, 'policy' | 'paused'>,
  { isPaused, isApplied: isInUse }: { readonly isPaused: boolean; readonly isApplied: boolean },
): boolean {
  return policy !== 'plan' && !paused && !isPaused && isInUse;
}
