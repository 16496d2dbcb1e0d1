/**
 * Regions of a service tag: `AzureContainerRegistry.WestEurope` is the regional tag for the ARM location `westeurope`.
 *
 * The suffix decides, without regard to case. `properties.region` never does: it is a legacy code for a dozen
 * regions (`norwaye` for NorwayEast). The suffixes of `AzureCloud` are themselves those codes: `AzureCloud.norwaye`.
 */
import { defaultServiceTag, type ServiceTag, type ServiceTagsDocument } from './serviceTags.ts';

/** `West Europe` and `westEurope` are `westeurope`. */
export function normalizeRegion(text: string): string {
  return text.replace(/\s+/g, '').toLowerCase();
}

/** A tag by name, without regard to case. */
export function findTag(document: ServiceTagsDocument, name: string): ServiceTag | undefined {
  return tagsByName(document).get(name.toLowerCase());
}

/** The regional tag for one region; undefined if the document has none. */
export function matchRegion(document: ServiceTagsDocument, serviceTag: string, region: string): ServiceTag | undefined {
  return regionalNames(document, serviceTag, region)
    .map((name) => findTag(document, name))
    .find((tag) => tag !== undefined);
}

/** The legacy codes of ARM locations, from `properties.region` of the ACR tags in the lists since 2019. */
const legacyCodes: Readonly<Record<string, string>> = {
  brazilsoutheast: 'brazilse',
  eastusstg: 'usstagee',
  francecentral: 'centralfrance',
  francesouth: 'southfrance',
  germanynorth: 'germanyn',
  germanywestcentral: 'germanywc',
  norwayeast: 'norwaye',
  norwaywest: 'norwayw',
  southcentralusstg: 'usstagec',
  switzerlandnorth: 'switzerlandn',
  switzerlandwest: 'switzerlandw',
};

/** The suffixes that a regional tag may have, in lower case: the ARM location, or its legacy code. */
export function regionSuffixes(region: string, document?: ServiceTagsDocument): string[] {
  const location = normalizeRegion(region);
  const listed = document && findTag(document, `${defaultServiceTag}.${location}`)?.region.toLowerCase();
  return [...new Set([location, legacyCodes[location] ?? location, listed ?? location])];
}

/** The names that the regional tag for a region may have. */
export function regionalNames(document: ServiceTagsDocument, serviceTag: string, region: string): string[] {
  return regionSuffixes(region, document).map((suffix) => `${serviceTag}.${suffix}`);
}

/** The regional tags of a service tag, by name. */
export function regionalTags(document: ServiceTagsDocument, serviceTag: string): ServiceTag[] {
  const start = `${serviceTag.toLowerCase()}.`;
  // A suffix need not be a region: AzureMonitor.Core and AzureFrontDoor.Backend name parts of a service, without a region.
  return document.values.filter((tag) => tag.region !== '' && tag.name.toLowerCase().startsWith(start));
}

/** The regions that a document knows of a service tag, as ARM locations, sorted. */
export function knownRegions(document: ServiceTagsDocument, serviceTag: string): string[] {
  return regionalTags(document, serviceTag)
    .map((tag) => tag.name.slice(serviceTag.length + 1).toLowerCase())
    .sort();
}

/** The region that a tag's name ends in, as ARM location; undefined for a tag of all regions. */
export function regionOfTag(tag: ServiceTag): string | undefined {
  const dot = tag.name.lastIndexOf('.');
  return dot < 0 || tag.region === '' ? undefined : tag.name.slice(dot + 1).toLowerCase();
}

// Built once per document, because a thousand targets may look up tags in it.
const indexes = new WeakMap<ServiceTagsDocument, ReadonlyMap<string, ServiceTag>>();

/** The tags of a document by their names in lower case. */
export function tagsByName(document: ServiceTagsDocument): ReadonlyMap<string, ServiceTag> {
  const known = indexes.get(document);
  if (known) return known;
  const index = new Map(document.values.map((tag) => [tag.name.toLowerCase(), tag]));
  indexes.set(document, index);
  return index;
}

/** `West Europe` from the suffix of a tag's name, `WestEurope`; `East US 2 EUAP`, `UAE North`. */
export function regionInWords(suffix: string): string {
  return suffix.replaceAll(/(UAE|UK|EUAP|STG|SLV|US|[A-Z][a-z]+|\d+)/g, ' $1').trim();
}

/** `West Europe` from the name of a regional tag; null for a tag of all regions. */
export function regionNameOf(tag: string): string | null {
  const dot = tag.indexOf('.');
  return dot < 0 ? null : regionInWords(tag.slice(dot + 1));
}

/** `West Europe` from the ARM location `westeurope`, if the document has a regional tag for it; else the location itself. */
export function locationInWords(document: ServiceTagsDocument | undefined, location: string): string {
  const tag = document && matchRegion(document, defaultServiceTag, location);
  return tag ? regionInWords(tag.name.slice(tag.name.lastIndexOf('.') + 1)) : location;
}
