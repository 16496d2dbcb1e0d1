import type { CapacityHistory } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../reasons.ts';
import type { LedgerHead, RunOutcome, RunRecord } from '../ledger/runRecord.ts';

export const targetStatuses = ['inSync', 'pending', 'held', 'blocked', 'failed', 'paused', 'planOnly'] as const;
export type TargetStatus = (typeof targetStatuses)[number];

/** A prefix that this app added. Claimed before the write, so that a rule never stands without a claim. */
export interface OwnedPrefix {
  readonly prefix: string;
  /** ISO time of the claim. */
  readonly since: string;
}

/** A prefix of ours that the selection no longer lists. */
export interface AbsentPrefix {
  readonly prefix: string;
  /** ISO time when it was first seen missing. */
  readonly since: string;
  /** Key of the publication that it was first missing from. */
  readonly publication: string;
  /** Keys of the further publications without it. */
  readonly confirmedBy: readonly string[];
}

/** A prefix that went missing and came back. */
export interface ReturnedPrefix {
  readonly prefix: string;
  /** ISO times of its returns, oldest first. */
  readonly returns: readonly string[];
}

/** A write that was begun: if it is still here, that run did not come to its end. */
export interface InFlight {
  readonly runId: string;
  readonly startedAt: string;
  readonly plan: Plan;
  readonly before: readonly LiveRule[];
}

/** A person's yes to one plan; carried until its removals are done or the world has moved. */
export interface Approval {
  readonly planId: string;
  readonly by: string;
  readonly at: string;
  readonly snapshot: string;
  readonly configHash: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface LastResult {
  readonly runId: string;
  readonly at: string;
  readonly outcome: RunOutcome;
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
  readonly snapshot: string;
  readonly planId?: string;
  /** What ended a run that failed. */
  readonly error?: string;
  /** How many prefixes: as the plan has them. */
  readonly counts: { readonly add: number; readonly remove: number; readonly retain: number; readonly held: number };
}

/** `state/<name>.json`: all that is remembered of one target. */
export interface TargetState {
  readonly version: 1;
  readonly target: string;
  /** The resource that all of it is about, in lower case; absent in states of before it was kept. */
  readonly resourceId?: string;
  /** The deployment that owns the target's rules: see composition. */
  readonly ownerId: string;
  readonly owned: readonly OwnedPrefix[];
  /** Names of the NSG rules that this app wrote. */
  readonly ownedRules: readonly string[];
  readonly absent: readonly AbsentPrefix[];
  readonly returned: readonly ReturnedPrefix[];
  /** Id of the snapshot of the current list that the clocks above were last moved by. */
  readonly clocksMovedBy?: string;
  /** Removals of an applied step wait until then (ISO), so that the additions have taken effect. */
  readonly removalsNotBefore?: string;
  readonly inFlight?: InFlight;
  readonly pin?: { readonly snapshot: string; readonly by: string; readonly at: string };
  readonly paused?: { readonly by: string; readonly at: string };
  readonly approval?: Approval;
  /** IPv4 addresses let in from one snapshot so far: `maxAddedAddresses` counts a publication, not a run. */
  readonly exposure?: { readonly snapshot: string; readonly addedAddresses: number };
  /** What `maxAddedAddresses` holds until it is approved or no longer listed. */
  readonly heldAdditions?: readonly string[];
  /** The limit that they were held by. */
  readonly heldAdditionsLimit?: number;
  /** Regions that some snapshot had for the tag: one that vanishes later is no mistake of the configuration. */
  readonly knownRegions?: readonly string[];
  /** Prefixes of the current list that the live rules lack, with the day on which they were published (`YYYY-MM-DD`). */
  readonly waiting?: readonly WaitingPrefix[];
  /** What `waiting` was measured by. */
  readonly coverage?: Coverage;
  /** How full the resource is, publication by publication. */
  readonly capacity?: CapacityHistory;
  /** The day (`YYYY-MM-DD`) on which people were last told that the week of grace runs out. */
  readonly deadlineAnnounced?: string;
  readonly lastResult?: LastResult;
  /** The newest record, until it is known to be in the ledger. */
  readonly outbox?: RunRecord;
  readonly ledgerHead?: LedgerHead;
}

/** How the current list was looked at, also where the target is pinned to an earlier one. */
export interface Coverage {
  /** Id of the snapshot that was current then. */
  readonly snapshot: string;
  /** Listed prefixes that rules of others let in. */
  readonly byOthers: readonly string[];
  /** Where the registry of `regions.ofRegistry` was found: home and replicas. */
  readonly registryRegions?: readonly string[];
}

export interface WaitingPrefix {
  readonly prefix: string;
  readonly published: string;
}
