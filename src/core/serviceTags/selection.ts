import { nearestNames } from '../nearest.ts';
import { dropContained, familyOf, sortPrefixes, type AddressFamily } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { findTag, knownRegions, matchRegion, normalizeRegion, regionSuffixes } from './regions.ts';
import type { ServiceTag, ServiceTagsDocument } from './serviceTags.ts';

/** What a target takes from a document. `ofRegistry` has been resolved to ARM locations before. */
export interface SelectionRequest {
  readonly serviceTag: string;
  readonly regions: 'all' | readonly string[];
  readonly families: readonly AddressFamily[];
  /**
   * Regions that an earlier snapshot listed for the tag. If one is no longer listed, its tag is missing and nothing is
   * removed; a region that was never listed is a mistake in the configuration.
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
  /** Listed prefixes inside one of `prefixes`: they are used if that one is not let in. */
  readonly nested: readonly string[];
  /** How many prefixes of other families the tags have. */
  readonly otherFamilies: number;
  /** Tags that should be listed and are not. */
  readonly missingTags: readonly string[];
  /** Tags that are listed without a prefix of any family. */
  readonly emptyTags: readonly string[];
  readonly unknownRegions: readonly UnknownRegion[];
}

/** Selects by service tag, regions and families. `all` is the tag itself, which lists more than the union of its regions. */
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

/** What of a selection a target can have: special-purpose prefixes are never allowed, and those inside them are on their own. */
export function allowablePrefixes({ prefixes, nested }: Pick<Selection, 'prefixes' | 'nested'>): readonly string[] {
  const isAllowable = (prefix: string): boolean => specialPurposeRangeOf(prefix) === undefined;
  return prefixes.every(isAllowable) ? prefixes : dropContained([...prefixes, ...nested].filter(isAllowable));
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
  // If the document does not list the tag at all, it cannot tell which regions exist.
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
