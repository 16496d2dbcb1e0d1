import type { CapacityUse } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../reasons.ts';

/** How many calls went to Azure Resource Manager in a run, and which were tried again. */
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
  'interrupted', // ended in the middle; found by the run after it
] as const;
export type RunOutcome = (typeof runOutcomes)[number];

/** One immutable record of the ledger: `<target or "pull">/<yyyy>/<mm>/<run id>.json`. */
export interface RunRecord {
  /** `<UTC time as yyyymmddThhmmssSSSZ>-<chain>-<8 hex>`: sorts by time, and tells its path. */
  readonly id: string;
  /** The target's name, or `pull`. */
  readonly chain: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationInMs: number;
  /** Why it ran and who asked: `timer`, `selectionChanged`, `reconcile`, `approval`, `rollback`, … */
  readonly trigger: { readonly reason: string; readonly by?: string };
  readonly outcome: RunOutcome;
  readonly reasons: readonly Reason[];
  readonly snapshot?: { readonly id: string; readonly contentHash: string; readonly date: string };
  readonly plan?: Plan;
  /** The app's rules before and after, as read from Azure. */
  readonly before?: readonly LiveRule[];
  readonly after?: readonly LiveRule[];
  /** Prefixes that the app owns afterwards: lets the state be rebuilt. */
  readonly owned?: readonly string[];
  readonly ownedRules?: readonly string[];
  readonly ownerId?: string;
  /** The resource that it is about, in lower case. */
  readonly resourceId?: string;
  /** How full the resource was at the end of the run. */
  readonly capacity?: CapacityUse;
  readonly arm?: ArmUsage;
  /** What a pull found: sources, warnings, counts. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** sha256 (hex) of the record before it in the chain; absent in the first. */
  readonly previousHash?: string;
}

/** The newest record of a chain. */
export interface LedgerHead {
  readonly runId: string;
  readonly hash: string;
}
