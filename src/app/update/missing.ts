/** Which prefixes of the current list a target lacks after a run, and since when they have been listed. */
import { toErrorMessage } from '../../core/errors.ts';
import { deadlines } from '../../core/history/dates.ts';
import { livePrefixes } from '../../core/plan/currentRule.ts';
import { intersectPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import { allowablePrefixes } from '../../core/serviceTags/selection.ts';
import type { Target } from '../../core/targets/target.ts';
import { prefixesOwned, type SeenRules, type TargetState } from '../../core/targets/targetState.ts';
import { registryOf, selectWithLastRegions, type TargetSelection, type ListReaders } from './listing.ts';
import type { Logger } from '../ports.ts';
import { scopeOf } from './past.ts';
import type { PlannedUpdate } from './planUpdate.ts';
import type { RunResult } from './runResult.ts';

export interface MissingReaders extends ListReaders {
  readonly logger: Logger;
}

/** If the run ended before it read the rules, the prefixes that the app knows to be allowed stand in for them. */
export async function measureMissing(
  readers: MissingReaders,
  target: Target,
  state: TargetState,
  result: RunResult,
): Promise<SeenRules | undefined> {
  try {
    const seen = result.planned ?? (await readLastListing(readers, target, state));
    const listing = seen?.newest;
    if (!listing) return undefined;
    const facts = factsOf(listing, state, result);
    const live = result.planned ? liveAfter(result) : [...prefixesOwned(state), ...facts.byOthers];
    const missing = subtractPrefixes(allowablePrefixes(listing.selection), live);
    const dated = deadlines(seen.history, scopeOf(listing, target), missing);
    return { ...facts, missing: dated.map(({ prefix, published }) => ({ prefix, published })) };
  } catch (error) {
    // The result of the run must be recorded nevertheless; the next run measures again.
    const details = { targetId: target.name, error: toErrorMessage(error) };
    readers.logger.warn('what a target lacks cannot be told', details);
    return undefined;
  }
}

async function readLastListing({ lists, snapshots, cloud }: MissingReaders, target: Target, state: TargetState) {
  const { snapshot: id, historyOf } = await lists.readCurrent();
  const newest = id === undefined ? undefined : await snapshots.get(cloud, id);
  return (
    newest && {
      newest: selectWithLastRegions(newest, target, state.run.seen?.registryRegions),
      history: await historyOf(target.serviceTag),
    }
  );
}

function factsOf(
  { snapshot, regions, selection }: TargetSelection,
  { run }: TargetState,
  { planned }: RunResult,
): Omit<SeenRules, 'missing'> {
  if (!planned) return { byOthers: [], absent: [], ...run.seen, snapshot: snapshot.id };
  const byOthers = intersectPrefixes(selection.prefixes, planned.result.plan.foreign);
  const isLive = registryOf(planned.target) !== undefined && regions !== 'all';
  return {
    snapshot: snapshot.id,
    byOthers,
    absent: absentOf(planned, run.seen),
    ...(isLive ? { registryRegions: regions } : {}),
  };
}

/** Keeps the absences of the run before if the target is blocked: then it is not known what it selects. */
function absentOf({ result, own, past }: PlannedUpdate, seen: SeenRules | undefined): SeenRules['absent'] {
  if (result.plan.verdict === 'blocked') return seen?.absent ?? [];
  const gone = subtractPrefixes(result.ours, own?.selection.prefixes ?? []);
  return past.absences(gone).map(({ prefix, since, confirmations }) => ({ prefix, since, confirmations }));
}

function liveAfter({ applied, outcome, planned }: RunResult): readonly string[] {
  const isWritten = applied && (outcome === 'applied' || outcome === 'pending');
  if (isWritten) return livePrefixes(applied.after);
  return planned ? [...planned.result.ours, ...planned.result.plan.foreign] : [];
}
