/** The reads of a run: what is wanted, what was written, what is there. */
import { selectPrefixes, type Selection } from '../core/selection.ts';
import { knownRegions } from '../core/regions.ts';
import { calculatePlan, type PlanInput, type PlanResult } from '../core/plan.ts';
import type { Reason } from '../core/reasons.ts';
import { listed } from '../core/safety.ts';
import type { Cloud, DocumentWarning } from '../core/serviceTags.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import { targetConfigHash } from '../core/targetConfigHash.ts';
import type { TargetState } from '../core/targetState.ts';
import type { ArmSession, Clock, CurrentState, SnapshotStore, TargetAdapter } from './ports.ts';

/** A snapshot as a run sees it, with the key of the publication that confirms it. */
export interface CurrentSnapshot {
  readonly snapshot: Snapshot;
  readonly publication: string;
  /** What of the list could not be read: as the newest publication of this content has it. */
  readonly unreadable: readonly DocumentWarning[];
}

export interface Situation {
  readonly target: Target;
  readonly state: TargetState;
  readonly configHash: string;
  readonly snapshot: Snapshot | undefined;
  readonly current: CurrentState;
  readonly selection: Selection;
  readonly result: PlanResult;
}

export interface SituationReaders {
  readonly clock: Clock;
  readonly cloud: Cloud;
  readonly snapshots: SnapshotStore;
  /** Identifies this deployment in the rules it writes. */
  readonly ownerId: string;
}

/** The snapshot that a target follows: the current one, or the one it is pinned to. */
export async function readTargetSnapshot(
  readers: SituationReaders,
  pin: TargetState['pin'],
): Promise<CurrentSnapshot | undefined> {
  const [answer, status] = await Promise.all([
    readers.snapshots.readPointer(readers.cloud),
    readers.snapshots.readPullStatus(readers.cloud),
  ]);
  if (answer === undefined || answer === 'notModified') return undefined;
  const id = pin?.snapshot ?? answer.pointer.snapshot;
  const snapshot = await readers.snapshots.get(readers.cloud, id);
  if (!snapshot) return undefined;
  const newest = pin ? undefined : status?.publication;
  const unreadable = newest?.unreadable ?? snapshot.warnings.filter((warning) => warning.kind === 'unreadable');
  return { snapshot, publication: status?.publication?.key ?? id, unreadable };
}

export async function readSituation(
  readers: SituationReaders,
  arm: ArmSession,
  target: Target,
  state: TargetState,
): Promise<Situation> {
  const adapter = adapterOf(arm, target);
  const current = await adapter.read(target);
  const now = await readTargetSnapshot(readers, state.pin);
  const regions = await resolveRegions(arm, target);
  const selection = select(now?.snapshot, target, regions, state.knownRegions ?? []);
  const configHash = targetConfigHash(target);
  const input: PlanInput = {
    target,
    configHash,
    snapshot: now?.snapshot.id ?? '',
    desired: selection.prefixes,
    nested: selection.nested,
    current,
    state,
    publication: now?.publication ?? '',
    blockers: [...ownerBlockers(readers.ownerId, state), ...selectionBlockers(now?.snapshot, target, selection, state)],
    distrust: selectionDistrust(now, selection),
    now: readers.clock.now(),
  };
  const { result, maxPrefixes } = await planWithQuota(adapter, target, input);
  return {
    target,
    state: { ...state, knownRegions: rememberRegions(state, now?.snapshot, target) },
    configHash,
    snapshot: now?.snapshot,
    current: { ...current, maxPrefixes },
    selection,
    result,
  };
}

/** A registry's quota costs a call of its own, so it is asked for only where there is something to write. */
async function planWithQuota(adapter: TargetAdapter, target: Target, input: PlanInput): Promise<PlanWithQuota> {
  const { maxPrefixes } = input.current;
  const result = calculatePlan(input);
  const { verdict, reasons } = result.plan;
  const isShort = verdict === 'blocked' || reasons.some(({ code }) => code === 'fit');
  const isQuiet = result.changes.length === 0 && result.plan.add.length === 0 && !isShort;
  if (isQuiet || maxPrefixes !== undefined || !adapter.readQuota) return { result, maxPrefixes };
  const quota = await adapter.readQuota(target);
  if (quota === undefined) return { result, maxPrefixes };
  return { result: calculatePlan({ ...input, current: { ...input.current, maxPrefixes: quota } }), maxPrefixes: quota };
}

interface PlanWithQuota {
  readonly result: PlanResult;
  readonly maxPrefixes: number | undefined;
}

