/** Reads each configured target with what is stored about it: the input of rows and cards. */
import pMap from 'p-map';
import type { TargetFacts } from '../../../core/overview/targetRow.ts';
import type { MissingPrefix, TargetState } from '../../../core/targets/targetState.ts';
import { summarizeTargets, type NamedTargetSummary } from '../../update/targetSummaries.ts';
import type { Queries } from '../../queries.ts';
import type { QueryServices } from '../queryServices.ts';
import { readStorage } from '../storage.ts';
import { readState, readTargets, viewState, type ReadState } from '../targetQueries.ts';

const parallelReads = 16;

/** In the order of the targets file. Throws RequestError 503. */
export async function readTargetFacts({ services, history }: Queries): Promise<readonly TargetFacts[]> {
  const targets = await readTargets(services.targets);
  const summaries = await readStorage('the states of the targets', () =>
    summarizeTargets({ ...services, history }, targets),
  );
  const states = await pMap(summaries, (summary) => readStateOnce(services.states, summary), {
    concurrency: parallelReads,
  });
  return targets.map((target, index) => {
    const state = states[index];
    const { status, reasons } = viewState(target, state, services.updatesPaused);
    const known = state instanceof Error ? undefined : state;
    const { missing = [], hasDeadline = false } = summaries[index] ?? {};
    return { target, state: known, status, reasons, missing: missingOf(known, missing), hasDeadline };
  });
}

interface KnownState {
  readonly etag: string;
  readonly state: ReadState;
}

// The last read of each state with its ETag: pages ask every half minute, and most states have not changed since.
const knownStates = new WeakMap<QueryServices['states'], Map<string, KnownState>>();

async function readStateOnce(
  states: QueryServices['states'],
  { target, etag }: Pick<NamedTargetSummary, 'target' | 'etag'>,
): Promise<ReadState> {
  if (etag === undefined) return readState(states, target);
  const memory = knownStates.get(states) ?? new Map<string, KnownState>();
  knownStates.set(states, memory);
  const known = memory.get(target);
  if (known?.etag === etag) return known.state;
  const state = await readState(states, target);
  memory.set(target, { etag, state });
  return state;
}

/** What the last run recorded as missing, and what has been listed since. */
function missingOf(state: TargetState | undefined, summary: readonly MissingPrefix[]): readonly MissingPrefix[] {
  const all = [...(state?.run.seen?.missing ?? []), ...summary].filter(({ published }) => published !== '');
  return [...new Map(all.map((entry) => [entry.prefix, entry])).values()];
}
