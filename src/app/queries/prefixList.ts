/** Selects prefixes and turns them into rows that every format can show. */
import {
  comparePrefixes,
  familyOf,
  mergePrefixes,
  parsePrefix,
  sortPrefixes,
  type AddressFamily,
} from '../../core/prefixes.ts';
import { diffPrefixes } from '../../core/serviceTags/serviceTagDiff.ts';
import { findTag, matchRegion, regionalNames, regionOfTag } from '../../core/serviceTags/regions.ts';
import { shardOf } from '../../core/serviceTags/sharding.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { PrefixRow } from '../formats/prefixRow.ts';
import { resolveTags } from './tagQuery.ts';

export interface PrefixSelection {
  readonly tags: readonly string[];
  /** ARM locations such as `westeurope`; empty: the tags themselves. */
  readonly regions: readonly string[];
  readonly family: AddressFamily | 'all';
  /** True: the fewest prefixes with the same addresses instead of the listed prefixes. */
  readonly aggregate: boolean;
  /** Counted from 1. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

export interface PrefixList {
  /** Names of the tags that the prefixes come from. */
  readonly tags: readonly string[];
  readonly prefixes: readonly string[];
  /** True if the prefixes have the same addresses as those that the tags list, but are not the same prefixes. */
  readonly isMerged: boolean;
}

/** Throws RequestError for an unknown tag or region. */
export function listPrefixes(document: ServiceTagsDocument, selection: PrefixSelection): PrefixList {
  const tags = resolveTags(document, selection.tags, selection.regions);
  return { tags: tags.map((tag) => tag.name), prefixes: prefixesOf(tags, selection), isMerged: selection.aggregate };
}

function prefixesOf(tags: readonly ServiceTag[], { family, aggregate, shard }: PrefixSelection): readonly string[] {
  const all = tags.flatMap((tag) => tag.addressPrefixes);
  const wanted = family === 'all' ? all : all.filter((prefix) => familyOf(prefix) === family);
  const prefixes = aggregate ? mergePrefixes(wanted) : tags.length === 1 ? wanted : sortPrefixes(wanted);
  return shard ? shardOf(prefixes, shard.index, shard.count) : prefixes;
}

/** What a selection gained and lost between two documents, by address: a range that was split is no change. */
export function diffSelection(
  before: ServiceTagsDocument,
  after: ServiceTagsDocument,
  selection: PrefixSelection,
): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  return diffPrefixes(listOrEmpty(before, selection), listPrefixes(after, selection).prefixes);
}

/** Ignores tags and regions that the earlier document did not have yet: all their prefixes are new. */
function listOrEmpty(document: ServiceTagsDocument, selection: PrefixSelection): readonly string[] {
  const { tags: names, regions } = selection;
  const found =
    regions.length === 0
      ? names.map((name) => findTag(document, name))
      : names.flatMap((name) => regions.map((region) => matchRegion(document, name, region)));
  return prefixesOf([...new Set(found.filter((tag) => tag !== undefined))], selection);
}

/** Names that the regional tags of a selection may have. */
export function possibleRegionalNames(document: ServiceTagsDocument, { tags, regions }: PrefixSelection): string[] {
  return tags.flatMap((tag) => regions.flatMap((region) => regionalNames(document, tag, region)));
}

/** The rows of a list, each with the tags and regions that list its prefix. */
export function toRows(
  document: ServiceTagsDocument,
  list: PrefixList,
  firstSeen: ReadonlyMap<string, string> | undefined,
): readonly PrefixRow[] {
  const tagsByPrefix = groupByPrefix(resolveTags(document, list.tags, []), list);
  return list.prefixes.map((prefix) => {
    const tags = tagsByPrefix.get(prefix) ?? [];
    return {
      prefix,
      family: familyOf(prefix),
      tags: tags.map((tag) => tag.name),
      regions: [...new Set(tags.map(regionOfTag).filter((region) => region !== undefined))],
      firstSeen: firstSeen?.get(prefix),
    };
  });
}

/** The tags that list each prefix; for a merged prefix, those that list a part of it. */
function groupByPrefix(
  tags: readonly ServiceTag[],
  { prefixes, isMerged }: PrefixList,
): ReadonlyMap<string, readonly ServiceTag[]> {
  const [only] = tags;
  if (only && tags.length === 1) return new Map(prefixes.map((prefix) => [prefix, [only]]));
  const tagsByPrefix = new Map<string, ServiceTag[]>(prefixes.map((prefix) => [prefix, []]));
  const merged = isMerged ? prefixes.map(parsePrefix) : [];
  for (const tag of tags) {
    const listed = isMerged ? mergedPrefixesOf(merged, tag) : tag.addressPrefixes;
    for (const prefix of listed) tagsByPrefix.get(prefix)?.push(tag);
  }
  return tagsByPrefix;
}

/** Walks along both lists once: both are sorted, and `merged` has no overlaps. */
function mergedPrefixesOf(merged: readonly ReturnType<typeof parsePrefix>[], tag: ServiceTag): ReadonlySet<string> {
  const found = new Set<string>();
  let at = 0;
  for (const listed of tag.addressPrefixes.map(parsePrefix)) {
    for (let next = merged[at]; next && endsBefore(next, listed); next = merged[at]) at += 1;
    const candidate = merged[at];
    if (candidate?.family === listed.family && candidate.start <= listed.start && listed.end <= candidate.end) {
      found.add(candidate.text);
    }
  }
  return found;
}

function endsBefore(a: ReturnType<typeof parsePrefix>, b: ReturnType<typeof parsePrefix>): boolean {
  return a.family === b.family ? a.end < b.start : comparePrefixes(a, b) < 0;
}
