/** A list of prefixes in the form that was asked for. */
import { RequestError } from '../../core/errors.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import { firstSeenOfPrefixes } from '../../core/serviceTags/tagTimeline.ts';
import type { WithheldPrefix } from '../../core/history/releasedToFeeds.ts';
import { renderCsv } from '../formats/csv.ts';
import { toLabel } from '../formats/label.ts';
import { listFormats, type ListFormatName } from '../formats/listFormats.ts';
import type { Timelines } from '../queries/timelines.ts';
import { listPrefixes, toRows, type PrefixList, type PrefixSelection } from '../queries/prefixList.ts';
import { retryAfterInSeconds } from '../queries/storage.ts';

export interface ListOptions {
  readonly comment: boolean;
  /** Of the set, list or object, in formats that have one; default: what was asked for. */
  readonly name?: string | undefined;
}

/** For machines that let in what is listed. Throws RequestError if nothing is: an empty list would close a door. */
export function renderList(
  document: ServiceTagsDocument,
  selection: PrefixSelection,
  format: ListFormatName,
  { comment, name }: ListOptions,
): string {
  const chosen = listPrefixes(document, selection);
  if (chosen.prefixes.length === 0) throw emptyList(document, selection, chosen);
  // The same bytes in whatever order the regions are asked for.
  const list = { ...chosen, tags: chosen.tags.toSorted() };
  // No snapshot id: a list that has not changed keeps its bytes, so whoever polls sees no change.
  const heading = `${list.tags.join(', ')} (${document.cloud})`;
  const label = name ?? toLabel(selection.tags, selection.regions);
  const part = selection.shard;
  return listFormats[format].render(toRows(document, list, undefined), { label, part, heading, comment });
}

/** Says of which tags in quarantine an answer holds the prefixes, and since which snapshot they are. */
export function quarantineHeader(entries: readonly TagQuarantine[]): Readonly<Record<string, string>> {
  if (entries.length === 0) return {};
  const text = entries.map(({ tag, kind, baseline }) => `${tag}; kind=${kind}; baseline=${baseline}`).join(', ');
  return { 'x-quarantined': text };
}

const namedInHeader = 5;

/** Says how many prefixes are listed and not passed on, and which first. */
export function withheldHeader(withheld: readonly WithheldPrefix[]): Readonly<Record<string, string>> {
  if (withheld.length === 0) return {};
  const prefixes = [...new Set(withheld.map(({ prefix }) => prefix))];
  return { 'x-withheld': `count=${prefixes.length}; first=${prefixes.slice(0, namedInHeader).join(' ')}` };
}

/** A part without a prefix is expected of a short list; a list without one is not. */
function emptyList(document: ServiceTagsDocument, selection: PrefixSelection, { tags }: PrefixList): RequestError {
  const { shard } = selection;
  const whole = shard ? listPrefixes(document, { ...selection, shard: undefined }).prefixes.length : 0;
  if (shard && whole > 0) {
    return new RequestError(
      404,
      'empty-shard',
      `shard: ${shard.index}/${shard.count} of ${tags.join(', ')} contains none of the ${whole} prefixes; ask for fewer shards`,
      { parameter: 'shard' },
    );
  }
  return new RequestError(
    503,
    'empty-list',
    `no prefix of ${tags.join(', ')} fits the request; an empty list is not sent, so that nobody is locked out by it`,
    { retryAfterInSeconds },
  );
}

export async function renderCsvRows(
  snapshot: Snapshot,
  selection: PrefixSelection,
  timelines: Timelines,
): Promise<string> {
  const list = listPrefixes(snapshot.document, selection);
  const firstSeen = new Map<string, string>();
  for (const tag of list.tags) {
    const timeline = await timelines.timeline(tag, snapshot.id);
    const listed = toRows(snapshot.document, list, undefined)
      .filter((row) => row.tags.includes(tag))
      .map((row) => row.prefix);
    for (const [prefix, date] of firstSeenOfPrefixes(timeline, listed)) {
      const known = firstSeen.get(prefix);
      if (known === undefined || date < known) firstSeen.set(prefix, date);
    }
  }
  return renderCsv(toRows(snapshot.document, list, firstSeen));
}
