/**
 * What lists for machines are made from: of each tag what its history releases to feeds. Of a tag that is missing, empty
 * or shrunken that is also what was trusted before, so a firewall that polls loses nothing because of such a list.
 */
import { RequestError } from '../../core/errors.ts';
import { History } from '../../core/history/history.ts';
import { appendSnapshot } from '../../core/history/appendRelease.ts';
import { historyVersion, serviceOf } from '../../core/history/historyDocument.ts';
import { isRegistryTag } from '../../core/history/limits.ts';
import { quarantine, type Quarantine } from '../../core/history/quarantine.ts';
import { releasedToFeeds, type WithheldPrefix } from '../../core/history/releasedToFeeds.ts';
import { familyOf, type AddressFamily } from '../../core/prefixes.ts';
import { isSameList } from '../../core/serviceTags/serviceTagDiff.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import type { HistoryReader } from '../history/historyReader.ts';
import { readStorage } from './storage.ts';

export interface FeedList {
  /** The snapshot's document, with the tags that were asked for as feeds have them. */
  readonly document: ServiceTagsDocument;
  readonly withheld: readonly WithheldPrefix[];
  readonly quarantined: readonly FeedQuarantine[];
  /** Another one whenever the lists may be others, also while the snapshot is the same. */
  readonly version: string;
  /** ISO time since when they can be the same. */
  readonly since: string;
}

export type FeedQuarantine = TagQuarantine & Pick<Quarantine, 'status'>;

/** Of one service in one snapshot. */
interface ServiceList {
  readonly tags: readonly ServiceTag[];
  readonly withheld: readonly WithheldPrefix[];
  readonly quarantined: readonly FeedQuarantine[];
}

export class FeedLists {
  readonly #reader: HistoryReader;
  /** Of a history and a snapshot, service by service. */
  readonly #made = new WeakMap<History, Map<string, ServiceList>>();
  readonly #versions = new WeakMap<History, string>();
  #versionCount = 0;

  constructor(reader: HistoryReader) {
    this.#reader = reader;
  }

