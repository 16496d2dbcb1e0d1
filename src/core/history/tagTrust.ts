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
import type { AddressRange } from '../prefixes.ts';
import type { QuarantineLimits, TrustedSize } from './limits.ts';
import { doubtfulOf, trustNew } from './newPrefixes.ts';
import { decideQuarantine } from './suspiciousLoss.ts';
import type { TagRecord, TagStep } from './tagRecord.ts';
import { beginAnew, isStart, newTagState, timeOf, type FollowedReleases, type TagState } from './tagState.ts';
import type { GrowthLimit } from './window.ts';

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

/** Follows one tag through its releases. */
export function followTag(record: TagRecord, history: FollowedReleases, limits: QuarantineLimits): TagTrust {
  const tag = newTagState(record, history, limits);
  const steps = new Map(record.steps.map((step) => [step.index, step]));
  for (const index of history.releases.keys()) {
    tag.index = index;
    readRelease(tag, steps.get(index));
  }
  const { events, untrusted, quarantine } = tag;
  return {
    events,
    untrusted,
    quarantine: quarantine && { ...quarantine, confirmations: quarantine.confirmations.count },
    trusted: trustedPrefixes(tag),
    sizes: tag.trusted.sizes,
    doubtful: doubtfulOf(tag),
  };
}

/** The six steps. Without a change of the tag there is nothing to do, unless a quarantine or a doubt waits for releases. */
function readRelease(tag: TagState, step: TagStep | undefined): void {
  const isRestart = tag.index === tag.history.firstPulled;
  if (!isRestart && !step && !tag.quarantine && tag.doubts.size === 0) return;
  const before = isRestart ? undefined : tag.quarantine;
  if (isRestart) beginAnew(tag);

  const ordinal = isStart(tag) ? -Infinity : (tag.history.ordinals[tag.index] ?? 0);
  const touched = step ? tag.listed.apply(step, ordinal) : new Set<number>();
  const hasLostMore = findLost(tag, touched);
  decideQuarantine(tag, hasLostMore);
  if (!tag.quarantine && (before || step?.remove.length)) dropLost(tag);
  const trustedBefore = new Set([...touched].filter((interval) => tag.trusted.has(interval)));
  trustNew(tag, step);
  tag.trusted.noteSize(timeOf(tag));

  // A quarantine that begins or ends, or a retirement, concerns more intervals than those that the release changed.
  const isAboutAll = isRestart || before !== tag.quarantine || before?.retired !== undefined;
  noteEvent(tag, isAboutAll ? tag.counts.keys() : touched, trustedBefore);
}

/** Step 2. True if more of the trusted list is lost than before. */
function findLost(tag: TagState, touched: ReadonlySet<number>): boolean {
  const { history, index, limits, listed, lost, trusted } = tag;
  const isGone = listed.prefixes.size === 0;
  const youngSince = (history.ordinals[index - 1] ?? 0) + 1 - limits.removalConfirmations;
  let hasLostMore = false;
  let hasDroppedYoung = false;
  for (const interval of touched) {
    if (!trusted.has(interval) || listed.lists(interval)) {
      lost.delete(interval);
    } else if (!isGone && listed.since(interval) > youngSince) {
      trusted.remove(interval);
      hasDroppedYoung = true;
    } else {
      lost.add(interval);
      hasLostMore = true;
    }
  }
  if (hasDroppedYoung) forgetUntrustedPrefixes(tag);
  return hasLostMore;
}

function forgetUntrustedPrefixes({ listed, trusted }: TagState): void {
  for (const prefix of trusted.prefixes) {
    const isKept = listed.intervalsOf(prefix).some((interval) => trusted.has(interval));
    if (!isKept) trusted.prefixes.delete(prefix);
  }
}

/** Step 4. */
function dropLost(tag: TagState): void {
  const { listed, lost, trusted } = tag;
  const gone = [...trusted.prefixes].filter((prefix) => !listed.prefixes.has(prefix));
  const prefixes = gone.filter((prefix) => listed.intervalsOf(prefix).some((interval) => lost.has(interval)));
  if (prefixes.length > 0) tag.dropped = [...tag.dropped, { at: timeOf(tag), prefixes }];
  for (const interval of lost) trusted.remove(interval);
  lost.clear();
  for (const prefix of gone) trusted.prefixes.delete(prefix);
}

/** Step 6. */
function noteEvent(tag: TagState, intervals: Iterable<number>, trustedBefore: ReadonlySet<number>): void {
  const { counts, events, index, listed, quarantine, trusted } = tag;
  const [on, off, known]: [AddressRange[], AddressRange[], AddressRange[]] = [[], [], []];
  const keepsTrusted = quarantine !== undefined && quarantine.retired === undefined;
  for (const interval of intervals) {
    const isListed = listed.lists(interval) || (keepsTrusted && trusted.has(interval)) ? 1 : 0;
    if (isListed === counts[interval]) continue;
    counts[interval] = isListed;
    const range = listed.space.at(interval);
    (isListed ? on : off).push(range);
    if (isListed && trustedBefore.has(interval)) known.push(range);
  }
  if (on.length > 0 || off.length > 0) events.push({ index, on, off, known });
}

/** The trusted prefixes as they are listed, or as they were if a quarantine keeps them. */
function trustedPrefixes({ listed, trusted }: TagState): string[] {
  const included = new Set<number>();
  const prefixes: string[] = [];
  for (const prefix of new Set([...listed.prefixes, ...trusted.prefixes])) {
    const intervals = listed.intervalsOf(prefix);
    if (!intervals.every((interval) => trusted.has(interval))) continue;
    // Listed prefixes may nest. Skip a kept prefix if listed ones now contain all of it.
    if (!listed.prefixes.has(prefix) && intervals.every((interval) => included.has(interval))) continue;
    for (const interval of intervals) included.add(interval);
    prefixes.push(prefix);
  }
  const rest = trusted.intervals.filter((interval) => !included.has(interval));
  return [...prefixes, ...listed.space.prefixesOf(rest)];
}
