/**
 * Ranges that never belong to a service on the internet: the IANA special-purpose registries (RFC 6890), multicast,
 * and the deprecated kinds of IPv6 address. A firewall rule must not be opened for them, whatever a list says.
 *
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
import { parsePrefix } from './prefixes.ts';

export interface SpecialPurposeRange {
  readonly range: string;
  readonly name: string;
}

/** If one range contains another, the more specific one comes first. */
const ranges = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private use'],
  ['100.64.0.0/10', 'shared address space (carrier-grade NAT)'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private use'],
  ['192.0.0.0/24', 'IETF protocol assignments'],
  ['192.0.2.0/24', 'documentation (TEST-NET-1)'],
  ['192.31.196.0/24', 'AS112-v4'],
  ['192.52.193.0/24', 'AMT'],
  ['192.88.99.0/24', '6to4 relay anycast (deprecated)'],
  ['192.168.0.0/16', 'private use'],
  ['192.175.48.0/24', 'direct delegation AS112 service'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation (TEST-NET-2)'],
  ['203.0.113.0/24', 'documentation (TEST-NET-3)'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'limited broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/128', 'unspecified address'],
  ['::1/128', 'loopback'],
  ['::/96', 'IPv4-compatible (deprecated)'],
  ['::ffff:0:0/96', 'IPv4-mapped'],
  ['64:ff9b::/96', 'IPv4-IPv6 translation'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 translation'],
  ['100::/64', 'discard-only'],
  ['100:0:0:1::/64', 'dummy IPv6 prefix'],
  ['2001::/32', 'Teredo'],
  ['2001:2::/48', 'benchmarking'],
  ['2001::/23', 'IETF protocol assignments'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['2620:4f:8000::/48', 'direct delegation AS112 service'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing (SRv6) SIDs'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local (deprecated)'],
  ['ff00::/8', 'multicast'],
] as const;

export const specialPurposePrefixes: readonly string[] = ranges.map(([range]) => range);

/** Parsed when they are first needed, which is seldom in the first answer of a process. */
let parsedRanges: ReturnType<typeof parseRanges> | undefined;

/** The special-purpose range that a prefix overlaps, even in a single address; undefined if there is none. */
export function specialPurposeRangeOf(prefix: string): SpecialPurposeRange | undefined {
  const { family, start, end } = parsePrefix(prefix);
  parsedRanges ??= parseRanges();
  const found = parsedRanges.find((known) => known.family === family && known.start <= end && known.end >= start);
  return found && { range: found.range, name: found.name };
}

function parseRanges() {
  return ranges.map(([range, name]) => {
    const { family, start, end } = parsePrefix(range);
    return { range, name, family, start, end };
  });
}
