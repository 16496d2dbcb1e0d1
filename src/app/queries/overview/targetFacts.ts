/** Each configured target with all that storage remembers of it: what rows and cards are made from. */
import pMap from 'p-map';
import { isPullRecord, type UpdateRecord } from '../../../core/ledger/runRecord.ts';
import type { Reason } from '../../../core/reasons.ts';
import type { Target } from '../../../core/targets/target.ts';
import type { TargetState, TargetStatus, WaitingPrefix } from '../../../core/targets/targetState.ts';
import { summarizeTargets } from '../../update/targetSummaries.ts';
import type { Ledger } from '../../ports.ts';
import type { QueryServices } from '../queryServices.ts';
import { readStorage } from '../storage.ts';
import { readState, readTargets, viewState } from '../targetQueries.ts';

const parallelReads = 16;

export interface TargetFacts {
  readonly target: Target;
  /** Undefined: no run has told yet, or it cannot be read. */
  readonly state: TargetState | undefined;
  readonly status: TargetStatus;
  readonly reasons: readonly Reason[];
  /** What it lacks of the current list. */
  readonly missing: readonly WaitingPrefix[];
  readonly hasDeadline: boolean;
}

/** In the order of the targets file. Throws RequestError 503. */
export async function readTargetFacts(services: QueryServices): Promise<readonly TargetFacts[]> {
  const targets = await readTargets(services.targets);
  const [summaries, states] = await Promise.all([
    readStorage('the states of the targets', () => summarizeTargets(services, targets)),
    pMap(targets, ({ name }) => readState(services.states, name), { concurrency: parallelReads }),
  ]);
  return targets.map((target, index) => {
    const state = states[index];
    const { status, reasons } = viewState(target, state, services.updatesPaused);
    const known = state instanceof Error ? undefined : state;
    const { waiting = [], hasDeadline = false } = summaries[index] ?? {};
    return { target, state: known, status, reasons, missing: missingOf(known, waiting), hasDeadline };
  });
}

/** All that the last run told, and what was listed after it. */
function missingOf(state: TargetState | undefined, summary: readonly WaitingPrefix[]): readonly WaitingPrefix[] {
  const all = [...(state?.run.seen?.missing ?? []), ...summary].filter(({ published }) => published !== '');
  return [...new Map(all.map((entry) => [entry.prefix, entry])).values()];
}

// The newest record of each target, one memory a ledger: a record never changes.
const lastRuns = new WeakMap<Pick<Ledger, 'get'>, Map<string, UpdateRecord>>();

/** The record of a target's last run: from the state, as long as the ledger may not have it. */
export async function readLastRun(
  ledger: Pick<Ledger, 'get'>,
  state: TargetState | undefined,
): Promise<UpdateRecord | undefined> {
  const runId = state?.run.lastResult?.runId;
  if (!state || runId === undefined) return undefined;
  const memory = lastRuns.get(ledger) ?? new Map<string, UpdateRecord>();
  lastRuns.set(ledger, memory);
  const known = state.run.outbox.find(({ id }) => id === runId) ?? memory.get(state.target);
  if (known?.id === runId) return known;
  const record = await readStorage('the ledger', () => ledger.get(runId));
  if (!record || isPullRecord(record)) return undefined;
  memory.set(state.target, record);
  return record;
}
