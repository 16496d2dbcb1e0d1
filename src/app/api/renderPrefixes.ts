/** Renders a list of prefixes in the requested format. */
import { RequestError } from '../../core/errors.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import { firstSeenOfPrefixes } from '../../core/serviceTags/tagTimeline.ts';
import type { WithheldPrefix } from '../../core/history/releasedToFeeds.ts';
import { counted } from '../../core/words.ts';
import { renderCsv } from '../formats/csv.ts';
import { toLabel } from '../formats/label.ts';
import { listFormats, type ListFormatName } from '../formats/listFormats.ts';
import type { Timelines } from '../queries/timelines.ts';
import { listPrefixes, toRows, type PrefixList, type PrefixSelection } from '../queries/prefixList.ts';
import { retryAfterInSeconds } from '../queries/storage.ts';

export interface ListOptions {
  readonly comment: boolean;
  /** Name of the set, list or object, in formats that have one. Default: the requested tags and regions. */
  readonly name?: string | undefined;
}

/** Renders a list for firewalls. Throws RequestError if it is empty: a firewall that loads an empty list lets nobody in. */
export function renderList(
  document: ServiceTagsDocument,
  selection: PrefixSelection,
  format: ListFormatName,
  { comment, name }: ListOptions,
): string {
  const chosen = listPrefixes(document, selection);
  if (chosen.prefixes.length === 0) throw emptyList(document, selection, chosen);
  // Sorted, so that the order of the regions in the request does not change the bytes.
  const list = { ...chosen, tags: chosen.tags.toSorted() };
  // Without the snapshot id: as long as the list does not change, its bytes do not change either.
  const heading = `${list.tags.join(', ')} (${document.cloud})`;
  const label = name ?? toLabel(selection.tags, selection.regions);
  const part = selection.shard;
  return listFormats[format].render(toRows(document, list, undefined), { label, part, heading, comment });
}

/** Names the quarantined tags of an answer, each with the snapshot whose prefixes the answer keeps. */
export function quarantineHeader(entries: readonly TagQuarantine[]): Readonly<Record<string, string>> {
  if (entries.length === 0) return {};
  const text = entries.map(({ tag, kind, baseline }) => `${tag}; kind=${kind}; baseline=${baseline}`).join(', ');
  return { 'x-quarantined': text };
}

const namedInHeader = 5;

/** Says how many listed prefixes the answer leaves out, and names the first five. */
export function withheldHeader(withheld: readonly WithheldPrefix[]): Readonly<Record<string, string>> {
  if (withheld.length === 0) return {};
  const prefixes = [...new Set(withheld.map(({ prefix }) => prefix))];
  return { 'x-withheld': `count=${prefixes.length}; first=${prefixes.slice(0, namedInHeader).join(' ')}` };
}

/** An empty shard of a short list is normal (404); an empty list is not (503). */
function emptyList(document: ServiceTagsDocument, selection: PrefixSelection, { tags }: PrefixList): RequestError {
  const { shard } = selection;
  const total = shard ? listPrefixes(document, { ...selection, shard: undefined }).prefixes.length : 0;
  if (shard && total > 0) {
    return new RequestError(
      404,
      'empty-shard',
      `shard: ${shard.index}/${shard.count} of ${tags.join(', ')} is empty, because the list has only ${counted(total, 'prefix')}; ask for fewer shards`,
      { parameter: 'shard' },
    );
  }
  return new RequestError(
    503,
    'empty-list',
    `no prefix of ${tags.join(', ')} fits the request, and an empty list is not sent, so that it locks nobody out; ask for other regions or another family`,
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
