/** Which tags a target takes its prefixes from, and which are looked after without one. */
import { findTag, regionalTags, regionSuffixes } from './regions.ts';
import { defaultServiceTag, type ServiceTagsDocument } from './serviceTags.ts';
import type { Target } from '../targets/target.ts';

/** True where the tag is the target's own, or that of one of its regions; live regions may be any. */
export function concerns(target: Target, tag: string): boolean {
  const name = tag.toLowerCase();
  const serviceTag = target.serviceTag.toLowerCase();
  if (target.regions === 'all') return name === serviceTag;
  if (!name.startsWith(`${serviceTag}.`)) return false;
  if ('ofRegistry' in target.regions) return true;
  return target.regions.some((region) => regionSuffixes(region).includes(name.slice(serviceTag.length + 1)));
}

/**
 * Names of the tags that people hear of: those that some target takes its prefixes from, as the document spells them, and
 * the ACR tag always.
 */
export function watchedTags(document: ServiceTagsDocument, targets: readonly Target[]): string[] {
  const names = new Set([findTag(document, defaultServiceTag)?.name ?? defaultServiceTag]);
  for (const target of targets) {
    const candidates = [findTag(document, target.serviceTag), ...regionalTags(document, target.serviceTag)];
    for (const tag of candidates) {
      if (tag && concerns(target, tag.name)) names.add(tag.name);
    }
  }
  return [...names].sort();
}
