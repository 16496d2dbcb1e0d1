/** The history document, with what is found in it again and again worked out once, when it is first asked for. */
import type { AddressFamily } from '../prefixes.ts';
import { serviceOf, type HistoryDocument, type Release } from './historyDocument.ts';
import { quarantineLimits, type QuarantineLimits } from './limits.ts';
import { recordScope, type ScopeRecord } from './scopeRecord.ts';
import { readTagRecords, type TagRecord } from './tagRecord.ts';
import { followTag, type TagTrust } from './tagTrust.ts';

/** What a target or a feed follows: these tags together, of these families. */
export interface Scope {
  readonly tags: readonly string[];
  readonly families: readonly AddressFamily[];
  /** When the scope takes a list for shrunken: a target's own limits. By default those of feeds. */
  readonly limits?: QuarantineLimits;
}

export class History {
  readonly document: HistoryDocument;
  /** Those that count, oldest first: what a person rejected is left out. */
  readonly releases: readonly Release[];
  #records: ReadonlyMap<string, TagRecord> | undefined;
  readonly #trusts = new Map<string, TagTrust>();
  readonly #scopes = new Map<string, ScopeRecord>();
  readonly #earlier = new Map<string, History>();

  constructor(document: HistoryDocument) {
    this.document = document;
    this.releases = document.releases.filter(({ rejected }) => !rejected);
  }

  /** The newest release that counts; undefined in an empty history. */
  get newest(): Release | undefined {
    return this.releases.at(-1);
  }

  /**
   * Index of the first release that was pulled, behind those that are built in. What is pulled wins: that list is
   * trusted as the first one of a record is, however much of the built-in one it lacks. -1 if there is no such.
   */
  get firstPulled(): number {
    return this.releases[0]?.builtIn ? this.releases.findIndex(({ builtIn }) => !builtIn) : -1;
  }

  /** True if the history has the tag's releases, whether they list it or not. */
  covers(tag: string): boolean {
    const service = serviceOf(tag).toLowerCase();
    return this.document.services.some((known) => known.toLowerCase() === service);
  }

  /** Every tag that was listed at some time. */
  get tags(): readonly TagRecord[] {
    return [...this.#tagRecords.values()];
  }

  tag(name: string): TagRecord | undefined {
    return this.#tagRecords.get(name.toLowerCase());
  }

  trust(name: string, limits: QuarantineLimits = quarantineLimits): TagTrust | undefined {
    const record = this.tag(name);
    if (!record) return undefined;
    return remember(this.#trusts, `${name.toLowerCase()} ${keyOf(limits)}`, () =>
      followTag(record, this.releases, this.firstPulled, limits),
    );
  }

  scope({ tags, families, limits = quarantineLimits }: Scope): ScopeRecord {
    const names = [...new Set(tags.map((tag) => tag.toLowerCase()))].sort();
    const key = `${names.join()} ${[...families].sort().join()} ${keyOf(limits)}`;
    return remember(this.#scopes, key, () => recordScope(this, { tags: names, families, limits }));
  }

  /** The history as it was with a release; undefined if there is none of that id. */
  until(snapshot: string): History | undefined {
    if (this.newest?.snapshot === snapshot) return this;
    const index = this.document.releases.findIndex((release) => release.snapshot === snapshot);
    if (index < 0) return undefined;
    const releases = this.document.releases.slice(0, index + 1);
    return remember(this.#earlier, snapshot, () => new History({ ...this.document, releases }));
  }

  get #tagRecords(): ReadonlyMap<string, TagRecord> {
    this.#records ??= readTagRecords(this.document);
    return this.#records;
  }
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
