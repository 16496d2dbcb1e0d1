/** What stands beside a prefix wherever one is shown: its tag, its region, since when it is listed, its deadline. */
import { deadlineOf } from '../../core/goLive.ts';
import type { DescribePrefix } from '../../core/overview/overview.ts';
import { buildLookupIndex } from '../../core/serviceTags/lookupIndex.ts';
import { regionNameOf } from '../../core/serviceTags/regions.ts';
import { defaultServiceTag, type ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Release } from '../../core/history/historyDocument.ts';

export function describePrefixes(
  document: ServiceTagsDocument | undefined,
  releases: readonly Release[],
): DescribePrefix {
  const values = document?.values.filter(({ name }) => isWatched(name)) ?? [];
  const index = buildLookupIndex({ cloud: 'Public', changeNumber: 0, values });
  return (prefix) => {
    const matches = index.find(prefix) ?? [];
    const best = matches.find(({ tag }) => tag.includes('.')) ?? matches[0];
    const firstListed = firstDay(releases, best?.prefix ?? prefix);
    return {
      tag: best?.tag ?? null,
      region: best ? regionNameOf(best.tag) : null,
      firstListed,
      deadline: firstListed === null ? null : deadlineOf(firstListed).toISOString(),
    };
  };
}

function isWatched(name: string): boolean {
  return name === defaultServiceTag || name.startsWith(`${defaultServiceTag}.`);
}

/** Of the newest release that added it. */
function firstDay(releases: readonly Release[], prefix: string): string | null {
  const release = releases.findLast(({ tags }) =>
    Object.values(tags).some((difference) => difference?.add.includes(prefix)),
  );
  return release?.date ?? null;
}
