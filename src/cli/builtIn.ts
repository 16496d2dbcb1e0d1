/** The history that ships with the command: every list of the ACR tags since 2019, without a network. */
import { SourceError } from '../core/errors.ts';
import { listsOf } from '../core/history/appendRelease.ts';
import { builtInHistory } from '../core/history/builtInHistory.ts';
import { firstListed, lastListed } from '../core/history/dates.ts';
import { History } from '../core/history/history.ts';
import { addressFamilies, sortPrefixes } from '../core/prefixes.ts';
import { defaultServiceTag, type Cloud } from '../core/serviceTags/serviceTags.ts';
import { compareText } from '../core/words.ts';
import type { ReadRelease } from './source.ts';

export async function readHistory(cloud: Cloud): Promise<History> {
  return new History(await builtInHistory(cloud));
}

/** Returns the newest release of that day or earlier. Throws SourceError if the history begins later. */
export async function readBuiltIn(cloud: Cloud, asOf: string | undefined): Promise<ReadRelease> {
  const { releases } = await readHistory(cloud);
  const known = releases.filter(({ date }) => asOf === undefined || date <= asOf);
  const newest = known.at(-1);
  if (!newest) {
    throw new SourceError(
      'built-in',
      `the history of ${cloud} has no list of ${asOf} or before; ask for ${releases[0]?.date ?? 'another cloud'} or later`,
    );
  }
  const lists = [...listsOf(known).values()].sort((a, b) => compareText(a.name, b.name));
  const values = lists.map(({ name, list }) => ({
    name,
    region: name.slice(defaultServiceTag.length + 1).toLowerCase(),
    systemService: defaultServiceTag,
    changeNumber: 0,
    addressPrefixes: sortPrefixes(list),
  }));
  const document = { cloud, changeNumber: newest.changeNumber, values };
  return { document, date: newest.date, origin: 'the built-in history' };
}

/** Prefix → day since which it has been listed without a break, as far back as the history goes. */
export function firstListedDays(history: History, tags: readonly string[], prefixes: readonly string[]) {
  return toDays(firstListed(history, { tags: known(history, tags), families: addressFamilies }, prefixes));
}

/** Prefix → day of the last release that contains it. */
export function lastListedDays(history: History, tags: readonly string[], prefixes: readonly string[]) {
  return toDays(lastListed(history, { tags: known(history, tags), families: addressFamilies }, prefixes));
}

/** All prefixes that the tags have ever contained. */
export function everListed(history: History, tags: readonly string[]): readonly string[] {
  return sortPrefixes(tags.flatMap((tag) => history.tag(tag)?.steps.flatMap(({ add }) => add) ?? []));
}

function known(history: History, tags: readonly string[]): readonly string[] {
  return tags.filter((tag) => history.tag(tag) !== undefined);
}

function toDays(dated: ReturnType<typeof firstListed>): ReadonlyMap<string, string> {
  return new Map(dated.map(({ prefix, release }) => [prefix, release.date]));
}
