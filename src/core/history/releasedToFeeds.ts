/**
 * Which prefixes of a tag feeds contain. Nobody checks a feed before a firewall loads it.
 *
 *     new prefix                           feeds contain it
 *     within the budget of 28 days         at once
 *     beyond it, or wider than it may be   when two further releases list it and the window has room for it
 *     larger than the whole budget         never by itself
 *     special-purpose                      never
 *
 * So within 28 days a feed never grows by more than the budget of its tags, whatever the lists say and however often they
 * change. Feeds keep the prefixes of a tag in quarantine, and those of a retired tag until a person confirms that the tag
 * is gone.
 */
import { dropContained, overlapping, parsePrefix, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { agree, counted } from '../words.ts';
import type { History } from './history.ts';
import { defaultWindowDays, quarantineLimits, widestInFeeds } from './limits.ts';
import { quarantine } from './quarantine.ts';
import type { Doubtful, DoubtCode } from './tagTrust.ts';

export interface WithheldPrefix {
  readonly tag: string;
  readonly prefix: string;
  readonly kind: DoubtCode;
  /** One sentence: why feeds leave it out, and when they will contain it. */
  readonly reason: string;
  /** ISO time before which feeds do not contain it; absent if they never will by themselves. */
  readonly until?: string;
}

export interface ReleasedToFeeds {
  /** Sorted by address. */
  readonly served: readonly string[];
  readonly withheld: readonly WithheldPrefix[];
}

/** Undefined if the history does not know the tag. */
export function releasedToFeeds(history: History, tag: string): ReleasedToFeeds | undefined {
  const [record, trust] = [history.tag(tag), history.trust(tag)];
  if (!record || !trust) return undefined;
  if (quarantine(history, tag)?.confirmedAt !== undefined) return { served: [], withheld: [] };
  // A prefix that a quarantine keeps may contain one that is listed now, or be within one.
  const served = trust.quarantine ? dropContained(trust.trusted) : sortPrefixes(trust.trusted);
  const doubtful = new Map(trust.doubtful.map((entry) => [entry.prefix, entry]));
  const prefixes = sortPrefixes(doubtful.keys());
  const withheld = overlapping(prefixes, subtractPrefixes(prefixes, served))
    .flatMap((prefix) => doubtful.get(prefix) ?? [])
    .map((entry) => toWithheld(record.name, entry));
  return { served, withheld };
}

function toWithheld(tag: string, doubtful: Doubtful): WithheldPrefix {
  const { prefix, why, roomAt } = doubtful;
  return {
    tag,
    prefix,
    kind: why,
    reason: reasonOf(tag, doubtful),
    ...(roomAt !== undefined && { until: roomAt }),
  };
}

function reasonOf(tag: string, { prefix, why, confirmations, roomAt }: Doubtful): string {
  const special = specialPurposeRangeOf(prefix);
  if (special) return `${prefix} overlaps ${special.range} (${special.name}): feeds never contain it.`;
  const { family } = parsePrefix(prefix);
  const cause =
    why === 'widestPrefix'
      ? `is new and, with its neighbours, wider than /${widestInFeeds[family]}`
      : `is beyond what may be added to the feed of ${tag} within ${counted(defaultWindowDays, 'day')}`;
  if (roomAt === undefined) return `${prefix} ${cause}, and larger than all of that: feeds leave it out.`;
  const missing = quarantineLimits.removalConfirmations - confirmations;
  const wait =
    missing > 0
      ? `${counted(missing, 'further release')} ${agree(missing, 'lists', 'list')} it`
      : 'there is room for it';
  return `${prefix} ${cause}: feeds contain it when ${wait}.`;
}
