/**
 * What of a tag is trusted, release by release: the list that feeds get and that the next release is compared with.
 *
 * For each release:
 * 1. What the trusted list has and the release lacks is gone, unless the tag vanished or shrank: then the tag is in
 *    quarantine, and keeps it.
 * 2. A quarantine ends when the tag is back, when a shrunken list has stood long enough, or when a tag that is gone has
 *    been gone for long enough (it is retired).
 * 3. What is new is trusted at once as far as the budget of the window has room for it, smallest first. What is wider
 *    than it may be, or beyond the budget, waits for further releases that list it and for room; special-purpose
 *    addresses wait for ever.
 */
import {
  comparePrefixes,
  overlapping,
  parsePrefix,
  rangeToPrefixes,
  type AddressFamily,
  type AddressPrefix,
} from '../prefixes.ts';
import { removalExcess } from '../removalLimit.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { dayInMs } from '../time.ts';
import { widestAround } from '../wide.ts';
import { counted } from '../words.ts';
import { addressesOf, AddressSpace, type AddressRange } from './addressSpace.ts';
import { Confirmations, ordinalsOf } from './confirmations.ts';
import type { Release } from './historyDocument.ts';
import {
  defaultBudget,
  defaultWindowDays,
  isRegistryTag,
  quarantineLimits,
  widestInFeeds,
  type Budget,
  type QuarantineLimits,
} from './limits.ts';
import type { TagRecord, TagStep } from './tagRecord.ts';
import { AdditionWindow } from './window.ts';

export type QuarantineKind = 'missing' | 'empty' | 'shrunken';

export interface Quarantined {
  readonly kind: QuarantineKind;
  readonly reason: string;
  /** Index of the release since when the tag has stood as it stands. */
  readonly since: number;
  /** Index of the last release whose list was trusted. */
  readonly comparedWith: number;
  /** Further releases that showed it so. */
  readonly confirmations: number;
  /** Index of the release with which a tag that is gone was retired. */
  readonly retired?: number;
}

export type DoubtCode = 'specialPurpose' | 'widestPrefix' | 'maxAddedAddresses' | 'maxAddedPrefixes';

/** A listed prefix that is not trusted yet. */
export interface Doubtful {
  readonly prefix: string;
  readonly why: DoubtCode;
  /** Index of the first release that listed it. */
  readonly since: number;
  readonly confirmations: number;
  /** ISO time at which the window has room for it; undefined if it never has. */
  readonly roomAt: string | undefined;
}

/** When addresses began or ceased to count as listed: they do while they are, and while a quarantine keeps them. */
export interface ListedEvent {
  readonly index: number;
  readonly on: readonly AddressRange[];
  readonly off: readonly AddressRange[];
  /** Of `on`: what the trusted list has had all the time, as that of a tag that comes back after it was retired. */
  readonly known: readonly AddressRange[];
}

export interface TagTrust {
  readonly events: readonly ListedEvent[];
  /** Indexes of the releases that were not trusted for this tag. */
  readonly untrusted: ReadonlySet<number>;
  /** As the newest release left it. */
  readonly quarantine: Quarantined | undefined;
  readonly trusted: readonly string[];
  /** How large the trusted list was, and since when; oldest first. */
  readonly sizes: readonly TrustedSize[];
  readonly doubtful: readonly Doubtful[];
}

/** What the record begins with and what was charged since, as far as it is still trusted. */
export interface TrustedSize {
  readonly at: number;
  /** IPv4 */
  readonly addresses: number;
  readonly prefixes: Readonly<Record<AddressFamily, number>>;
}

/**
 * The size from which a budget is worked out: as it was when the window began, so that nothing let in within a window
 * makes room for more in the same one. A record that began later counts with what it began with.
 */
export function sizeAt(sizes: readonly TrustedSize[], at: number): TrustedSize | undefined {
  return sizes.findLast((size) => size.at <= at) ?? sizes[0];
}

