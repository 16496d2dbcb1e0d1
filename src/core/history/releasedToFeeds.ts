/**
 * What of a tag goes to machines that poll it: nobody stands between such a list and the firewall that loads it.
 *
 *     new prefix                           goes to feeds
 *     within the budget of 28 days         at once
 *     beyond it, or wider than it may be   when two further releases list it and the window has room for it
 *     larger than the whole budget         never by itself
 *     special-purpose                      never
 *
 * So over any 28 days no feed opens more than the budget of its tags, whatever the lists say and however often they
 * change. What a tag in quarantine had goes on being served; what a retired one had, until a person confirms that it is
 * gone.
 */
import { dropContained, overlapping, parsePrefix, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { counted } from '../words.ts';
import type { History } from './history.ts';
import { defaultWindowDays, quarantineLimits, widestInFeeds } from './limits.ts';
import { quarantine } from './quarantine.ts';
import type { Doubtful, DoubtCode } from './tagTrust.ts';

export interface WithheldPrefix {
  readonly tag: string;
  readonly prefix: string;
  readonly kind: DoubtCode;
  /** One sentence: why, and when it is released. */
  readonly reason: string;
  /** ISO time before which it is not released; absent if it is never released by itself. */
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
  // What a quarantine keeps may lie within what is listed now, and the other way round.
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
  const wait = missing > 0 ? `${counted(missing, 'further release')} list it` : 'there is room for it';
  return `${prefix} ${cause}: feeds contain it when ${wait}.`;
}
