import { addressFamilies, type AddressFamily } from '../../core/prefixes.ts';

/** One line of a list of prefixes, with what some formats say about it. */
export interface PrefixRow {
  readonly prefix: string;
  readonly family: AddressFamily;
  /** Of the tags that were asked for, those that list it. */
  readonly tags: readonly string[];
  readonly regions: readonly string[];
  /** Day since which all of its addresses have been listed without a break; undefined if nobody asked for it. */
  readonly firstSeen: string | undefined;
}

export interface RenderOptions {
  /** Names the list: tags and regions, `-` between them, lower case; or what the reader chose. */
  readonly label: string;
  /** Which part of the list it is, counted from 1; undefined for all of it. */
  readonly part: { readonly index: number; readonly count: number } | undefined;
  /** What a reader should know: the tags and the cloud; for formats that have comments. */
  readonly heading: string;
  /** Names the tags beside each prefix, in formats that have comments. */
  readonly comment: boolean;
}

export type RenderRows = (rows: readonly PrefixRow[], options: RenderOptions) => string;

/** The rows of each family, IPv4 first. */
export function byFamily(rows: readonly PrefixRow[]): readonly (readonly [AddressFamily, readonly PrefixRow[]])[] {
  return addressFamilies.map((family) => [family, rows.filter((row) => row.family === family)]);
}

/** For readers that take no prefix of length 0: the two halves of all addresses. */
export function splitEverything(prefix: string): string[] {
  if (prefix === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1'];
  if (prefix === '::/0') return ['::/1', '8000::/1'];
  return [prefix];
}
