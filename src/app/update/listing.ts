/** Which list a target follows, and what it selects from it. */
import type { History } from '../../core/history/history.ts';
import { goneTag, openQuarantine, toTagQuarantine, type GoneTag } from '../../core/history/quarantine.ts';
import { knownRegions } from '../../core/serviceTags/regions.ts';
import { selectPrefixes, type Selection } from '../../core/serviceTags/selection.ts';
import type { Cloud, DocumentWarning } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import type { OperatorState } from '../../core/targets/targetState.ts';
import type { CurrentList } from '../history/currentList.ts';
import type { ArmSession, SnapshotStore } from '../ports.ts';

export interface ListReaders {
  readonly cloud: Cloud;
  readonly snapshots: SnapshotStore;
  readonly lists: { readCurrent(): Promise<CurrentList> };
}

export interface TargetSnapshots {
  /** The snapshot that the target follows: the current one, or the one that it is pinned to. */
  readonly followed?: Snapshot;
  readonly newest?: Snapshot;
  /** Entries of the followed list that could not be read, according to the newest release with this content. */
  readonly unreadable: readonly DocumentWarning[];
}

/** What a target selects from one snapshot. */
export interface TargetSelection {
  readonly snapshot: Snapshot;
  readonly selection: Selection;
  /** The selected tags that are in quarantine by the target's own limits. */
  readonly quarantined: readonly QuarantinedTag[];
  /** The selected tags that Azure has probably given up. */
  readonly gone: readonly GoneTag[];
  /** With `ofRegistry`: the regions that Azure named. */
  readonly regions: 'all' | readonly string[];
}

export type QuarantinedTag = Pick<TagQuarantine, 'tag' | 'reason' | 'since'>;

export async function readTargetSnapshots(
  { snapshots, cloud }: ListReaders,
  { snapshot: newestId, status }: CurrentList,
  pin: OperatorState['pin'],
): Promise<TargetSnapshots> {
  const newest = newestId === undefined ? undefined : await snapshots.get(cloud, newestId);
  if (!newest) return { unreadable: [] };
  const followed = pin ? await snapshots.get(cloud, pin.snapshot) : newest;
  if (!followed) return { newest, unreadable: [] };
  const unreadable =
    (pin ? undefined : status?.publication?.unreadable) ??
    followed.warnings.filter((warning) => warning.kind === 'unreadable');
  return { newest, followed, unreadable };
}

/** The registry that a target's regions are read from; undefined if the targets file names the regions. */
export function registryOf({ regions }: Target): string | undefined {
  return regions !== 'all' && 'ofRegistry' in regions ? regions.ofRegistry : undefined;
}

/** `location`: of the target's resource. It saves a call if the registry is the target itself. */
export async function readRegions(
  arm: ArmSession,
  target: Target,
  location: string,
): Promise<TargetSelection['regions']> {
  const { regions, resourceId } = target;
  if (regions === 'all' || !('ofRegistry' in regions)) return regions;
  const isItsOwn = regions.ofRegistry.toLowerCase() === resourceId.toLowerCase();
  return arm.readRegistryRegions(regions.ofRegistry, isItsOwn ? location : undefined);
}

/** `history`: for the regions that the tag ever had, and for quarantines. */
export function selectFor(
  snapshot: Snapshot,
  target: Target,
  regions: TargetSelection['regions'],
  history?: History,
): TargetSelection {
  const { serviceTag, addressFamilies: families } = target;
  // A region that Azure named is no typing error.
  const named = registryOf(target) === undefined || regions === 'all' ? [] : regions;
  const ever = history ? regionsEver(history, serviceTag) : [];
  const everKnownRegions = [...ever, ...regionsIn(snapshot, serviceTag), ...named];
  const selection = selectPrefixes(snapshot.document, { serviceTag, regions, families, everKnownRegions });
  const past = history?.until(snapshot.id);
  const quarantined = history ? quarantinedIn(snapshot, selection, target, past) : [];
  const gone = [...selection.missingTags, ...selection.emptyTags].flatMap(
    (tag) => (past && goneTag(past, tag, target.limits)) ?? [],
  );
  return { snapshot, regions, selection, quarantined, gone };
}

function quarantinedIn(
  snapshot: Snapshot,
  { tags, missingTags, emptyTags }: Selection,
  { limits }: Target,
  past: History | undefined,
): readonly QuarantinedTag[] {
  const names = new Set([...tags, ...missingTags, ...emptyTags].map((tag) => tag.toLowerCase()));
  // The history lacks the snapshot, for example because the pull that stored it did not finish.
  if (!past) return snapshot.quarantine.filter(({ tag }) => names.has(tag.toLowerCase()));
  return [...names].flatMap((name) => openQuarantine(past, name, limits) ?? []).map(toTagQuarantine);
}

/** All regions of the tag, listed now or not: the name of a region that vanished is no typing error. */
function regionsEver({ tags }: History, serviceTag: string): string[] {
  return suffixesOf(
    tags.map(({ name }) => name),
    serviceTag,
  );
}

/** The regions of a tag that are listed, or in quarantine because they vanished. */
function regionsIn({ document, quarantine }: Snapshot, serviceTag: string): string[] {
  const quarantined = quarantine.map(({ tag }) => tag);
  return [...knownRegions(document, serviceTag), ...suffixesOf(quarantined, serviceTag)];
}

/** The suffixes, in lower case, of the tags that are regional tags of `serviceTag`. */
function suffixesOf(tags: readonly string[], serviceTag: string): string[] {
  const start = `${serviceTag.toLowerCase()}.`;
  const names = tags.map((tag) => tag.toLowerCase()).filter((name) => name.startsWith(start));
  return names.map((name) => name.slice(start.length));
}

/** Makes no call to Azure: uses the regions that the registry had last, or all regions if they are not known. */
export function selectWithLastRegions(
  snapshot: Snapshot,
  target: Target,
  lastRegions: readonly string[] | undefined,
): TargetSelection {
  const { regions, serviceTag } = target;
  if (regions === 'all' || !('ofRegistry' in regions)) return selectFor(snapshot, target, regions);
  return selectFor(snapshot, target, lastRegions ?? knownRegions(snapshot.document, serviceTag));
}
