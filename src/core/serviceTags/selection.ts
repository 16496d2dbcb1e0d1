import { nearestNames } from '../nearest.ts';
import { dropContained, familyOf, sortPrefixes, type AddressFamily } from '../prefixes.ts';
import { findTag, knownRegions, matchRegion, normalizeRegion, regionSuffixes } from './regions.ts';
import type { ServiceTag, ServiceTagsDocument } from './serviceTags.ts';

/** What a target wants of a document; `ofRegistry` is resolved to its locations before. */
export interface SelectionRequest {
  readonly serviceTag: string;
  readonly regions: 'all' | readonly string[];
  readonly families: readonly AddressFamily[];
  /**
   * Regions that an earlier snapshot had for the tag. One that has gone since is a missing tag, which holds everything;
   * one that nobody ever saw is a mistake in the configuration.
   */
  readonly everKnownRegions?: readonly string[];
}

export interface UnknownRegion {
  readonly region: string;
  readonly nearest: readonly string[];
}

export interface Selection {
  /** Names of the tags that were found, sorted. */
  readonly tags: readonly string[];
  /** Canonical, no overlap, sorted by address, IPv4 first. */
  readonly prefixes: readonly string[];
  /** Listed too, but inside of one of `prefixes`: they count where that one is not let in. */
  readonly nested: readonly string[];
  /** How many prefixes the tags have of families that are not asked for. */
  readonly otherFamilies: number;
  /** Tags that should be there and are not. */
  readonly missingTags: readonly string[];
  /** Tags that are there without a prefix of any family. */
  readonly emptyTags: readonly string[];
  readonly unknownRegions: readonly UnknownRegion[];
}

/** Service tag × regions × families. `all` is the tag itself, not the union of its regions: it lists more than they do. */
export function selectPrefixes(document: ServiceTagsDocument, request: SelectionRequest): Selection {
  const wanted =
    request.regions === 'all' ? [findTag(document, request.serviceTag)] : findRegionalTags(document, request);
  const found = wanted.filter((tag) => tag !== undefined);
  const all = found.flatMap((tag) => tag.addressPrefixes);
  const listed = all.filter((prefix) => request.families.includes(familyOf(prefix)));
  const prefixes = dropContained(listed);
  const outer = new Set(prefixes);
  return {
    tags: found.map((tag) => tag.name).sort(),
    prefixes,
    otherFamilies: new Set(all).size - new Set(listed).size,
    nested: sortPrefixes(listed.filter((prefix) => !outer.has(prefix))),
    emptyTags: found
      .filter((tag) => tag.addressPrefixes.length === 0)
      .map((tag) => tag.name)
      .sort(),
    ...findMissing(document, request),
  };
}

function findRegionalTags(document: ServiceTagsDocument, request: SelectionRequest): (ServiceTag | undefined)[] {
  return regionsOf(request).map((region) => matchRegion(document, request.serviceTag, region));
}

function regionsOf({ regions }: SelectionRequest): string[] {
  return regions === 'all' ? [] : [...new Set(regions.map(normalizeRegion))];
}

function findMissing(
  document: ServiceTagsDocument,
  request: SelectionRequest,
): Pick<Selection, 'missingTags' | 'unknownRegions'> {
  const { serviceTag } = request;
  if (request.regions === 'all') {
    return { missingTags: findTag(document, serviceTag) ? [] : [serviceTag], unknownRegions: [] };
  }
  const absent = regionsOf(request).filter((region) => !matchRegion(document, serviceTag, region));
  const current = knownRegions(document, serviceTag);
  const known = new Set([...current, ...(request.everKnownRegions ?? []).map(normalizeRegion)]);
  // Where the document has nothing at all of the tag, it says nothing about what a region is called.
  const nameOf = (region: string) => regionSuffixes(region, document).find((suffix) => known.has(suffix));
  const isMistake = (region: string): boolean =>
    nameOf(region) === undefined && (current.length > 0 || findTag(document, serviceTag) !== undefined);
  return {
    missingTags: absent
      .filter((region) => !isMistake(region))
      .map((region) => `${serviceTag}.${nameOf(region) ?? region}`),
    unknownRegions: absent.filter(isMistake).map((region) => ({ region, nearest: nearestNames(region, known) })),
  };
}
