/**
 * The trusted list of a tag, release by release: feeds contain it, and the next release is compared with it.
 *
 * For each release:
 * 1. Read what the release lists for the tag. The first pulled release starts again: it is trusted whatever was before.
 * 2. Find the trusted prefixes that the release lacks: they are lost. Prefixes that only few releases listed are removed
 *    at once.
 * 3. Decide about quarantine. A tag that vanished, is empty or shrank suspiciously is quarantined: nothing is removed
 *    because of it. The quarantine ends when the tag is back, or when a shrunken list has been confirmed for long enough.
 *    A tag that has been missing for long enough is retired.
 * 4. Without a quarantine, remove lost prefixes from the trusted list.
 * 5. Trust new prefixes, the smallest first, as long as the budget of 28 days has room for them. Prefixes that are too wide
 *    or beyond the budget wait for further releases that list them, and for room; special-purpose prefixes wait for ever.
 * 6. Note which addresses started and stopped to count as listed.
 */
import { overlapping, type AddressFamily, type AddressPrefix, type AddressRange } from '../prefixes.ts';
import { removalExcess } from '../removalLimit.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { dayInMs } from '../time.ts';
import { counted } from '../words.ts';
import { Confirmations, ordinalsOf } from './confirmations.ts';
import { releaseAt, type Release } from './historyDocument.ts';
import {
  defaultBudget,
  defaultWindowDays,
  doubtOf,
  isRegistryTag,
  quarantineLimits,
  sizeAt,
  toBudget,
  widestInFeeds,
  type Budget,
  type QuarantineLimits,
  type TrustedSize,
} from './limits.ts';
import { ListedPrefixes } from './listedPrefixes.ts';
import { firstTrusted, type TagRecord, type TagStep } from './tagRecord.ts';
import { TrustedPrefixes } from './trustedPrefixes.ts';
import { AdditionWindow, bySize, type GrowthLimit } from './window.ts';

export type QuarantineKind = 'missing' | 'empty' | 'shrunken';

export interface Quarantined {
  readonly kind: QuarantineKind;
  readonly reason: string;
  /** Index of the release since which the tag has not changed. */
  readonly since: number;
  /** Index of the last release whose list was trusted. */
  readonly comparedWith: number;
  /** How many further releases listed it like this. */
  readonly confirmations: number;
  /** Index of the release with which a missing tag was retired. */
  readonly retired?: number;
}

export type DoubtCode = 'specialPurpose' | 'widestPrefix' | GrowthLimit;

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

/** When addresses started or stopped to count as listed. They count while they are listed or kept by a quarantine. */
export interface ListedEvent {
  readonly index: number;
  readonly on: readonly AddressRange[];
  readonly off: readonly AddressRange[];
  /** Those of `on` that the trusted list has had all the time, as for a retired tag that comes back. */
  readonly known: readonly AddressRange[];
}

export interface TagTrust {
  readonly events: readonly ListedEvent[];
  /** Indexes of the releases that were not trusted for this tag. */
  readonly untrusted: ReadonlySet<number>;
  /** The state after the newest release. */
  readonly quarantine: Quarantined | undefined;
  readonly trusted: readonly string[];
  /** How large the trusted list was, and since when; oldest first. */
  readonly sizes: readonly TrustedSize[];
  readonly doubtful: readonly Doubtful[];
}

/** Follows one tag through its releases. `restart`: index of a release that is trusted whatever was before it. */
export function followTag(
  record: TagRecord,
  releases: readonly Release[],
  restart: number,
  limits: QuarantineLimits,
): TagTrust {
  const follower = new TagFollower(record, releases, restart, limits);
  const steps = new Map(record.steps.map((step) => [step.index, step]));
  for (const index of releases.keys()) follower.next(index, steps.get(index));
  return follower.result();
}

/** `Doubtful` while releases are still being followed. */
interface Doubt {
  readonly since: number;
  readonly confirmations: Confirmations;
  why: DoubtCode;
}

/** `Quarantined` while releases are still being followed. */
interface OpenQuarantine extends Pick<Quarantined, 'kind' | 'reason' | 'since' | 'comparedWith'> {
  readonly confirmations: Confirmations;
  retired?: number;
}

class TagFollower {
  readonly #name: string;
  readonly #releases: readonly Release[];
  readonly #restart: number;
  readonly #first: number | undefined;
  readonly #limits: QuarantineLimits;
  readonly #ordinals: readonly number[];
  readonly #window = new AdditionWindow(defaultWindowDays);

