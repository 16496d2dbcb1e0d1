import * as z from 'zod';
import type { History } from '../../core/history/history.ts';
import { listAt } from '../../core/history/tagRecord.ts';
import { sortPrefixes } from '../../core/prefixes.ts';
import { RequestError } from '../../core/errors.ts';
import { diffPrefixes } from '../../core/serviceTags/serviceTagDiff.ts';
import { defaultServiceTag } from '../../core/serviceTags/serviceTags.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import { renderChangesMarkdown, renderChangesText, type TagComparison } from '../formats/changes.ts';
import { unknownSnapshot } from '../queries/snapshotLibrary.ts';
import { readStorage } from '../queries/storage.ts';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from '../queries/currentSnapshot.ts';
import { requireRemovedTag } from './tagRoutes.ts';
import { unknownTag } from '../queries/tagQuery.ts';
import { cacheControls, defineRoute, jsonType, textType, type Answer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

const formats = ['json', 'text', 'markdown'] as const;
type Format = (typeof formats)[number];

const formatsByMediaType: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'text/plain': 'text',
  'text/markdown': 'markdown',
};

const contentTypes = { json: jsonType, text: textType, markdown: 'text/markdown; charset=utf-8' } as const;

export const changesRoute = defineRoute({
  summary: 'What changed in a tag between two snapshots',
  description:
    'Without from and to: the latest change of the tag. Addresses count: a range that was split is no change.',
  query: z.strictObject({
    tag: schemas.matching(schemas.tagPattern, 'one service tag such as Storage.WestEurope').default(defaultServiceTag),
    from: schemas.snapshotOrDate
      .optional()
      .describe('A snapshot id, or a date for the newest list of that day or before. Default: the list before to.'),
    to: schemas.snapshotOrDate.optional().describe('The same. Default: the current list.'),
    format: z.enum(formats).optional(),
  }),
  produces: Object.keys(formatsByMediaType),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'The prefixes that were added and removed.',
      content: {
        'application/json': schemas.tagChange.extend({ tag: z.string(), from: z.string(), to: z.string() }),
        'text/plain': z.string(),
        'text/markdown': z.string(),
      },
    },
  },
  async handle({ query: { tag, from, to, format: wanted }, mediaType }, { queries }): Promise<Answer> {
    const format = wanted ?? formatsByMediaType[mediaType] ?? 'json';
    const history = await readHistoryOf(queries, tag);
    const view = to === undefined || history ? await queries.current.get() : await chooseSnapshot(queries, to);
    const isFixed = to !== undefined && from !== undefined && !isDay(to) && !isDay(from);
    return {
      contentType: contentTypes[format],
      view,
      key: `changes ${format} ${JSON.stringify([tag, from, to])}`,
      cacheControl: isFixed ? cacheControls.immutable : cacheControls.current,
      render: async () => {
        const changes =
          from === undefined && to === undefined
            ? await latestChange(queries, view, tag)
            : history
              ? recordedChanges(history, { tag, from, to })
              : await changesBetween(queries, from, view, tag);
        if (format === 'json') return JSON.stringify(changes);
        return format === 'text' ? renderChangesText(changes) : renderChangesMarkdown(changes);
      },
    };
  },
});

function isDay(reference: string): boolean {
  return !schemas.snapshotId.safeParse(reference).success;
}

async function chooseSnapshot(queries: Queries, reference: string): Promise<SnapshotView> {
  return queries.library.choose(schemas.toReference(reference));
}

/** The history if it covers the tag: then any two releases can be compared, even those built into the app. */
async function readHistoryOf(queries: Queries, tag: string): Promise<History | undefined> {
  const history = await readStorage('the history', () => queries.history.read());
  return history.covers(tag) ? history : undefined;
}

interface ChangesQuery {
  readonly tag: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function recordedChanges(history: History, { tag, from, to }: ChangesQuery): TagComparison {
  const record = history.tag(tag);
  if (!record) throw unknownTag(tag, history.tags);
  const last = to === undefined ? history.releases.length - 1 : findRelease(history, to);
  const first = from === undefined ? last - 1 : findRelease(history, from);
  const [before, after] = [history.releases[first], history.releases[last]];
  if (!before || !after) {
    throw new RequestError(
      404,
      'unknown-snapshot',
      `${after?.snapshot ?? ''} is the oldest release, so there is none to compare it with; ask for a later one`,
    );
  }
  const changes = diffPrefixes(listAt(record, first) ?? [], listAt(record, last) ?? []);
  return {
    tag: record.name,
    from: before.snapshot,
    to: after.snapshot,
    added: sortPrefixes(changes.added),
    removed: sortPrefixes(changes.removed),
  };
}

/** The index of the release with this id, or of the newest release on or before this day. Throws RequestError 404. */
function findRelease({ releases }: History, reference: string): number {
  const index = isDay(reference)
    ? releases.findLastIndex(({ date }) => date <= schemas.toDay(reference))
    : releases.findIndex(({ snapshot }) => snapshot === reference);
  if (index >= 0) return index;
  if (!isDay(reference)) throw unknownSnapshot(reference);
  const [oldest] = releases;
  throw new RequestError(
    404,
    'unknown-snapshot',
    `no release is as old as ${reference}; ask for ${oldest?.date ?? 'a day of GET releases'} or later`,
    { oldest: oldest?.snapshot },
  );
}

async function latestChange(queries: Queries, { snapshot }: SnapshotView, name: string): Promise<TagComparison> {
  const tag =
    findTag(snapshot.document, name)?.name ?? (await requireRemovedTag(queries, snapshot.document.values, name));
  const [latest] = (await queries.timelines.timeline(tag)).entries;
  if (latest) return { tag, from: latest.previous, to: latest.snapshot, added: latest.added, removed: latest.removed };
  const oldest = (await queries.library.chain()).at(-1) ?? snapshot;
  return { tag, from: oldest.id, to: snapshot.id, added: [], removed: [] };
}

async function changesBetween(
  queries: Queries,
  from: string | undefined,
  { snapshot: to }: SnapshotView,
  name: string,
): Promise<TagComparison> {
  const reference = from ?? to.previous;
  if (reference === undefined) {
    throw new RequestError(
      404,
      'unknown-snapshot',
      `${to.id} is the oldest snapshot, so there is none to compare it with; ask for a later one`,
    );
  }
  const { snapshot: before } = await chooseSnapshot(queries, reference);
  const earlier = findTag(before.document, name);
  const later = findTag(to.document, name);
  const found = later ?? earlier;
  if (!found) throw unknownTag(name, [...before.document.values, ...to.document.values]);
  const changes = diffPrefixes(earlier?.addressPrefixes ?? [], later?.addressPrefixes ?? []);
  return { tag: found.name, from: before.id, to: to.id, ...changes };
}
