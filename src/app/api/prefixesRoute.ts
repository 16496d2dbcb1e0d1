import { createHash } from 'node:crypto';
import * as z from 'zod';
import { quoteValue, RequestError } from '../../core/errors.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../core/serviceTags/snapshot.ts';
import type { Queries } from '../queries.ts';
import { selectQuarantined, selectWithheld, type FeedList } from '../queries/feedLists.ts';
import { possibleRegionalNames, diffSelection, listPrefixes, type PrefixSelection } from '../queries/prefixList.ts';
import { resolveTags } from '../queries/tagQuery.ts';
import { chooseListed } from '../queries/vanishedTags.ts';
import { invalidContinuation } from './paging.ts';
import { listFormatNames, listFormats } from '../formats/listFormats.ts';
import { quarantineHeader, renderCsvRows, renderList, withheldHeader } from './renderPrefixes.ts';
import { cacheControls, defineRoute, jsonType, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

const formats = ['json', 'csv', ...listFormatNames] as const;
type Format = (typeof formats)[number];

const formatsByMediaType: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/plain': 'text',
  'text/csv': 'csv',
};

const querySchema = z
  .strictObject({
    tag: schemas.tagList,
    region: schemas.regionList,
    family: schemas.family,
    aggregate: schemas.flag.describe('The fewest prefixes that cover the same addresses.'),
    ...schemas.snapshotSelector,
    format: z.enum(formats).optional().describe('Overrides the Accept header.'),
    comment: schemas.flag.describe('Names the tags of each prefix, in formats that have comments.'),
    name: schemas.listName,
    shard: schemas.shard,
    since: schemas.snapshotOrDate
      .optional()
      .describe('Only what was added and removed since that snapshot, or since the list of that day; json or text.'),
    limit: schemas.limit(100_000).optional().describe('Prefixes per page; json only.'),
    continuation: schemas.continuation,
  })
  .refine(...schemas.oneSelector);

type Query = z.output<typeof querySchema>;

export const prefixesRoute = defineRoute({
  summary: 'The prefixes of service tags',
  description:
    'Lists for machines (every format but json and csv) are never empty: if there is no prefix, and for a tag that is no ' +
    'longer listed, the answer is a 503; a shard without a prefix is a 404. While a tag is in quarantine (missing, empty ' +
    'or shrunken beyond the limits), they keep what the tag had before, and x-quarantined names it. They never contain ' +
    'special-purpose ranges (RFC 6890), and a new prefix of the ACR tags that is wider than /20 (IPv6: /112) only after ' +
    'two further releases have listed it too; x-withheld counts what they leave out. json and csv, and every answer ' +
    'with snapshot or asOf, are as published.',
  query: querySchema,
  repeatable: ['tag', 'region'],
  produces: Object.keys(formatsByMediaType),
  answerHeaders: [...snapshotHeaders, 'x-quarantined', 'x-withheld'],
  responses: {
    200: {
      description: 'Sorted by address, IPv4 first.',
      content: {
        'application/json': z.looseObject({
          cloud: z.string(),
          snapshot: z.string(),
          changeNumber: z.number(),
          tags: z.array(z.string()),
          count: z.int().describe('Number of prefixes in the whole list, not in this page.'),
          prefixes: schemas.prefixes.optional().describe('Absent with since.'),
          since: z.string().optional(),
          added: schemas.prefixes.optional(),
          removed: schemas.prefixes.optional(),
          continuation: z.string().optional(),
          quarantined: schemas.quarantine
            .optional()
            .describe('Tags in quarantine: the app removes nothing because of what they lost.'),
          withheld: schemas.withheld
            .optional()
            .describe('Prefixes of the current list that lists for machines leave out.'),
        }),
        'text/plain': z.string(),
        'text/csv': z.string(),
        'application/yaml': z.string(),
      },
    },
  },
  async handle({ query, mediaType }, { queries }) {
    const format = query.format ?? formatsByMediaType[mediaType] ?? 'json';
    refuseCombinations(query, format);
    const page = query.continuation === undefined ? undefined : decodePage(query.continuation, query);
    const view = await queries.library.choose(page ?? schemas.toSnapshotChoice(query));
    const list = await readRequestedList(queries, view.snapshot, query, format);
    if (isPolled(query, format)) await refuseVanished(queries, list.document, query);
    return {
      contentType: contentTypeOf(format),
      view,
      key: `prefixes ${list.version} ${format} ${JSON.stringify(query)}`,
      cacheControl: isFixed(query) ? cacheControls.immutable : cacheControls.current,
      headers: listHeaders(list, query),
      render: () => render(queries, list, query, format, page?.offset ?? 0),
    };
  },
});

/** True if the request names its snapshots by id: such an answer never changes. */
function isFixed({ snapshot, since }: Query): boolean {
  return snapshot !== undefined && (since === undefined || schemas.snapshotId.safeParse(since).success);
}

/** A snapshot and the list that the answer shows, as published or as released to feeds. */
interface RequestedList extends Pick<FeedList, 'document' | 'withheld' | 'quarantined' | 'version'> {
  readonly snapshot: Snapshot;
}

function refuseCombinations({ limit, continuation, since }: Query, format: Format): void {
  if (format !== 'json' || since !== undefined) {
    const whole = 'with format json and without since: every other form is given whole';
    if (limit !== undefined) throw refusal('limit', limit, whole);
    if (continuation !== undefined) throw refusal('continuation', continuation, whole);
  }
  if (since !== undefined && format !== 'json' && format !== 'text') {
    throw refusal('since', since, `with format json or text, not ${format}`);
  }
}

