/** Address prefixes as Azure judges them. Parsed with another library than the product's, so that they check each other. */
import ipaddr from 'ipaddr.js';

export interface AddressRange {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly first: bigint;
  readonly last: bigint;
  /** The address part is not the first of the range. */
  readonly hasHostBits: boolean;
}

/** Undefined where `text` is neither an address nor an address with a prefix length. */
export function parseRange(text: string): AddressRange | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  if (rest.length > 0 || (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText))) return undefined;
  const isFourPart = ipaddr.IPv4.isValidFourPartDecimal(addressText);
  if (!isFourPart && !(addressText.includes(':') && ipaddr.IPv6.isValid(addressText))) return undefined;
  const bytes = ipaddr.parse(addressText).toByteArray();
  const bits = bytes.length * 8;
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (length > bits) return undefined;
  const address = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const size = 1n << BigInt(bits - length);
  const first = (address / size) * size;
  return {
    text,
    family: bits === 32 ? 'ipv4' : 'ipv6',
    first,
    last: first + size - 1n,
    hasHostBits: first !== address,
  };
}

/** The first two that share an address; a duplicate is the plainest overlap. */
export function findOverlap(ranges: readonly AddressRange[]): readonly [AddressRange, AddressRange] | undefined {
  const sorted = ranges.toSorted((left, right) => (left.first < right.first ? -1 : left.first > right.first ? 1 : 0));
  let widest: AddressRange | undefined;
  for (const range of sorted) {
    if (widest && range.first <= widest.last) return [widest, range];
    widest = range;
  }
  return undefined;
}
