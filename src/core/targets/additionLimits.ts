/** How much of a list may be new within the window before a person has to approve it. */
import { countAddresses } from '../prefixes.ts';
import { defaultServiceTag } from '../serviceTags/serviceTags.ts';
import type { SafetyLimits } from './target.ts';

export interface AdditionLimits {
  readonly maxAddedAddresses: number;
  readonly maxAddedPrefixes: number;
}

/** More than twice what AzureContainerRegistry and its largest region ever grew by in 28 days, since 2019. */
const wholeTag: AdditionLimits = { maxAddedAddresses: 32_768, maxAddedPrefixes: 400 };
const oneRegion: AdditionLimits = { maxAddedAddresses: 4_096, maxAddedPrefixes: 40 };

/** Other tags grow in large steps by right: so much of what they list. */
const shareOfOtherTags = 0.1;

/**
 * For the tags that a target or a feed takes its prefixes from. Several regions together may grow as much as each of
 * them alone, up to the limits of a whole tag. `listed`: what these tags listed when the window began.
 */
export function defaultAdditionLimits(tags: readonly string[], listed: readonly string[]): AdditionLimits {
  const limits = limitsOfSize(tags);
  if (tags.every(isOfRegistryTag)) return limits;
  return {
    maxAddedAddresses: Math.max(
      limits.maxAddedAddresses,
      Math.ceil(Number(countAddresses(listed, 'ipv4')) * shareOfOtherTags),
    ),
    maxAddedPrefixes: Math.max(limits.maxAddedPrefixes, Math.ceil(listed.length * shareOfOtherTags)),
  };
}

/** The limits of the targets file, and the defaults for what it leaves open. */
export function additionLimitsOf(
  { maxAddedAddresses, maxAddedPrefixes }: Pick<SafetyLimits, 'maxAddedAddresses' | 'maxAddedPrefixes'>,
  tags: readonly string[],
  listed: readonly string[],
): AdditionLimits {
  const defaults = defaultAdditionLimits(tags, listed);
  return {
    maxAddedAddresses: maxAddedAddresses ?? defaults.maxAddedAddresses,
    maxAddedPrefixes: maxAddedPrefixes ?? defaults.maxAddedPrefixes,
  };
}

function limitsOfSize(tags: readonly string[]): AdditionLimits {
  if (tags.length === 0 || !tags.every((tag) => tag.includes('.'))) return wholeTag;
  return {
    maxAddedAddresses: Math.min(tags.length * oneRegion.maxAddedAddresses, wholeTag.maxAddedAddresses),
    maxAddedPrefixes: Math.min(tags.length * oneRegion.maxAddedPrefixes, wholeTag.maxAddedPrefixes),
  };
}

function isOfRegistryTag(tag: string): boolean {
  const name = tag.toLowerCase();
  const registry = defaultServiceTag.toLowerCase();
  return name === registry || name.startsWith(`${registry}.`);
}
