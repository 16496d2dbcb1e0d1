import { overlapping, subtractPrefixes } from '../prefixes.ts';
import { findTag, tagsByName } from './regions.ts';
import type { ServiceTag, ServiceTagsDocument } from './serviceTags.ts';

/** What changed in one tag, by address: a range that was only split or merged is no change. */
export interface TagChange {
  readonly tag: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface SnapshotDiff {
  /** Tags that only the later document has, sorted. */
  readonly addedTags: readonly string[];
  /** Tags that only the earlier document has, sorted. */
  readonly removedTags: readonly string[];
  /** By tag name. A tag that was added or removed is here with all its prefixes. */
  readonly changes: readonly TagChange[];
}

/** Compares two documents tag by tag. Without `before` everything is new. */
export function diffTags(before: ServiceTagsDocument | undefined, after: ServiceTagsDocument): SnapshotDiff {
  const earlier = before ? tagsByName(before) : new Map<string, ServiceTag>();
  const later = tagsByName(after);
  const tags = [...new Map([...earlier, ...later]).entries()]
    .map(([key, { name }]) => ({ key, name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    addedTags: tags.filter(({ key }) => !earlier.has(key)).map(({ name }) => name),
    removedTags: tags.filter(({ key }) => !later.has(key)).map(({ name }) => name),
    changes: tags
      .map(({ key, name }) => ({
        tag: name,
        ...diffPrefixes(prefixesOf(earlier.get(key)), prefixesOf(later.get(key))),
      }))
      .filter(({ added, removed }) => added.length > 0 || removed.length > 0),
  };
}

/** Compares two lists of canonical prefixes by address. */
export function diffPrefixes(before: readonly string[], after: readonly string[]): Omit<TagChange, 'tag'> {
  // Nearly all of three thousand tags are the same as the week before: comparing their texts avoids parsing them.
  if (isSameList(before, after)) return { added: [], removed: [] };
  return { added: subtractNew(after, before), removed: subtractNew(before, after) };
}

function subtractNew(prefixes: readonly string[], others: readonly string[]): string[] {
  if (others.length === 0) return [...prefixes];
  const known = new Set(others);
  const candidates = prefixes.filter((prefix) => !known.has(prefix));
  return candidates.length === 0 ? [] : subtractPrefixes(candidates, others);
}

/**
 * The change as the lists write it: `0.0.0.0/0` is one prefix, although it is thousands of pieces without what was listed
 * before.
 */
export function asWritten(
  { tag, added, removed }: TagChange,
  before: ServiceTagsDocument,
  after: ServiceTagsDocument,
): TagChange {
  return { tag, added: wholes(added, findTag(after, tag)), removed: wholes(removed, findTag(before, tag)) };
}

function wholes(pieces: readonly string[], tag: ServiceTag | undefined): readonly string[] {
  const whole = overlapping(prefixesOf(tag), pieces);
  return whole.length < pieces.length ? whole : pieces;
}

/** True if both lists have the same texts in the same order. */
export function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((prefix, index) => prefix === b[index]);
}

function prefixesOf(tag: ServiceTag | undefined): readonly string[] {
  return tag?.addressPrefixes ?? [];
}