  /** For the tags of the services that `names` are of. */
  async of(snapshot: Snapshot, names: readonly string[]): Promise<FeedList> {
    const services = [...new Set(names.map((name) => serviceOf(name).toLowerCase()))];
    const histories = await Promise.all(services.map((service) => this.#historyOf(snapshot, service)));
    const recorded = await this.#reader.read().catch(() => undefined);
    const lists = histories.map((history, index) => {
      const service = services[index] ?? '';
      return this.#listOf(history, snapshot, service, recorded?.covers(service) ?? isRegistryTag(service));
    });
    const isOther = new Set(lists.flatMap(({ tags }) => tags.map(({ name }) => name.toLowerCase())));
    const rest = snapshot.document.values.filter(({ name }) => !isOther.has(name.toLowerCase()));
    const values = isOther.size === 0 ? snapshot.document.values : [...rest, ...lists.flatMap(({ tags }) => tags)];
    return {
      document: isOther.size === 0 ? snapshot.document : { ...snapshot.document, values: values.toSorted(byName) },
      withheld: lists.flatMap(({ withheld }) => withheld),
      quarantined: lists.flatMap(({ quarantined }) => quarantined),
      version: histories.map((history) => this.#versionOf(history)).join(),
      since: histories.map(({ newest }) => newest?.seenAt ?? '').reduce((a, b) => (a > b ? a : b), snapshot.pulledAt),
    };
  }

  /** The snapshot alone is better than nothing for a tag that no pull records: nothing wide or special is in it. */
  async #historyOf(snapshot: Snapshot, service: string): Promise<History> {
    try {
      const history = await readStorage('the history of the tag', () => this.#reader.readFor(service));
      if (history.until(snapshot.id)) return history;
      // It was read before the snapshot was stored.
      this.#reader.expire();
      return await readStorage('the history of the tag', () => this.#reader.readFor(service));
    } catch (error) {
      const known = await this.#reader.read().catch(() => undefined);
      if (!(error instanceof RequestError) || !isUnrecorded(known, snapshot, service)) throw error;
      return historyOfOne(snapshot, service);
    }
  }

  #listOf(whole: History, snapshot: Snapshot, service: string, isRecorded: boolean): ServiceList {
    const made = this.#made.get(whole) ?? new Map<string, ServiceList>();
    this.#made.set(whole, made);
    const key = `${snapshot.id} ${service}`;
    const list = made.get(key) ?? makeList(historyWith(whole, snapshot, service), snapshot, service, isRecorded);
    made.set(key, list);
    return list;
  }

  #versionOf(history: History): string {
    const known = this.#versions.get(history) ?? String((this.#versionCount += 1));
    this.#versions.set(history, known);
    return known;
  }
}

/** Of these tags, and of one family unless all are asked for. */
export function selectWithheld(
  withheld: readonly WithheldPrefix[],
  tags: readonly string[],
  family: AddressFamily | 'all',
): readonly WithheldPrefix[] {
  return withheld.filter(({ tag, prefix }) => tags.includes(tag) && (family === 'all' || familyOf(prefix) === family));
}

/** The entries for tags by name. */
export function selectQuarantined(
  quarantined: readonly FeedQuarantine[],
  tags: readonly string[],
): readonly FeedQuarantine[] {
  const names = new Set(tags.map((tag) => tag.toLowerCase()));
  return quarantined.filter(({ tag }) => names.has(tag.toLowerCase()));
}

function makeList(history: History, { document }: Snapshot, service: string, isRecorded: boolean): ServiceList {
  const listed = new Map(document.values.map((tag) => [tag.name.toLowerCase(), tag]));
  const tags: ServiceTag[] = [];
  const withheld: WithheldPrefix[] = [];
  const quarantined: FeedQuarantine[] = [];
  for (const { name } of history.tags) {
    if (serviceOf(name).toLowerCase() !== service) continue;
    const released = releasedToFeeds(history, name);
    const tag = listed.get(name.toLowerCase());
    const found = quarantine(history, name);
    // A tag that no pull records and that is gone is a 503: whoever polls it keeps what it has.
    if (!released || (!tag && (released.served.length === 0 || !isRecorded))) continue;
    if (found) quarantined.push(toEntry(found));
    withheld.push(...released.withheld);
    if (tag && isSameList(tag.addressPrefixes, released.served)) continue;
    tags.push({ ...(tag ?? goneTag(name, document)), addressPrefixes: released.served });
  }
  return { tags, withheld, quarantined };
}

/** As it was with a snapshot. One that is not in it is newer than it, or of a time that it does not know. */
function historyWith(history: History, snapshot: Snapshot, service: string): History {
  const then = history.until(snapshot.id);
  if (then) return then;
  const isNewer = history.newest !== undefined && snapshot.pulledAt > history.newest.seenAt;
  return isNewer ? new History(appendSnapshot(history.document, snapshot)) : historyOfOne(snapshot, service);
}

function historyOfOne(snapshot: Snapshot, service: string): History {
  const empty = { version: historyVersion, cloud: snapshot.cloud, services: [service], releases: [] } as const;
  return new History(appendSnapshot(empty, snapshot));
}

/** Where nobody can tell, the snapshot does: of a tag that it has in quarantine the list before must not be lost. */
function isUnrecorded(history: History | undefined, { quarantine: entries }: Snapshot, service: string): boolean {
  if (history) return !history.covers(service);
  return !isRegistryTag(service) && !entries.some(({ tag }) => serviceOf(tag).toLowerCase() === service);
}

/** A tag that the document does not list any more. */
function goneTag(name: string, { changeNumber }: ServiceTagsDocument): ServiceTag {
  const [systemService = name, ...region] = name.split('.');
  return { name, region: region.join('.').toLowerCase(), systemService, changeNumber, addressPrefixes: [] };
}

function toEntry({ tag, kind, status, reason, comparedWith, since, confirmations }: Quarantine): FeedQuarantine {
  return { tag, kind, status, reason, baseline: comparedWith.snapshot, since: since.date, confirmations };
}

function byName(a: ServiceTag, b: ServiceTag): number {
  return a.name < b.name ? -1 : 1;
}
