/** How large a tag was after each release that changed it. */
import { countAddresses, ofFamily } from '../prefixes.ts';
import type { Release } from '../history/historyDocument.ts';

export interface TagSize {
  readonly date: string;
  /** Number of prefixes. */
  readonly ipv4: number;
  readonly ipv6: number;
  /** Number of different addresses. */
  readonly ipv4Addresses: number;
  readonly ipv6Addresses: number;
  readonly added: number;
  readonly removed: number;
}

/** One entry per release that changed the tag, oldest first. */
export function sizesOf(releases: readonly Release[], tag: string): readonly TagSize[] {
  const listed = new Set<string>();
  const sizes: TagSize[] = [];
  for (const release of releases) {
    const difference = release.tags[tag];
    if (difference === undefined || release.rejected) continue;
    const removed = difference === null ? [...listed] : difference.remove;
    const added = difference?.add ?? [];
    removed.forEach((prefix) => listed.delete(prefix));
    added.forEach((prefix) => listed.add(prefix));
    sizes.push({ date: release.date, ...measure(listed), added: added.length, removed: removed.length });
  }
  return sizes;
}

function measure(prefixes: ReadonlySet<string>): Omit<TagSize, 'date' | 'added' | 'removed'> {
  const ipv4 = ofFamily(prefixes, 'ipv4').length;
  return {
    ipv4,
    ipv6: prefixes.size - ipv4,
    ipv4Addresses: Number(countAddresses(prefixes, 'ipv4')),
    ipv6Addresses: Number(countAddresses(prefixes, 'ipv6')),
  };
}
