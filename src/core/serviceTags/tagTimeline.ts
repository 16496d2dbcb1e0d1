/**
 * The changes of one tag over time, and since when each of its prefixes has been listed. For every tag: for one that the
 * history does not record, only the changes by address are known.
 */
import {
  comparePrefixes,
  familyOf,
  overlapping,
  parsePrefix,
  subtractPrefixes,
  type AddressFamily,
  type AddressPrefix,
} from '../prefixes.ts';

export interface TagTimelineEntry {
  readonly tag: string;
  readonly snapshot: string;
  readonly previous: string;
  /** Days of the two releases, `YYYY-MM-DD`. */
  readonly date: string;
  readonly previousDate: string;
  /** ISO time of the pull. */
  readonly pulledAt: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface TagTimeline {
  readonly tag: string;
  /** Newest first. */
  readonly entries: readonly TagTimelineEntry[];
  /** Day of the oldest snapshot: prefixes that it lists may be older. */
  readonly oldestDate: string;
}

export interface PrefixLife {
  readonly prefix: string;
  readonly family: AddressFamily;
  /** Day since when all of its addresses have been listed without a break. */
  readonly firstSeen: string;
  /** Day of the last release that lists it. */
  readonly lastSeen: string;
}

/** Day when the tag was first seen; the day of the oldest snapshot if that lists it. */
export function firstSeenOf({ entries, oldestDate }: TagTimeline): string {
  const oldest = entries.at(-1);
  return oldest?.kind === 'added' ? oldest.date : oldestDate;
}

export function lastChangedOf(timeline: TagTimeline): string {
  return timeline.entries[0]?.date ?? timeline.oldestDate;
}

/** For every prefix, the day since when it has been listed: the latest day on which any of its addresses was added. */
export function firstSeenOfPrefixes(timeline: TagTimeline, prefixes: readonly string[]): ReadonlyMap<string, string> {
  return firstSeenOfAll(
    timeline,
    prefixes.map((text) => ({ text, until: 0 })),
  );
}

interface PrefixQuery {
  readonly text: string;
  /** Index of the newest entry that counts. */
  readonly until: number;
}

/** Answers all queries in one pass, because each pass goes through everything that was ever added. */
function firstSeenOfAll(timeline: TagTimeline, queries: readonly PrefixQuery[]): ReadonlyMap<string, string> {
  const firstSeen = new Map(queries.map(({ text }) => [text, timeline.oldestDate]));
  const spans: Span[] = [
    ...queries.map((query) => ({ prefix: parsePrefix(query.text), query })),
    ...timeline.entries.flatMap(({ date, added }, index) =>
      added.map((text) => ({ prefix: parsePrefix(text), added: { date, index } })),
    ),
  ];
  spans.sort((a, b) => comparePrefixes(a.prefix, b.prefix));

  // Two prefixes are disjoint, or one contains the other: those that contain the current one form a stack.
  const containing: Span[] = [];
  for (const span of spans) {
    while (!isWithin(span, containing.at(-1))) containing.pop();
    for (const outer of containing) {
      const query = outer.query ?? span.query;
      const added = outer.added ?? span.added;
      if (!query || !added || added.index < query.until) continue;
      if (added.date > (firstSeen.get(query.text) ?? '')) firstSeen.set(query.text, added.date);
    }
    containing.push(span);
  }
  return firstSeen;
}

/** A queried prefix, or one that was added. */
interface Span {
  readonly prefix: AddressPrefix;
  readonly query?: PrefixQuery;
  readonly added?: { readonly date: string; readonly index: number };
}

function isWithin({ prefix }: Span, outer: Span | undefined): boolean {
  return outer === undefined || (outer.prefix.family === prefix.family && prefix.end <= outer.prefix.end);
}

/** The prefixes that are listed now, then those that no longer are, each with its days. */
export function prefixLives(timeline: TagTimeline, listed: readonly string[], today: string): readonly PrefixLife[] {
  const now = listed.map((text) => ({ text, until: 0, lastSeen: today }));
  const all = [...now, ...findGone(timeline, listed)];
  const firstSeen = firstSeenOfAll(timeline, all);
  return all.map(({ text, lastSeen }) => ({
    prefix: text,
    family: familyOf(text),
    firstSeen: firstSeen.get(text) ?? timeline.oldestDate,
    lastSeen,
  }));
}

/** The prefixes that are no longer listed, each with its latest removal. Additions after that do not count for it. */
function findGone(timeline: TagTimeline, listed: readonly string[]): (PrefixQuery & Pick<PrefixLife, 'lastSeen'>)[] {
  const removed = timeline.entries.flatMap((entry) => entry.removed);
  // One call for all of them, because it goes through the whole list, which may have tens of thousands of prefixes.
  const gone = new Set(overlapping(removed, subtractPrefixes(removed, listed)));
  return timeline.entries.flatMap((entry, index) =>
    entry.removed
      .filter((text) => gone.delete(text))
      .map((text) => ({ text, until: index + 1, lastSeen: entry.previousDate })),
  );
}
