/** Rebuilds the history from what is never deleted: the built-in releases, the snapshots, and unchanged releases. */
import { appendSnapshot, appendUnchanged, startHistory } from '../../core/history/appendRelease.ts';
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { HistoryDocument } from '../../core/history/historyDocument.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import type { HistoryDecisions, HistoryStore, SnapshotStore } from '../ports.ts';
import { snapshotChain } from './snapshotChain.ts';

export interface HistoryServices {
  readonly cloud: Cloud;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'list' | 'readPointer'>;
  readonly histories: HistoryStore;
}

/**
 * The history of `services` and AzureContainerRegistry up to the snapshot `newest`, or else to the newest that is stored,
 * with all rejected ones, and without snapshots that are missing or damaged. `since`: an ISO time; leaves out the built-in
 * releases and the snapshots pulled before. The rest is enough for the budgets.
 */
export async function rebuildHistory(
  { cloud, snapshots, histories }: HistoryServices,
  decisions: HistoryDecisions | undefined,
  services: readonly string[],
  newest: string | undefined,
  since = '',
): Promise<HistoryDocument> {
  const listed = await snapshots.list(cloud);
  const start = listed.find(({ id }) => id === newest) ?? listed[0];
  const rejected = new Set(decisions?.rejected.map(({ snapshot }) => snapshot));
  const current = new Set(snapshotChain(start, listed));
  const chain = listed
    .filter((summary) => current.has(summary) || rejected.has(summary.id))
    .filter(({ pulledAt }) => pulledAt >= since)
    .toReversed();
  const unchanged = (await histories.listUnchanged(cloud)).toSorted((a, b) => (a.seenAt < b.seenAt ? -1 : 1));
  const builtIn = await builtInHistory(cloud);
  let history = startHistory(since === '' ? builtIn : { ...builtIn, releases: [] }, services);
  for (const [index, { id, pulledAt }] of chain.entries()) {
    const snapshot = await snapshots.get(cloud, id).catch(missingIfDamaged);
    if (snapshot) history = appendSnapshot(history, snapshot);
    const until = chain[index + 1]?.pulledAt ?? '9999-12-31';
    for (const release of unchanged) {
      if (release.seenAt > pulledAt && release.seenAt < until) history = appendUnchanged(history, release);
    }
  }
  return history;
}
