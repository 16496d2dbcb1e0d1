/**
 * How much a tag may change before a person is asked. Feeds use these limits. A target has its own; its default budgets
 * are these.
 *
 * The figures are about twice the largest change within 28 days in the real history since 2019: 14,528 IPv4 addresses and 158
 * prefixes in the whole tag, 1,408 and 15 in one region.
 */
import { parsePrefix, type AddressFamily } from '../prefixes.ts';
import { defaultServiceTag } from '../serviceTags/serviceTags.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { defaultLimits, type SafetyLimits } from '../targets/target.ts';
import { serviceOf } from './historyDocument.ts';

/** How much may be added within the window. */
export interface Budget {
  /** IPv4 */
  readonly addresses: number;
  /** Of both families. */
  readonly prefixes: number;
}

export const defaultWindowDays = defaultLimits.limitWindowDays;

const wholeTagBudget: Budget = { addresses: 32_768, prefixes: 400 };
const regionBudget: Budget = { addresses: 4_096, prefixes: 40 };

/** Tags other than AzureContainerRegistry often grow in large steps: this share of their trusted list is allowed. */
const shareOfOtherTags = 0.1;

/**
 * The budget of a union of tags whose trusted list had `size` when the window began: the sum for its regions, at most
 * that of the whole tag, but at least a tenth of that size if one of them is not of AzureContainerRegistry.
 */
export function defaultBudget(tags: readonly string[], size: Budget): Budget {
  const isWhole = tags.some((tag) => !tag.includes('.'));
  const sum = (key: keyof Budget) =>
    isWhole ? wholeTagBudget[key] : Math.min(wholeTagBudget[key], regionBudget[key] * Math.max(1, tags.length));
  const share = (key: keyof Budget) => (tags.every(isRegistryTag) ? 0 : Math.floor(shareOfOtherTags * size[key]));
  return {
    addresses: Math.max(sum('addresses'), share('addresses')),
    prefixes: Math.max(sum('prefixes'), share('prefixes')),
  };
}

/** The size of the trusted list since a time. */
export interface TrustedSize {
  readonly at: number;
  /** IPv4 */
  readonly addresses: number;
  readonly prefixes: Readonly<Record<AddressFamily, number>>;
}

/**
 * The size from which a budget is calculated: at the begin of the window, so that additions within a window make no room
 * for more in the same window. For a record that began later, its first size.
 */
export function sizeAt(sizes: readonly TrustedSize[], at: number): TrustedSize | undefined {
  return sizes.findLast((size) => size.at <= at) ?? sizes[0];
}

/** The part of a size that counts for the given families. */
export function toBudget(size: TrustedSize | undefined, families: readonly AddressFamily[]): Budget {
  const { addresses = 0, prefixes = { ipv4: 0, ipv6: 0 } } = size ?? {};
  return {
    addresses: families.includes('ipv4') ? addresses : 0,
    prefixes: families.reduce((sum, family) => sum + prefixes[family], 0),
  };
}

export function isRegistryTag(tag: string): boolean {
  return serviceOf(tag).toLowerCase() === defaultServiceTag.toLowerCase();
}

/** Feeds do not contain wider prefixes of AzureContainerRegistry at once; measured after merging with neighbours. */
export const widestInFeeds: Readonly<Record<AddressFamily, number>> = defaultLimits.widestPrefix;

/** Why feeds leave out a prefix at first, judged by the prefix alone; undefined if nothing is wrong with it. */
export function doubtOf(tag: string, prefix: string): 'specialPurpose' | 'widestPrefix' | undefined {
  if (specialPurposeRangeOf(prefix)) return 'specialPurpose';
  const { family, length } = parsePrefix(prefix);
  return isRegistryTag(tag) && length < widestInFeeds[family] ? 'widestPrefix' : undefined;
}

/** When a tag is put into quarantine, and for how long. */
export type QuarantineLimits = Pick<
  SafetyLimits,
  'maxRemovedCount' | 'maxRemovedPercent' | 'removalGraceDays' | 'removalConfirmations'
>;

/** The limits of feeds, whatever the limits of targets are. */
export const quarantineLimits: QuarantineLimits = defaultLimits;
