/** The history that ships with the command: every list of the ACR tags since 2019, without a network. */
import { SourceError } from '../core/errors.ts';
import { builtInHistory } from '../core/history/builtInHistory.ts';
import { firstListed } from '../core/history/firstListed.ts';
import { History } from '../core/history/history.ts';
import { lastListed } from '../core/history/lastListed.ts';
import { addressFamilies, sortPrefixes } from '../core/prefixes.ts';
import { defaultServiceTag, type Cloud } from '../core/serviceTags/serviceTags.ts';
import type { ReadRelease } from './source.ts';

export async function readHistory(cloud: Cloud): Promise<History> {
  return new History(await builtInHistory(cloud));
}

/** The newest list of that day or before. */
export async function readBuiltIn(cloud: Cloud, asOf: string | undefined): Promise<ReadRelease> {
  const { releases } = await readHistory(cloud);
  const known = releases.filter(({ date }) => asOf === undefined || date <= asOf);
  const newest = known.at(-1);
  if (!newest) {
    throw new SourceError(
      'built-in',
      `the history of ${cloud} begins on ${releases[0]?.date ?? 'no day'}, after ${asOf}`,
    );
  }
  const lists = new Map<string, Set<string>>();
  for (const { tags } of known) {
    for (const [tag, delta] of Object.entries(tags)) {
      if (delta === null) {
        lists.delete(tag);
        continue;
      }
      const list = lists.get(tag) ?? new Set();
      for (const prefix of delta.remove) list.delete(prefix);
      for (const prefix of delta.add) list.add(prefix);
      lists.set(tag, list);
    }
  }
  const values = [...lists].sort().map(([name, list]) => ({
    name,
    region: name.slice(defaultServiceTag.length + 1).toLowerCase(),
    systemService: defaultServiceTag,
    changeNumber: 0,
    addressPrefixes: sortPrefixes(list),
  }));
  const document = { cloud, changeNumber: newest.changeNumber, values };
  return { document, date: newest.date, origin: 'the built-in history' };
}

/** The day since which each prefix has been listed without a break, as far as the history goes. */
export function firstListedDays(history: History, tags: readonly string[], prefixes: readonly string[]) {
  return toDays(firstListed(history, { tags: known(history, tags), families: addressFamilies }, prefixes));
}

/** The day of the last list with each prefix. */
export function lastListedDays(history: History, tags: readonly string[], prefixes: readonly string[]) {
  return toDays(lastListed(history, { tags: known(history, tags), families: addressFamilies }, prefixes));
}

/** Everything that the tags listed at some time. */
export function everListed(history: History, tags: readonly string[]): readonly string[] {
  return sortPrefixes(tags.flatMap((tag) => history.tag(tag)?.steps.flatMap(({ add }) => add) ?? []));
}

function known(history: History, tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => history.tag(tag) !== undefined);
}

function toDays(dated: ReturnType<typeof firstListed>): ReadonlyMap<string, string> {
  return new Map(dated.map(({ prefix, release }) => [prefix, release.date]));
}
