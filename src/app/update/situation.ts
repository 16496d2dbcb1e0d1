/** The reads of a run: what is wanted, what was written, what is there. */
import type { Selection } from '../../core/serviceTags/selection.ts';
import type { CapacityHistory } from '../../core/plan/capacityUse.ts';
import { calculatePlan, type PlanResult } from '../../core/plan/calculatePlan.ts';
import type { PlanInput } from '../../core/plan/planInput.ts';
import type { Relisted } from '../../core/plan/removals.ts';
import type { Reason } from '../../core/reasons.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { targetConfigHash } from '../../core/targets/targetConfigHash.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { readRegions, readTargetSnapshots, regionsIn, toListing, type Listing, type ListReaders } from './listing.ts';
import type { ArmSession, Clock, CurrentState, TargetAdapter } from '../ports.ts';
import { relistedSince, type PublicationReaders } from './publications.ts';
import { pinNotes, selectionBlockers, selectionDistrust, selectionNotes } from './selectionReasons.ts';

export interface Situation {
  readonly target: Target;
  readonly state: TargetState;
  readonly configHash: string;
  /** The one that the target follows. */
  readonly snapshot: Snapshot | undefined;
  readonly current: CurrentState;
  readonly selection: Selection;
  /** Of the current list, also where the target is pinned to an earlier one. */
  readonly listing: Listing | undefined;
  readonly result: PlanResult;
}

export interface SituationReaders extends ListReaders, Pick<PublicationReaders, 'changes'> {
  readonly clock: Clock;
  /** Identifies this deployment in the rules it writes. */
  readonly ownerId: string;
}

export async function readSituation(
  readers: SituationReaders,
  arm: ArmSession,
  target: Target,
  state: TargetState,
): Promise<Situation> {
  const adapter = adapterOf(arm, target);
  const live = await adapter.read(target);
  const { followed, newest } = await readTargetSnapshots(readers, state.pin);
  const regions = await readRegions(arm, target, live.location);
  const listingOf = (snapshot: Snapshot) => toListing(snapshot, target, regions, state.knownRegions);
  const own = followed && listingOf(followed.snapshot);
  const current = newest && newest !== followed?.snapshot ? listingOf(newest) : own;
  const selection = own?.selection ?? nothing;
  const configHash = targetConfigHash(target);
  const input: PlanInput = {
    target,
    configHash,
    snapshot: followed?.snapshot.id ?? '',
    desired: selection.prefixes,
    nested: selection.nested,
    current: live,
    state,
    publication: followed?.publication ?? '',
    relisted: followed ? await readRelisted(readers, followed.snapshot, target, state) : [],
    blockers: [...ownerBlockers(readers.ownerId, state), ...selectionBlockers(target, own, state)],
    distrust: selectionDistrust(target, own, state, followed?.unreadable ?? []),
    now: readers.clock.now(),
  };
  const { result, maxPrefixes } = await planWithQuota(adapter, target, live, state.capacity, input);
  return {
    target,
    state: { ...state, knownRegions: rememberRegions(state, target, [own, current]) },
    configHash,
    snapshot: followed?.snapshot,
    current: { ...live, maxPrefixes },
    selection,
    listing: current,
    result: withNotes(result, [...selectionNotes(target, own, state), ...pinNotes(state.pin, result, own, current)]),
  };
}

/** The clocks of removals stood still while the target was blocked, failing, pinned or not configured. */
async function readRelisted(
  readers: PublicationReaders,
  snapshot: Snapshot,
  target: Target,
  { absent, pin, clocksMovedBy }: TargetState,
): Promise<Relisted> {
  return absent.length === 0 || pin ? [] : relistedSince(readers, snapshot, target, clocksMovedBy);
}

/** What is said beside the plan changes nothing of what it does, and so not its id. Nothing is said twice. */
function withNotes({ plan, ...result }: PlanResult, notes: readonly Reason[]): PlanResult {
  const reasons = new Map([...plan.reasons, ...notes].map((reason) => [reason.message, reason]));
  return { ...result, plan: { ...plan, reasons: [...reasons.values()] } };
}

/**
 * A registry's quota costs a call of its own: it is asked for only if there is something to write, and only once as long
 * as the registry is less than half full.
 */
async function planWithQuota(
  adapter: TargetAdapter,
  target: Target,
  live: CurrentState,
  known: CapacityHistory | undefined,
  input: PlanInput,
): Promise<PlanWithQuota> {
  const { maxPrefixes } = input.current;
  const result = calculatePlan(input);
  const { verdict, reasons } = result.plan;
  const isShort = verdict === 'blocked' || reasons.some(({ code }) => code === 'fit');
  const isQuiet = result.changes.length === 0 && result.plan.add.length === 0 && !isShort;
  if (isQuiet || maxPrefixes !== undefined || !adapter.readQuota) return { result, maxPrefixes };
  const count = result.changes.reduce((most, { prefixes }) => Math.max(most, prefixes.length), 0);
  const hasRoom = known && !known.isAssumed && 2 * (count + result.plan.foreign.length) <= known.limit;
  if (hasRoom && !isShort) return { result, maxPrefixes: known.limit };
  const { limit, note } = await adapter.readQuota(target, live);
  const planned = calculatePlan({ ...input, current: { ...input.current, maxPrefixes: limit } });
  return { result: note ? withNotes(planned, [note]) : planned, maxPrefixes: limit };
}

interface PlanWithQuota {
  readonly result: PlanResult;
  readonly maxPrefixes: number | undefined;
}

export function adapterOf(arm: ArmSession, target: Target): TargetAdapter {
  return target.kind === 'nsgRule' ? arm.nsgRules : arm.registryNetworkRules;
}

const nothing: Selection = {
  tags: [],
  prefixes: [],
  nested: [],
  otherFamilies: 0,
  missingTags: [],
  emptyTags: [],
  unknownRegions: [],
};

/** A registry's rules carry no mark: there the state alone tells whose they are. */
function ownerBlockers(ownerId: string, { target, ownerId: stateOwner }: TargetState): Reason[] {
  if (stateOwner === ownerId) return [];
  const message = `The state of ${target} is of another deployment of this app (${stateOwner}, this one is ${ownerId}): the storage was copied. Delete targets/state/${target}.json to start anew; what stands in the rules then counts as somebody else's.`;
  return [{ code: 'otherOwner', message }];
}

/** Also for `all`: the targets file may name regions one day. */
function rememberRegions(
  { knownRegions = [] }: TargetState,
  { serviceTag }: Target,
  listings: readonly (Listing | undefined)[],
): readonly string[] {
  const listed = listings.flatMap((listing) => (listing ? regionsIn(listing.snapshot, serviceTag) : []));
  return [...new Set([...knownRegions, ...listed])].sort();
}