function refusal(parameter: string, value: string | number, accepted: string): RequestError {
  return new RequestError(
    400,
    'invalid-query',
    `${parameter}: ${quoteValue(value)} is not accepted here; accepted: ${accepted}`,
    { parameter },
  );
}

function contentTypeOf(format: Format): string {
  if (format === 'json') return jsonType;
  if (format === 'csv') return 'text/csv; charset=utf-8; header=present';
  return `${listFormats[format].mediaType}; charset=utf-8`;
}

/** Lists that machines poll contain what is released to feeds; json, csv and lists of a given day or id are as published. */
async function readRequestedList(
  queries: Queries,
  snapshot: Snapshot,
  query: Query,
  format: Format,
): Promise<RequestedList> {
  const isCurrent = query.snapshot === undefined && query.asOf === undefined;
  if (!isCurrent) return { snapshot, document: snapshot.document, withheld: [], quarantined: [], version: '' };
  const released = await queries.feeds.of(snapshot, query.tag);
  const document = isPolled(query, format) ? released.document : snapshot.document;
  return { ...released, snapshot, document };
}

async function refuseVanished(queries: Queries, document: ServiceTagsDocument, query: Query): Promise<void> {
  const names = [...query.tag, ...possibleRegionalNames(document, toSelection(query))];
  await chooseListed(queries.timelines, names, () => resolveTags(document, query.tag, query.region));
}

function isPolled({ snapshot, asOf }: Query, format: Format): boolean {
  return snapshot === undefined && asOf === undefined && format !== 'json' && format !== 'csv';
}

function listHeaders(
  { document, withheld, quarantined }: RequestedList,
  query: Query,
): Readonly<Record<string, string>> {
  if (quarantined.length === 0 && withheld.length === 0) return {};
  const tags = resolveTags(document, query.tag, query.region).map((tag) => tag.name);
  return {
    ...quarantineHeader(selectQuarantined(quarantined, tags)),
    ...withheldHeader(selectWithheld(withheld, tags, query.family)),
  };
}

async function render(
  queries: Queries,
  list: RequestedList,
  query: Query,
  format: Format,
  offset: number,
): Promise<string> {
  const { snapshot, document } = list;
  if (query.since !== undefined) {
    const { snapshot: since } = await queries.library.choose(schemas.toReference(query.since));
    // Both lists as machines got them: a client that applies every difference ends with the current list.
    const before = await readRequestedList(queries, since, query, format);
    return renderSince({ id: since.id, document: before.document }, { ...snapshot, document }, query, format);
  }
  if (format === 'csv') return renderCsvRows(snapshot, toSelection(query), queries.timelines);
  if (format !== 'json') return renderList(document, toSelection(query), format, query);
  return renderJson(list, query, offset);
}

function toSelection({ tag, region, family, aggregate, shard }: Query): PrefixSelection {
  return { tags: tag, regions: region, family, aggregate, shard };
}

function renderJson({ snapshot, ...list }: RequestedList, query: Query, offset: number): string {
  const { tags, prefixes } = listPrefixes(snapshot.document, toSelection(query));
  // Reject an offset past the end: this list never issued it.
  if (offset > 0 && offset >= prefixes.length) throw invalidContinuation();
  const quarantined = selectQuarantined(list.quarantined, tags);
  const withheld = selectWithheld(list.withheld, tags, query.family);
  const end = query.limit === undefined ? prefixes.length : offset + query.limit;
  return JSON.stringify({
    cloud: snapshot.cloud,
    snapshot: snapshot.id,
    changeNumber: snapshot.document.changeNumber,
    tags,
    count: prefixes.length,
    prefixes: prefixes.slice(offset, end),
    ...(quarantined.length > 0 && { quarantined }),
    ...(withheld.length > 0 && { withheld }),
    ...(end < prefixes.length && { continuation: encodePage(snapshot.id, end, selectionHash(query)) }),
  });
}

function renderSince(
  since: Pick<Snapshot, 'id' | 'document'>,
  snapshot: Snapshot,
  query: Query,
  format: Format,
): string {
  const { tags } = listPrefixes(snapshot.document, toSelection(query));
  const { added, removed } = diffSelection(since.document, snapshot.document, toSelection(query));
  if (format === 'text') {
    const lines = [...added.map((prefix) => `+ ${prefix}`), ...removed.map((prefix) => `- ${prefix}`)];
    return `# from ${since.id} to ${snapshot.id}\n${lines.map((line) => `${line}\n`).join('')}`;
  }
  return JSON.stringify({
    cloud: snapshot.cloud,
    snapshot: snapshot.id,
    changeNumber: snapshot.document.changeNumber,
    tags,
    since: since.id,
    count: added.length + removed.length,
    added,
    removed,
  });
}

/** The token names the snapshot and the selection, so that nobody puts pages of two lists together. */
function encodePage(snapshot: string, offset: number, hash: string): string {
  return `${snapshot}~${offset}~${hash}`;
}

function decodePage(token: string, query: Query): { readonly snapshot: string; readonly offset: number } {
  const [snapshot = '', offset = '', hash, ...rest] = token.split('~');
  const isOurs = schemas.snapshotId.safeParse(snapshot).success && /^\d{1,7}$/.test(offset);
  const isOfList = hash === selectionHash(query) && (query.snapshot === undefined || query.snapshot === snapshot);
  if (!isOurs || !isOfList || rest.length > 0) throw invalidContinuation();
  return { snapshot, offset: Number(offset) };
}

function selectionHash(query: Query): string {
  return createHash('sha256')
    .update(JSON.stringify(toSelection(query)))
    .digest('hex')
    .slice(0, 8);
}
