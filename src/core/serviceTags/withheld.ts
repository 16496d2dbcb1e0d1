/**
 * What of a published list is not passed on to machines that poll it: nobody stands between such a list and the
 * firewall that loads it. What a target would refuse is never passed on; what a target would hold for an approval, of
 * the tags that this app is for, when it has stood for some publications.
 */
import { intersectPrefixes, parsePrefix, sortPrefixes, subtractPrefixes } from '../prefixes.ts';
import { defaultServiceTag } from './serviceTags.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { defaultLimits } from '../targets/target.ts';

export interface WithheldPrefix {
  readonly tag: string;
  readonly prefix: string;
  /** As a plan calls it: `widestPrefix` passes with time, `specialPurpose` never does. */
  readonly kind: 'specialPurpose' | 'widestPrefix';
  readonly reason: string;
}

/** How many further publications must list a prefix that is wider than the default `widestPrefix`. */
export const confirmationsOfWide = defaultLimits.removalConfirmations;

/** Undefined where a prefix is passed on at once. */
export function doubtOf(tag: string, prefix: string): WithheldPrefix['kind'] | undefined {
  if (specialPurposeRangeOf(prefix)) return 'specialPurpose';
  const { family, length } = parsePrefix(prefix);
  return isRegistryTag(tag) && length < defaultLimits.widestPrefix[family] ? 'widestPrefix' : undefined;
}

/**
 * What of a tag is passed on. `lists`: what it listed, newest first: now, and in as many publications before as there
 * must be confirmations; fewer where it is not known as long.
 *
 *     lists                          passed on
 *     /13 | /23 | /23                what the /23 holds: it was there before and stays
 *     /13 | /13 | /23                the same
 *     /13 | /13 | /13                the /13
 *     10.0.0.0/8 (in every list)     nothing of it
 */
export function passOn(
  tag: string,
  [list = [], ...earlier]: readonly (readonly string[])[],
  confirmations = confirmationsOfWide,
): readonly string[] {
  const doubtful = list.filter((prefix) => {
    const doubt = doubtOf(tag, prefix);
    return doubt === 'specialPurpose' || (doubt === 'widestPrefix' && confirmations > 0);
  });
  if (doubtful.length === 0) return list;
  const sound = list.filter((prefix) => !doubtful.includes(prefix));
  // Each list that has it leaves one confirmation less to wait for.
  return sortPrefixes([...sound, ...intersectPrefixes(doubtful, passOn(tag, earlier, confirmations - 1))]);
}

/** What of a list was not passed on, with its reason. */
export function withheldOf(tag: string, list: readonly string[], passed: readonly string[]): WithheldPrefix[] {
  return list.flatMap((prefix) => {
    const kind = doubtOf(tag, prefix);
    if (!kind || subtractPrefixes([prefix], passed).length === 0) return [];
    return [{ tag, prefix, kind, reason: reasonOf(prefix) }];
  });
}

function reasonOf(prefix: string): string {
  const special = specialPurposeRangeOf(prefix);
  if (special) return `${prefix} overlaps ${special.range} (${special.name}): that is never passed on.`;
  const { family } = parsePrefix(prefix);
  const widest = defaultLimits.widestPrefix[family];
  return `${prefix} is new and wider than /${widest}: passed on when ${confirmationsOfWide} further publications list it.`;
}

function isRegistryTag(tag: string): boolean {
  return `${tag.toLowerCase()}.`.startsWith(`${defaultServiceTag.toLowerCase()}.`);
}
