import * as z from 'zod';
import { RequestError } from '../../core/errors.ts';
import { diffPrefixes } from '../../core/serviceTags/serviceTagDiff.ts';
import { defaultServiceTag } from '../../core/serviceTags/serviceTags.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import { renderChangesMarkdown, renderChangesText, type Changes } from '../formats/changes.ts';
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
  description: 'Without from and to: the latest change of the tag. By address: a range that was split is no change.',
  query: z.strictObject({
    tag: schemas.matching(schemas.tagPattern, 'one service tag such as Storage.WestEurope').default(defaultServiceTag),
    from: schemas.snapshotOrDate
      .optional()
      .describe('A snapshot id, or the newest of that day or before. Default: the one before to.'),
    to: schemas.snapshotOrDate.optional().describe('Default: the current one.'),
    format: z.enum(formats).optional(),
  }),
  produces: Object.keys(formatsByMediaType),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'Prefixes that came and went.',
      content: {
        'application/json': schemas.tagChange.extend({ tag: z.string(), from: z.string(), to: z.string() }),
        'text/plain': z.string(),
        'text/markdown': z.string(),
      },
    },
  },
  async handle({ query: { tag, from, to, format: wanted }, mediaType }, { queries }): Promise<Answer> {
    const format = wanted ?? formatsByMediaType[mediaType] ?? 'json';
    const view = to === undefined ? await queries.current.get() : await chooseSnapshot(queries, to);
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

async function latestChange(queries: Queries, { snapshot }: SnapshotView, name: string): Promise<Changes> {
  const tag =
    findTag(snapshot.document, name)?.name ?? (await requireRemovedTag(queries, snapshot.document.values, name));
  const [latest] = (await queries.history.timeline(tag)).entries;
  if (latest) return { tag, from: latest.previous, to: latest.snapshot, added: latest.added, removed: latest.removed };
  const oldest = (await queries.library.chain()).at(-1) ?? snapshot;
  return { tag, from: oldest.id, to: snapshot.id, added: [], removed: [] };
}

async function changesBetween(
  queries: Queries,
  from: string | undefined,
  { snapshot: to }: SnapshotView,
  name: string,
): Promise<Changes> {
  const reference = from ?? to.previous;
  if (reference === undefined) {
    throw new RequestError(404, 'unknown-snapshot', `${to.id} is the oldest snapshot: there is none before it`);
  }
  const { snapshot: before } = await chooseSnapshot(queries, reference);
  const earlier = findTag(before.document, name);
  const later = findTag(to.document, name);
  const found = later ?? earlier;
  if (!found) {
    throw unknownTag(
      name,
      [...before.document.values, ...to.document.values].map((tag) => tag.name),
    );
  }
  const changes = diffPrefixes(earlier?.addressPrefixes ?? [], later?.addressPrefixes ?? []);
  return { tag: found.name, from: before.id, to: to.id, ...changes };
}
