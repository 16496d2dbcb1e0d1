/** Targets that follow a tag which Azure has probably given up. */
import { concerns } from '../../core/serviceTags/watchedTags.ts';
import { goneTags, type FollowedGoneTag } from '../../core/history/quarantine.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { registryOf, selectFor } from '../update/listing.ts';
import type { HistorySource } from '../update/past.ts';

export interface Follower {
  readonly target: Target;
  /** With `ofRegistry`: the regions that the last run read. Until they are known, the target follows no tag. */
  readonly registryRegions?: readonly string[] | undefined;
}

/** Makes no call to Azure. */
export async function followedGoneTags(
  snapshot: Snapshot,
  followers: readonly Follower[],
  histories: HistorySource,
): Promise<readonly FollowedGoneTag[]> {
  const found = new Map<string, FollowedGoneTag>();
  for (const { target, registryRegions = [] } of followers) {
    const isOfRegistry = registryOf(target) !== undefined;
    const regions = target.regions === 'all' || !('ofRegistry' in target.regions) ? target.regions : registryRegions;
    const history = await histories.readFor(target.serviceTag);
    if (!goneTags(history).some(({ tag }) => concerns({ ...target, regions }, tag))) continue;
    for (const gone of selectFor(snapshot, target, regions, history).gone) {
      const others = found.get(gone.tag);
      found.set(gone.tag, {
        ...gone,
        targets: [...(others?.targets ?? []), target.name],
        isOfRegistry: isOfRegistry || others?.isOfRegistry === true,
      });
    }
  }
  return [...found.values()];
}
