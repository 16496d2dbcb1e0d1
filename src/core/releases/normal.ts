/** What is normal for a tag: how often a list appears, how often it changes the tag, and by how much. */
import { dayInMs } from '../time.ts';
import { counted, dayInWords } from '../words.ts';
import type { Release } from '../history/historyDocument.ts';

export interface Normal {
  /** Median number of days between two lists. */
  readonly daysBetweenReleases: number;
  /** Number of the newest lists that were counted, at most 52. */
  readonly releases: number;
  /** How many of them changed the tag. */
  readonly changing: number;
  /** How many prefixes a list adds, if it adds some: the median, and the maximum. */
  readonly usuallyAdded: number;
  readonly mostAdded: number;
  readonly mostAddedOn: string;
  /** How many prefixes were ever removed, and by how many lists. */
  readonly removedEver: number;
  readonly removingEver: number;
  /** Day of the oldest list that is known. */
  readonly since: string;
  /** `YYYY-MM-DD` of the first of `releases`. */
  readonly releasesSince: string;
}

/** A year of weekly lists. */
const lastLists = 52;
const usualGap = 7;

/** Undefined if no release is known yet. */
export function normalOf(all: readonly Release[], tag: string): Normal | undefined {
  const releases = all.filter(({ rejected }) => !rejected);
  const [first, ...later] = releases;
  const newest = releases.at(-1);
  if (!first || !newest) return undefined;
  const lastYear = releases.slice(-lastLists);
  // The first known list adds nothing: it has nothing to be compared with.
  const adding = later
    .map(({ date, tags }) => ({ date, count: tags[tag]?.add.length ?? 0 }))
    .filter(({ count }) => count > 0);
  const removing = later.map(({ tags }) => tags[tag]?.remove.length ?? 0).filter((count) => count > 0);
  const most = adding.reduce((a, b) => (b.count > a.count ? b : a), { date: first.date, count: 0 });
  const gap =
    median(lastYear.slice(1).map(({ date }, index) => daysOf(date, lastYear[index]?.date ?? date))) || usualGap;
  return {
    daysBetweenReleases: gap,
    releases: lastYear.length,
    changing: lastYear.filter(({ tags }) => tags[tag] !== undefined).length,
    usuallyAdded: median(adding.map(({ count }) => count)),
    mostAdded: most.count,
    mostAddedOn: most.date,
    removedEver: removing.reduce((sum, count) => sum + count, 0),
    removingEver: removing.length,
    since: first.date,
    releasesSince: lastYear[0]?.date ?? first.date,
  };
}

/** For a reader who has never seen the tag change. */
export function describeNormal(normal: Normal): readonly string[] {
  const { changing, releases, usuallyAdded, mostAdded, mostAddedOn, removedEver, removingEver, since } = normal;
  const rhythm = `Microsoft releases a list about every ${counted(normal.daysBetweenReleases, 'day')}; of the ${counted(releases, 'list')} on record since ${dayInWords(normal.releasesSince)}, ${changing} changed the tag.`;
  const size =
    mostAdded === 0
      ? `No list since ${dayInWords(since)} has added a prefix.`
      : `A list that adds prefixes usually adds ${usuallyAdded}; the most were ${mostAdded}, on ${dayInWords(mostAddedOn)}.`;
  const removals =
    removedEver === 0
      ? `None has removed a prefix since ${dayInWords(since)}.`
      : `Removals are rare: ${counted(removedEver, 'prefix')} in ${counted(removingEver, 'list')} since ${dayInWords(since)}.`;
  return [rhythm, size, removals];
}

function daysOf(later: string, earlier: string): number {
  return Math.round((Date.parse(later) - Date.parse(earlier)) / dayInMs);
}

/** The upper one of the middle values; 0 if there are no values. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
