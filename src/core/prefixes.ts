/**
 * Address prefixes as text, compared and combined by address.
 *
 * A canonical prefix is what an NSG accepts: no host bits, always with a length, IPv6 in RFC 5952 form:
 * `20.42.66.0/23`, `2603:1030:20e:3::480/122`.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { excludeCidr, mergeCidr } from 'cidr-tools';
import { parseIp, stringifyIp } from 'ip-bigint';
import { InvalidPrefixError } from './errors.ts';
import { firstIndex } from './search.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

export const addressFamilies = ['ipv4', 'ipv6'] as const satisfies readonly AddressFamily[];

export interface AddressRange {
  readonly family: AddressFamily;
  /** First and last address as integers. */
  readonly start: bigint;
  readonly end: bigint;
}

export interface AddressPrefix extends AddressRange {
  /** Canonical text. */
  readonly text: string;
  readonly length: number;
  /** True if the parsed text had host bits set, as `20.42.66.1/23` has. */
  readonly hadHostBits: boolean;
}

const widths = { ipv4: 32, ipv6: 128 } as const;

/** Parsed texts are kept, because a plan compares the same few hundred again and again. Beyond this number all are dropped. */
const maxKept = 100_000;
const parsedTexts = new Map<string, AddressPrefix>();

/** Parses an address or a CIDR; an address is a prefix of full length. Throws InvalidPrefixError. */
export function parsePrefix(text: string): AddressPrefix {
  const prefix = readPrefix(text);
  if (!prefix) throw new InvalidPrefixError(text);
  return prefix;
}

/** The same, but undefined if the text is neither. */
export function readPrefix(text: string): AddressPrefix | undefined {
  const known = parsedTexts.get(text);
  if (known) return known;
  const prefix = parseText(text);
  if (!prefix) return undefined;
  if (parsedTexts.size >= maxKept) parsedTexts.clear();
  parsedTexts.set(text, prefix);
  return prefix;
}

function parseText(text: string): AddressPrefix | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const lengthText = slash < 0 ? undefined : text.slice(slash + 1);
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined;
  if (family === undefined || (lengthText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(lengthText))) {
    return undefined;
  }
  const length = lengthText === undefined ? widths[family] : Number(lengthText);
  if (length > widths[family]) return undefined;

  const { number } = parseIp(address);
  const hostMask = (1n << BigInt(widths[family] - length)) - 1n;
  const start = number & ~hostMask;
  return {
    text: `${stringifyIp({ number: start, version: family === 'ipv4' ? 4 : 6 })}/${length}`,
    family,
    length,
    start,
    end: start | hostMask,
    hadHostBits: number !== start,
  };
}

/** False also for what is no text, as an answer of Azure may contain. */
export function isPrefix(text: string): boolean {
  return typeof text === 'string' && readPrefix(text) !== undefined;
}

export function familyOf(prefix: string): AddressFamily {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** The canonical text of a prefix; a bare address gets its full length. */
export function canonicalPrefix(text: string): string {
  return parsePrefix(text).text;
}

/** IPv4 first, then by address, then the wider one first. */
export function comparePrefixes(a: AddressPrefix, b: AddressPrefix): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return a.length - b.length;
}

/** Canonical, sorted by address, each once. */
export function sortPrefixes(prefixes: Iterable<string>): string[] {
  return sortedOnce(Array.from(prefixes, parsePrefix)).map((prefix) => prefix.text);
}

/** Canonical and sorted, without prefixes that another one contains: an NSG rule accepts no overlaps. */
export function dropContained(prefixes: Iterable<string>): string[] {
  return outermost(prefixes).map((prefix) => prefix.text);
}

/** The fewest prefixes that contain exactly the same addresses. */
export function mergePrefixes(prefixes: Iterable<string>): string[] {
  const list = [...prefixes];
  return list.length === 0 ? [] : sortPrefixes(mergeCidr(list));
}

/** The addresses of `prefixes` that are not in `others`, as canonical prefixes. A prefix that loses nothing stays whole. */
export function subtractPrefixes(prefixes: Iterable<string>, others: Iterable<string>): string[] {
  const sorted = outermost(others);
  return outermost(prefixes).flatMap((prefix) => {
    const overlapping = overlapsOf(prefix, sorted);
    if (overlapping.length === 0) return [prefix.text];
    const first = overlapping[0];
    if (overlapping.length === 1 && first && first.start <= prefix.start && first.end >= prefix.end) return [];
    return sortPrefixes(
      excludeCidr(
        prefix.text,
        overlapping.map((other) => other.text),
      ),
    );
  });
}

