/** Judges a new document against what was believed before: which removals of which tags are quarantined. */
import { subtractPrefixes } from './prefixes.ts';
import { findTag } from './regions.ts';
import { removalExcess } from './safety.ts';
import type { ServiceTagsDocument } from './serviceTags.ts';
import type { TagQuarantine } from './snapshot.ts';
import { defaultLimits, type SafetyLimits, type Target } from './target.ts';
import { concerns } from './watchedTags.ts';

export interface BelievedTag {
  readonly tag: string;
  readonly addressPrefixes: readonly string[];
  /** Id of the snapshot that it is taken from. */
  readonly baseline: string;
}

type RemovalLimits = Pick<SafetyLimits, 'maxRemovedCount' | 'maxRemovedPercent'>;

/** A watched tag that is missing, empty, or lost more than the limits allow is quarantined: its removals are not believed. */
export function judge(
  document: ServiceTagsDocument,
  believed: readonly BelievedTag[],
  targets: readonly Target[],
): TagQuarantine[] {
  return believed.flatMap((before) => {
    const now = findTag(document, before.tag)?.addressPrefixes;
    const verdict = judgeTag(now, before, limitsFor(before.tag, targets));
    return verdict ? [{ tag: before.tag, baseline: before.baseline, ...verdict }] : [];
  });
}

/** The widest limits of the targets that watch the tag: a stricter target holds for itself. */
function limitsFor(tag: string, targets: readonly Target[]): RemovalLimits {
  const limits = targets.filter((target) => concerns(target, tag)).map((target) => target.limits);
  if (limits.length === 0) return defaultLimits;
  return {
    maxRemovedCount: Math.max(...limits.map((limit) => limit.maxRemovedCount)),
    maxRemovedPercent: Math.max(...limits.map((limit) => limit.maxRemovedPercent)),
  };
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
