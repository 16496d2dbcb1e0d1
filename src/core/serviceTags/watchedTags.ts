/** Which tags a target takes its prefixes from, and which tags people are notified about. */
import { findTag, regionalTags, regionSuffixes } from './regions.ts';
import { defaultServiceTag, type ServiceTagsDocument } from './serviceTags.ts';
import { isRegistryTag } from '../history/limits.ts';
import type { Target } from '../targets/target.ts';

/** True if the target takes prefixes from the tag. With `ofRegistry`, any region of its service tag counts. */
export function concerns(target: Target, tag: string): boolean {
  const name = tag.toLowerCase();
  const serviceTag = target.serviceTag.toLowerCase();
  if (target.regions === 'all') return name === serviceTag;
  if (!name.startsWith(`${serviceTag}.`)) return false;
  if ('ofRegistry' in target.regions) return true;
  return target.regions.some((region) => regionSuffixes(region).includes(name.slice(serviceTag.length + 1)));
}

/** True for AzureContainerRegistry and its regions, which feeds always contain, and for every tag of a target. */
export function isFollowed(tag: string, targets: readonly Target[]): boolean {
  return isRegistryTag(tag) || targets.some((target) => concerns(target, tag));
}

/**
 * Names of the tags that people are notified about: those that a target takes its prefixes from, as the document spells
 * them, and always the ACR tag.
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
