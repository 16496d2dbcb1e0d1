/** A run for a table: without its plan and its lists of prefixes. */
import type { Reason } from '../reasons.ts';
import { isPullRecord, type RunRecord, type UpdateRecord } from './runRecord.ts';

export interface RunSummary extends Pick<
  UpdateRecord,
  'id' | 'chain' | 'startedAt' | 'finishedAt' | 'durationInMs' | 'trigger' | 'outcome' | 'snapshot' | 'capacity'
> {
  /** The first three reasons. */
  readonly reasons: readonly Pick<Reason, 'code' | 'message'>[];
  /** How many prefixes the plan adds and removes; absent without a plan. */
  readonly counts?: { readonly add: number; readonly remove: number };
  /** Number of prefixes in the app's rules after the run; absent if the run did not read them. */
  readonly size?: number;
}

const shownReasons = 3;

export function summarizeRun(record: RunRecord): RunSummary {
  const { id, chain, startedAt, finishedAt, durationInMs, trigger, outcome, snapshot, reasons } = record;
  const { plan, after, capacity }: Partial<UpdateRecord> = isPullRecord(record) ? {} : record;
  return {
    id,
    chain,
    startedAt,
    finishedAt,
    durationInMs,
    trigger,
    outcome,
    ...(snapshot && { snapshot }),
    ...(capacity && { capacity }),
    reasons: reasons.slice(0, shownReasons).map(({ code, message }) => ({ code, message })),
    ...(plan && { counts: { add: plan.add.length, remove: plan.remove.length } }),
    ...(after && { size: after.reduce((sum, { prefixes }) => sum + prefixes.length, 0) }),
  };
}
