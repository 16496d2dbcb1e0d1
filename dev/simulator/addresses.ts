/** Parses address prefixes like Azure. Uses another library than the product, so that the two check each other. */
import ipaddr from 'ipaddr.js';

export interface AddressRange {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly first: bigint;
  readonly last: bigint;
  /** True if the address is not the first one of the range. */
  readonly hasHostBits: boolean;
}

/** Returns undefined unless `text` is an address, with or without a prefix length. */
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

/** Returns the first two ranges that share an address. Duplicates count. */
export function findOverlap(ranges: readonly AddressRange[]): readonly [AddressRange, AddressRange] | undefined {
  const sorted = ranges.toSorted((left, right) => (left.first < right.first ? -1 : left.first > right.first ? 1 : 0));
  let widest: AddressRange | undefined;
  for (const range of sorted) {
    if (widest && range.first <= widest.last) return [widest, range];
    widest = range;
  }
  return undefined;
}
