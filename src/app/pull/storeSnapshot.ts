/** Stores a new list as a snapshot, adds it to the history and makes it the current one. */
import { toSnapshotId } from '../../core/serviceTags/contentHash.ts';
import { diffTags } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Snapshot, SnapshotPointer } from '../../core/serviceTags/snapshot.ts';
import { dayInMs, toDay } from '../../core/time.ts';
import type { PulledList, Pull, PullServices } from './pull.ts';
import { findSnapshot, toPointer, type StoredList } from './storedList.ts';
import { quarantineWith, recordSnapshot, type OpenHistory } from './recordRelease.ts';

/** The release is in the history before the pointer names the snapshot, so no run follows a list that the history lacks. */
export async function storeSnapshot(
  pull: Pull,
  found: PulledList,
  current: StoredList,
  history: OpenHistory,
): Promise<Snapshot> {
  const { services, startedAt, status } = pull;
  const { document, warnings, date = toDay(startedAt) } = found.merged;
  const { cloud } = services;
  const previous = current.snapshot;
  // If the status of the last pull is lost, no gap between pulls is assumed.
  const lookedAt = previous ? (status?.lastPull.at ?? startedAt.toISOString()) : undefined;
  const fresh = {
    id: toSnapshotId(cloud, date, document.changeNumber, found.hash),
    cloud,
    date,
    changeNumber: document.changeNumber,
    contentHash: found.hash,
    pulledAt: startedAt.toISOString(),
    tagCount: document.values.length,
    prefixCount: document.values.reduce((sum, tag) => sum + tag.addressPrefixes.length, 0),
    ...(previous ? { previous: previous.id } : {}),
    release: {
      date,
      ...(lookedAt !== undefined && { lookedAt }),
      ...(found.addsOnly && { addsOnly: true as const }),
    },
    sources: found.sources,
    disagreements: found.disagreements,
    warnings,
    document,
  };
  const snapshot = await putOnce(services, toDay(startedAt), {
    ...fresh,
    quarantine: quarantineWith(history, fresh, found.targets),
  });
  if (previous) await services.changes.put(cloud, snapshot.id, diffTags(previous.document, document));
  await recordSnapshot(services, history, snapshot);
  const origin = { fileDate: found.fileDate, isExtended: found.addsOnly };
  await replacePointer(services, toPointer(snapshot, startedAt.toISOString(), origin), current.etag);
  return snapshot;
}

/**
 * If the id exists already, either a pull died after writing this snapshot, or an earlier list has come back. A list that
 * has come back has another predecessor and another quarantine, so it is stored under today's date.
 */
async function putOnce(services: PullServices, today: string, snapshot: Snapshot): Promise<Snapshot> {
  for (let next = snapshot; ; next = redated(next, next.date < today ? today : dayAfter(next.date))) {
    if ((await services.snapshots.put(next)) === 'created') return next;
    const stored = await findSnapshot(services, next.id);
    if (stored && isSameStep(stored, next)) return stored;
  }
}

function isSameStep(a: Snapshot, b: Snapshot): boolean {
  return a.previous === b.previous && JSON.stringify(a.quarantine) === JSON.stringify(b.quarantine);
}

function redated(snapshot: Snapshot, date: string): Snapshot {
  const { cloud, changeNumber, contentHash } = snapshot;
  return { ...snapshot, id: toSnapshotId(cloud, date, changeNumber, contentHash), date };
}

function dayAfter(day: string): string {
  return toDay(Date.parse(day) + dayInMs);
}

export async function replacePointer(
  { cloud, snapshots }: PullServices,
  pointer: SnapshotPointer,
  etag: string | undefined,
): Promise<void> {
  if ((await snapshots.replacePointer(pointer, etag)) === 'replaced') return;
  throw new Error(`current/${cloud}.json was replaced by somebody else; the next pull looks again`);
}
