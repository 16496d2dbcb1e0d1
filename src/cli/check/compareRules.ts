/** Finds what a rule lacks and what it has too much, by addresses: how they are split into prefixes does not matter. */
import {
  countAddresses,
  dropContained,
  familyOf,
  intersectEach,
  intersectPrefixes,
  subtractPrefixes,
} from '../../core/prefixes.ts';

export interface Comparison {
  /** Listed, but not in the rule. */
  readonly missing: readonly string[];
  /** In the rule, listed in the past but no longer. */
  readonly stale: readonly string[];
  /** Prefixes of the rule with addresses that were never listed, as far back as the history goes. */
  readonly surplus: readonly string[];
  /** Surplus prefix → its number of never listed addresses. As text, because IPv6 exceeds what a number can hold. */
  readonly surplusAddresses: Readonly<Record<string, string>>;
}

/** `listedBefore`: all prefixes that the tags have ever contained. */
export function compareRules(
  own: readonly string[],
  listed: readonly string[],
  listedBefore: readonly string[],
): Comparison {
  const unlisted = subtractPrefixes(own, listed);
  const counts = countNeverListed(own, subtractPrefixes(unlisted, listedBefore));
  return {
    missing: subtractPrefixes(listed, own),
    stale: intersectPrefixes(unlisted, listedBefore),
    surplus: counts.map(([prefix]) => prefix),
    surplusAddresses: Object.fromEntries(counts),
  };
}

function countNeverListed(
  own: readonly string[],
  neverListed: readonly string[],
): [prefix: string, addresses: string][] {
  const prefixes = dropContained(own);
  const parts = intersectEach(prefixes, neverListed);
  return prefixes.flatMap((prefix, index): [string, string][] => {
    const addresses = countAddresses(parts[index] ?? [], familyOf(prefix));
    return addresses === 0n ? [] : [[prefix, addresses.toString()]];
  });
}
