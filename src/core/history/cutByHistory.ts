/** Cuts prefixes into parts whose addresses have the same history. */
import { parsePrefix, rangeToPrefixes, type AddressPrefix, type AddressRange } from '../prefixes.ts';
import type { ScopeRecord } from './scopeRecord.ts';

export interface Part<T> {
  readonly prefix: string;
  readonly value: T;
}

/**
 * Cuts each prefix into the parts for which `valueOf` returns the same object. `valueOf` gets the number of an interval,
 * or undefined for addresses that the scope never listed. Parts without a value are left out.
 */
export function cutByHistory<T>(
  { space }: ScopeRecord,
  prefixes: Iterable<string>,
  valueOf: (interval: number | undefined) => T | undefined,
): Part<T>[] {
  return Array.from(prefixes, (text) => parsePrefix(text)).flatMap((prefix) => {
    const runs: { range: AddressRange; value: T | undefined }[] = [];
    for (const { range, interval } of piecesOf(prefix, space)) {
      const value = valueOf(interval);
      const last = runs.at(-1);
      if (last && last.value === value) last.range = { ...last.range, end: range.end };
      else runs.push({ range, value });
    }
    return runs.flatMap(({ range, value }) =>
      value === undefined ? [] : rangeToPrefixes(range).map((part) => ({ prefix: part, value })),
    );
  });
}

interface Piece {
  readonly range: AddressRange;
  readonly interval: number | undefined;
}

function piecesOf(prefix: AddressPrefix, space: ScopeRecord['space']): Piece[] {
  const { family, end } = prefix;
  const pieces: Piece[] = [];
  let at = prefix.start;
  for (const interval of space.intervalsOf(prefix)) {
    const range = space.clip(interval, prefix);
    if (range.start > at) pieces.push({ range: { family, start: at, end: range.start - 1n }, interval: undefined });
    pieces.push({ range, interval });
    at = range.end + 1n;
  }
  if (at <= end) pieces.push({ range: { family, start: at, end }, interval: undefined });
  return pieces;
}
