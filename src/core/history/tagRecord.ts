/** What one tag listed over time, according to its releases without the rejected ones. */
import type { HistoryDocument, Release } from './historyDocument.ts';
import { isRegistryTag } from './limits.ts';

/** A change of a tag in one release. */
export interface TagStep {
  /** Index of the release among those that are not rejected. */
  readonly index: number;
  /** False if the release does not list the tag. */
  readonly isListed: boolean;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly onlyOneSource: readonly string[];
}

export interface TagRecord {
  /** In the spelling of the newest release that lists it. */
  readonly name: string;
  readonly steps: readonly TagStep[];
  /** Prefixes that rejected releases added. */
  readonly rejected: readonly string[];
}

interface OpenRecord {
  name: string;
  readonly steps: TagStep[];
  readonly rejected: string[];
  /** The list in the newest release, rejected or not; undefined if it does not list the tag. */
  list: Set<string> | undefined;
  /**
   * The list in the newest release that is not rejected, if a rejected one came after it, and the prefixes that only one
   * source listed since.
   */
  counted: { readonly list: ReadonlySet<string> | undefined; readonly onlyOneSource: string[] } | undefined;
}

/** The records of all tags, by name in lower case. */
export function readTagRecords(document: HistoryDocument): ReadonlyMap<string, TagRecord> {
  const records = new Map<string, OpenRecord>();
  let index = 0;
  for (const release of document.releases) {
    const touched = applyRelease(release, records);
    if (release.rejected) continue;
    for (const record of records.values()) {
      const delta = touched.get(record);
      if (record.counted) closeRejected(record, record.counted, index);
      else if (delta !== undefined) record.steps.push({ ...delta, index });
    }
    index += 1;
  }
  return records;
}

type Delta = Omit<TagStep, 'index'>;

function applyRelease(release: Release, records: Map<string, OpenRecord>): ReadonlyMap<OpenRecord, Delta> {
  const touched = new Map<OpenRecord, Delta>();
  for (const [name, change] of Object.entries(release.tags)) {
    const key = name.toLowerCase();
    const record: OpenRecord = records.get(key) ?? {
      name,
      steps: [],
      rejected: [],
      list: undefined,
      counted: undefined,
    };
    records.set(key, record);
    if (release.rejected) {
      record.counted ??= { list: record.list && new Set(record.list), onlyOneSource: [] };
      record.rejected.push(...(change?.add ?? []));
    }
    record.counted?.onlyOneSource.push(...(change?.onlyOneSource ?? []));
    const before = record.list;
    if (change === null) {
      record.list = undefined;
      touched.set(record, { isListed: false, add: [], remove: [...(before ?? [])], onlyOneSource: [] });
      continue;
    }
    record.name = name;
    const list = before ?? new Set();
    record.list = list;
    const add = change.add.filter((prefix) => !list.has(prefix));
    const remove = change.remove.filter((prefix) => list.has(prefix));
    for (const prefix of remove) list.delete(prefix);
    for (const prefix of add) list.add(prefix);
    touched.set(record, { isListed: true, add, remove, onlyOneSource: change.onlyOneSource ?? [] });
  }
  return touched;
}

/** For the first release after rejected ones: compares it with the last one before them. */
function closeRejected(
  record: OpenRecord,
  { list: before, onlyOneSource }: NonNullable<OpenRecord['counted']>,
  index: number,
): void {
  const { list } = record;
  record.counted = undefined;
  const add = [...(list ?? [])].filter((prefix) => !before?.has(prefix));
  const remove = [...(before ?? [])].filter((prefix) => !list?.has(prefix));
  if (add.length === 0 && remove.length === 0 && (before === undefined) === (list === undefined)) return;
  record.steps.push({ index, isListed: list !== undefined, add, remove, onlyOneSource });
}

/**
 * Index of the release that listed the tag first: its list is trusted, because nobody can follow a tag that does not exist
 * yet. Undefined for AzureContainerRegistry: targets name its regions before they are listed.
 */
export function firstTrusted({ name, steps }: TagRecord): number | undefined {
  return isRegistryTag(name) ? undefined : steps[0]?.index;
}

/** The list of the tag after the release `index`; undefined if the tag is not listed then. */
export function listAt(record: TagRecord, index: number): readonly string[] | undefined {
  let list: Set<string> | undefined;
  for (const step of record.steps) {
    if (step.index > index) break;
    if (!step.isListed) {
      list = undefined;
      continue;
    }
    list ??= new Set();
    for (const prefix of step.remove) list.delete(prefix);
    for (const prefix of step.add) list.add(prefix);
  }
  return list && [...list];
}
