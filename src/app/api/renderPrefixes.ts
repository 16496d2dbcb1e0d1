/** A list of prefixes in the form that was asked for. */
import { RequestError } from '../../core/errors.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot, TagQuarantine } from '../../core/serviceTags/snapshot.ts';
import { firstSeenOfPrefixes } from '../../core/serviceTags/tagTimeline.ts';
import type { WithheldPrefix } from '../../core/serviceTags/withheld.ts';
import { renderCsv } from '../formats/csv.ts';
import { renderIpset } from '../formats/ipset.ts';
import { toLabel } from '../formats/label.ts';
import { renderNginx } from '../formats/nginx.ts';
import type { PrefixRow, RenderOptions } from '../formats/prefixRow.ts';
import { renderTerraform } from '../formats/terraform.ts';
import { renderText } from '../formats/text.ts';
import type { History } from '../queries/history.ts';
import { listPrefixes, toRows, type PrefixList, type PrefixSelection } from '../queries/prefixList.ts';
import { retryAfterInSeconds } from '../queries/storage.ts';

export const lineFormats = ['text', 'nginx', 'ipset', 'terraform'] as const;
export type LineFormat = (typeof lineFormats)[number];

const renderers: Readonly<Record<LineFormat, (rows: readonly PrefixRow[], options: RenderOptions) => string>> = {
  text: renderText,
  nginx: renderNginx,
  ipset: renderIpset,
  terraform: renderTerraform,
};

/** For machines that let in what is listed. Throws RequestError 503 where nothing is: an empty list would close a door. */
export function renderLines(
  document: ServiceTagsDocument,
  selection: PrefixSelection,
  format: LineFormat,
  comment: boolean,
): string {
  const list = listPrefixes(document, selection);
  if (list.prefixes.length === 0) throw emptyList(list);
  // No snapshot id: a list that has not changed keeps its bytes, so whoever polls sees no change.
  const heading = `${list.tags.join(', ')} (${document.cloud})`;
  const label = toLabel(selection.tags, selection.regions);
  const part = selection.shard;
  return renderers[format](toRows(document, list, undefined), { label, part, heading, comment });
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

function emptyList({ tags }: PrefixList): RequestError {
  return new RequestError(
    503,
    'empty-list',
    `no prefix of ${tags.join(', ')} fits the request; an empty list is not sent, so that nobody is locked out by it`,
    { retryAfterInSeconds },
  );
}

export async function renderCsvRows(snapshot: Snapshot, selection: PrefixSelection, history: History): Promise<string> {
  const list = listPrefixes(snapshot.document, selection);
  const firstSeen = new Map<string, string>();
  for (const tag of list.tags) {
    const timeline = await history.timeline(tag, snapshot.id);
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
