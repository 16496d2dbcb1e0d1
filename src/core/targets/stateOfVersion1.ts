/** Converts the state of a target as version 0.1 of the app stored it. */
import type { UpdateRecord, LedgerHead } from '../ledger/runRecord.ts';
import type { CapacityHistory } from '../plan/capacityUse.ts';
import type { LiveRule } from '../plan/currentRule.ts';
import type { Plan } from '../plan/plan.ts';
import type { LastResult, OwnedPrefix, Pause, Pin, SeenRules, TargetState } from './targetState.ts';
import type { MissingPrefix } from './targetState.ts';

export interface StateOfVersion1 {
  readonly version: 1;
  readonly target: string;
  readonly resourceId?: string;
  readonly ownerId: string;
  readonly owned: readonly OwnedPrefix[];
  readonly ownedRules: readonly string[];
  readonly removalsNotBefore?: string;
  readonly inFlight?: {
    readonly runId: string;
    readonly startedAt: string;
    readonly plan: Plan;
    readonly before: readonly LiveRule[];
  };
  readonly pin?: Pin;
  readonly paused?: Pause;
  readonly approval?: unknown;
  readonly waiting?: readonly MissingPrefix[];
  readonly coverage?: Omit<SeenRules, 'missing' | 'absent'>;
  readonly capacity?: CapacityHistory;
  readonly deadlineAnnounced?: string;
  readonly lastResult?: Omit<LastResult, 'since'>;
  readonly outbox?: UpdateRecord;
  readonly ledgerHead?: LedgerHead;
}

/**
 * Leaves out facts about the list, which now come from its history, and an approval: it has no record of its own in the
 * ledger, so people are asked again.
 */
export function carryOver(old: StateOfVersion1): TargetState {
  const { target, resourceId, ownerId, owned, ownedRules, pin, paused } = old;
  const { inFlight, removalsNotBefore, waiting = [], coverage, capacity, deadlineAnnounced, lastResult } = old;
  return withoutUndefined({
    version: 2,
    target,
    resourceId,
    ownerId,
    ownership: { prefixes: owned, rules: ownedRules },
    operator: withoutUndefined({ pin, paused }),
    run: withoutUndefined({
      inFlight: inFlight && {
        runId: inFlight.runId,
        startedAt: inFlight.startedAt,
        before: inFlight.before,
        writes: [{ plan: inFlight.plan, claimed: [] }],
      },
      removalsNotBefore,
      seen: coverage && { ...coverage, missing: waiting, absent: [] },
      capacity,
      deadlineAnnounced,
      lastResult: lastResult && { ...lastResult, since: lastResult.at },
      outbox: old.outbox ? [old.outbox] : [],
      ledgerHead: old.ledgerHead,
    }),
  });
}

/** Members that version 1 did not have are absent, not undefined. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
