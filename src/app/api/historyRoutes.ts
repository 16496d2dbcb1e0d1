import * as z from 'zod';
import { compareText } from '../../core/words.ts';
import { findTag } from '../../core/serviceTags/regions.ts';
import type { TagTimelineEntry } from '../../core/serviceTags/tagTimeline.ts';
import { renderAtom } from '../formats/atom.ts';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from '../queries/currentSnapshot.ts';
import { resolveTags } from '../queries/tagQuery.ts';
import { pageOf } from './paging.ts';
import { cacheControls, defineRoute, snapshotAnswer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';
import { requireRemovedTag } from './tagRoutes.ts';

const feedLength = 50;

const selection = { tag: schemas.tagList, region: schemas.regionList };

const historyEntry = schemas.tagChange.extend({
  tag: z.string(),
  snapshot: z.string(),
  previous: z.string(),
  date: z.string(),
  pulledAt: z.string(),
  kind: z.enum(['added', 'changed', 'removed']).describe('added or removed: the whole tag came or left.'),
});

export const historyRoute = defineRoute({
  summary: 'The changes of tags over time, newest first',
  query: z.strictObject({
    ...selection,
    limit: schemas.limit(1000).default(100),
    continuation: schemas.continuation,
  }),
  repeatable: ['tag', 'region'],
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'One page of changes. The content of the oldest list on record does not count as a change.',
      content: {
        'application/json': z.looseObject({
          tags: z.array(z.string()),
          snapshot: z.string(),
          count: z.int(),
          changes: z.array(historyEntry),
          continuation: z.string().optional(),
        }),
      },
    },
  },
  async handle({ query }, { queries }) {
    const view = await queries.current.get();
    return snapshotAnswer(view, `history ${JSON.stringify(query)}`, async () => {
      const { tags, entries } = await readHistory(queries, view, query.tag, query.region);
      const { items: changes, ...rest } = pageOf(entries, query, tokenOf);
      return { tags, snapshot: view.snapshot.id, count: entries.length, changes, ...rest };
    });
  },
});

export const atomRoute = defineRoute({
  summary: 'The changes of tags as an Atom feed',
  description: `The newest ${feedLength} changes (RFC 4287).`,
  query: z.strictObject(selection),
  repeatable: ['tag', 'region'],
  answerHeaders: snapshotHeaders,
  responses: { 200: { description: 'The feed.', content: { 'application/atom+xml': z.string() } } },
  async handle({ query, ...input }, { queries }) {
    const view = await queries.current.get();
    const self = input.url();
    return {
      contentType: 'application/atom+xml; charset=utf-8',
      view,
      cacheControl: cacheControls.current,
      render: async () => {
        const { tags, entries } = await readHistory(queries, view, query.tag, query.region);
        return renderAtom({
          self,
          cloud: view.snapshot.cloud,
          tags,
          entries: entries.slice(0, feedLength),
          since: view.since,
        });
      },
    };
  },
});

function tokenOf({ snapshot, tag }: TagTimelineEntry): string {
  return `${snapshot}~${tag}`;
}

async function readHistory(
  queries: Queries,
  { snapshot }: SnapshotView,
  names: readonly string[],
  regions: readonly string[],
): Promise<{ readonly tags: readonly string[]; readonly entries: readonly TagTimelineEntry[] }> {
  const tags: string[] = [];
  for (const name of names) {
    if (findTag(snapshot.document, name))
      tags.push(...resolveTags(snapshot.document, [name], regions).map((tag) => tag.name));
    else tags.push(await requireRemovedTag(queries, snapshot.document.values, name));
  }
  const timelines = await Promise.all(tags.map((tag) => queries.timelines.timeline(tag)));
  const entries = timelines
    .flatMap((timeline) => timeline.entries)
    .sort((a, b) => compareText(b.pulledAt, a.pulledAt) || compareText(a.tag, b.tag));
  return { tags, entries };
}
