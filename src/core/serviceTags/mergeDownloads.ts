/**
 * A quorum of sources: an address is listed if any source lists it, and removed only if no source does.
 *
 * Lists are compared by address, so a range that one source splits and another does not is no disagreement.
 */
import { dropContained, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { tagsByName } from './regions.ts';
import { isSameList } from './serviceTagDiff.ts';
import type { DocumentWarning, ServiceTag, ServiceTagsDocument, ServiceTagsDownload } from './serviceTags.ts';
import type { SourceDisagreement } from './snapshot.ts';

export interface MergedDownloads {
  readonly document: ServiceTagsDocument;
  /** Of all sources, each once. */
  readonly warnings: readonly DocumentWarning[];
  /** The source whose document is the base. */
  readonly leader: string;
  readonly date: string | undefined;
  /** What the others have and the leader lacks. */
  readonly disagreements: readonly SourceDisagreement[];
  /** What the leader has and none of the others. */
  readonly onlyLeader: readonly SourceDisagreement[];
}

/** `downloads` in the order of configuration, at least one. */
export function mergeDownloads(downloads: readonly ServiceTagsDownload[]): MergedDownloads {
  const [leader, ...others] = rank(downloads);
  if (!leader) throw new RangeError('mergeDownloads needs at least one download');
  const base = tagsByName(leader.document);
  const disagreements = others.flatMap((other) => disagreementsOf(other, base));
  return {
    document: disagreements.length === 0 ? leader.document : addMissing(leader.document, base, others),
    warnings: distinctWarnings(downloads),
    leader: leader.source,
    date: leader.date,
    disagreements,
    onlyLeader: others.length === 0 ? [] : onlyIn(leader, others),
  };
}

function onlyIn(leader: ServiceTagsDownload, others: readonly ServiceTagsDownload[]): SourceDisagreement[] {
  const indexes = others.map(({ document }) => tagsByName(document));
  return leader.document.values.flatMap((tag) => {
    const known = indexes.flatMap((index) => index.get(tag.name.toLowerCase()) ?? []);
    if (known.some(({ addressPrefixes }) => isSameList(addressPrefixes, tag.addressPrefixes))) return [];
    const prefixes = subtractPrefixes(
      tag.addressPrefixes,
      known.flatMap(({ addressPrefixes }) => addressPrefixes),
    );
    return prefixes.length === 0 ? [] : [{ tag: tag.name, source: leader.source, prefixes, isNewest: true }];
  });
}

/**
 * Newest date first; a source without a date comes after all that have one, because the weekly file is where changes
 * show first and the API may be weeks late. Equal dates keep the order of configuration.
 */
function rank(downloads: readonly ServiceTagsDownload[]): ServiceTagsDownload[] {
  return downloads.toSorted((a, b) => {
    const [left, right] = [a.date ?? '', b.date ?? ''];
    return left === right ? 0 : left > right ? -1 : 1;
  });
}

function disagreementsOf(other: ServiceTagsDownload, base: ReadonlyMap<string, ServiceTag>): SourceDisagreement[] {
  return other.document.values.flatMap((tag) => {
    const known = base.get(tag.name.toLowerCase());
    const prefixes = missingFrom(known, tag);
    return prefixes.length === 0 ? [] : [{ tag: known?.name ?? tag.name, source: other.source, prefixes }];
  });
}

/** The parts of a tag's prefixes that the base lacks; all of them if the base has no such tag. */
function missingFrom(base: ServiceTag | undefined, tag: ServiceTag): readonly string[] {
  if (!base) return tag.addressPrefixes;
  if (isSameList(base.addressPrefixes, tag.addressPrefixes)) return [];
  return subtractPrefixes(tag.addressPrefixes, base.addressPrefixes);
}

function addMissing(
  document: ServiceTagsDocument,
  base: ReadonlyMap<string, ServiceTag>,
  others: readonly ServiceTagsDownload[],
): ServiceTagsDocument {
  const tags = new Map(base);
  const extras = new Map<string, string[]>();
  for (const tag of others.flatMap((other) => other.document.values)) {
    const key = tag.name.toLowerCase();
    const missing = missingFrom(tags.get(key), tag);
    if (missing.length === 0) continue;
    if (tags.has(key)) extras.set(key, [...(extras.get(key) ?? []), ...missing]);
    else tags.set(key, tag);
  }
  const values = Array.from(tags, ([key, tag]) => withExtras(tag, extras.get(key)));
  return { ...document, values: values.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Adds prefixes to a tag. Its own prefixes stay as they are. */
function withExtras(tag: ServiceTag, extras: readonly string[] | undefined): ServiceTag {
  if (!extras) return tag;
  return { ...tag, addressPrefixes: sortPrefixes([...tag.addressPrefixes, ...dropContained(extras)]) };
}

function distinctWarnings(downloads: readonly ServiceTagsDownload[]): DocumentWarning[] {
  const all = downloads.flatMap((download) => download.warnings);
  return [...new Map(all.map((warning) => [JSON.stringify(warning), warning])).values()];
}
