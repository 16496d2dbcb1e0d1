/** When what is listed was published: the changes of each snapshot, newest first, read no further back than needed. */
import { familyOf, intersectPrefixes, subtractPrefixes } from '../../core/prefixes.ts';
import type { SnapshotDiff, TagChange } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import type { Target } from '../../core/targets/target.ts';
import type { WaitingPrefix } from '../../core/targets/targetState.ts';
import { concerns } from '../../core/serviceTags/watchedTags.ts';
import { itemsOf } from '../itemsOf.ts';
import type { ChangeStore, SnapshotStore } from '../ports.ts';

export interface PublicationReaders {
  readonly cloud: Cloud;
  readonly snapshots: Pick<SnapshotStore, 'list'>;
  readonly changes: Pick<ChangeStore, 'get'>;
}

/**
 * Listed prefixes with the day since when one of the tags has had them. What was there in the first snapshot already has
 * the day of that one, and may be older.
 */
export async function datePrefixes(
  readers: PublicationReaders,
  newest: SnapshotSummary,
  tags: readonly string[],
  prefixes: readonly string[],
): Promise<readonly WaitingPrefix[]> {
  if (prefixes.length === 0) return [];
  const names = new Set(tags.map((tag) => tag.toLowerCase()));
  const dated: WaitingPrefix[] = [];
  let open = prefixes;
  let oldest = newest.date;
  for await (const { snapshot, changes } of publicationsFrom(readers, newest)) {
    const added = (changes ?? []).filter(({ tag }) => names.has(tag.toLowerCase())).flatMap((change) => change.added);
    oldest = snapshot.date;
    dated.push(...published(intersectPrefixes(open, added), oldest));
    open = subtractPrefixes(open, added);
    if (open.length === 0) break;
  }
  return [...dated, ...published(open, oldest)];
}

/** What the tags of a target have got since an earlier snapshot, and still have; nothing where that one is not known. */
export async function additionsSince(
  readers: PublicationReaders,
  newest: SnapshotSummary,
  target: Target,
  since: string,
): Promise<readonly WaitingPrefix[]> {
  const found: WaitingPrefix[] = [];
  const removed = new Map<string, readonly string[]>();
  for await (const { snapshot, changes } of publicationsFrom(readers, newest)) {
    for (const change of (changes ?? []).filter(({ tag }) => concerns(target, tag))) {
      const added = change.added.filter((prefix) => target.addressFamilies.includes(familyOf(prefix)));
      const removedLater = removed.get(change.tag) ?? [];
      found.push(...published(subtractPrefixes(added, removedLater), snapshot.date));
      removed.set(change.tag, [...removedLater, ...change.removed]);
    }
    if (snapshot.previous === since) return found;
  }
  return [];
}

function published(prefixes: readonly string[], date: string): WaitingPrefix[] {
  return prefixes.map((prefix) => ({ prefix, published: date }));
}

interface Publication {
  readonly snapshot: SnapshotSummary;
  /** Of the first snapshot none: it has nothing to be compared with. Undefined where they are lost. */
  readonly changes: readonly TagChange[] | undefined;
}

async function* publicationsFrom(readers: PublicationReaders, newest: SnapshotSummary): AsyncGenerator<Publication> {
  const memory = memoryOf(readers);
  let snapshot: SnapshotSummary | undefined = newest;
  while (snapshot?.previous !== undefined) {
    const diff = await memory.changesOf(snapshot.id);
    yield { snapshot, changes: diff?.changes };
    snapshot = (await memory.summariesAt(newest.id)).get(snapshot.previous);
  }
  if (snapshot) yield { snapshot, changes: [] };
}

/** Changes never change, and the list of snapshots does not before there is a newer one: one memory a store. */
interface Memory {
  readonly changesOf: (id: string) => Promise<SnapshotDiff | undefined>;
  readonly summariesAt: (newest: string) => Promise<ReadonlyMap<string, SnapshotSummary>>;
}

const memories = new WeakMap<PublicationReaders['changes'], Memory>();

function memoryOf(readers: PublicationReaders): Memory {
  const memory = memories.get(readers.changes) ?? createMemory(readers);
  memories.set(readers.changes, memory);
  return memory;
}

function createMemory({ cloud, changes, snapshots }: PublicationReaders): Memory {
  const diffs = new Map<string, SnapshotDiff>();
  let listed: { readonly newest: string; readonly summaries: ReadonlyMap<string, SnapshotSummary> } | undefined;
  return {
    async changesOf(id) {
      const diff = diffs.get(id) ?? (await changes.get(cloud, id));
      if (diff) diffs.set(id, diff);
      return diff;
    },
    async summariesAt(newest) {
      if (listed?.newest !== newest) listed = { newest, summaries: await readSummaries(snapshots, cloud) };
      return listed.summaries;
    },
  };
}

async function readSummaries(
  snapshots: PublicationReaders['snapshots'],
  cloud: Cloud,
): Promise<ReadonlyMap<string, SnapshotSummary>> {
  const summaries = new Map<string, SnapshotSummary>();
  for await (const summary of itemsOf((page) => snapshots.list(cloud, page), 500)) summaries.set(summary.id, summary);
  return summaries;
}
