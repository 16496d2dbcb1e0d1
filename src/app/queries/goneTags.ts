/** Targets that follow a tag which Azure has probably given up. */
import { concerns } from '../../core/serviceTags/watchedTags.ts';
import { goneTags, type GoneTag } from '../../core/history/quarantine.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { selectFor } from '../update/listing.ts';
import type { HistorySource } from '../update/past.ts';

export interface FollowedGoneTag extends GoneTag {
  readonly targets: readonly string[];
}

/** Without targets whose regions are those of a registry: nobody chose these regions. */
export async function followedGoneTags(
  snapshot: Snapshot,
  targets: readonly Target[],
  histories: HistorySource,
): Promise<readonly FollowedGoneTag[]> {
  const found = new Map<string, FollowedGoneTag>();
  for (const target of targets) {
    const { regions } = target;
    if (regions !== 'all' && 'ofRegistry' in regions) continue;
    const history = await histories.readFor(target.serviceTag);
    if (!goneTags(history).some(({ tag }) => concerns(target, tag))) continue;
    for (const gone of selectFor(snapshot, target, regions, history).gone) {
      const { targets: others = [] } = found.get(gone.tag) ?? {};
      found.set(gone.tag, { ...gone, targets: [...others, target.name] });
    }
  }
  return [...found.values()];
}
