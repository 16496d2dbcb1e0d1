/** A summary of every configured target, even before its first run: its status, and what it lacks. */
import { firstListed } from '../../core/history/dates.ts';
import { once } from '../../core/once.ts';
import { allowablePrefixes } from '../../core/serviceTags/selection.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import { hasDeadline, type MissingPrefix } from '../../core/targets/targetState.ts';
import { readCurrentId } from '../history/snapshotChain.ts';
import { selectWithLastRegions } from './listing.ts';
import type { SnapshotStore, TargetStateStore, TargetSummary } from '../ports.ts';
import { scopeOf, type HistorySource } from './past.ts';

export interface SummaryReaders {
  readonly cloud: Cloud;
  readonly history: HistorySource;
  readonly snapshots: Pick<SnapshotStore, 'readPointer' | 'get'>;
  readonly states: Pick<TargetStateStore, 'listSummaries'>;
}

export interface NamedTargetSummary extends TargetSummary {
  readonly target: string;
  /** True if deadlines count for it: `hasDeadline`. */
  readonly hasDeadline: boolean;
}

/** In the order of the targets. Prefixes that were listed after the last run count as missing too. */
export async function summarizeTargets(
  readers: SummaryReaders,
  targets: readonly Target[],
): Promise<readonly NamedTargetSummary[]> {
  if (targets.length === 0) return [];
  const seen = await readers.states.listSummaries();
  // Read after the summaries, so that none of them is about a newer list.
  const newestId = await readCurrentId(readers.snapshots, readers.cloud);
  const readNewest = once(async () => newestId && readers.snapshots.get(readers.cloud, newestId));
  const summaries: NamedTargetSummary[] = [];
  for (const target of targets) {
    const summary = seen.get(target.name) ?? notYetSeen;
    const newest = summary.snapshot === newestId ? undefined : await readNewest();
    const fresh = newest ? await missingUnseen(readers, newest, target, summary) : [];
    summaries.push({
      ...summary,
      target: target.name,
      missing: [...summary.missing, ...fresh],
      hasDeadline: hasDeadline(target, { isPaused: isPausedOrPreview(summary), isApplied: summary.isApplied }),
    });
  }
  return summaries;
}

const notYetSeen: TargetSummary = { status: 'pending', isApplied: false, missing: [] };

/** According to its last run; the targets file may have changed since. */
function isPausedOrPreview({ status }: TargetSummary): boolean {
  return status === 'paused' || status === 'planOnly';
}

/** The prefixes that were first listed after the snapshot of the last run; without a run, all listed ones. */
async function missingUnseen(
  readers: SummaryReaders,
  newest: Snapshot,
  target: Target,
  { snapshot: dealtWith, registryRegions }: TargetSummary,
): Promise<readonly MissingPrefix[]> {
  const history = await readers.history.readFor(target.serviceTag);
  const last = history.document.releases.findLast(({ snapshot }) => snapshot === dealtWith);
  if (dealtWith !== undefined && !last) return [];
  const listing = selectWithLastRegions(newest, target, registryRegions);
  return firstListed(history, scopeOf(listing, target), allowablePrefixes(listing.selection))
    .filter(({ release }) => !last || release.seenAt > last.seenAt)
    .map(({ prefix, release }) => ({ prefix, published: release.date }));
}
