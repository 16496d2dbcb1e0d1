/** The document of a snapshot without what is not passed on to machines, and what that is. */
import { RequestError } from '../../core/errors.ts';
import { oncePerKey, type OncePerKey } from '../../core/once.ts';
import { familyOf, type AddressFamily } from '../../core/prefixes.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, SnapshotSummary } from '../../core/serviceTags/snapshot.ts';
import {
  confirmationsOfWide,
  doubtOf,
  passOn,
  withheldOf,
  type WithheldPrefix,
} from '../../core/serviceTags/withheld.ts';
import type { SnapshotLibrary } from './snapshotLibrary.ts';
import { isDamaged } from './storage.ts';

export interface PassedOn {
  readonly document: ServiceTagsDocument;
  readonly withheld: readonly WithheldPrefix[];
}

/** A tag whose list is not passed on as it was published. */
interface PassedTag {
  readonly tag: ServiceTag;
  readonly withheld: readonly WithheldPrefix[];
}

interface Kept {
  /** Every service of the document; what is asked for and is not there is not kept. */
  readonly known: ReadonlySet<string>;
  readonly services: OncePerKey<readonly PassedTag[]>;
  readonly documents: Map<string, PassedOn>;
}

// Made once for each snapshot and service, and gone with the snapshot.
const kept = new WeakMap<Snapshot, Kept>();

/** For the tags of the services that `names` are of; the document itself where all of them is passed on. */
export async function readPassedOn(
  library: SnapshotLibrary,
  snapshot: Snapshot,
  names: readonly string[],
): Promise<PassedOn> {
  const { known, documents } = keptOf(snapshot);
  const services = [...new Set(names.map(serviceOf))].filter((service) => known.has(service));
  const passed = (await Promise.all(services.map((service) => passService(library, snapshot, service)))).flat();
  if (passed.length === 0) return { document: snapshot.document, withheld: [] };
  const key = passed.map(({ tag }) => tag.name).join();
  const made = documents.get(key) ?? replaceTags(snapshot.document, passed);
  documents.set(key, made);
  return made;
}

/** Of these tags, and of one family unless all are asked for. */
export function selectWithheld(
  withheld: readonly WithheldPrefix[],
  tags: readonly string[],
  family: AddressFamily | 'all',
): readonly WithheldPrefix[] {
  return withheld.filter(({ tag, prefix }) => tags.includes(tag) && (family === 'all' || familyOf(prefix) === family));
}

export function serviceOf(tag: string): string {
  return (tag.split('.', 1)[0] ?? '').toLowerCase();
}

function keptOf(snapshot: Snapshot): Kept {
  let found = kept.get(snapshot);
  if (!found) {
    const known = new Set(snapshot.document.values.map(({ name }) => serviceOf(name)));
    found = { known, services: oncePerKey(), documents: new Map() };
    kept.set(snapshot, found);
  }
  return found;
}

function replaceTags(document: ServiceTagsDocument, passed: readonly PassedTag[]): PassedOn {
  const byName = new Map(passed.map(({ tag }) => [tag.name, tag]));
  return {
    document: { ...document, values: document.values.map((tag) => byName.get(tag.name) ?? tag) },
    withheld: passed.flatMap(({ withheld }) => withheld),
  };
}

function passService(library: SnapshotLibrary, snapshot: Snapshot, service: string): Promise<readonly PassedTag[]> {
  return keptOf(snapshot).services(service, () => {
    const doubtful = snapshot.document.values.filter(
      ({ name, addressPrefixes }) =>
        serviceOf(name) === service && addressPrefixes.some((prefix) => doubtOf(name, prefix)),
    );
    return Promise.all(doubtful.map((tag) => passTag(library, snapshot, tag)));
  });
}

async function passTag(library: SnapshotLibrary, snapshot: Snapshot, tag: ServiceTag): Promise<PassedTag> {
  const lists = [tag.addressPrefixes, ...(await readEarlier(library, snapshot, tag.name))];
  const addressPrefixes = passOn(tag.name, lists);
  return { tag: { ...tag, addressPrefixes }, withheld: withheldOf(tag.name, tag.addressPrefixes, addressPrefixes) };
}

/** What the tag listed in the publications before, newest first. */
async function readEarlier(
  library: SnapshotLibrary,
  snapshot: Snapshot,
  tag: string,
): Promise<readonly (readonly string[])[]> {
  const chain = await library.chain();
  const index = chain.findIndex(({ id }) => id === snapshot.id);
  const before = index < 0 ? [] : publicationsOf(chain.slice(index + 1), snapshot.date, tag);
  const lists: (readonly string[])[] = [];
  for (const { id } of before) {
    if (lists.length === confirmationsOfWide) break;
    const list = await readList(library, id, tag);
    if (list) lists.push(list);
  }
  return lists;
}

/** Undefined where the snapshot is gone or damaged: no later answer will have it. */
async function readList(library: SnapshotLibrary, id: string, tag: string): Promise<readonly string[] | undefined> {
  try {
    const { snapshot } = await library.get(id);
    return findTag(snapshot.document, tag)?.addressPrefixes ?? [];
  } catch (error) {
    if (isDamaged(error) || (error instanceof RequestError && error.status === 404)) return undefined;
    throw error;
  }
}

/** One a day, the last one of it; what was in quarantine then neither confirms nor denies. */
function publicationsOf(chain: readonly SnapshotSummary[], after: string, tag: string): readonly SnapshotSummary[] {
  let day = after;
  return chain.filter(({ date, quarantine }) => {
    if (date === day || quarantine.some((entry) => entry.tag === tag)) return false;
    day = date;
    return true;
  });
}