export function adapterOf(arm: ArmSession, target: Target): TargetAdapter {
  return target.kind === 'nsgRule' ? arm.nsgRules : arm.registryNetworkRules;
}

async function resolveRegions(arm: ArmSession, target: Target): Promise<'all' | readonly string[]> {
  if (target.regions === 'all') return 'all';
  return 'ofRegistry' in target.regions ? arm.readRegistryRegions(target.regions.ofRegistry) : target.regions;
}

const nothing: Selection = { tags: [], prefixes: [], nested: [], missingTags: [], emptyTags: [], unknownRegions: [] };

function select(
  snapshot: Snapshot | undefined,
  target: Target,
  regions: 'all' | readonly string[],
  everKnownRegions: readonly string[],
): Selection {
  if (!snapshot) return nothing;
  const { serviceTag, addressFamilies: families } = target;
  return selectPrefixes(snapshot.document, { serviceTag, regions, families, everKnownRegions });
}

/** A registry's rules carry no mark: there the state alone tells whose they are. */
function ownerBlockers(ownerId: string, { target, ownerId: stateOwner }: TargetState): Reason[] {
  if (stateOwner === ownerId) return [];
  const message = `The state of ${target} is of another deployment of this app (${stateOwner}, this one is ${ownerId}): the storage was copied. Delete targets/state/${target}.json to start anew; what stands in the rules then counts as somebody else's.`;
  return [{ code: 'otherOwner', message }];
}

function selectionBlockers(
  snapshot: Snapshot | undefined,
  target: Target,
  selection: Selection,
  state: TargetState,
): Reason[] {
  if (!snapshot) {
    return [
      {
        code: 'noSnapshot',
        message: 'No service tags have been pulled yet: run pullServiceTags and look at its sources.',
      },
    ];
  }
  const isLive = target.regions !== 'all' && 'ofRegistry' in target.regions;
  const unknown = isLive ? [] : selection.unknownRegions.map((entry) => unknownRegion(target, entry));
  if (selection.prefixes.length > 0 || state.owned.length > 0 || unknown.length > 0) return unknown;
  const what = [...selection.missingTags, ...selection.emptyTags].join(', ') || target.serviceTag;
  return [
    {
      code: selection.missingTags.length > 0 ? 'missingTag' : 'emptySelection',
      message: `${what} has no ${target.addressFamilies.join(' or ')} prefixes in ${snapshot.id}: check serviceTag, regions and addressFamilies.`,
    },
  ];
}

function unknownRegion(target: Target, entry: Selection['unknownRegions'][number]): Reason {
  const nearest = entry.nearest.length > 0 ? `, nearest: ${entry.nearest.join(', ')}` : '';
  return {
    code: 'unknownRegion',
    message: `regions: "${entry.region}" is not a region of ${target.serviceTag}${nearest}. Accepted are ARM locations such as westeurope, or "all".`,
  };
}

/** Why this snapshot's removals for this selection are not believed. */
function selectionDistrust(now: CurrentSnapshot | undefined, selection: Selection): Reason[] {
  if (!now) return [];
  const { snapshot } = now;
  const tags = new Set([...selection.tags, ...selection.missingTags].map((tag) => tag.toLowerCase()));
  const quarantined = snapshot.quarantine.filter((entry) => tags.has(entry.tag.toLowerCase()));
  const unreadable = now.unreadable.filter((warning) => tags.has(warning.tag.toLowerCase()));
  const absent = [...selection.missingTags, ...selection.emptyTags].filter(
    (tag) => !quarantined.some((entry) => entry.tag.toLowerCase() === tag.toLowerCase()),
  );
  return [
    ...quarantined.map((entry): Reason => ({
      code: 'quarantined',
      message: `${entry.reason} Nothing is removed on its word.`,
    })),
    ...unreadable.map((warning): Reason => ({
      code: 'unreadablePrefix',
      message: `${warning.tag} holds "${warning.prefix}", which is no prefix: nothing is removed until the list is whole.`,
    })),
    ...(absent.length > 0
      ? [{ code: 'missingTag', message: `${listed(absent)} is missing or empty: nothing is removed.` } satisfies Reason]
      : []),
  ];
}

function rememberRegions(state: TargetState, snapshot: Snapshot | undefined, target: Target): readonly string[] {
  const now = snapshot && target.regions !== 'all' ? knownRegions(snapshot.document, target.serviceTag) : [];
  return [...new Set([...(state.knownRegions ?? []), ...now])].sort();
}