/** Follows one tag through the releases that count. `restart`: index of one that is trusted whatever was before it. */
export function followTag(
  record: TagRecord,
  releases: readonly Release[],
  restart: number,
  limits: QuarantineLimits,
): TagTrust {
  const fold = new TagFold(record, releases, restart, limits);
  const steps = new Map(record.steps.map((step) => [step.index, step]));
  for (let index = 0; index < releases.length; index += 1) fold.next(index, steps.get(index));
  return fold.result();
}

interface Waiting {
  readonly since: number;
  readonly confirmations: Confirmations;
  why: DoubtCode;
}

/** Numbers of its first and last interval. */
interface Run {
  readonly first: number;
  last: number;
}

interface OpenQuarantine {
  readonly kind: QuarantineKind;
  readonly since: number;
  readonly comparedWith: number;
  readonly confirmations: Confirmations;
  reason: string;
  retired?: number;
}

class TagFold {
  readonly #name: string;
  readonly #restart: number;
  readonly #first: number | undefined;
  readonly #limits: QuarantineLimits;
  readonly #releases: readonly Release[];
  readonly #space: AddressSpace;
  readonly #ordinals: readonly number[];
  readonly #window = new AdditionWindow(defaultWindowDays);

  /** By interval: how many listed prefixes have it, whether it is trusted, counts as listed, and since which ordinal it has been listed. */
  readonly #listedBy: Int32Array;
  readonly #isTrusted: Uint8Array;
  readonly #counts: Uint8Array;
  readonly #bornAt: Float64Array;

  #runs: readonly (Run | undefined)[] | undefined;
  readonly #intervals = new Map<string, readonly number[]>();

  #isListed = false;
  readonly #listed = new Set<string>();
  readonly #trustedTexts = new Set<string>();
  #trustedAddresses = 0;
  /**
   * 1 for the interval with which a prefix came in, to count prefixes by. One that only splits what is trusted brings nothing: otherwise a list
   * cut into single addresses would have room for thousands of new prefixes.
   */
  readonly #brought: Uint8Array;
  #trustedPrefixCounts: Record<AddressFamily, number> = { ipv4: 0, ipv6: 0 };
  #sizes: TrustedSize[] = [];
  readonly #waiting = new Map<string, Waiting>();
  /** Trusted intervals that the newest release does not list. */
  readonly #lost = new Set<number>();
  #dropped: { readonly at: number; readonly prefixes: readonly string[] }[] = [];
  #quarantine: OpenQuarantine | undefined;
  readonly #events: ListedEvent[] = [];
  readonly #untrusted = new Set<number>();

  constructor(record: TagRecord, releases: readonly Release[], restart: number, limits: QuarantineLimits) {
    this.#name = record.name;
    this.#limits = limits;
    this.#restart = restart;
    this.#first = firstTrusted(record);
    this.#releases = releases;
    this.#space = new AddressSpace(record.steps.flatMap(({ add }) => add.map(parsePrefix)));
    this.#ordinals = ordinalsOf(releases);
    const size = this.#space.intervals.length;
    this.#listedBy = new Int32Array(size);
    this.#isTrusted = new Uint8Array(size);
    this.#counts = new Uint8Array(size);
    this.#brought = new Uint8Array(size);
    this.#bornAt = new Float64Array(size);
  }

