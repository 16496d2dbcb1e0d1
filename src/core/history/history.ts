/** A history document, with records of tags and scopes that are computed once, when they are first asked for. */
import type { AddressFamily } from '../prefixes.ts';
import { ordinalsOf } from './confirmations.ts';
import { serviceOf, type HistoryDocument, type Release, type TagDelta } from './historyDocument.ts';
import { quarantineLimits, type QuarantineLimits } from './limits.ts';
import { recordScope, type ScopeRecord } from './scopeRecord.ts';
import { readTagRecords, type TagRecord, type TagStep } from './tagRecord.ts';
import { followTag, type TagTrust } from './tagTrust.ts';

/** What a target or a feed follows: the prefixes of these families in these tags together. */
export interface Scope {
  readonly tags: readonly string[];
  readonly families: readonly AddressFamily[];
  /** When a tag counts as shrunken: by a target's own limits. Default: those of feeds. */
  readonly limits?: QuarantineLimits;
}

export class History {
  readonly document: HistoryDocument;
  /** Oldest first, without those that a person rejected. */
  readonly releases: readonly Release[];
  /** When each of them was seen, in milliseconds. */
  readonly times: readonly number[];
  /** How many releases up to each of them count as confirmation. */
  readonly ordinals: readonly number[];
  /**
   * Index of the first release that was pulled, after the built-in ones; -1 if there is none. It is trusted like the first
   * release of a history, however much of the built-in list it lacks.
   */
  readonly firstPulled: number;
  #records: ReadonlyMap<string, TagRecord> | undefined;
  readonly #trusts = new Map<string, TagTrust>();
  readonly #scopes = new Map<string, ScopeRecord>();
  readonly #earlier = new Map<string, History>();

  constructor(document: HistoryDocument) {
    this.document = document;
    this.releases = document.releases.filter(({ rejected }) => !rejected);
    this.times = this.releases.map(({ seenAt }) => Date.parse(seenAt));
    this.ordinals = ordinalsOf(this.releases);
    this.firstPulled = this.releases[0]?.builtIn ? this.releases.findIndex(({ builtIn }) => !builtIn) : -1;
  }

  /**
   * All releases, with changes as they count: the first one after rejected ones is compared with the last one before them.
   */
  get countedReleases(): readonly Release[] {
    let index = -1;
    return this.document.releases.map((release, at, all) => {
      if (!release.rejected) index += 1;
      return release.rejected || !all[at - 1]?.rejected ? release : { ...release, tags: this.#changesAt(index) };
    });
  }

  #changesAt(index: number): Release['tags'] {
    const changes = this.tags.flatMap(({ name, steps }) => {
      const step = steps.find((candidate) => candidate.index === index);
      return step ? [[name, step.isListed ? toDelta(step) : null] as const] : [];
    });
    return Object.fromEntries(changes);
  }

  /** True if a person rejected every release of this snapshot. */
  isRejected(snapshot: string): boolean {
    const found = this.document.releases.filter((release) => release.snapshot === snapshot);
    return found.length > 0 && found.every(({ rejected }) => rejected);
  }

  /** The newest release that is not rejected; undefined in an empty history. */
  get newest(): Release | undefined {
    return this.releases.at(-1);
  }

  /** True if the history records the tag's service, whether the tag was ever listed or not. */
  covers(tag: string): boolean {
    const service = serviceOf(tag).toLowerCase();
    return this.document.services.some((known) => known.toLowerCase() === service);
  }

  /** Every tag that was ever listed. */
  get tags(): readonly TagRecord[] {
    return [...this.#tagRecords.values()];
  }

  tag(name: string): TagRecord | undefined {
    return this.#tagRecords.get(name.toLowerCase());
  }

  /** What all tags of the services of these tags ever listed, and since when that is known (`YYYY-MM-DD`). */
  everListedInServices(tags: readonly string[]): {
    readonly prefixes: readonly string[];
    readonly since: string | undefined;
  } {
    const services = new Set(tags.map((tag) => serviceOf(tag).toLowerCase()));
    const related = this.tags.filter(({ name }) => services.has(serviceOf(name).toLowerCase()));
    const steps = related.flatMap((record) => record.steps);
    const first = Math.min(...steps.map(({ index }) => index));
    return { prefixes: steps.flatMap(({ add }) => add), since: this.releases[first]?.date };
  }

  trust(name: string, limits: QuarantineLimits = quarantineLimits): TagTrust | undefined {
    const record = this.tag(name);
    if (!record) return undefined;
    return remember(this.#trusts, `${record.name} ${keyOf(limits)}`, () => followTag(record, this, limits));
  }

  scope({ tags, families, limits = quarantineLimits }: Scope): ScopeRecord {
    const names = [...new Set(tags.map((tag) => tag.toLowerCase()))].sort();
    const key = `${names.join()} ${[...families].sort().join()} ${keyOf(limits)}`;
    return remember(this.#scopes, key, () => {
      const found = names.flatMap((name) => {
        const [record, trust] = [this.tag(name), this.trust(name, limits)];
        return record && trust ? [{ record, trust }] : [];
      });
      return recordScope(found, families, this);
    });
  }

  /** The history up to the last release of this snapshot's content; undefined if the history lacks it. */
  until(snapshot: string): History | undefined {
    if (this.newest?.snapshot === snapshot) return this;
    const index = this.document.releases.findLastIndex((release) => release.snapshot === snapshot);
    if (index < 0) return undefined;
    const releases = this.document.releases.slice(0, index + 1);
    return remember(this.#earlier, snapshot, () => new History({ ...this.document, releases }));
  }

  get #tagRecords(): ReadonlyMap<string, TagRecord> {
    this.#records ??= readTagRecords(this.document);
    return this.#records;
  }
}

function toDelta({ add, remove, onlyOneSource }: TagStep): TagDelta {
  return { add, remove, ...(onlyOneSource.length > 0 ? { onlyOneSource } : {}) };
}

function keyOf(limits: QuarantineLimits): string {
  const { maxRemovedCount, maxRemovedPercent, removalGraceDays, removalConfirmations } = limits;
  return [maxRemovedCount, maxRemovedPercent, removalGraceDays, removalConfirmations].join();
}

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
