/** One release as a row, and which targets need it. */
import type { ReleaseRow } from '../overview/overview.ts';
import { overlapping, prefixesOf } from '../prefixes.ts';
import { regionInWords } from '../serviceTags/regions.ts';
import { concerns } from '../serviceTags/watchedTags.ts';
import type { Target } from '../targets/target.ts';
import type { MissingPrefix } from '../targets/targetState.ts';
import type { Release } from '../history/historyDocument.ts';

/** A target and what it lacks of the current list. */
export interface TargetNeed {
  readonly target: Target;
  readonly missing: readonly MissingPrefix[];
}

export function releaseRow(release: Release, tag: string, needs: readonly TargetNeed[] | undefined): ReleaseRow {
  const difference = release.tags[tag];
  const regions = Object.keys(release.tags).filter((name) => name.startsWith(`${tag}.`));
  const concerned = needs?.filter(({ target }) => additionsFor(target, release).length > 0);
  return {
    date: release.date,
    snapshot: release.snapshot,
    isRejected: release.rejected ?? false,
    added: difference?.add.length ?? 0,
    removed: difference?.remove.length ?? 0,
    regions: regions.map((name) => regionInWords(name.slice(tag.length + 1))),
    needed: concerned?.length ?? null,
    lacking: concerned?.filter((need) => lacks(need, release)).length ?? null,
  };
}

/** The prefixes that a release added for a target; none if the target is only a preview. */
export function additionsFor(target: Target, { tags }: Release): readonly string[] {
  if (target.policy === 'plan') return [];
  return Object.entries(tags)
    .filter(([name]) => concerns(target, name))
    .flatMap(([, difference]) => difference?.add ?? []);
}

export function lacks({ target, missing }: TargetNeed, release: Release): boolean {
  return overlapping(prefixesOf(missing), additionsFor(target, release)).length > 0;
}
