import type { SnapshotStore } from '../../app/ports.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import { withMethods } from '../../core/withMethods.ts';

/** The current one, one that targets are pinned to, and two that are compared; some ten megabytes each. */
const kept = 4;

/**
 * A snapshot never changes, so what was read is kept: a thousand updates in a row would otherwise unpack the same
 * document a thousand times. A failed read is not kept, nor that there was none.
 */
export function keepSnapshots(store: SnapshotStore): SnapshotStore {
  const reads = new Map<string, Promise<Snapshot | undefined>>();
  const get: SnapshotStore['get'] = (cloud, id) => {
    const key = `${cloud}/${id}`;
    const read = reads.get(key) ?? store.get(cloud, id);
    // Behind the others: the one that was asked for longest ago is first to go.
    reads.delete(key);
    reads.set(key, read);
    for (const oldest of [...reads.keys()].slice(0, -kept)) reads.delete(oldest);
    const forget = () => {
      if (reads.get(key) === read) reads.delete(key);
    };
    read.then((snapshot) => snapshot ?? forget(), forget);
    return read;
  };
  return withMethods(store, { get });
}
