/** Rebuilds the history from what is never deleted: the built-in releases, the snapshots, and unchanged releases. */
import { InvalidDocumentError } from '../../core/errors.ts';
import { appendSnapshot, appendUnchanged, startHistory } from '../../core/history/appendRelease.ts';
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { HistoryDocument } from '../../core/history/historyDocument.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import { itemsOf } from '../itemsOf.ts';
import type { HistoryStore, SnapshotStore } from '../ports.ts';

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
    const snapshot = await readSnapshot({ cloud, snapshots }, id);
    if (snapshot) history = appendSnapshot(history, snapshot);
    const until = chain[index + 1]?.pulledAt ?? '9999-12-31';
    for (const release of unchanged) {
      if (release.seenAt > pulledAt && release.seenAt < until) history = appendUnchanged(history, release);
    }
  }
  return history;
}

type SnapshotReaders = Pick<HistoryServices, 'cloud' | 'snapshots'>;

/** The snapshots that were current, oldest first. If one is missing, the chain goes on with the next older one. */
async function readChain(
  { cloud, snapshots }: SnapshotReaders,
  newest: string | undefined,
): Promise<SnapshotSummary[]> {
  const listed: SnapshotSummary[] = [];
  for await (const summary of itemsOf((page) => snapshots.list(cloud, page), 500)) listed.push(summary);
  const byId = new Map(listed.map((summary) => [summary.id, summary]));
  const start = newest ?? (await readPointer({ cloud, snapshots }));
  const chain: SnapshotSummary[] = [];
  for (let next = byId.get(start ?? '') ?? listed[0]; next && chain.length < byId.size;) {
    chain.push(next);
    const { previous = '', pulledAt }: SnapshotSummary = next;
    next = byId.get(previous) ?? listed.find((summary) => summary.pulledAt < pulledAt);
  }
  return chain.reverse();
}

async function readPointer({ cloud, snapshots }: SnapshotReaders): Promise<string | undefined> {
  try {
    const answer = await snapshots.readPointer(cloud);
    return answer === undefined || answer === 'notModified' ? undefined : answer.pointer.snapshot;
  } catch (error) {
    if (error instanceof InvalidDocumentError) return undefined;
    throw error;
  }
}

async function readSnapshot({ cloud, snapshots }: SnapshotReaders, id: string): Promise<Snapshot | undefined> {
  try {
    return await snapshots.get(cloud, id);
  } catch (error) {
    if (error instanceof InvalidDocumentError) return undefined;
    throw error;
  }
}
