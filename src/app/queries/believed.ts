/**
 * What lists for machines are made from: what of the document is passed on, and of a tag in quarantine also what was
 * passed on before. So a firewall that polls loses nothing on the word of a list that is missing, empty or shrunken.
 * Where nobody knows what was there before, the document is all there is.
 */
import { RequestError } from '../../core/errors.ts';
import { oncePerKey, type OncePerKey } from '../../core/once.ts';
import { dropContained } from '../../core/prefixes.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import type { History } from './history.ts';
import { readPassedOn, serviceOf } from './passedOn.ts';
import type { SnapshotLibrary } from './snapshotLibrary.ts';
import { retryAfterInSeconds } from './storage.ts';

const vanishedRetryInSeconds = 3600;

// Made once for each document and its quarantined tags, and gone with the document.
const kept = new WeakMap<ServiceTagsDocument, OncePerKey<ServiceTagsDocument>>();

/** The document as it is passed on, with the believed prefixes of the quarantined tags among `names` and their regions. */
export async function believedDocument(
  library: SnapshotLibrary,
  snapshot: Snapshot,
  names: readonly string[],
): Promise<ServiceTagsDocument> {
  const { document } = await readPassedOn(library, snapshot, names);
  const services = new Set(names.map(serviceOf));
  const entries = snapshot.quarantine.filter(({ tag, kind }) => kind !== 'unknown' && services.has(serviceOf(tag)));
  if (entries.length === 0) return document;
  const documents = kept.get(document) ?? oncePerKey<ServiceTagsDocument>();
  kept.set(document, documents);
  const key = entries.map(({ tag }) => tag).join();
  return documents(key, () => withBelieved(library, document, entries));
}

/** The entries of a snapshot for tags by name. */
export function quarantineOf(snapshot: Snapshot, tags: readonly string[]): readonly TagQuarantine[] {
  if (snapshot.quarantine.length === 0) return [];
  const names = new Set(tags.map((tag) => tag.toLowerCase()));
  return snapshot.quarantine.filter(({ tag }) => names.has(tag.toLowerCase()));
}

/** `choose`, for lists for machines: a tag that left the list is no mistake of the caller. Throws RequestError 503. */
export async function chooseListed<T>(history: History, names: readonly string[], choose: () => T): Promise<T> {
  try {
    return choose();
  } catch (error) {
    const removed = new Set([...(await history.removedTags())].map((tag) => tag.toLowerCase()));
    const gone = names.find((name) => removed.has(name.toLowerCase()));
    if (gone === undefined) throw error;
    throw new RequestError(
      503,
      'vanished-tag',
      `${gone} is listed no more (GET history names the day); nothing is sent, so that what was loaded last stays`,
      { retryAfterInSeconds: vanishedRetryInSeconds },
    );
  }
}

async function withBelieved(
  library: SnapshotLibrary,
  document: ServiceTagsDocument,
  entries: readonly TagQuarantine[],
): Promise<ServiceTagsDocument> {
  const believed = await Promise.all(entries.map((entry) => believedTag(library, document, entry)));
  const names = new Set(believed.map((tag) => tag.name.toLowerCase()));
  const others = document.values.filter((tag) => !names.has(tag.name.toLowerCase()));
  return { ...document, values: [...others, ...believed] };
}

async function believedTag(
  library: SnapshotLibrary,
  document: ServiceTagsDocument,
  { tag, baseline }: TagQuarantine,
): Promise<ServiceTag> {
  const { snapshot } = await library.get(baseline).catch(noBaseline);
  const before = findTag((await readPassedOn(library, snapshot, [tag])).document, tag);
  if (!before) return noBaseline(new Error(`${baseline} has no ${tag}`));
  const now = findTag(document, tag) ?? before;
  return { ...now, addressPrefixes: dropContained([...before.addressPrefixes, ...now.addressPrefixes]) };
}

/** Without what was believed there is no safe list, whatever the reason. */
function noBaseline(cause: unknown): never {
  const error = new RequestError(
    503,
    'storage-unavailable',
    'the list is in quarantine and the one before it cannot be read now',
    { retryAfterInSeconds },
  );
  error.cause = cause;
  throw error;
}
