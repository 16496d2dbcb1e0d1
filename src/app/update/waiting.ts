/** What a target lacks of the current list after a run, and since when each of it has been listed. */
import { toErrorMessage } from '../../core/errors.ts';
import { intersectPrefixes, overlapping, subtractPrefixes } from '../../core/prefixes.ts';
import type { Target } from '../../core/targets/target.ts';
import { livePrefixes } from '../../core/plan/currentRule.ts';
import { ownedPrefixes } from '../../core/targets/targetFacts.ts';
import type { Coverage, TargetState, WaitingPrefix } from '../../core/targets/targetState.ts';
import { readNewestSnapshot, registryOf, toLastListing, type Listing, type ListReaders } from './listing.ts';
import type { Logger } from '../ports.ts';
import { datePrefixes, type PublicationReaders } from './publications.ts';
import type { RunResult } from './runResult.ts';

export type Waiting = Pick<TargetState, 'waiting' | 'coverage'>;

export interface WaitingServices extends ListReaders, Pick<PublicationReaders, 'changes'> {
  readonly logger: Logger;
}

/** A run that ended before it saw the rules tells too: against what is known to be let in. */
export async function measureWaiting(
  services: WaitingServices,
  target: Target,
  state: TargetState,
  result: RunResult,
): Promise<Waiting> {
  try {
    const { situation } = result;
    const listing = situation ? situation.listing : await readLastListing(services, target, state);
    if (!listing) return {};
    const coverage = coverageOf(listing, state, result);
    const live = situation ? liveAfter(result) : [...ownedPrefixes(state), ...coverage.byOthers];
    const missing = subtractPrefixes(listing.selection.prefixes, live);
    return { waiting: await dateMissing(services, state, listing, missing), coverage };
  } catch (error) {
    // What came of the run must be recorded all the same; the next one measures again.
    const details = { targetId: target.name, error: toErrorMessage(error) };
    services.logger.warn('what a target waits for cannot be told', details);
    return {};
  }
}

async function readLastListing(services: WaitingServices, target: Target, state: TargetState) {
  const newest = await readNewestSnapshot(services);
  return newest && toLastListing(newest, target, state);
}

function coverageOf({ snapshot, regions, selection }: Listing, state: TargetState, { situation }: RunResult): Coverage {
  if (!situation) return { byOthers: [], ...state.coverage, snapshot: snapshot.id };
  const byOthers = intersectPrefixes(selection.prefixes, situation.result.plan.foreign);
  const isLive = registryOf(situation.target) !== undefined && regions !== 'all';
  return { snapshot: snapshot.id, byOthers, ...(isLive ? { registryRegions: regions } : {}) };
}

function liveAfter({ applied, outcome, situation }: RunResult): readonly string[] {
  const isWritten = applied && (outcome === 'applied' || outcome === 'pending');
  if (isWritten) return livePrefixes(applied.after);
  return situation ? [...situation.result.ours, ...situation.result.plan.foreign] : [];
}

/** What waited before keeps its day. */
async function dateMissing(
  services: WaitingServices,
  { waiting = [] }: TargetState,
  { snapshot, selection }: Listing,
  missing: readonly string[],
): Promise<readonly WaitingPrefix[]> {
  const before = waiting.map(({ prefix }) => prefix);
  const arrived = new Set(overlapping(before, subtractPrefixes(before, missing)));
  const known = waiting.filter(({ prefix }) => !arrived.has(prefix));
  const fresh = subtractPrefixes(
    missing,
    known.map(({ prefix }) => prefix),
  );
  return [...known, ...(await datePrefixes(services, snapshot, selection.tags, fresh))];
}
