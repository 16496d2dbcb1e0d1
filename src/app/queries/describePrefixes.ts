/** What people see beside a prefix: its tag, its region, since when it has been listed, its deadline. */
import { deadlineOf } from '../../core/goLive.ts';
import { isRegistryTag } from '../../core/history/limits.ts';
import type { DescribePrefix } from '../../core/overview/overview.ts';
import { buildLookupIndex } from '../../core/serviceTags/lookupIndex.ts';
import { regionNameOf } from '../../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Release } from '../../core/history/historyDocument.ts';

export function describePrefixes(
  document: ServiceTagsDocument | undefined,
  releases: readonly Release[],
): DescribePrefix {
  const values = document?.values.filter(({ name }) => isRegistryTag(name)) ?? [];
  const index = buildLookupIndex({ cloud: 'Public', changeNumber: 0, values });
  return (prefix) => {
    const matches = index.find(prefix) ?? [];
    const match = matches.find(({ tag }) => tag.includes('.')) ?? matches[0];
    const firstListed = firstDay(releases, match?.prefix ?? prefix);
    return {
      tag: match?.tag ?? null,
      region: match ? regionNameOf(match.tag) : null,
      firstListed,
      deadline: firstListed === null ? null : deadlineOf(firstListed).toISOString(),
    };
  };
}

/** The day of the newest release that added the prefix; null if none did. */
function firstDay(releases: readonly Release[], prefix: string): string | null {
  const release = releases.findLast(({ tags }) =>
    Object.values(tags).some((difference) => difference?.add.includes(prefix)),
  );
  return release?.date ?? null;
}
