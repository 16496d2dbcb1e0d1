/**
 * Deadlines of new prefixes: Azure promises not to use a new prefix for seven days after it was published,
 * so each prefix that a target still lacks has a deadline.
 *
 * The day of a release is the one in the file's name. The file appears up to some days after it,
 * so the real deadline is never earlier than the one here.
 */
import { comparePrefixes, parsePrefix } from './prefixes.ts';
import type { MissingPrefix } from './targets/targetState.ts';
import { dayInMs } from './time.ts';
import { agree, counted, dayAndTimeInWords, dayInWords, inWords } from './words.ts';

const daysUntilUse = 7;

/** If less than this is left, people are notified. */
const nearDays = 3;

/** A target and the listed prefixes that it still lacks. */
export interface TargetMissing {
  readonly target: string;
  /** ISO time since when it has selected what it selects now; absent if that is not known. */
  readonly selectedSince?: string;
  readonly missing: readonly MissingPrefix[];
}

/** One prefix that at least one target lacks. */
export interface PrefixDeadline {
  readonly prefix: string;
  /** Day of the release that first listed it, `YYYY-MM-DD`. */
  readonly published: string;
  /** ISO time by which every target should allow the prefix. */
  readonly deadline: string;
  /** Days until the deadline, rounded down to a tenth; negative if it has passed. */
  readonly daysLeft: number;
  /** The targets that lack it, sorted. */
  readonly targets: readonly string[];
}

export interface GoLiveClock {
  /** `done`: every target has every prefix. */
  readonly status: 'done' | 'waiting' | 'near' | 'overdue';
  /** Days until the first deadline; 7 if no target lacks a prefix. */
  readonly daysLeft: number;
  /** The first deadline; absent if no target lacks a prefix. */
  readonly first?: PrefixDeadline;
  /** Every prefix that a target lacks, ordered by deadline. */
  readonly prefixes: readonly PrefixDeadline[];
}

/** Throws RangeError if `published` is not a day. */
export function deadlineOf(published: string): Date {
  const day = Date.parse(`${published.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day)) throw new RangeError(`published: "${published}" is not a day such as 2025-03-03`);
  return new Date(day + daysUntilUse * dayInMs);
}

/** No deadline is earlier than the first look at the target: Azure has used most prefixes for years. */
export function deadlineFor(published: string, selectedSince: string | undefined): Date {
  const deadline = deadlineOf(published);
  const since = new Date(selectedSince ?? deadline);
  return since > deadline ? since : deadline;
}

/** `Azure may use it from 8 Mar 2025`; once that day has come, `Azure may have used it since 8 Mar 2025`. */
export function azureMayUse(what: string, from: string, now: Date, timeInWords = dayInWords): string {
  return `Azure may ${isOver(from, now) ? `have used ${what} since` : `use ${what} from`} ${timeInWords(from)}`;
}

export function calculateGoLive(targets: readonly TargetMissing[], now: Date): GoLiveClock {
  const prefixes = collectDeadlines(targets, now);
  const first = prefixes[0];
  if (!first) return { status: 'done', daysLeft: daysUntilUse, prefixes };
  return { status: statusOf(first, now), daysLeft: first.daysLeft, first, prefixes };
}

/** One sentence for alerts and notifications. */
export function describeGoLive({ first, prefixes }: GoLiveClock, now: Date): string {
  if (!first) return 'Every target has every listed prefix.';
  const { daysLeft, targets, published } = first;
  const lacks = agree(targets.length, 'lacks', 'lack');
  const more = prefixes.length === 1 ? '' : ` and ${inWords(prefixes.length - 1)} more`;
  const it = prefixes.length === 1 ? 'it' : 'the first of them';
  const from = deadlineOf(published).toISOString();
  const use = azureMayUse(it, from, now, dayAndTimeInWords);
  const left = isOver(from, now) ? '' : ` (in ${counted(daysLeft, 'day')})`;
  return `${listTargets(targets)} ${lacks} ${counted(prefixes.length, 'listed prefix')}: ${first.prefix} (listed since ${dayInWords(published)})${more}. ${use}${left}. The page says why, and what to do.`;
}

function statusOf({ deadline, daysLeft }: PrefixDeadline, now: Date): GoLiveClock['status'] {
  if (isOver(deadline, now)) return 'overdue';
  return daysLeft < nearDays ? 'near' : 'waiting';
}

function isOver(time: string, now: Date): boolean {
  return Date.parse(time) <= now.getTime();
}

function collectDeadlines(targets: readonly TargetMissing[], now: Date): PrefixDeadline[] {
  const found = new Map<string, { published: string; deadline: Date; readonly targets: Set<string> }>();
  for (const { target, selectedSince, missing } of targets) {
    for (const { prefix, published } of missing) {
      const deadline = deadlineFor(published, selectedSince);
      const known = found.get(prefix) ?? { published, deadline, targets: new Set() };
      if (published < known.published) known.published = published;
      if (deadline < known.deadline) known.deadline = deadline;
      known.targets.add(target);
      found.set(prefix, known);
    }
  }
  return [...found]
    .map(([prefix, { published, deadline, targets: lacking }]): PrefixDeadline => ({
      prefix,
      published: published.slice(0, 10),
      deadline: deadline.toISOString(),
      daysLeft: Math.floor(((deadline.getTime() - now.getTime()) / dayInMs) * 10) / 10,
      targets: [...lacking].sort(),
    }))
    .sort(
      (a, b) =>
        a.deadline.localeCompare(b.deadline) ||
        a.published.localeCompare(b.published) ||
        comparePrefixes(parsePrefix(a.prefix), parsePrefix(b.prefix)),
    );
}

function listTargets(targets: readonly string[]): string {
  if (targets.length <= 3) return targets.join(', ');
  return `${targets.slice(0, 3).join(', ')} and ${targets.length - 3} more targets`;
}
