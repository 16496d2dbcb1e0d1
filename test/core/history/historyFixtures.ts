/** Histories written as lists: what each tag lists in each release. */
import { History } from '../../../src/core/history/history.ts';
import {
  historyVersion,
  type HistoryDocument,
  type Release,
  type TagDelta,
} from '../../../src/core/history/historyDocument.ts';
import { defaultServiceTag } from '../../../src/core/serviceTags/serviceTags.ts';

export const acr = defaultServiceTag;
export const families = ['ipv4', 'ipv6'] as const;
export const wholeTag = { tags: [acr], families };

/** A list for AzureContainerRegistry alone, or lists by tag; a tag that is left out is not listed. */
export type Lists = readonly string[] | Readonly<Record<string, readonly string[]>>;

export interface FixtureRelease extends Partial<Omit<Release, 'tags'>> {
  readonly lists: Lists;
  /** Of what it adds. */
  readonly onlyOneSource?: readonly string[];
}

/** Without a date: one release a week from 5 Jan 2026 on, seen at noon of its day. */
export function historyOf(...releases: readonly (Lists | FixtureRelease)[]): History {
  return new History(documentOf(...releases));
}

export function documentOf(...releases: readonly (Lists | FixtureRelease)[]): HistoryDocument {
  let before: Readonly<Record<string, readonly string[]>> = {};
  const services = new Set([acr]);
  const made = releases.map((entry, index): Release => {
    const { lists, onlyOneSource = [], ...rest } = isRelease(entry) ? entry : { lists: entry };
    const now = Array.isArray(lists) ? { [acr]: lists as readonly string[] } : (lists as Record<string, string[]>);
    for (const tag of Object.keys(now)) services.add(tag.split('.')[0] ?? tag);
    const tags = deltasOf(before, now, onlyOneSource);
    before = now;
    const date = rest.date ?? week(index);
    return {
      date,
      seenAt: `${date}T12:00:00.000Z`,
      changeNumber: index + 1,
      snapshot: `Public-${date.replaceAll('-', '')}-${index + 1}-${'0'.repeat(12)}`,
      ...rest,
      tags,
    };
  });
  return { version: historyVersion, cloud: 'Public', services: [...services], releases: made };
}

/** The date of the release of that index. */
export function week(index: number): string {
  return new Date(Date.UTC(2026, 0, 5 + 7 * index)).toISOString().slice(0, 10);
}

export function noon(index: number): string {
  return `${week(index)}T12:00:00.000Z`;
}

function isRelease(entry: Lists | FixtureRelease): entry is FixtureRelease {
  return 'lists' in entry;
}

function deltasOf(
  before: Readonly<Record<string, readonly string[]>>,
  now: Readonly<Record<string, readonly string[]>>,
  onlyOneSource: readonly string[],
): Record<string, TagDelta | null> {
  const deltas: Record<string, TagDelta | null> = {};
  for (const tag of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before[tag], now[tag]];
    if (is === undefined) {
      deltas[tag] = null;
      continue;
    }
    const [wasSet, isSet] = [new Set(was), new Set(is)];
    const add = is.filter((prefix) => !wasSet.has(prefix));
    const remove = (was ?? []).filter((prefix) => !isSet.has(prefix));
    const alone = add.filter((prefix) => onlyOneSource.includes(prefix));
    if (add.length === 0 && remove.length === 0 && was) continue;
    deltas[tag] = { add, remove, ...(alone.length > 0 && { onlyOneSource: alone }) };
  }
  return deltas;
}
