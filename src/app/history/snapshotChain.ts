/** Which snapshot is current, and which ones were before it. */
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import type { SnapshotStore } from '../ports.ts';

/** Id of the current snapshot; undefined before the first pull. Throws InvalidDocumentError. */
export async function readCurrentId(
  snapshots: Pick<SnapshotStore, 'readPointer'>,
  cloud: Cloud,
): Promise<string | undefined> {
  const answer = await snapshots.readPointer(cloud);
  return answer === undefined || answer === 'notModified' ? undefined : answer.pointer.snapshot;
}

/** The snapshots that were current up to `start`, newest first. If one is missing, the next older one follows. */
export function snapshotChain(
  start: SnapshotSummary | undefined,
  listed: readonly SnapshotSummary[],
): readonly SnapshotSummary[] {
  const byId = new Map(listed.map((summary) => [summary.id, summary]));
  const chain: SnapshotSummary[] = [];
  for (let next = start; next && chain.length <= listed.length;) {
    chain.push(next);
    const { previous = '', pulledAt }: SnapshotSummary = next;
    next = byId.get(previous) ?? listed.find((summary) => summary.pulledAt < pulledAt);
  }
  return chain;
}
