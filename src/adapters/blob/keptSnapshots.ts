import type { SnapshotStore } from '../../app/ports.ts';
import { isSameList } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import { keepNewest } from '../../core/keepNewest.ts';
import { withMethods } from '../../core/withMethods.ts';

/** The current snapshot, one to which targets are pinned, and two that are compared. */
const maxKept = 4;

/**
 * Keeps snapshots in memory after the first read, because they never change: otherwise a thousand updates in a row
 * would unpack the same document a thousand times. Does not keep failed reads, nor that a snapshot does not exist.
 */
export function keepSnapshots(store: SnapshotStore): SnapshotStore {
  const reads = new Map<string, Promise<Snapshot | undefined>>();
  let last: Snapshot | undefined;
  const read = async (...[cloud, id]: Parameters<SnapshotStore['get']>): Promise<Snapshot | undefined> => {
    const snapshot = await store.get(cloud, id);
    if (snapshot) last = shareTexts(snapshot, last);
    return snapshot && last;
  };
  const get: SnapshotStore['get'] = (cloud, id) => {
    const key = `${cloud}/${id}`;
    const answer = reads.get(key) ?? read(cloud, id);
    keepNewest(reads, key, answer, maxKept);
    const forget = () => {
      if (reads.get(key) === answer) reads.delete(key);
    };
    answer.then((snapshot) => snapshot ?? forget(), forget);
    return answer;
  };
  return withMethods(store, { get });
}

/**
 * The same snapshot, in which each prefix is one string however often it occurs, and lists and strings that another
 * snapshot has too are those. Most prefixes are in several tags and in each release, and they are most of a snapshot.
 */
function shareTexts(snapshot: Snapshot, other: Snapshot | undefined): Snapshot {
  const lists = new Map(other?.document.values.map(({ name, addressPrefixes }) => [name, addressPrefixes]));
  const texts = new Map<string, string>();
  const share = (text: string): string => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  for (const list of lists.values()) list.forEach(share);
  const values = snapshot.document.values.map((tag) => {
    const known = lists.get(tag.name);
    const isKnown = known && isSameList(known, tag.addressPrefixes);
    return { ...tag, addressPrefixes: isKnown ? known : tag.addressPrefixes.map(share) };
  });
  return { ...snapshot, document: { ...snapshot.document, values } };
}
