/** How much may be removed at once: checked for a new list before it is trusted, and for a plan before it is applied. */
import { addressFamilies, countAddresses, intersectPrefixes, ofFamily, overlapping } from './prefixes.ts';
import type { AddressFamily } from './prefixes.ts';
import type { SafetyLimits } from './targets/target.ts';
import { counted, inWords } from './words.ts';

/**
 * By how much a removal exceeds the limits: `10 of 50 prefixes, 20.0 % of the IPv4 prefixes (limits: …)`; undefined if it
 * does not. It counts the prefixes that lose an address. The percentage is the largest of four: prefixes and addresses,
 * of each family.
 */
export function removalExcess(
  removed: readonly string[],
  from: readonly string[],
  limits: Pick<SafetyLimits, 'maxRemovedCount' | 'maxRemovedPercent'>,
): string | undefined {
  if (removed.length === 0) return undefined;
  const losing = overlapping(from, removed);
  const shares = addressFamilies.flatMap((family) => lostShares(removed, losing, from, family));
  const largest = shares.reduce((most, share) => (share.percent > most.percent ? share : most), noShare);
  if (losing.length <= limits.maxRemovedCount && largest.percent <= limits.maxRemovedPercent) return undefined;
  const { percent, of } = largest;
  const { maxRemovedCount, maxRemovedPercent } = limits;
  return `${inWords(losing.length)} of ${counted(from.length, 'prefix')}, ${percent.toFixed(1)} % of the ${of} (limits: ${counted(maxRemovedCount, 'prefix')}, ${maxRemovedPercent} %)`;
}

interface LostShare {
  readonly percent: number;
  /** Such as `IPv4 prefixes`. */
  readonly of: string;
}

const noShare: LostShare = { percent: 0, of: 'prefixes' };

function lostShares(
  removed: readonly string[],
  losing: readonly string[],
  from: readonly string[],
  family: AddressFamily,
): LostShare[] {
  const all = ofFamily(from, family);
  if (all.length === 0) return [];
  const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const lostAddresses = countAddresses(intersectPrefixes(removed, all), family);
  const addressShare = Number((lostAddresses * 1_000_000n) / countAddresses(all, family)) / 1_000_000;
  return [
    { percent: (100 * ofFamily(losing, family).length) / all.length, of: `${name} prefixes` },
    { percent: 100 * addressShare, of: `${name} addresses` },
  ];
}
