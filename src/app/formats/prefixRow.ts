import type { AddressFamily } from '../../core/prefixes.ts';

/** One line of a list of prefixes, with what some formats say about it. */
export interface PrefixRow {
  readonly prefix: string;
  readonly family: AddressFamily;
  /** The tags, of those asked for, that hold it. */
  readonly tags: readonly string[];
  readonly regions: readonly string[];
  /** Day since when all of its addresses have been listed without a break; undefined where it is not asked for. */
  readonly firstSeen: string | undefined;
}

export interface RenderOptions {
  /** Names the list: tags and regions, `-` between them, lower case. */
  readonly label: string;
  /** Which part of the list it is, counted from 1; undefined for all of it. */
  readonly part: { readonly index: number; readonly count: number } | undefined;
  /** What a reader should know: snapshot and selection; for formats that have comments. */
  readonly heading: string;
  readonly comment: boolean;
}
