/** What is known of one tag while its releases are followed; `tagTrust.ts` has the steps that change it. */
import { Confirmations } from './confirmations.ts';
import type { History } from './history.ts';
import { releaseAt, type Release } from './historyDocument.ts';
import { defaultWindowDays, type QuarantineLimits } from './limits.ts';
import { ListedPrefixes } from './listedPrefixes.ts';
import { firstTrusted, type TagRecord } from './tagRecord.ts';
import type { DoubtCode, ListedEvent, Quarantined } from './tagTrust.ts';
import { TrustedPrefixes } from './trustedPrefixes.ts';
import { AdditionWindow } from './window.ts';

/** The releases of a history, and what follows from them for every tag. */
export type FollowedReleases = Pick<History, 'releases' | 'times' | 'ordinals' | 'firstPulled'>;

export interface TagState {
  readonly record: TagRecord;
  readonly history: FollowedReleases;
  readonly limits: QuarantineLimits;
  /** Index of the release that is being read. */
  index: number;
  readonly listed: ListedPrefixes;
  trusted: TrustedPrefixes;
  /** Intervals that are trusted and not listed. */
  readonly lost: Set<number>;
  /** Prefixes that were lost within the window and are no longer trusted. */
  dropped: readonly { readonly at: number; readonly prefixes: readonly string[] }[];
  quarantine: OpenQuarantine | undefined;
  /** Listed prefixes that are not trusted yet. */
  readonly doubts: Map<string, Doubt>;
  /** What was added to the trusted list. */
  readonly window: AdditionWindow;
  /** By interval: 1 if it counts as listed. */
  readonly counts: Uint8Array;
  readonly events: ListedEvent[];
  readonly untrusted: Set<number>;
}

/** `Doubtful` while releases are still being followed. */
export interface Doubt {
  readonly confirmations: Confirmations;
  why: DoubtCode;
}

/** `Quarantined` while releases are still being followed. */
export interface OpenQuarantine extends Pick<Quarantined, 'kind' | 'reason' | 'since' | 'comparedWith'> {
  readonly confirmations: Confirmations;
  retired?: number;
}

export function newTagState(record: TagRecord, history: FollowedReleases, limits: QuarantineLimits): TagState {
  const listed = new ListedPrefixes(record);
  return {
    record,
    history,
    limits,
    index: 0,
    listed,
    trusted: new TrustedPrefixes(listed.space),
    lost: new Set(),
    dropped: [],
    quarantine: undefined,
    doubts: new Map(),
    window: new AdditionWindow(defaultWindowDays),
    counts: new Uint8Array(listed.space.intervals.length),
    events: [],
    untrusted: new Set(),
  };
}

/** As if nothing had been trusted before. */
export function beginAnew(tag: TagState): void {
  tag.trusted = new TrustedPrefixes(tag.listed.space);
  tag.listed.forgetAges();
  tag.doubts.clear();
  tag.lost.clear();
  tag.dropped = [];
  tag.quarantine = undefined;
}

/** True for a release that is not compared with an earlier one. */
export function isStart({ index, history, record }: TagState): boolean {
  return index === 0 || index === history.firstPulled || index === firstTrusted(record);
}

export function releaseOf({ history, index }: TagState): Release {
  return releaseAt(history.releases, index);
}

/** When a release was seen, in milliseconds. */
export function timeOf({ history, index }: TagState, at = index): number {
  return history.times[at] ?? NaN;
}
