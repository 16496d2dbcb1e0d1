/**
 * What changed in each tag from release to release. For tags that the history covers: from the history, since 2019. For
 * all others: from the stored changes of the snapshots.
 */
import pMap from 'p-map';
import { oncePerKey } from '../../core/once.ts';
import type { History } from '../../core/history/history.ts';
import { sortPrefixes } from '../../core/prefixes.ts';
import { diffPrefixes, diffTags, type SnapshotDiff } from '../../core/serviceTags/serviceTagDiff.ts';
import type { Cloud } from '../../core/serviceTags/serviceTags.ts';
import type { SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import type { TagTimeline, TagTimelineEntry } from '../../core/serviceTags/tagTimeline.ts';
import type { HistoryReader } from '../history/historyReader.ts';
import type { ChangeStore } from '../ports.ts';
import type { SnapshotLibrary } from './snapshotLibrary.ts';
import { isDamaged, readStorage } from './storage.ts';

const parallelReads = 8;

export class Timelines {
  readonly #store: Pick<ChangeStore, 'get'>;
  readonly #cloud: Cloud;
  readonly #library: SnapshotLibrary;
  /** By snapshot id. A diff never changes, so it is kept. */
  readonly #diffs = oncePerKey<SnapshotDiff>();
  readonly #history: HistoryReader;
  #computing: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<ChangeStore, 'get'>, cloud: Cloud, library: SnapshotLibrary, history: HistoryReader) {
    this.#history = history;
    this.#store = store;
    this.#cloud = cloud;
    this.#library = library;
  }

  /** The changes of one tag up to the snapshot `until`, or up to now; newest first. */
  async timeline(tag: string, until?: string): Promise<TagTimeline> {
    const history = await readStorage('the history', () => this.#history.read());
    if (history.covers(tag))
      return recordedTimeline(until === undefined ? history : (history.until(until) ?? history), tag);
    const chain = await this.#chainUntil(until);
    const wanted = tag.toLowerCase();
    const entries: TagTimelineEntry[] = [];
    const diffs = await this.#diffsOf(chain);
    diffs.forEach((diff, index) => {
      const summary = chain[index];
      const previous = chain[index + 1];
      const change = diff.changes.find((candidate) => candidate.tag.toLowerCase() === wanted);
      const kind = kindOf(diff, wanted);
      if (!summary || !previous || (!change && kind === 'changed')) return;
      entries.push({
        tag: change?.tag ?? tag,
        snapshot: summary.id,
        previous: previous.id,
        date: summary.date,
        previousDate: previous.date,
        pulledAt: summary.pulledAt,
        kind,
        added: change?.added ?? [],
        removed: change?.removed ?? [],
      });
    });
    return { tag, entries, oldestDate: chain.at(-1)?.date ?? '' };
  }

  /** Names of the tags that were listed once and no longer are. */
  async removedTags(): Promise<ReadonlySet<string>> {
    const diffs = await this.#diffsOf(await this.#library.chain());
    const history = await readStorage('the history', () => this.#history.read());
    const removed = new Set(
      history.tags.filter(({ steps }) => steps.at(-1)?.isListed === false).map(({ name }) => name),
    );
    // Oldest first: a removed tag may have come back.
    for (const diff of diffs.toReversed()) {
      for (const tag of diff.removedTags) removed.add(tag);
      for (const tag of diff.addedTags) removed.delete(tag);
    }
    return removed;
  }

  async #chainUntil(until: string | undefined): Promise<readonly SnapshotSummary[]> {
    const chain = await this.#library.chain();
    const start = until === undefined ? 0 : chain.findIndex((summary) => summary.id === until);
    return start < 0 ? [] : chain.slice(start);
  }

  /** One per snapshot except the oldest, which cannot be compared with an older one. */
  async #diffsOf(chain: readonly SnapshotSummary[]): Promise<readonly SnapshotDiff[]> {
    const steps = chain.slice(1).map(({ id: previous }, index) => ({ id: chain[index]?.id ?? '', previous }));
    return pMap(steps, ({ id, previous }) => this.#diffs(id, () => this.#read(id, previous)), {
      concurrency: parallelReads,
    });
  }

  async #read(id: string, previous: string): Promise<SnapshotDiff> {
    const stored = await readStorage(`the changes of snapshot ${id}`, () => this.#store.get(this.#cloud, id));
    if (stored) return stored;
    // One after the other: each comparison keeps two whole documents in memory.
    const computing = this.#computing.then(() => this.#compute(id, previous));
    this.#computing = computing.catch(() => undefined);
    return computing;
  }

  async #compute(id: string, previous: string): Promise<SnapshotDiff> {
    try {
      const [before, after] = [await this.#library.get(previous), await this.#library.get(id)];
      return diffTags(before.snapshot.document, after.snapshot.document);
    } catch (error) {
      if (isDamaged(error)) return nothingKnown;
      throw error;
    }
  }
}

function recordedTimeline(history: History, tag: string): TagTimeline {
  const { releases } = history;
  const record = history.tag(tag);
  const entries: TagTimelineEntry[] = [];
  const list = new Set<string>();
  let wasListed = false;
  for (const { index, isListed, add, remove } of record?.steps ?? []) {
    const before = [...list];
    for (const prefix of remove) list.delete(prefix);
    for (const prefix of add) list.add(prefix);
    const [release, previous] = [releases[index], releases[index - 1]];
    const { added, removed } = diffPrefixes(before, [...list]);
    const kind = isListed === wasListed ? 'changed' : isListed ? 'added' : 'removed';
    wasListed = isListed;
    if (!release || !previous || (kind === 'changed' && added.length + removed.length === 0)) continue;
    entries.push({
      tag: record?.name ?? tag,
      snapshot: release.snapshot,
      previous: previous.snapshot,
      date: release.date,
      previousDate: previous.date,
      pulledAt: release.seenAt,
      kind,
      added: sortPrefixes(added),
      removed: sortPrefixes(removed),
    });
  }
  return { tag, entries: entries.reverse(), oldestDate: releases[0]?.date ?? '' };
}

const nothingKnown: SnapshotDiff = { addedTags: [], removedTags: [], changes: [] };

function kindOf(diff: SnapshotDiff, wanted: string): TagTimelineEntry['kind'] {
  if (diff.addedTags.some((name) => name.toLowerCase() === wanted)) return 'added';
  return diff.removedTags.some((name) => name.toLowerCase() === wanted) ? 'removed' : 'changed';
}
