import { Feed } from 'feed';
import type { TagTimelineEntry } from '../../core/serviceTags/tagTimeline.ts';

export interface AtomSource {
  /** URL of the feed. */
  readonly self: string;
  readonly cloud: string;
  readonly tags: readonly string[];
  /** Newest first. */
  readonly entries: readonly TagTimelineEntry[];
  /** ISO time, for a feed without entries. */
  readonly since: string;
}

/** Renders changes as Atom (RFC 4287). Ids do not depend on the URL from which the feed is read. */
export function renderAtom({ self, cloud, tags, entries, since }: AtomSource): string {
  const feed = new Feed({
    id: `urn:acr-address-keeper:history:${cloud}:${tags.join('+')}`,
    title: `Changes of ${tags.join(', ')} (${cloud})`,
    link: new URL(`history?${new URLSearchParams({ tag: tags.join(',') }).toString()}`, self).href,
    updated: new Date(entries[0]?.pulledAt ?? since),
    generator: 'acr-address-keeper',
    feedLinks: { atom: self },
    author: { name: 'acr-address-keeper' },
    copyright: '',
  });
  for (const entry of entries) {
    const query = new URLSearchParams({ tag: entry.tag, from: entry.previous, to: entry.snapshot, format: 'markdown' });
    feed.addItem({
      id: `urn:acr-address-keeper:change:${entry.snapshot}:${entry.tag}`,
      title: titleOf(entry),
      link: new URL(`changes?${query.toString()}`, self).href,
      date: new Date(entry.pulledAt),
      published: new Date(entry.pulledAt),
      content: contentOf(entry),
    });
  }
  return feed.atom1();
}

function titleOf({ tag, kind, added, removed, date }: TagTimelineEntry): string {
  const what = kind === 'changed' ? '' : ` (tag ${kind})`;
  return `${tag}, list of ${date}: ${added.length} added, ${removed.length} removed${what}`;
}

function contentOf({ added, removed }: TagTimelineEntry): string {
  return [toList('Added', added), toList('Removed', removed)].join('');
}

function toList(title: string, prefixes: readonly string[]): string {
  if (prefixes.length === 0) return '';
  return `<p>${title}</p><ul>${prefixes.map((prefix) => `<li>${prefix}</li>`).join('')}</ul>`;
}
