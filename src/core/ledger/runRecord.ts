import type { CapacityUse } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../reasons.ts';
import type { Cloud, DocumentWarning } from '../serviceTags/serviceTags.ts';
import type { SourceReport } from '../serviceTags/snapshot.ts';
import type { OperatorState, SelectionState } from '../targets/targetState.ts';

/** How many calls a run made to Azure Resource Manager, and which were retried. */
export interface ArmUsage {
  readonly reads: number;
  readonly writes: number;
  readonly retries: readonly { readonly call: string; readonly code: string; readonly waitedInMs: number }[];
}

export const runOutcomes = [
  'applied', // something was written
  'unchanged', // nothing to do
  'pending', // additions are written, removals follow
  'held',
  'blocked',
  'failed',
  'planOnly',
  'paused',
  'interrupted', // the run was cut off; the next run found it and wrote this record
  'restored', // an older copy of the state was put back: what is newer was taken from the ledger
  'approved', // a person's approval of a plan, recorded before it counts
] as const;
export type RunOutcome = (typeof runOutcomes)[number];

/** One immutable record of the ledger: `<target or "pull">/<yyyy>/<mm>/<run id>.json`. */
export type RunRecord = PullRecord | UpdateRecord;

interface RecordFrame {
  /** Absent in records of version 0.1 of the app. */
  readonly version?: 1;
  /** `<UTC time as yyyymmddThhmmssSSSZ>-<chain>-<8 hex>`: sorts by time and gives the path of the blob. */
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationInMs: number;
  /** Why it ran and who asked: `timer`, `selectionChanged`, `reconcile`, `approval`, `rollback`, … */
  readonly trigger: { readonly reason: string; readonly by?: string };
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  readonly snapshot?: { readonly id: string; readonly contentHash: string; readonly date: string };
  /** sha256 (hex) of the record before it in the chain; absent in the first. */
  readonly previousHash?: string;
  /** 1 for the first record of its chain; absent in records of version 0.1 and in those that follow them. */
  readonly sequence?: number;
}

export interface PullRecord extends RecordFrame {
  readonly chain: 'pull';
  /** Absent in the oldest records. */
  readonly details?: PullDetails;
}

/** What a pull found. */
export interface PullDetails {
  /** Records of the first versions name it in the snapshot's id only. */
  readonly cloud?: Cloud;
  readonly message?: string;
  readonly error?: string;
  readonly sources?: readonly SourceReport[];
  readonly disagreements?: readonly { readonly source: string; readonly tag: string; readonly prefixes: number }[];
  readonly previous?: string | null;
  readonly changeNumber?: number;
  readonly addsOnly?: boolean;
  /** At most 100 of `warningCount`. */
  readonly warnings?: readonly DocumentWarning[];
  readonly warningCount?: number;
  readonly changedTags?: number;
  readonly changes?: readonly { readonly tag: string; readonly added: number; readonly removed: number }[];
  readonly queued?: readonly string[];
}

/** A run over one target, or something that a person did to it. */
export interface UpdateRecord extends RecordFrame {
  /** The target's name. */
  readonly chain: string;
  readonly plan?: Plan;
  /** The app's rules before and after, as read from Azure. */
  readonly before?: readonly LiveRule[];
  readonly after?: readonly LiveRule[];
  /** This and the next members rebuild a lost state: what the app owns after the run, and what people decided. */
  readonly owned?: readonly string[];
  readonly ownedRules?: readonly string[];
  readonly operator?: OperatorState;
  readonly selection?: SelectionState;
  readonly removalsNotBefore?: string;
  readonly ownerId?: string;
  /** ARM id of the resource, in lower case. */
  readonly resourceId?: string;
  /** How full the resource was at the end of the run. */
  readonly capacity?: CapacityUse;
  readonly arm?: ArmUsage;
  readonly details?: UpdateDetails;
}

export interface UpdateDetails {
  /** What ended a run that failed. */
  readonly error?: string;
}

/** The newest record of a chain. */
export interface LedgerHead {
  readonly runId: string;
  readonly hash: string;
  /** How many records the chain has; absent if it began with version 0.1 of the app. */
  readonly count?: number;
}

/** A target cannot be named `pull`. */
export function isPullRecord(record: RunRecord): record is PullRecord {
  return record.chain === 'pull';
}
