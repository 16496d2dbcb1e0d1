/** What a rule lacks of the list, and what it has beyond it. Addresses count, not how prefixes are written. */
import { intersectPrefixes, mergePrefixes, subtractPrefixes } from '../../core/prefixes.ts';

export interface Comparison {
  /** Listed, and not in the rule. */
  readonly missing: readonly string[];
  /** In the rule, listed at some time and no longer. */
  readonly stale: readonly string[];
  /** In the rule, and never listed as far as the history goes. */
  readonly surplus: readonly string[];
}

/** `listedBefore`: what the tags listed at some time. */
export function compareRules(
  own: readonly string[],
  listed: readonly string[],
  listedBefore: readonly string[],
): Comparison {
  const beyond = subtractPrefixes(own, listed);
  return {
    missing: subtractPrefixes(listed, own),
    stale: intersectPrefixes(beyond, mergePrefixes(listedBefore)),
    surplus: subtractPrefixes(beyond, listedBefore),
  };
}
