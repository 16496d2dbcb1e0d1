/** Since when, and when again, the addresses of several tags together have been listed. */
import { familyOf, parsePrefix, type AddressPrefix } from '../prefixes.ts';
import { AddressSpace, type AddressRange } from './addressSpace.ts';
import type { History, Scope } from './history.ts';
import type { Release } from './historyDocument.ts';
import { firstTrusted } from './tagTrust.ts';

/** What a release changed in a scope. */
export interface ScopeStep {
  readonly index: number;
  /** Numbers of the intervals that began and ceased to be listed. */
  readonly on: readonly number[];
  readonly off: readonly number[];
  /** Of `on`: what the trusted list has had all the time, and what the record of its tag begins with. */
  readonly known: ReadonlySet<number>;
  /** The prefixes that the lists of the tags got and lost, as they write them. */
  readonly add: readonly AddressPrefix[];
  readonly remove: readonly AddressPrefix[];
  readonly onlyOneSource: ReadonlySet<string>;
}

export interface ScopeRecord {
  readonly releases: readonly Release[];
  readonly space: AddressSpace;
  readonly steps: readonly ScopeStep[];
  /**
   * By interval: the indexes of the releases at which it began, ceased, began … to be listed. A quarantine keeps listed
   * what it keeps; `said` is without regard to that.
   */
  readonly flips: readonly (readonly number[])[];
  readonly said: readonly (readonly number[])[];
  /** Indexes of the releases in which a tag of the scope was in quarantine. */
  readonly untrusted: ReadonlySet<number>;
  /** Indexes of the releases with which the record begins: what they list may be older. */
  readonly begins: readonly number[];
  /** What rejected releases added. */
  readonly rejected: readonly string[];
}

export function recordScope(history: History, { tags, families, limits }: Scope): ScopeRecord {
  const isWanted = ({ family }: AddressRange) => families.includes(family);
  const found = tags.flatMap((name) => {
    const [record, trust] = [history.tag(name), history.trust(name, limits)];
    return record && trust ? [{ record, trust }] : [];
  });
  const begins = [0, history.firstPulled];
  const ranges = found.flatMap(({ trust }) => trust.events.flatMap(({ on }) => on.filter(isWanted)));
  const space = new AddressSpace(ranges);
  const presence = new Presence(space);
  const said = new Presence(space);
  const changes = new Map<number, { on: AddressRange[]; off: AddressRange[]; known: AddressRange[] }>();
  for (const { record, trust } of found) {
    for (const { index, on, off, known } of trust.events) {
      const change = changes.get(index) ?? { on: [], off: [], known: [] };
      changes.set(index, change);
      change.on.push(...on.filter(isWanted));
      change.off.push(...off.filter(isWanted));
      const isStart = begins.includes(index) || index === firstTrusted(record);
      change.known.push(...(isStart ? on : known).filter(isWanted));
    }
  }
  const steps = [...changes]
    .sort(([a], [b]) => a - b)
    .map(([index, change]): ScopeStep => {
      const { on, off } = presence.move(index, change.on, change.off);
      const texts = found.flatMap(({ record }) => record.steps.filter((step) => step.index === index));
      const parsed = (list: readonly string[]) => [...new Set(list)].map(parsePrefix).filter(isWanted);
      return {
        index,
        on,
        off,
        known: new Set(change.known.flatMap((range) => intervalsOf(space, range))),
        add: parsed(texts.flatMap(({ add }) => add)),
        remove: parsed(texts.flatMap(({ remove }) => remove)),
        onlyOneSource: new Set(texts.flatMap(({ onlyOneSource }) => onlyOneSource)),
      };
    });
  const texts = found.flatMap(({ record }) => record.steps).sort((a, b) => a.index - b.index);
  for (const { index, add, remove } of texts) {
    said.move(index, add.map(parsePrefix).filter(isWanted), remove.map(parsePrefix).filter(isWanted));
  }
  return {
    releases: history.releases,
    space,
    steps,
    flips: presence.flips,
    said: said.flips,
    untrusted: new Set(found.flatMap(({ trust }) => [...trust.untrusted])),
    begins,
    rejected: found.flatMap(({ record }) => record.rejected.filter((text) => families.includes(familyOf(text)))),
  };
}

/** Counts by how many lists an interval is listed. */
class Presence {
  readonly flips: readonly number[][];
  readonly #space: AddressSpace;
  readonly #listedBy: Int32Array;

  constructor(space: AddressSpace) {
    this.#space = space;
    this.#listedBy = new Int32Array(space.intervals.length);
    this.flips = space.intervals.map(() => []);
  }

  move(index: number, added: readonly AddressRange[], removed: readonly AddressRange[]) {
    const touched = new Map<number, boolean>();
    const count = (range: AddressRange, by: number) => {
      for (const interval of intervalsOf(this.#space, range)) {
        const before = this.#listedBy[interval] ?? 0;
        if (!touched.has(interval)) touched.set(interval, before > 0);
        this.#listedBy[interval] = before + by;
      }
    };
    for (const range of removed) count(range, -1);
    for (const range of added) count(range, 1);
    const flipped = [...touched].filter(([interval, was]) => was !== (this.#listedBy[interval] ?? 0) > 0);
    for (const [interval] of flipped) this.#flip(interval, index);
    return {
      on: flipped.filter(([, was]) => !was).map(([interval]) => interval),
      off: flipped.filter(([, was]) => was).map(([interval]) => interval),
    };
  }

  /** Two moves of one release that undo each other are none. */
  #flip(interval: number, index: number): void {
    const flips = this.flips[interval];
    if (flips?.at(-1) === index) flips.pop();
    else flips?.push(index);
  }
}

export function intervalsOf(space: AddressSpace, range: AddressRange): number[] {
  const { first, end } = space.spanOf(range);
  return Array.from({ length: end - first }, (_, offset) => first + offset);
}

/** The periods in which an interval was listed: indexes of the first release and, if it is over, of the first without it. */
export function periodsOf(
  flips: ScopeRecord['flips'],
  interval: number,
): readonly { readonly from: number; readonly to: number | undefined }[] {
  const own = flips[interval] ?? [];
  return own.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: own[index + 1] }] : []));
}
