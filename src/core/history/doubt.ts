import { parsePrefix } from '../prefixes.ts';
import { specialPurposeRangeOf } from '../specialPurpose.ts';
import { isRegistryTag, widestInFeeds } from './limits.ts';

/** Why a prefix, by itself, does not go to machines at once; undefined if nothing is wrong with it. */
export function doubtOf(tag: string, prefix: string): 'specialPurpose' | 'widestPrefix' | undefined {
  if (specialPurposeRangeOf(prefix)) return 'specialPurpose';
  const { family, length } = parsePrefix(prefix);
  return isRegistryTag(tag) && length < widestInFeeds[family] ? 'widestPrefix' : undefined;
}
