/** In which periods the addresses of several tags together were listed. */
import { familyOf, parsePrefix, type AddressFamily, type AddressPrefix, type AddressRange } from '../prefixes.ts';
import { AddressSpace } from './addressSpace.ts';
import type { Release } from './historyDocument.ts';
import { firstTrusted, type TagRecord } from './tagRecord.ts';
import type { FollowedReleases } from './tagState.ts';
import type { TagTrust } from './tagTrust.ts';

/** What a release changed in a scope. */
export interface ScopeStep {
  readonly index: number;
  /** Numbers of the intervals that were added to and removed from the lists. */
  readonly on: readonly number[];
  readonly off: readonly number[];
  /** Those of `on` that are no growth: the trusted list had them already, or the record of their tag begins with them. */
  readonly known: ReadonlySet<number>;
  /** The prefixes that were added to and removed from the lists of the tags, as the lists write them. */
  readonly add: readonly AddressPrefix[];
  readonly remove: readonly AddressPrefix[];
  readonly onlyOneSource: ReadonlySet<string>;
}

export interface ScopeRecord {
  readonly releases: readonly Release[];
  /** When each release was seen, in milliseconds. */
  readonly times: readonly number[];
  /** How many releases up to each of them count as confirmation. */
  readonly ordinals: readonly number[];
  readonly space: AddressSpace;
  readonly steps: readonly ScopeStep[];
  /** Which intervals were listed when. An interval that a quarantine keeps counts as listed. */
  readonly listed: Presence;
  /** The same, ignoring quarantines. */
  readonly published: Presence;
  /** Indexes of the releases in which a tag of the scope was in quarantine. */
  readonly untrusted: ReadonlySet<number>;
  /** Indexes of the releases with which the record begins: their prefixes may have been listed before. */
  readonly begins: readonly number[];
  /** Prefixes that rejected releases added. */
  readonly rejected: readonly string[];
}

/** One tag of the scope. */
export interface FollowedTag {
  readonly record: TagRecord;
  readonly trust: TagTrust;
}

export function recordScope(
  found: readonly FollowedTag[],
  families: readonly AddressFamily[],
  { releases, times, ordinals, firstPulled }: FollowedReleases,
): ScopeRecord {
  const isWanted = ({ family }: AddressRange) => families.includes(family);
  const toWanted = (prefixes: readonly string[]) => [...new Set(prefixes)].map(parsePrefix).filter(isWanted);
  const begins = [0, firstPulled];
  const space = new AddressSpace(found.flatMap(({ trust }) => trust.events.flatMap(({ on }) => on.filter(isWanted))));

  const listed = new Presence(space);
  const steps = eventsByRelease(found, begins).map(({ index, on, off, known }): ScopeStep => {
    const published = found.flatMap(({ record }) => record.steps.filter((step) => step.index === index));
    return {
      index,
      ...listed.move(index, on, off),
      known: new Set(known.flatMap((range) => space.intervalsOf(range))),
      add: toWanted(published.flatMap(({ add }) => add)),
      remove: toWanted(published.flatMap(({ remove }) => remove)),
      onlyOneSource: new Set(published.flatMap(({ onlyOneSource }) => onlyOneSource)),
    };
  });
  const published = new Presence(space);
  for (const { index, add, remove } of found.flatMap(({ record }) => record.steps).sort((a, b) => a.index - b.index)) {
    published.move(index, toWanted(add), toWanted(remove));
  }
  return {
    releases,
    times,
    ordinals,
    space,
    steps,
    listed,
    published,
    untrusted: new Set(found.flatMap(({ trust }) => [...trust.untrusted])),
    begins,
    rejected: found.flatMap(({ record }) => record.rejected.filter((text) => families.includes(familyOf(text)))),
  };
}

/** The events of all tags, release by release. */
function eventsByRelease(found: readonly FollowedTag[], begins: readonly number[]) {
  const releases = new Map<number, { index: number; on: AddressRange[]; off: AddressRange[]; known: AddressRange[] }>();
  for (const { record, trust } of found) {
    for (const { index, on, off, known } of trust.events) {
      const release = releases.get(index) ?? { index, on: [], off: [], known: [] };
      releases.set(index, release);
      const isStart = begins.includes(index) || index === firstTrusted(record);
      release.on.push(...on);
      release.off.push(...off);
      release.known.push(...(isStart ? on : known));
    }
  }
  return [...releases.values()].sort((a, b) => a.index - b.index);
}

/** Indexes of the first release that lists an interval and, if it has ended, of the first one without it. */
export interface Period {
  readonly from: number;
  readonly to: number | undefined;
}

/** Counts in how many lists each interval is, and remembers when that began and ceased to be none. */
class Presence {
  readonly #space: AddressSpace;
  /** By interval: how many lists contain it. */
  readonly #listedBy: Int32Array;
  /** By interval: the indexes of the releases at which it began, ceased, began … to be listed, in turn. */
  readonly #changes: readonly number[][];

  constructor(space: AddressSpace) {
    this.#space = space;
    this.#listedBy = new Int32Array(space.intervals.length);
    this.#changes = space.intervals.map(() => []);
  }

  /** Applies the changes of a release. Returns the intervals that are listed from now on, and those that no longer are. */
  move(index: number, added: readonly AddressRange[], removed: readonly AddressRange[]) {
    const wasListed = new Map<number, boolean>();
    const count = (range: AddressRange, by: number) => {
      for (const interval of this.#space.intervalsOf(range)) {
        if (!wasListed.has(interval)) wasListed.set(interval, this.isListed(interval));
        this.#listedBy[interval] = (this.#listedBy[interval] ?? 0) + by;
      }
    };
    for (const range of removed) count(range, -1);
    for (const range of added) count(range, 1);
    const changed = [...wasListed].filter(([interval, was]) => was !== this.isListed(interval));
    for (const [interval] of changed) this.#noteChange(interval, index);
    return {
      on: changed.filter(([, was]) => !was).map(([interval]) => interval),
      off: changed.filter(([, was]) => was).map(([interval]) => interval),
    };
  }

  isListed(interval: number): boolean {
    return (this.#listedBy[interval] ?? 0) > 0;
  }

  /** Oldest first. */
  periodsOf(interval: number): readonly Period[] {
    const changes = this.#changes[interval] ?? [];
    return changes.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: changes[index + 1] }] : []));
  }

  /** Two changes by one release that undo each other count as none. */
  #noteChange(interval: number, index: number): void {
    const changes = this.#changes[interval];
    if (changes?.at(-1) === index) changes.pop();
    else changes?.push(index);
  }
}
