/**
 * Finds the tags that contain an address: every prefix of a document, sorted by address, each linked to the next wider
 * one that contains it.
 *
 * Two CIDRs are either disjoint or one contains the other. So the last prefix that sorts at or before a query
 * is contained in every prefix that contains the query, or is one of them: one binary search, then up the links.
 */
import { comparePacked, newPackedPrefix, parsePacked, type PackedPrefix } from './packedAddress.ts';
import type { AddressFamily } from '../prefixes.ts';
import type { ServiceTagsDocument } from './serviceTags.ts';

export interface LookupMatch {
  readonly tag: string;
  /** As the document has it; empty for a tag of all regions. */
  readonly region: string;
  readonly systemService: string;
  readonly prefix: string;
}

export interface LookupIndex {
  /** Every match, most specific first; undefined if `text` is neither an address nor a CIDR. */
  find(text: string): readonly LookupMatch[] | undefined;
}

interface Table {
  /** First addresses, `stride` words each, ascending. */
  readonly starts: Uint32Array;
  readonly stride: 1 | 4;
  readonly lengths: Uint8Array;
  /** Index of the narrowest prefix that contains this one, or -1. */
  readonly parents: Int32Array;
  readonly own: readonly (readonly LookupMatch[])[];
  /** Matches of a prefix and all that contain it; filled on first use. */
  readonly chains: (readonly LookupMatch[] | undefined)[];
}

const noMatches: readonly LookupMatch[] = Object.freeze([]);

/** For a CIDR, the matches are the prefixes that contain all of it; one that overlaps a part of it is no match. */
export function buildLookupIndex(document: ServiceTagsDocument): LookupIndex {
  const byPrefix = groupByPrefix(document);
  const tables = { ipv4: buildTable(byPrefix, 'ipv4'), ipv6: buildTable(byPrefix, 'ipv6') };
  const query = newPackedPrefix();
  return {
    find(text) {
      if (!parsePacked(text, query)) return undefined;
      return findIn(tables[query.family], query);
    },
  };
}

function groupByPrefix(document: ServiceTagsDocument): ReadonlyMap<string, readonly LookupMatch[]> {
  const byPrefix = new Map<string, LookupMatch[]>();
  for (const { name: tag, region, systemService, addressPrefixes } of document.values) {
    for (const prefix of addressPrefixes) {
      const match = { tag, region, systemService, prefix };
      const matches = byPrefix.get(prefix);
      if (matches) matches.push(match);
      else byPrefix.set(prefix, [match]);
    }
  }
  return byPrefix;
}

function buildTable(byPrefix: ReadonlyMap<string, readonly LookupMatch[]>, family: AddressFamily): Table {
  const entries: { packed: PackedPrefix; matches: readonly LookupMatch[] }[] = [];
  let packed = newPackedPrefix();
  for (const [prefix, matches] of byPrefix) {
    if (prefix.includes(':') !== (family === 'ipv6') || !parsePacked(prefix, packed) || packed.family !== family)
      continue;
    entries.push({ packed, matches });
    packed = newPackedPrefix();
  }
  entries.sort((a, b) => comparePacked(a.packed, b.packed));

  const stride = family === 'ipv4' ? 1 : 4;
  const table: Table = {
    starts: new Uint32Array(entries.length * stride),
    stride,
    lengths: new Uint8Array(entries.length),
    parents: new Int32Array(entries.length),
    own: entries.map((entry) => entry.matches),
    chains: Array.from<undefined>({ length: entries.length }),
  };
  entries.forEach((entry, index) => {
    table.starts.set(stride === 1 ? entry.packed.words.subarray(3) : entry.packed.words, index * stride);
    table.lengths[index] = entry.packed.length;
    table.parents[index] = containerOf(table, index - 1, entry.packed);
  });
  return table;
}

function findIn(table: Table, query: PackedPrefix): readonly LookupMatch[] {
  const index = containerOf(table, lastAtOrBefore(table, query), query);
  return index < 0 ? noMatches : chainOf(table, index);
}

/** Follows the links from `index` to the first prefix that contains `query`; -1 if there is none. */
function containerOf(table: Table, index: number, query: PackedPrefix): number {
  while (index >= 0 && !contains(table, index, query)) index = table.parents[index] ?? -1;
  return index;
}

function contains({ starts, stride, lengths }: Table, index: number, query: PackedPrefix): boolean {
  let bits = lengths[index] ?? 0;
  if (bits > query.length) return false;
  const first = index * stride;
  for (let word = 0; word < stride && bits > 0; word += 1, bits -= 32) {
    const difference = (starts[first + word] ?? 0) ^ (query.words[4 - stride + word] ?? 0);
    if ((bits >= 32 ? difference : difference >>> (32 - bits)) !== 0) return false;
  }
  return true;
}

/** Index of the last prefix that sorts at or before `query`, or -1. */
function lastAtOrBefore(table: Table, query: PackedPrefix): number {
  let low = 0;
  let high = table.lengths.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(table, middle, query)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function isAfter({ starts, stride, lengths }: Table, index: number, query: PackedPrefix): boolean {
  const first = index * stride;
  for (let word = 0; word < stride; word += 1) {
    const left = starts[first + word] ?? 0;
    const right = query.words[4 - stride + word] ?? 0;
    if (left !== right) return left > right;
  }
  return (lengths[index] ?? 0) > query.length;
}

function chainOf(table: Table, index: number): readonly LookupMatch[] {
  const known = table.chains[index];
  if (known) return known;
  const parent = table.parents[index] ?? -1;
  const own = table.own[index] ?? noMatches;
  const chain = parent < 0 ? own : [...own, ...chainOf(table, parent)];
  table.chains[index] = chain;
  return chain;
}