/** The addresses that are in both lists, as canonical prefixes. */
export function intersectPrefixes(a: Iterable<string>, b: Iterable<string>): string[] {
  const others = outermost(b);
  return dropContained(
    outermost(a).flatMap((prefix) =>
      overlapsOf(prefix, others).map((other) => (other.length >= prefix.length ? other.text : prefix.text)),
    ),
  );
}

/** For each of `prefixes`, in their order, the parts of it that are in `others`. */
export function intersectEach(prefixes: readonly string[], others: Iterable<string>): string[][] {
  const sorted = outermost(others);
  return prefixes.map((text) => {
    const prefix = parsePrefix(text);
    return overlapsOf(prefix, sorted).map((other) => (other.length >= prefix.length ? other.text : prefix.text));
  });
}

/** For each of `prefixes`, in their order, the first by address of `others` that shares an address with it. */
export function firstOverlapping(prefixes: readonly string[], others: Iterable<string>): (string | undefined)[] {
  const sorted = outermost(others);
  return prefixes.map((text) => overlapsOf(parsePrefix(text), sorted)[0]?.text);
}

/** The fewest prefixes that make up the addresses from `start` to `end`, by address. */
export function rangeToPrefixes({ family, start, end }: AddressRange): string[] {
  const width = BigInt(widths[family]);
  const prefixes: string[] = [];
  for (let at = start; at <= end;) {
    let bits = 0n;
    while (bits < width && at % (2n << bits) === 0n && at + (2n << bits) - 1n <= end) bits += 1n;
    prefixes.push(`${stringifyIp({ number: at, version: family === 'ipv4' ? 4 : 6 })}/${width - bits}`);
    at += 1n << bits;
  }
  return prefixes;
}

/** Those of `prefixes` that share an address with `others`. */
export function overlapping(prefixes: readonly string[], others: Iterable<string>): string[] {
  const parts = intersectEach(prefixes, others);
  return prefixes.filter((_, index) => parts[index]?.length);
}

/** True if every address of `prefixes` is in `container`. */
export function includesAll(container: Iterable<string>, prefixes: Iterable<string>): boolean {
  return subtractPrefixes(prefixes, container).length === 0;
}

/** True if both lists contain the same addresses. */
export function sameAddresses(a: Iterable<string>, b: Iterable<string>): boolean {
  const left = [...a];
  const right = [...b];
  return includesAll(left, right) && includesAll(right, left);
}

/** Number of different addresses in the prefixes of one family. */
export function countAddresses(prefixes: Iterable<string>, family: AddressFamily): bigint {
  return outermost(prefixes)
    .filter((prefix) => prefix.family === family)
    .reduce((sum, prefix) => sum + (prefix.end - prefix.start + 1n), 0n);
}

export function prefixesOf(items: readonly { readonly prefix: string }[]): string[] {
  return items.map(({ prefix }) => prefix);
}

export function ofFamily(prefixes: Iterable<string>, family: AddressFamily): string[] {
  return [...prefixes].filter((prefix) => familyOf(prefix) === family);
}

/** By address, each once. */
export function sortedOnce(prefixes: Iterable<AddressPrefix>): AddressPrefix[] {
  const sorted = [...prefixes].sort(comparePrefixes);
  return sorted.filter((prefix, index) => prefix.text !== sorted[index - 1]?.text);
}

function outermost(prefixes: Iterable<string>): AddressPrefix[] {
  const kept: AddressPrefix[] = [];
  for (const prefix of sortedOnce(Array.from(prefixes, parsePrefix))) {
    const last = kept.at(-1);
    if (last?.family !== prefix.family || last.end < prefix.end) kept.push(prefix);
  }
  return kept;
}

/** The members of a sorted, disjoint list that overlap one prefix. */
function overlapsOf(prefix: AddressPrefix, sorted: readonly AddressPrefix[]): AddressPrefix[] {
  const first = firstIndex(sorted, (candidate) => isBefore(candidate, prefix));
  const behind = firstIndex(sorted, (candidate) => !isBefore(prefix, candidate), first);
  return sorted.slice(first, behind);
}

/** True if all addresses of a range come before all of another; IPv4 comes before IPv6. */
export function isBefore(range: AddressRange, other: AddressRange): boolean {
  if (range.family !== other.family) return range.family === 'ipv4';
  return range.end < other.start;
}