  readonly #listed: ListedPrefixes;
  #trusted: TrustedPrefixes;
  readonly #doubts = new Map<string, Doubt>();
  /** Intervals that are trusted and not listed. */
  readonly #lost = new Set<number>();
  /** Prefixes that were lost within the window and are no longer trusted. */
  #dropped: { readonly at: number; readonly prefixes: readonly string[] }[] = [];
  #quarantine: OpenQuarantine | undefined;

  /** By interval: 1 if it counts as listed. */
  readonly #counts: Uint8Array;
  readonly #events: ListedEvent[] = [];
  readonly #untrusted = new Set<number>();

  constructor(record: TagRecord, releases: readonly Release[], restart: number, limits: QuarantineLimits) {
    this.#name = record.name;
    this.#releases = releases;
    this.#restart = restart;
    this.#first = firstTrusted(record);
    this.#limits = limits;
    this.#ordinals = ordinalsOf(releases);
    this.#listed = new ListedPrefixes(record);
    this.#trusted = new TrustedPrefixes(this.#listed.space);
    this.#counts = new Uint8Array(this.#listed.space.intervals.length);
  }

  next(index: number, step: TagStep | undefined): void {
    const isRestart = index === this.#restart;
    if (!isRestart && !step && !this.#quarantine && this.#doubts.size === 0) return;
    const before = isRestart ? undefined : this.#quarantine;
    if (isRestart) this.#beginAnew();

    const ordinal = this.#isStart(index) ? -Infinity : (this.#ordinals[index] ?? 0);
    const touched = step ? this.#listed.apply(step, ordinal) : new Set<number>();
    const hasLostMore = this.#findLost(index, touched);
    this.#decideQuarantine(index, hasLostMore);
    if (!this.#quarantine && (before || step?.remove.length)) this.#dropLost(index);
    const trustedBefore = new Set([...touched].filter((interval) => this.#trusted.has(interval)));
    this.#trustNew(index, step);
    this.#trusted.noteSize(this.#timeOf(index));

    // A quarantine that begins or ends, or a retirement, concerns more intervals than those that the release changed.
    const isAboutAll = isRestart || before !== this.#quarantine || before?.retired !== undefined;
    this.#noteEvent(index, isAboutAll ? this.#counts.keys() : touched, trustedBefore);
  }

  result(): TagTrust {
    const { space } = this.#listed;
    const now = this.#timeOf(this.#releases.length - 1);
    const budget = this.#budgetAt(now);
    const open = this.#quarantine;
    return {
      events: this.#events,
      untrusted: this.#untrusted,
      quarantine: open && { ...open, confirmations: open.confirmations.count },
      trusted: this.#trustedPrefixes(),
      sizes: this.#trusted.sizes,
      doubtful: [...this.#doubts].map(([prefix, { since, why, confirmations }]) => ({
        prefix,
        why,
        since,
        confirmations: confirmations.count,
        roomAt:
          why === 'specialPurpose'
            ? undefined
            : this.#window.freeAt({ addresses: space.countAddresses(this.#newIn(prefix)), prefixes: 1 }, budget, now),
      })),
    };
  }

  /** True for a release that is not compared with an earlier one. */
  #isStart(index: number): boolean {
    return index === 0 || index === this.#restart || index === this.#first;
  }

  /** Starts again as if nothing had been trusted before. */
  #beginAnew(): void {
    this.#trusted = new TrustedPrefixes(this.#listed.space);
    this.#listed.forgetAges();
    this.#doubts.clear();
    this.#lost.clear();
    this.#dropped = [];
    this.#quarantine = undefined;
  }

  /** True if more of the trusted list is lost than before. */
  #findLost(index: number, touched: ReadonlySet<number>): boolean {
    const isGone = this.#listed.prefixes.size === 0;
    const youngSince = (this.#ordinals[index - 1] ?? 0) + 1 - this.#limits.removalConfirmations;
    let hasLostMore = false;
    let hasDroppedYoung = false;
    for (const interval of touched) {
      if (!this.#trusted.has(interval) || this.#listed.lists(interval)) {
        this.#lost.delete(interval);
      } else if (!isGone && this.#listed.since(interval) > youngSince) {
        this.#trusted.remove(interval);
        hasDroppedYoung = true;
      } else {
        this.#lost.add(interval);
        hasLostMore = true;
      }
    }
    if (hasDroppedYoung) this.#forgetUntrustedPrefixes();
    return hasLostMore;
  }

