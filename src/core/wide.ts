/** How wide a prefix is after it is merged with its neighbours: sixteen adjacent /20 let in as much as one /16. */
import { mergePrefixes, overlapping, parsePrefix, type AddressFamily, type AddressPrefix } from './prefixes.ts';

/** Length of the widest prefix that contains the given one and lies within the addresses from `start` to `end`. */
export function widestAround({ family, start: first, length }: AddressPrefix, start: bigint, end: bigint): number {
  const width = BigInt(family === 'ipv4' ? 32 : 128);
  for (let wider = length - 1; wider >= 0; wider -= 1) {
    const hosts = (1n << (width - BigInt(wider))) - 1n;
    const from = first & ~hosts;
    if (from < start || from + hosts > end) return wider + 1;
  }
  return 0;
}

/** Those of `prefixes` that become part of a prefix wider than `widest` when all are merged. */
export function wideAfterMerging(
  prefixes: readonly string[],
  widest: Readonly<Record<AddressFamily, number>>,
): readonly string[] {
  const wide = mergePrefixes(prefixes).filter((prefix) => {
    const { family, length } = parsePrefix(prefix);
    return length < widest[family];
  });
  return wide.length === 0 ? [] : overlapping(prefixes, wide);
}
