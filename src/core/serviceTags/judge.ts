/** Judges a new document against what was believed before: which removals of which tags are quarantined. */
import { subtractPrefixes } from '../prefixes.ts';
import { findTag } from './regions.ts';
import { removalExcess } from '../removalLimit.ts';
import type { ServiceTagsDocument } from './serviceTags.ts';
import type { TagQuarantine } from './snapshot.ts';
import { defaultLimits, type SafetyLimits, type Target } from '../targets/target.ts';
import { dayInMs } from '../time.ts';
import { concerns } from './watchedTags.ts';
import { counted } from '../words.ts';

export interface BelievedTag {
  readonly tag: string;
  /** Absent where it cannot be read any more. */
  readonly addressPrefixes?: readonly string[];
  /** Id of the snapshot that it is taken from. */
  readonly baseline: string;
  /** Where the snapshot before had the tag in quarantine: its entry, and what it listed. */
  readonly quarantined?: { readonly entry: TagQuarantine; readonly addressPrefixes: readonly string[] };
}

type RemovalLimits = Pick<
  SafetyLimits,
  'maxRemovedCount' | 'maxRemovedPercent' | 'removalGraceDays' | 'removalConfirmations'
>;

/**
 * A tag that is missing, empty, or lost more than the limits allow is quarantined: its removals are not believed. So is
 * one of which nobody knows what it had. A missing or empty tag stays so until it is back. The others are believed in
 * the end, when they have stood for `removalGraceDays` and `removalConfirmations` further snapshots without losing
 * more; each target still holds removals beyond its own limits for an approval. `date`: day of publication,
 * `YYYY-MM-DD`.
 */
export function judge(
  document: ServiceTagsDocument,
  believed: readonly BelievedTag[],
  targets: readonly Target[],
  date: string,
): TagQuarantine[] {
  return believed.flatMap((before) => {
    const now = findTag(document, before.tag)?.addressPrefixes;
    const limits = limitsFor(before.tag, targets);
    const verdict = judgeTag(now, before, limits);
    if (!verdict) return [];
    const entry = {
      tag: before.tag,
      baseline: before.baseline,
      ...verdict,
      ...standing(verdict.kind, now, before, date),
    };
    return hasLasted(entry, limits, date) ? [] : [entry];
  });
}

/** Since when, and through how many further snapshots, the tag has stood as it stands now. */
function standing(
  kind: TagQuarantine['kind'],
  now: readonly string[] | undefined,
  before: BelievedTag,
  date: string,
): Pick<TagQuarantine, 'since' | 'confirmations'> {
  const { entry, addressPrefixes } = before.quarantined ?? { addressPrefixes: [] };
  const lostMore = subtractPrefixes(addressPrefixes, now ?? []).length > 0;
  if (entry?.kind !== kind || lostMore) return { since: date, confirmations: 0 };
  return { since: entry.since, confirmations: entry.confirmations + 1 };
}

function hasLasted({ kind, since, confirmations }: TagQuarantine, limits: RemovalLimits, date: string): boolean {
  const days = (Date.parse(date) - Date.parse(since)) / dayInMs;
  return (
    (kind === 'shrunken' || kind === 'unknown') &&
    days >= limits.removalGraceDays &&
    confirmations >= Math.max(1, limits.removalConfirmations)
  );
}

/** The widest limits and the longest grace of the targets that watch the tag: a stricter target holds for itself. */
function limitsFor(tag: string, targets: readonly Target[]): RemovalLimits {
  const limits = targets.filter((target) => concerns(target, tag)).map((target) => target.limits);
  if (limits.length === 0) return defaultLimits;
  return {
    maxRemovedCount: Math.max(...limits.map((limit) => limit.maxRemovedCount)),
    maxRemovedPercent: Math.max(...limits.map((limit) => limit.maxRemovedPercent)),
    removalGraceDays: Math.max(...limits.map((limit) => limit.removalGraceDays)),
    removalConfirmations: Math.max(...limits.map((limit) => limit.removalConfirmations)),
  };
}

function judgeTag(
  now: readonly string[] | undefined,
  before: BelievedTag,
  limits: RemovalLimits,
): Pick<TagQuarantine, 'kind' | 'reason'> | undefined {
  const { tag, baseline, addressPrefixes } = before;
  if (!addressPrefixes)
    return { kind: 'unknown', reason: `${tag}: what it had in ${baseline} cannot be read any more.` };
  if (addressPrefixes.length === 0) return undefined;
  const had = `it had ${counted(addressPrefixes.length, 'prefix')}`;
  if (now === undefined) return { kind: 'missing', reason: `${tag} is gone; ${had}.` };
  if (now.length === 0) return { kind: 'empty', reason: `${tag} is empty; ${had}.` };
  const excess = removalExcess(subtractPrefixes(addressPrefixes, now), addressPrefixes, limits);
  return excess ? { kind: 'shrunken', reason: `${tag}: ${excess}` } : undefined;
}
