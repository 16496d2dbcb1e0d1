/** Judges a new document against what was believed before: which removals of which tags are quarantined. */
import { subtractPrefixes } from './prefixes.ts';
import { findTag, regionalTags, normalizeRegion } from './regions.ts';
import { removalExcess } from './safety.ts';
import { defaultServiceTag, type ServiceTagsDocument } from './serviceTags.ts';
import type { TagQuarantine } from './snapshot.ts';
import type { SafetyLimits, Target } from './target.ts';

export interface BelievedTag {
  readonly tag: string;
  readonly addressPrefixes: readonly string[];
  /** Id of the snapshot that it is taken from. */
  readonly baseline: string;
}

type RemovalLimits = Pick<SafetyLimits, 'maxRemovedCount' | 'maxRemovedPercent'>;

/** Names of the tags that some target takes its prefixes from, as the document spells them; the ACR tag always. */
export function watchedTags(document: ServiceTagsDocument, targets: readonly Target[]): string[] {
  const names = new Set([defaultServiceTag]);
  for (const { serviceTag, regions } of targets) {
    if (regions === 'all') {
      names.add(findTag(document, serviceTag)?.name ?? serviceTag);
      continue;
    }
    const wanted = isRegionList(regions) ? regions.map(normalizeRegion) : undefined;
    for (const tag of regionalTags(document, serviceTag)) {
      const region = normalizeRegion(tag.name.slice(serviceTag.length + 1));
      if (wanted === undefined || wanted.includes(region)) names.add(tag.name);
    }
  }
  return [...names].sort();
}

/** A watched tag that is missing, empty, or lost more than the limits allow is quarantined: its removals are not believed. */
export function judge(
  document: ServiceTagsDocument,
  believed: readonly BelievedTag[],
  limits: RemovalLimits,
): TagQuarantine[] {
  return believed.flatMap((before) => {
    const verdict = judgeTag(findTag(document, before.tag)?.addressPrefixes, before, limits);
    return verdict ? [{ tag: before.tag, baseline: before.baseline, ...verdict }] : [];
  });
}

function judgeTag(
  now: readonly string[] | undefined,
  before: BelievedTag,
  limits: RemovalLimits,
): Pick<TagQuarantine, 'kind' | 'reason'> | undefined {
  const count = before.addressPrefixes.length;
  if (count === 0) return undefined;
  if (now === undefined) return { kind: 'missing', reason: `${before.tag} is gone; it had ${count} prefixes.` };
  if (now.length === 0) return { kind: 'empty', reason: `${before.tag} is empty; it had ${count} prefixes.` };
  const removed = subtractPrefixes(before.addressPrefixes, now);
  const excess = removalExcess(removed, before.addressPrefixes, limits);
  return excess ? { kind: 'shrunken', reason: `${before.tag}: ${excess}` } : undefined;
}

function isRegionList(regions: Target['regions']): regions is readonly string[] {
  return Array.isArray(regions);
}
