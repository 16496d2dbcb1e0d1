import { addressFamilies, type AddressFamily } from '../../core/prefixes.ts';

/** One row of a list. Some formats show more than the prefix. */
export interface PrefixRow {
  readonly prefix: string;
  readonly family: AddressFamily;
  /** The requested tags that contain the prefix. */
  readonly tags: readonly string[];
  readonly regions: readonly string[];
  /** Day since which all its addresses are listed without a break. Undefined if not known or not requested. */
  readonly firstSeen: string | undefined;
}

export interface RenderOptions {
  /** Name of the list: tags and regions in lower case, joined by `-`; or the name that the caller chose. */
  readonly label: string;
  /** The part of the list to render, counted from 1. Undefined: the whole list. */
  readonly part: { readonly index: number; readonly count: number } | undefined;
  /** Tags and cloud, for the comment at the top. */
  readonly heading: string;
  /** Whether to name the tags of each prefix, in formats that have comments. */
  readonly comment: boolean;
}

export type RenderRows = (rows: readonly PrefixRow[], options: RenderOptions) => string;

/** The rows of each family, IPv4 first. */
export function byFamily(rows: readonly PrefixRow[]): readonly (readonly [AddressFamily, readonly PrefixRow[]])[] {
  return addressFamilies.map((family) => [family, rows.filter((row) => row.family === family)]);
}

/** Parts of at most `size` rows. */
export function chunksOf(rows: readonly PrefixRow[], size: number): (readonly PrefixRow[])[] {
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, index) => rows.slice(index * size, (index + 1) * size));
}

/** Splits a prefix of length 0 into two halves, for programs that do not accept it. Returns others unchanged. */
export function splitEverything(prefix: string): string[] {
  if (prefix === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'];
  if (prefix === '::/0') return ['::/1', '8000::/1'];
  return [prefix];
}
