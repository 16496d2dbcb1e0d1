/** What a rule lacks of the list, and what it has beyond it. Addresses count, not how prefixes are written. */
import {
  countAddresses,
  dropContained,
  familyOf,
  intersectEach,
  intersectPrefixes,
  subtractPrefixes,
} from '../../core/prefixes.ts';

export interface Comparison {
  /** Listed, and not in the rule. */
  readonly missing: readonly string[];
  /** In the rule, listed at some time and no longer. */
  readonly stale: readonly string[];
  /** Prefixes of the rule with addresses that were never listed, as far as the history goes. */
  readonly surplus: readonly string[];
  /** How many of the addresses of each of them. As text, because those of IPv6 do not fit a number. */
  readonly surplusAddresses: Readonly<Record<string, string>>;
}

/** `listedBefore`: what the tags listed at some time. */
export function compareRules(
  own: readonly string[],
  listed: readonly string[],
  listedBefore: readonly string[],
): Comparison {
  const beyond = subtractPrefixes(own, listed);
  const counts = countNeverListed(own, subtractPrefixes(beyond, listedBefore));
  return {
    missing: subtractPrefixes(listed, own),
    stale: intersectPrefixes(beyond, listedBefore),
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
