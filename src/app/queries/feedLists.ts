/**
 * The lists that machines poll: of each tag, what its history releases to feeds. A tag that is missing, empty or shrunken
 * keeps the prefixes that it had before, so that a firewall loses nothing because of a broken list.
 */
import { RequestError } from '../../core/errors.ts';
import { History } from '../../core/history/history.ts';
import { appendSnapshot } from '../../core/history/appendRelease.ts';
import { historyVersion, serviceOf } from '../../core/history/historyDocument.ts';
import { isRegistryTag } from '../../core/history/limits.ts';
import { quarantine, toTagQuarantine, type Quarantine } from '../../core/history/quarantine.ts';
import { releasedToFeeds, type WithheldPrefix } from '../../core/history/releasedToFeeds.ts';
import { keepNewest } from '../../core/keepNewest.ts';
import { familyOf, type AddressFamily } from '../../core/prefixes.ts';
import { isSameList } from '../../core/serviceTags/serviceTagDiff.ts';
import type { ServiceTag, ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import type { HistoryReader } from '../history/historyReader.ts';
import { readStorage } from './storage.ts';

export interface FeedList {
  /** The snapshot's document; the tags of the requested services contain what is released to feeds. */
  readonly document: ServiceTagsDocument;
  readonly withheld: readonly WithheldPrefix[];
  readonly quarantined: readonly FeedQuarantine[];
  /** Changes whenever the lists may have changed, even if the snapshot is the same. */
  readonly version: string;
  /** ISO time of the last change, sent as `Last-Modified`. */
  readonly since: string;
}

export type FeedQuarantine = TagQuarantine & Pick<Quarantine, 'status'>;

/** The lists of one service, such as `AzureContainerRegistry` with all its regions, in one snapshot. */
interface ServiceList {
  readonly tags: readonly ServiceTag[];
  readonly withheld: readonly WithheldPrefix[];
  readonly quarantined: readonly FeedQuarantine[];
}

interface KnownList {
  /** The reader gives the same promise as long as what it read stands. */
  readonly reading: Promise<History>;
  readonly snapshot: Snapshot;
  readonly list: Promise<FeedList>;
}

/** Most requests are for one service. */
const maxKnown = 16;

export class FeedLists {
  readonly #reader: HistoryReader;
  /** Per history, keyed by snapshot and service. */
  readonly #serviceLists = new WeakMap<History, Map<string, ServiceList>>();
  readonly #versions = new WeakMap<History, string>();
  #versionCount = 0;
  /** By services: the last answers, and what each was made of. */
  readonly #known = new Map<string, KnownList>();

  constructor(reader: HistoryReader) {
    this.#reader = reader;
  }

  /**
   * The lists for a request of the tags `names`, made once as long as history and snapshot are the same. Throws
   * RequestError 503 if storage cannot be read.
   */
  of(snapshot: Snapshot, names: readonly string[]): Promise<FeedList> {
    const services = [...new Set(names.map((name) => serviceOf(name).toLowerCase()))];
    const key = services.join();
    const reading = this.#reader.read();
    const known = this.#known.get(key);
    if (known?.reading === reading && known.snapshot === snapshot) return known.list;
    const list = this.#make(snapshot, services);
    keepNewest(this.#known, key, { reading, snapshot, list }, maxKnown);
    list.catch(() => this.#known.delete(key));
    return list;
  }

  async #make(snapshot: Snapshot, services: readonly string[]): Promise<FeedList> {
    const histories = await Promise.all(services.map((service) => this.#historyOf(snapshot, service)));
    const recorded = await this.#reader.read().catch(() => undefined);
    const lists = histories.map((history, index) => {
      const service = services[index] ?? '';
      return this.#listOf(history, snapshot, service, recorded?.covers(service) ?? isRegistryTag(service));
    });
    const replaced = new Set(lists.flatMap(({ tags }) => tags.map(({ name }) => name.toLowerCase())));
    const { document } = snapshot;
    const rest = document.values.filter(({ name }) => !replaced.has(name.toLowerCase()));
    const values = [...rest, ...lists.flatMap(({ tags }) => tags)].sort(byName);
    return {
      document: replaced.size === 0 ? document : { ...document, values },
      withheld: lists.flatMap(({ withheld }) => withheld),
      quarantined: lists.flatMap(({ quarantined }) => quarantined),
      version: histories.map((history) => this.#versionOf(history)).join(),
      since: histories.map(({ newest }) => newest?.seenAt ?? '').reduce((a, b) => (a > b ? a : b), snapshot.pulledAt),
    };
  }

  /** If the history cannot be read, a tag that no pull records gets a history of this snapshot alone. */
  async #historyOf(snapshot: Snapshot, service: string): Promise<History> {
    try {
      const history = await readStorage('the history of the tag', () => this.#reader.readFor(service));
      if (history.until(snapshot.id)) return history;
      // The history in memory is older than the snapshot: read it again.
      this.#reader.expire();
      return await readStorage('the history of the tag', () => this.#reader.readFor(service));
    } catch (error) {
      const known = await this.#reader.read().catch(() => undefined);
      if (!(error instanceof RequestError) || !isUnrecorded(known, snapshot, service)) throw error;
      return historyOfOne(snapshot, service);
    }
  }

  #listOf(history: History, snapshot: Snapshot, service: string, isRecorded: boolean): ServiceList {
    const lists = this.#serviceLists.get(history) ?? new Map<string, ServiceList>();
    this.#serviceLists.set(history, lists);
    const key = `${snapshot.id} ${service}`;
    const list = lists.get(key) ?? makeList(historyUntil(history, snapshot, service), snapshot, service, isRecorded);
    lists.set(key, list);
    return list;
  }

  #versionOf(history: History): string {
    const known = this.#versions.get(history) ?? String((this.#versionCount += 1));
    this.#versions.set(history, known);
    return known;
  }
}

/** The entries of these tags and this family. */
export function selectWithheld(
  withheld: readonly WithheldPrefix[],
  tags: readonly string[],
  family: AddressFamily | 'all',
): readonly WithheldPrefix[] {
  return withheld.filter(({ tag, prefix }) => tags.includes(tag) && (family === 'all' || familyOf(prefix) === family));
}

/** The entries of these tags, in upper or lower case. */
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
    const ofTag = quarantine(history, name);
    // A removed tag that no pull records gets no list: the answer is a 503, and a firewall keeps what it has.
    if (!released || (!tag && (released.served.length === 0 || !isRecorded))) continue;
    if (ofTag) quarantined.push({ ...toTagQuarantine(ofTag), status: ofTag.status });
    withheld.push(...released.withheld);
    if (tag && isSameList(tag.addressPrefixes, released.served)) continue;
    tags.push({ ...(tag ?? goneTag(name, document)), addressPrefixes: released.served });
  }
  return { tags, withheld, quarantined };
}

/** The history up to a snapshot. If it does not contain it: with the snapshot appended if that is newer, else of it alone. */
function historyUntil(history: History, snapshot: Snapshot, service: string): History {
  const earlier = history.until(snapshot.id);
  if (earlier) return earlier;
  const isNewer = history.newest !== undefined && snapshot.pulledAt > history.newest.seenAt;
  return isNewer ? new History(appendSnapshot(history.document, snapshot)) : historyOfOne(snapshot, service);
}

function historyOfOne(snapshot: Snapshot, service: string): History {
  const empty = { version: historyVersion, cloud: snapshot.cloud, services: [service], releases: [] } as const;
  return new History(appendSnapshot(empty, snapshot));
}

/** Without the history the snapshot decides: a tag that it has in quarantine must not lose the prefixes from before. */
function isUnrecorded(history: History | undefined, { quarantine: entries }: Snapshot, service: string): boolean {
  if (history) return !history.covers(service);
  return !isRegistryTag(service) && !entries.some(({ tag }) => serviceOf(tag).toLowerCase() === service);
}

/** An empty tag in place of one that the document no longer lists. */
function goneTag(name: string, { changeNumber }: ServiceTagsDocument): ServiceTag {
  const [systemService = name, ...region] = name.split('.');
  return { name, region: region.join('.').toLowerCase(), systemService, changeNumber, addressPrefixes: [] };
}

function byName(a: ServiceTag, b: ServiceTag): number {
  return a.name < b.name ? -1 : 1;
}
