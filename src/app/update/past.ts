/** What the history says about the prefixes that a target selects. None of it is kept in the target's state. */
import { createHash } from 'node:crypto';
import { absences, type Absence } from '../../core/history/absences.ts';
import { growth, type Growth } from '../../core/history/growth.ts';
import type { History, Scope } from '../../core/history/history.ts';
import { subtractPrefixes } from '../../core/prefixes.ts';
import type { SafetyLimits, Target } from '../../core/targets/target.ts';
import type { SelectionState } from '../../core/targets/targetState.ts';
import type { TargetSelection } from './listing.ts';

export interface HistorySource {
  /** The history of a tag, even of one that pulls do not record. */
  readFor(tag: string): Promise<History>;
}

export interface Past {
  /** The parts of these prefixes that the newest trusted list lacks. */
  readonly absences: (prefixes: readonly string[]) => readonly Absence[];
  readonly growth: Growth;
}

/** The selected tags, including those that are missing or empty now. */
export function scopeOf({ selection }: TargetSelection, { addressFamilies, limits }: Target): Scope {
  const tags = [...new Set([...selection.tags, ...selection.missingTags, ...selection.emptyTags])];
  return { tags, families: addressFamilies, limits };
}

/** If the configuration no longer selects a prefix, its grace period begins with that change. */
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

/** Prefixes that only few releases ever listed do not count towards the limits of removals. */
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
      // What was selected before is not known: only a prefix that a release dropped has its own date.
      return absences(history, scope, prefixes).map((absence) => (absence.release ? absence : { ...absence, since }));
    },
    growth: growthOf(history, scope ?? { tags: [], families: [] }, limits, now),
  };
}
