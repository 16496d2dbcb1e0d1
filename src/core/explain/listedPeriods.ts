/** When a tag listed an address, release by release. */
import { parsePrefix } from '../prefixes.ts';
import type { Release } from '../history/historyDocument.ts';

export interface ListedPeriod {
  readonly tag: string;
  /** The listed prefix that contains the address, or shares a part of it. */
  readonly prefix: string;
  /** Days of the releases; null: still listed. */
  readonly from: string;
  readonly until: string | null;
}

export function listedPeriods(releases: readonly Release[], address: string): readonly ListedPeriod[] {
  const { family, start, end } = parsePrefix(address);
  const overlapsAddress = (text: string): boolean => {
    const prefix = parsePrefix(text);
    return prefix.family === family && prefix.start <= end && prefix.end >= start;
  };
  const current = new Map<string, ListedPeriod>();
  const ended: ListedPeriod[] = [];
  const endPeriod = (key: string, until: string): void => {
    const period = current.get(key);
    if (period) ended.push({ ...period, until });
    current.delete(key);
  };
  for (const { date, tags, rejected } of releases) {
    if (rejected) continue;
    for (const [tag, difference] of Object.entries(tags)) {
      if (difference === null) {
        [...current].filter(([, period]) => period.tag === tag).forEach(([key]) => endPeriod(key, date));
        continue;
      }
      difference.remove.forEach((prefix) => endPeriod(`${tag} ${prefix}`, date));
      for (const prefix of difference.add.filter(overlapsAddress))
        current.set(`${tag} ${prefix}`, { tag, prefix, from: date, until: null });
    }
  }
  return [...ended, ...current.values()].sort((a, b) => (a.from < b.from ? -1 : 1));
}
