/** What the history of the tag says of a target's selection. Nothing of it is kept in the target's state. */
import { createHash } from 'node:crypto';
import { absences, type Absence } from '../../core/history/absences.ts';
import { growth, type Growth } from '../../core/history/growth.ts';
import type { History, Scope } from '../../core/history/history.ts';
import { subtractPrefixes } from '../../core/prefixes.ts';
import type { SafetyLimits, Target } from '../../core/targets/target.ts';
import type { SelectionState } from '../../core/targets/targetState.ts';
import type { TargetSelection } from './listing.ts';

export interface HistorySource {
  /** The history of a tag, recorded by the pulls or not. */
  readFor(tag: string): Promise<History>;
}

export interface Past {
  /** Of prefixes that are not listed: the parts that the newest trusted list lacks. */
  readonly absences: (prefixes: readonly string[]) => readonly Absence[];
  readonly growth: Growth;
}

/** The selected tags, those that are missing or empty now among them. */
export function scopeOf({ selection }: TargetSelection, { addressFamilies, limits }: Target): Scope {
  const tags = [...new Set([...selection.tags, ...selection.missingTags, ...selection.emptyTags])];
  return { tags, families: addressFamilies, limits };
}

/** What is no longer selected since the configuration changed has its grace period from then on. */
export function selectionOf(
  own: TargetSelection,
  target: Target,
  known: SelectionState | undefined,
  now: Date,
): SelectionState {
  const { tags, families } = scopeOf(own, target);
  const names = tags.map((tag) => tag.toLowerCase()).sort();
  const hash = createHash('sha256')
    .update(JSON.stringify([names, [...families].sort()]))
    .digest('hex');
  if (known?.hash === hash) return known;
  const since = now.toISOString();
  return known ? { hash, since } : { hash, since, isFirst: true };
}

/** What few releases ever listed is dropped without harm: it must not use up the limits of removals. */
function growthOf(history: History, scope: Scope, limits: SafetyLimits, now: Date): Growth {
  const known = growth(history, scope, limits, now);
  const isYoung = ({ listedReleases = Infinity }: Absence) => listedReleases < limits.removalConfirmations;
  return {
    ...known,
    droppedInWindow: (until) => {
      const dropped = known.droppedInWindow(until);
      const young = absences(history, scope, dropped).filter(isYoung);
      return subtractPrefixes(
        dropped,
        young.map(({ prefix }) => prefix),
      );
    },
  };
}

export function pastOf(
  history: History,
  scope: Scope | undefined,
  selection: SelectionState | undefined,
  limits: SafetyLimits,
  now: Date,
): Past {
  const { since = now.toISOString(), isFirst = false } = selection ?? {};
  return {
    absences: (prefixes) => {
      if (!scope) return [];
      if (!isFirst) return absences(history, scope, prefixes, { selectionSince: since });
      // Nobody knows what was selected before: only what a release dropped has a time of its own.
      return absences(history, scope, prefixes).map((absence) => (absence.release ? absence : { ...absence, since }));
    },
    growth: growthOf(history, scope ?? { tags: [], families: [] }, limits, now),
  };
}