  #forgetUntrustedPrefixes(): void {
    for (const prefix of this.#trusted.prefixes) {
      const isKept = this.#listed.intervalsOf(prefix).some((interval) => this.#trusted.has(interval));
      if (!isKept) this.#trusted.prefixes.delete(prefix);
    }
  }

  #decideQuarantine(index: number, hasLostMore: boolean): void {
    const fault = this.#findFault(index);
    const open = this.#quarantine;
    if (!fault) {
      this.#quarantine = undefined;
    } else if (open?.kind !== fault.kind || hasLostMore) {
      const comparedWith = open?.comparedWith ?? index - 1;
      const confirmations = new Confirmations(this.#releaseAt(index));
      this.#quarantine = { ...fault, since: index, comparedWith, confirmations };
    } else {
      this.#confirmQuarantine(index, open);
    }
    if (this.#quarantine && this.#quarantine.retired === undefined) this.#untrusted.add(index);
  }

  #confirmQuarantine(index: number, open: OpenQuarantine): void {
    open.confirmations.add(this.#releaseAt(index));
    if (open.confirmations.count < Math.max(1, this.#limits.removalConfirmations)) return;
    if (open.kind !== 'shrunken') {
      open.retired ??= index;
      return;
    }
    const stoodInMs = this.#timeOf(index) - this.#timeOf(open.since);
    if (stoodInMs >= this.#limits.removalGraceDays * dayInMs) this.#quarantine = undefined;
  }

  /** Why the tag is quarantined in this release; undefined if it is not. */
  #findFault(index: number): Pick<Quarantined, 'kind' | 'reason'> | undefined {
    if (this.#lost.size === 0) return undefined;
    const had = `it had ${counted(this.#trusted.prefixes.size, 'prefix')} before`;
    if (!this.#listed.isTagListed)
      return { kind: 'missing', reason: `${this.#name} is missing from the list; ${had}.` };
    if (this.#listed.prefixes.size === 0)
      return { kind: 'empty', reason: `${this.#name} is in the list without a prefix; ${had}.` };
    const excess = this.#removalExcess(index);
    return excess === undefined
      ? undefined
      : { kind: 'shrunken', reason: `${this.#name} shrank: the list leaves out ${excess}.` };
  }

  /** All losses within the window count together, so that a little in every release counts like all of it at once. */
  #removalExcess(index: number): string | undefined {
    const oldest = this.#timeOf(index) - defaultWindowDays * dayInMs;
    this.#dropped = this.#dropped.filter(({ at }) => at > oldest);
    const dropped = this.#dropped
      .flatMap(({ prefixes }) => prefixes)
      .filter((prefix) => !this.#listed.listsAllOf(prefix));
    const removed = [...this.#listed.space.prefixesOf(this.#lost), ...dropped];
    const from = [...new Set([...this.#trusted.prefixes, ...dropped])];
    return this.#isExchange(removed, from) ? undefined : removalExcess(removed, from, this.#limits);
  }

  /** True if one of several prefixes was replaced by at least one new one: Microsoft moves a region like this. */
  #isExchange(removed: readonly string[], from: readonly string[]): boolean {
    return from.length >= 2 && this.#listed.prefixes.size >= from.length && overlapping(from, removed).length === 1;
  }

  #dropLost(index: number): void {
    const gone = [...this.#trusted.prefixes].filter((prefix) => !this.#listed.prefixes.has(prefix));
    const prefixes = gone.filter((prefix) =>
      this.#listed.intervalsOf(prefix).some((interval) => this.#lost.has(interval)),
    );
    if (prefixes.length > 0) this.#dropped.push({ at: this.#timeOf(index), prefixes });
    for (const interval of this.#lost) this.#trusted.remove(interval);
    this.#lost.clear();
    for (const prefix of gone) this.#trusted.prefixes.delete(prefix);
  }

  #trustNew(index: number, step: TagStep | undefined): void {
    const release = this.#releaseAt(index);
    const budget = this.#budgetAt(this.#timeOf(index));
    const fromOneSource = new Set(step?.onlyOneSource);
    const added = this.#isStart(index) ? this.#listed.prefixes : (step?.add ?? []);
    for (const prefix of step?.remove ?? []) this.#doubts.delete(prefix);
    for (const candidate of bySize([...added, ...this.#doubts.keys()])) {
      const { text: prefix } = candidate;
      const doubt = this.#doubts.get(prefix);
      if (doubt && !this.#untrusted.has(index)) doubt.confirmations.add(release);
      const why = this.#reasonAgainst(candidate, doubt, index, budget, fromOneSource.has(prefix) ? 2 : 1);
      if (why === undefined) {
        this.#doubts.delete(prefix);
        this.#trusted.add(prefix, this.#listed.intervalsOf(prefix));
      } else if (doubt) {
        doubt.why = why;
      } else {
        this.#doubts.set(prefix, { since: index, confirmations: new Confirmations(release), why });
      }
    }
  }

  /** Why the prefix is not trusted now. Undefined: it is trusted from now on, and charged to the budget `weight` times. */
  #reasonAgainst(
    prefix: AddressPrefix,
    doubt: Doubt | undefined,
    index: number,
    budget: Budget,
    weight: number,
  ): DoubtCode | undefined {
    const added = this.#newIn(prefix.text);
    if (added.length === 0) return undefined;
    // The first list adds nothing: each of its prefixes is measured alone, and none is charged.
    if (this.#isStart(index)) return doubtOf(this.#name, prefix.text);
    if (specialPurposeRangeOf(prefix.text)) return 'specialPurpose';
    const hasStood = doubt !== undefined && doubt.confirmations.count >= quarantineLimits.removalConfirmations;
    if (!hasStood && this.#isTooWide(prefix)) return 'widestPrefix';
    if (!hasStood && doubt) return doubt.why;
    const share = weight * this.#window.shareOf(this.#releaseAt(index), this.#releases[index - 1]);
    const cost = { addresses: this.#listed.space.countAddresses(added) * share, prefixes: share };
    return this.#window.charge(this.#timeOf(index), cost, budget);
  }

  #isTooWide(prefix: AddressPrefix): boolean {
    return isRegistryTag(this.#name) && this.#listed.lengthWithNeighbours(prefix) < widestInFeeds[prefix.family];
  }

  /** The intervals of a prefix that are not trusted. */
  #newIn(prefix: string): readonly number[] {
    return this.#listed.intervalsOf(prefix).filter((interval) => !this.#trusted.has(interval));
  }

  #budgetAt(time: number): Budget {
    const size = sizeAt(this.#trusted.sizes, time - defaultWindowDays * dayInMs);
    return defaultBudget([this.#name], toBudget(size, bothFamilies));
  }

  #noteEvent(index: number, intervals: Iterable<number>, trustedBefore: ReadonlySet<number>): void {
    const { space } = this.#listed;
    const on: AddressRange[] = [];
    const off: AddressRange[] = [];
    const known: AddressRange[] = [];
    const keepsTrusted = this.#quarantine !== undefined && this.#quarantine.retired === undefined;
    for (const interval of intervals) {
      const counts = this.#listed.lists(interval) || (keepsTrusted && this.#trusted.has(interval)) ? 1 : 0;
      if (counts === this.#counts[interval]) continue;
      this.#counts[interval] = counts;
      const range = space.at(interval);
      (counts ? on : off).push(range);
      if (counts && trustedBefore.has(interval)) known.push(range);
    }
    if (on.length > 0 || off.length > 0) this.#events.push({ index, on, off, known });
  }

  /** The trusted prefixes as they are listed, or as they were if a quarantine keeps them. */
  #trustedPrefixes(): string[] {
    const included = new Set<number>();
    const prefixes: string[] = [];
    for (const prefix of new Set([...this.#listed.prefixes, ...this.#trusted.prefixes])) {
      const intervals = this.#listed.intervalsOf(prefix);
      if (!intervals.every((interval) => this.#trusted.has(interval))) continue;
      // Listed prefixes may nest. Skip a kept prefix if listed ones now contain all of it.
      if (!this.#listed.prefixes.has(prefix) && intervals.every((interval) => included.has(interval))) continue;
      for (const interval of intervals) included.add(interval);
      prefixes.push(prefix);
    }
    const rest = this.#trusted.intervals.filter((interval) => !included.has(interval));
    return [...prefixes, ...this.#listed.space.prefixesOf(rest)];
  }

  #releaseAt(index: number): Release {
    return releaseAt(this.#releases, index);
  }

  #timeOf(index: number): number {
    return Date.parse(this.#releaseAt(index).seenAt);
  }
}

const bothFamilies: readonly AddressFamily[] = ['ipv4', 'ipv6'];
