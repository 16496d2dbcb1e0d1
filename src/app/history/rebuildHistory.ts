/** Rebuilds the history from what is never deleted: the built-in releases, the snapshots, and unchanged releases. */
import { appendSnapshot, appendUnchanged, startHistory } from '../../core/history/appendRelease.ts';
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { HistoryDocument } from '../../core/history/historyDocument.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { missingIfDamaged } from '../missingIfDamaged.ts';
import type { HistoryStore, SnapshotStore } from '../ports.ts';
import { readCurrentId, snapshotChain } from './snapshotChain.ts';

export interface HistoryServices {
  readonly cloud: Cloud;
  readonly snapshots: Pick<SnapshotStore, 'get' | 'list' | 'readPointer'>;
  readonly histories: HistoryStore;
}

export interface RebuildOptions {
  /** Id of the newest snapshot that counts. Default: the current one. */
  readonly newest?: string | undefined;
  /** ISO time: leaves out the built-in releases and the snapshots pulled before. The rest is enough for the budgets. */
  readonly since?: string;
}

/** The history of `services` and AzureContainerRegistry, without snapshots that are missing or damaged. */
export async function rebuildHistory(
  { cloud, snapshots, histories }: HistoryServices,
  services: readonly string[],
  { newest, since = '' }: RebuildOptions = {},
): Promise<HistoryDocument> {
  const chain = (await readChain({ cloud, snapshots }, newest)).filter(({ pulledAt }) => pulledAt >= since);
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

/** The snapshots that were current, oldest first. */
async function readChain(
  { cloud, snapshots }: Pick<HistoryServices, 'cloud' | 'snapshots'>,
  newest: string | undefined,
): Promise<readonly SnapshotSummary[]> {
  const listed = await snapshots.list(cloud);
  const start = newest ?? (await readCurrentId(snapshots, cloud).catch(missingIfDamaged));
  return snapshotChain(listed.find(({ id }) => id === start) ?? listed[0], listed).toReversed();
}
