import type { SnapshotStore } from '../../app/ports.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import { keepNewest } from '../../core/keepNewest.ts';
import { withMethods } from '../../core/withMethods.ts';

/** The current snapshot, one to which targets are pinned, and two that are compared. Each takes some ten megabytes. */
const maxKept = 4;

/**
 * Keeps snapshots in memory after the first read, because they never change: otherwise a thousand updates in a row
 * would unpack the same document a thousand times. Does not keep failed reads, nor that a snapshot does not exist.
 */
export function keepSnapshots(store: SnapshotStore): SnapshotStore {
  const reads = new Map<string, Promise<Snapshot | undefined>>();
  const get: SnapshotStore['get'] = (cloud, id) => {
    const key = `${cloud}/${id}`;
    const read = reads.get(key) ?? store.get(cloud, id);
    keepNewest(reads, key, read, maxKept);
    const forget = () => {
      if (reads.get(key) === read) reads.delete(key);
    };
    read.then((snapshot) => snapshot ?? forget(), forget);
    return read;
  };
  return withMethods(store, { get });
}
