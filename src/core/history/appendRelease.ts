/** Adds releases to a history: first the built-in ones, then each release that a pull finds. */
import { overlapping } from '../prefixes.ts';
import type { ServiceTag } from '../serviceTags/serviceTags.ts';
import type { Snapshot, SourceDisagreement } from '../serviceTags/snapshot.ts';
import { serviceOf, type HistoryDocument, type Release, type TagDelta } from './historyDocument.ts';

/** The parts of a snapshot from which a release is made. */
export type ReleasedSnapshot = Pick<
  Snapshot,
  'id' | 'date' | 'pulledAt' | 'changeNumber' | 'disagreements' | 'release'
> & { readonly document: Pick<Snapshot['document'], 'values'> };

/** A release with the content of a snapshot that the history has: it confirms what is no longer listed. */
export type UnchangedRelease = Pick<Release, 'date' | 'seenAt' | 'lookedAt' | 'changeNumber' | 'snapshot'>;

/** The built-in history, plus services that are recorded from the first pull on. */
export function startHistory(builtIn: HistoryDocument, services: readonly string[]): HistoryDocument {
  return { ...builtIn, services: unite(builtIn.services, services) };
}

/** The first snapshot replaces all built-in releases of its date and later: what is pulled wins. */
export function appendSnapshot(before: HistoryDocument, snapshot: ReleasedSnapshot): HistoryDocument {
  const date = snapshot.release?.date ?? snapshot.date;
  const history = { ...before, releases: before.releases.filter((known) => !known.builtIn || known.date < date) };
  const services = new Set(history.services.map((service) => service.toLowerCase()));
  const values = snapshot.document.values.filter(({ name }) => services.has(serviceOf(name.toLowerCase())));
  const release: Release = {
    date,
    seenAt: snapshot.pulledAt,
    ...(snapshot.release?.lookedAt !== undefined && { lookedAt: snapshot.release.lookedAt }),
    changeNumber: snapshot.changeNumber,
    snapshot: snapshot.id,
    ...(snapshot.release?.addsOnly && { addsOnly: true }),
    tags: deltasOf(listsOf(history.releases), values, snapshot.disagreements),
  };
  return { ...history, releases: [...history.releases, release] };
}

/** It differs from the release before if that is a rejected one. */
export function appendUnchanged(history: HistoryDocument, release: UnchangedRelease): HistoryDocument {
  const { date, seenAt, lookedAt, changeNumber, snapshot } = release;
  const same = history.releases.findLastIndex((known) => known.snapshot === snapshot);
  const listed = listsOf(same < 0 ? history.releases : history.releases.slice(0, same + 1));
  const values = [...listed.values()].map(({ name, list }) => ({ name, addressPrefixes: [...list] }));
  const tags = deltasOf(listsOf(history.releases), values, []);
  const added = { date, seenAt, ...(lookedAt !== undefined && { lookedAt }), changeNumber, snapshot, tags };
  return { ...history, releases: [...history.releases, added] };
}

/** The list of each tag after the last of these releases, rejected or not; by name in lower case. */
export function listsOf(
  releases: readonly Pick<Release, 'tags'>[],
): ReadonlyMap<string, { readonly name: string; readonly list: ReadonlySet<string> }> {
  const lists = new Map<string, { name: string; list: Set<string> }>();
  for (const { tags } of releases) {
    for (const [name, delta] of Object.entries(tags)) {
      const key = name.toLowerCase();
      if (delta === null) {
        lists.delete(key);
        continue;
      }
      const list = lists.get(key)?.list ?? new Set<string>();
      for (const prefix of delta.remove) list.delete(prefix);
      for (const prefix of delta.add) list.add(prefix);
      lists.set(key, { name, list });
    }
  }
  return lists;
}

function deltasOf(
  before: ReturnType<typeof listsOf>,
  values: readonly Pick<ServiceTag, 'name' | 'addressPrefixes'>[],
  disagreements: readonly SourceDisagreement[],
): Release['tags'] {
  const deltas: Record<string, TagDelta | null> = {};
  for (const { name, addressPrefixes } of values) {
    const known = before.get(name.toLowerCase());
    const delta = deltaOf(known?.list, addressPrefixes);
    if (delta) deltas[name] = { ...delta, ...aloneOf(name, delta.add, disagreements) };
  }
  const listed = new Set(values.map(({ name }) => name.toLowerCase()));
  for (const [key, { name }] of before) if (!listed.has(key)) deltas[name] = null;
  return deltas;
}

/** Undefined if both lists are the same. */
function deltaOf(before: ReadonlySet<string> | undefined, after: readonly string[]): TagDelta | undefined {
  const now = new Set(after);
  const add = after.filter((prefix) => !before?.has(prefix));
  const remove = [...(before ?? [])].filter((prefix) => !now.has(prefix));
  return before && add.length + remove.length === 0 ? undefined : { add, remove };
}

/** The added prefixes that only one of several working sources lists. */
function aloneOf(
  tag: string,
  add: readonly string[],
  disagreements: readonly SourceDisagreement[],
): Pick<TagDelta, 'onlyOneSource'> {
  const lists = disagreements.filter((entry) => entry.tag === tag).map(({ prefixes }) => overlapping(add, prefixes));
  const onlyOneSource = add.filter((prefix) => lists.filter((list) => list.includes(prefix)).length === 1);
  return onlyOneSource.length > 0 ? { onlyOneSource } : {};
}

function unite(a: readonly string[], b: readonly string[]): readonly string[] {
  const known = new Set(a.map((name) => name.toLowerCase()));
  return [...a, ...[...new Set(b)].filter((name) => !known.has(name.toLowerCase())).sort()];
}