  next(index: number, step: TagStep | undefined): void {
    if (index === this.#restart) this.#forget();
    else if (!step && !this.#quarantine && this.#waiting.size === 0) return;
    const touched = step ? this.#applyStep(index, step) : new Set<number>();
    const before = this.#quarantine;
    const lostMore = step ? this.#findLost(index, touched) : false;
    this.#judge(index, lostMore);
    if (this.#quarantine && this.#quarantine.retired === undefined) this.#untrusted.add(index);
    if (!this.#quarantine && (before || step?.remove.length)) this.#letGo(index);
    const wasTrusted = new Set([...touched].filter((interval) => this.#isTrusted[interval]));
    this.#admit(index, step);
    this.#noteSize(index);
    const isSame = index !== this.#restart && before === this.#quarantine && !before?.retired;
    this.#record(index, isSame ? touched : undefined, wasTrusted);
  }

  /** As if nothing had been listed before. */
  #forget(): void {
    this.#isTrusted.fill(0);
    this.#trustedAddresses = 0;
    this.#brought.fill(0);
    this.#trustedPrefixCounts = { ipv4: 0, ipv6: 0 };
    this.#sizes = [];
    this.#trustedTexts.clear();
    this.#waiting.clear();
    this.#lost.clear();
    this.#dropped = [];
    this.#quarantine = undefined;
    this.#bornAt.fill(-Infinity);
  }

  result(): TagTrust {
    const open = this.#quarantine;
    const now = this.#timeOf(this.#releases.length - 1);
    const budget = this.#budget(now);
    return {
      events: this.#events,
      untrusted: this.#untrusted,
      quarantine: open && { ...open, confirmations: open.confirmations.count },
      trusted: this.#trustedPrefixes(),
      sizes: this.#sizes,
      doubtful: [...this.#waiting].map(([prefix, { since, why, confirmations }]) => ({
        prefix,
        why,
        since,
        confirmations: confirmations.count,
        roomAt: why === 'specialPurpose' ? undefined : this.#window.freeAt(this.#sizeOf(prefix), budget, now),
      })),
    };
  }

  #applyStep(index: number, { isListed, add, remove }: TagStep): Set<number> {
    const touched = new Set<number>();
    this.#runs = undefined;
    this.#isListed = isListed;
    for (const prefix of remove) {
      this.#listed.delete(prefix);
      this.#waiting.delete(prefix);
      for (const interval of this.#intervalsOf(prefix)) {
        touched.add(interval);
        this.#listedBy[interval] = (this.#listedBy[interval] ?? 0) - 1;
      }
    }
    const born = this.#isStart(index) ? -Infinity : (this.#ordinals[index] ?? 0);
    const wasListed = new Set([...touched]);
    for (const prefix of add) {
      this.#listed.add(prefix);
      for (const interval of this.#intervalsOf(prefix)) {
        touched.add(interval);
        const by = this.#listedBy[interval] ?? 0;
        if (by === 0 && !wasListed.has(interval)) this.#bornAt[interval] = born;
        this.#listedBy[interval] = by + 1;
      }
    }
    return touched;
  }

  /** True if more of the trusted list is gone than before. Young prefixes that left are let go, whatever the verdict. */
  #findLost(index: number, touched: ReadonlySet<number>): boolean {
    const isGone = !this.#isListed || this.#listed.size === 0;
    const youngSince = (this.#ordinals[index - 1] ?? 0) + 1 - this.#limits.removalConfirmations;
    let lostMore = false;
    let hasYoung = false;
    for (const interval of touched) {
      if (!this.#isTrusted[interval] || this.#listedBy[interval]) {
        this.#lost.delete(interval);
      } else if (!isGone && (this.#bornAt[interval] ?? 0) > youngSince) {
        this.#setTrusted(interval, false);
        this.#lost.delete(interval);
        hasYoung = true;
      } else if (!this.#lost.has(interval)) {
        this.#lost.add(interval);
        lostMore = true;
      }
    }
    if (hasYoung) {
      for (const text of this.#trustedTexts) {
        const isKept = this.#listed.has(text) || this.#intervalsOf(text).some((interval) => this.#isTrusted[interval]);
        if (!isKept) this.#trustedTexts.delete(text);
      }
    }
    return lostMore;
  }

  #judge(index: number, lostMore: boolean): void {
    const verdict = this.#verdict(index);
    const open = this.#quarantine;
    if (!verdict) {
      this.#quarantine = undefined;
      return;
    }
    if (open?.kind !== verdict.kind || lostMore) {
      const comparedWith = open?.comparedWith ?? index - 1;
      this.#quarantine = { ...verdict, since: index, comparedWith, confirmations: new Confirmations(this.#at(index)) };
      return;
    }
    open.confirmations.add(this.#at(index));
    if (open.confirmations.count < Math.max(1, this.#limits.removalConfirmations)) return;
    if (open.kind !== 'shrunken') open.retired ??= index;
    else if (this.#timeOf(index) - this.#timeOf(open.since) >= this.#limits.removalGraceDays * dayInMs) {
      this.#quarantine = undefined;
    }
  }

  #verdict(index: number): { readonly kind: QuarantineKind; readonly reason: string } | undefined {
    if (this.#lost.size === 0) return undefined;
    const had = `it had ${counted(this.#trustedTexts.size, 'prefix')}`;
    if (!this.#isListed) return { kind: 'missing', reason: `${this.#name} is gone; ${had}.` };
    if (this.#listed.size === 0) return { kind: 'empty', reason: `${this.#name} is empty; ${had}.` };
    const excess = this.#excess(index);
    return excess === undefined ? undefined : { kind: 'shrunken', reason: `${this.#name}: ${excess}` };
  }

  /** What left within the window counts together: a little in every release is no less than all of it at once. */
  #excess(index: number): string | undefined {
    const oldest = this.#timeOf(index) - defaultWindowDays * dayInMs;
    this.#dropped = this.#dropped.filter(({ at }) => at > oldest);
    const dropped = this.#dropped.flatMap(({ prefixes }) => prefixes).filter((prefix) => !this.#isAllListed(prefix));
    const removed = [...this.#prefixesOf(this.#lost), ...dropped];
    const from = [...new Set([...this.#trustedTexts, ...dropped])];
    return this.#isExchange(removed, from) ? undefined : removalExcess(removed, from, this.#limits);
  }

  /** One prefix of several has gone and at least one has come: Microsoft moves a region so, and no tag shrinks by it. */
  #isExchange(removed: readonly string[], from: readonly string[]): boolean {
    return from.length >= 2 && this.#listed.size >= from.length && overlapping(from, removed).length === 1;
  }

  /** Of the trusted list goes what is no longer listed. */
  #letGo(index: number): void {
    const gone = [...this.#trustedTexts].filter((prefix) => !this.#listed.has(prefix));
    const prefixes = gone.filter((prefix) => this.#intervalsOf(prefix).some((interval) => this.#lost.has(interval)));
    if (prefixes.length > 0) this.#dropped.push({ at: this.#timeOf(index), prefixes });
    for (const interval of this.#lost) this.#setTrusted(interval, false);
    this.#lost.clear();
    for (const prefix of gone) this.#trustedTexts.delete(prefix);
  }

  #admit(index: number, step: TagStep | undefined): void {
    const isStart = this.#isStart(index);
    const release = this.#at(index);
    const budget = this.#budget(this.#timeOf(index));
    const doubled = new Set(step?.onlyOneSource);
    const fresh = isStart ? this.#listed : (step?.add ?? []);
    const candidates = bySize([...fresh, ...this.#waiting.keys()].filter((text) => this.#listed.has(text)));
    for (const { text } of candidates) {
      const waiting = this.#waiting.get(text);
      if (waiting && waiting.since < index && !this.#untrusted.has(index)) waiting.confirmations.add(release);
      const hasStood = (waiting?.confirmations.count ?? 0) >= quarantineLimits.removalConfirmations;
      const why = this.#isAllTrusted(text)
        ? undefined
        : (this.#doubtOf(text, hasStood, waiting !== undefined, isStart) ??
          (isStart ? undefined : this.#spend(index, text, budget, doubled.has(text))));
      if (why === undefined) this.#trust(text);
      else if (waiting) waiting.why = why === 'wait' ? waiting.why : why;
      else if (why !== 'wait')
        this.#waiting.set(text, { since: index, confirmations: new Confirmations(release), why });
    }
  }

  #isStart(index: number): boolean {
    return index === 0 || index === this.#restart || index === this.#first;
  }

  #trust(text: string): void {
    this.#waiting.delete(text);
    this.#trustedTexts.add(text);
    const fresh = this.#intervalsOf(text).find((interval) => !this.#isTrusted[interval]);
    if (fresh !== undefined) {
      this.#brought[fresh] = 1;
      this.#trustedPrefixCounts[this.#space.at(fresh).family] += 1;
    }
    for (const interval of this.#intervalsOf(text)) this.#setTrusted(interval, true);
  }

  /** Undefined if only the budget can stand against it. */
  #doubtOf(text: string, hasStood: boolean, isWaiting: boolean, isStart: boolean): DoubtCode | 'wait' | undefined {
    if (specialPurposeRangeOf(text)) return 'specialPurpose';
    if (hasStood) return undefined;
    if (isRegistryTag(this.#name) && this.#isWide(parsePrefix(text), isStart)) return 'widestPrefix';
    return isWaiting ? 'wait' : undefined;
  }

  #spend(index: number, text: string, budget: Budget, isDoubled: boolean): DoubtCode | undefined {
    const at = this.#timeOf(index);
    const share = this.#window.shareOf(this.#at(index), this.#releases[index - 1]) * (isDoubled ? 2 : 1);
    const size = this.#sizeOf(text);
    const cost = { addresses: size.addresses * share, prefixes: size.prefixes * share };
    const used = this.#window.used(at);
    if (used.addresses + cost.addresses > budget.addresses) return 'maxAddedAddresses';
    if (used.prefixes + cost.prefixes > budget.prefixes) return 'maxAddedPrefixes';
    this.#window.charge(at, cost);
    return undefined;
  }

  #setTrusted(interval: number, isTrusted: boolean): void {
    if (Boolean(this.#isTrusted[interval]) === isTrusted) return;
    this.#isTrusted[interval] = isTrusted ? 1 : 0;
    const range = this.#space.at(interval);
    this.#trustedAddresses += addressesOf(range) * (isTrusted ? 1 : -1);
    if (isTrusted || !this.#brought[interval]) return;
    this.#brought[interval] = 0;
    this.#trustedPrefixCounts[range.family] -= 1;
  }

  #noteSize(index: number): void {
    const [addresses, prefixes] = [this.#trustedAddresses, { ...this.#trustedPrefixCounts }];
    const last = this.#sizes.at(-1);
    const isSame =
      last?.addresses === addresses && last.prefixes.ipv4 === prefixes.ipv4 && last.prefixes.ipv6 === prefixes.ipv6;
    if (!isSame) this.#sizes.push({ at: this.#timeOf(index), addresses, prefixes });
  }

  #budget(at: number): Budget {
    const size = sizeAt(this.#sizes, at - defaultWindowDays * dayInMs);
    const { ipv4, ipv6 } = size?.prefixes ?? { ipv4: 0, ipv6: 0 };
    return defaultBudget([this.#name], { addresses: size?.addresses ?? 0, prefixes: ipv4 + ipv6 });
  }

  /** What of a prefix is not trusted yet. */
  #sizeOf(text: string): Budget {
    const addresses = this.#intervalsOf(text)
      .filter((interval) => !this.#isTrusted[interval])
      .reduce((sum, interval) => sum + addressesOf(this.#space.at(interval)), 0);
    return { addresses, prefixes: 1 };
  }

  /**
   * True if it is, merged with its listed neighbours, part of a prefix that is too wide. Of the first list, which nothing
   * was added to, each prefix is measured alone.
   */
  #isWide(prefix: AddressPrefix, isAlone: boolean): boolean {
    if (isAlone) return prefix.length < widestInFeeds[prefix.family];
    const { first, last } = this.#runOf(this.#space.spanOf(prefix).first);
    return widestAround(prefix, this.#space.at(first).start, this.#space.at(last).end) < widestInFeeds[prefix.family];
  }

  /** The listed neighbours of an interval, without a gap; all of them worked out once per list. */
  #runOf(interval: number): Run {
    this.#runs ??= this.#findRuns();
    return this.#runs[interval] ?? { first: interval, last: interval };
  }

  #findRuns(): readonly (Run | undefined)[] {
    const runs: (Run | undefined)[] = [];
    this.#listedBy.forEach((by, interval) => {
      const before = runs[interval - 1];
      if (!by) runs.push(undefined);
      else if (!before || !this.#space.isAdjacent(interval)) runs.push({ first: interval, last: interval });
      else {
        before.last = interval;
        runs.push(before);
      }
    });
    return runs;
  }

  #record(index: number, touched: ReadonlySet<number> | undefined, wasTrusted: ReadonlySet<number>): void {
    const on: AddressRange[] = [];
    const off: AddressRange[] = [];
    const known: AddressRange[] = [];
    const keeps = this.#quarantine !== undefined && this.#quarantine.retired === undefined;
    for (const interval of touched ?? this.#counts.keys()) {
      const counts = this.#listedBy[interval] || (keeps && this.#isTrusted[interval]) ? 1 : 0;
      if (counts === this.#counts[interval]) continue;
      this.#counts[interval] = counts;
      const range = this.#space.at(interval);
      (counts ? on : off).push(range);
      if (counts && wasTrusted.has(interval)) known.push(range);
    }
    if (on.length > 0 || off.length > 0) this.#events.push({ index, on, off, known });
  }

  /** As they are listed; what is kept in quarantine, as it was. */
  #trustedPrefixes(): string[] {
    const covered = new Set<number>();
    const texts: string[] = [];
    for (const text of new Set([...this.#listed, ...this.#trustedTexts])) {
      const intervals = this.#intervalsOf(text);
      if (!intervals.every((interval) => this.#isTrusted[interval])) continue;
      // Listed prefixes may nest; one that is only kept would say again what those say that took its place.
      if (!this.#listed.has(text) && intervals.every((interval) => covered.has(interval))) continue;
      for (const interval of intervals) covered.add(interval);
      texts.push(text);
    }
    const rest = [...this.#isTrusted.keys()].filter((interval) => this.#isTrusted[interval] && !covered.has(interval));
    return [...texts, ...this.#prefixesOf(rest)];
  }

  #prefixesOf(intervals: Iterable<number>): string[] {
    return Array.from(intervals, (interval) => rangeToPrefixes(this.#space.at(interval))).flat();
  }

  #isAllTrusted(text: string): boolean {
    return this.#intervalsOf(text).every((interval) => this.#isTrusted[interval]);
  }

  #isAllListed(text: string): boolean {
    return this.#intervalsOf(text).every((interval) => this.#listedBy[interval]);
  }

  #intervalsOf(text: string): readonly number[] {
    let intervals = this.#intervals.get(text);
    if (!intervals) {
      const { first, end } = this.#space.spanOf(parsePrefix(text));
      intervals = Array.from({ length: end - first }, (_, offset) => first + offset);
      this.#intervals.set(text, intervals);
    }
    return intervals;
  }

  #at(index: number): Release {
    const release = this.#releases[index];
    if (!release) throw new RangeError(`there is no release ${index}`);
    return release;
  }

  #timeOf(index: number): number {
    return Date.parse(this.#at(index).seenAt);
  }
}

/** The smallest first, so that a few large ones do not keep the others out; of one size by address. */
export function bySize(texts: readonly string[]): AddressPrefix[] {
  const hostBits = ({ family, length }: AddressPrefix) => (family === 'ipv4' ? 32 : 128) - length;
  return [...new Set(texts)].map(parsePrefix).sort((a, b) => hostBits(a) - hostBits(b) || comparePrefixes(a, b));
}

/**
 * Index of the release with the first list of a tag that is new, undefined for AzureContainerRegistry: nobody follows a
 * tag before it is there, but regions of that one are asked for by name.
 */
export function firstTrusted({ name, steps }: TagRecord): number | undefined {
  return isRegistryTag(name) ? undefined : steps[0]?.index;
}
