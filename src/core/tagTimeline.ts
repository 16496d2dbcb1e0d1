/** What one tag was over time, and since when each of its prefixes has been listed. */
import {
  comparePrefixes,
  coversAll,
  familyOf,
  parsePrefix,
  type AddressFamily,
  type AddressPrefix,
} from './prefixes.ts';

export interface TagTimelineEntry {
  readonly tag: string;
  readonly snapshot: string;
  readonly previous: string;
  /** Days of publication, `YYYY-MM-DD`. */
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
  /** Day of the oldest snapshot: what was there then may be older. */
  readonly oldestDate: string;
}

export interface PrefixLife {
  readonly prefix: string;
  readonly family: AddressFamily;
  /** Day since when all of its addresses have been listed without a break. */
  readonly firstSeen: string;
  /** Day of the last publication that lists it. */
  readonly lastSeen: string;
}

/** Day when the tag was first seen: of the oldest snapshot where it was there from the start. */
export function firstSeenOf({ entries, oldestDate }: TagTimeline): string {
  const oldest = entries.at(-1);
  return oldest?.kind === 'added' ? oldest.date : oldestDate;
}

export function lastChangedOf(timeline: TagTimeline): string {
  return timeline.entries[0]?.date ?? timeline.oldestDate;
}

/** For every prefix, the day since when it has been listed: the latest day that added any of its addresses. */
export function firstSeenOfPrefixes(timeline: TagTimeline, prefixes: readonly string[]): ReadonlyMap<string, string> {
  const firstSeen = new Map(prefixes.map((prefix) => [prefix, timeline.oldestDate]));
  const spans: Span[] = [
    ...prefixes.map((text) => ({ prefix: parsePrefix(text), text })),
    ...timeline.entries.flatMap(({ date, added }) => added.map((text) => ({ prefix: parsePrefix(text), date }))),
  ];
  spans.sort((a, b) => comparePrefixes(a.prefix, b.prefix));

  // Prefixes nest or are apart: those that contain the one at hand are a stack.
  const containing: Span[] = [];
  for (const span of spans) {
    while (!isWithin(span, containing.at(-1))) containing.pop();
    for (const outer of containing) {
      const text = outer.text ?? span.text;
      const date = outer.date ?? span.date;
      if (text !== undefined && date !== undefined && date > (firstSeen.get(text) ?? '')) firstSeen.set(text, date);
    }
    containing.push(span);
  }
  return firstSeen;
}

/** A prefix that is asked for (`text`), or one that was added (`date`). */
interface Span {
  readonly prefix: AddressPrefix;
  readonly text?: string;
  readonly date?: string;
}

function isWithin({ prefix }: Span, outer: Span | undefined): boolean {
  return outer === undefined || (outer.prefix.family === prefix.family && prefix.end <= outer.prefix.end);
}

/** The prefixes that are listed now, then those that were and are not, each with its days. */
export function prefixLives(timeline: TagTimeline, listed: readonly string[], today: string): readonly PrefixLife[] {
  const firstSeen = firstSeenOfPrefixes(timeline, listed);
  const now = listed.map((prefix) => toLife(prefix, firstSeen.get(prefix) ?? timeline.oldestDate, today));
  return [...now, ...goneLives(timeline, listed)];
}

function goneLives(timeline: TagTimeline, listed: readonly string[]): PrefixLife[] {
  const gone = new Map<string, PrefixLife>();
  timeline.entries.forEach((entry, index) => {
    const before = { ...timeline, entries: timeline.entries.slice(index + 1) };
    const firstSeen = firstSeenOfPrefixes(before, entry.removed);
    for (const prefix of entry.removed) {
      if (gone.has(prefix) || coversAll(listed, [prefix])) continue;
      gone.set(prefix, toLife(prefix, firstSeen.get(prefix) ?? timeline.oldestDate, entry.previousDate));
    }
  });
  return [...gone.values()];
}

function toLife(prefix: string, firstSeen: string, lastSeen: string): PrefixLife {
  return { prefix, family: familyOf(prefix), firstSeen, lastSeen };
}
