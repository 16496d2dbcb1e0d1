import * as z from 'zod';
import { ofFamily } from '../../core/prefixes.ts';
import { findTag, knownRegions } from '../../core/serviceTags/regions.ts';
import type { ServiceTag } from '../../core/serviceTags/serviceTags.ts';
import { firstSeenOf, lastChangedOf, prefixLives } from '../../core/serviceTags/tagTimeline.ts';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from '../queries/currentSnapshot.ts';
import { unknownTag } from '../queries/tagQuery.ts';
import { defineRoute, snapshotAnswer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

const tagSummary = z.looseObject({
  name: z.string(),
  region: z.string(),
  systemService: z.string(),
  changeNumber: z.number(),
  count: z.int(),
  ipv4: z.int(),
  ipv6: z.int(),
});

export const tagsRoute = defineRoute({
  summary: 'The service tags, with the number of their prefixes',
  query: z.strictObject(schemas.snapshotSelector).refine(...schemas.oneSelector),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'By name.',
      content: {
        'application/json': z.looseObject({
          cloud: z.string(),
          snapshot: z.string(),
          count: z.int(),
          tags: z.array(tagSummary),
        }),
      },
    },
  },
  async handle({ query }, { queries }) {
    const view = await queries.library.choose(schemas.toSnapshotChoice(query));
    const { id, cloud, document } = view.snapshot;
    return snapshotAnswer(view, 'tags', () => ({
      cloud,
      snapshot: id,
      count: document.values.length,
      tags: document.values.map(summarize),
    }));
  },
});

function summarize(tag: ServiceTag): z.output<typeof tagSummary> {
  const ipv4 = ofFamily(tag.addressPrefixes, 'ipv4').length;
  const { name, region, systemService, changeNumber, addressPrefixes } = tag;
  return {
    name,
    region,
    systemService,
    changeNumber,
    count: addressPrefixes.length,
    ipv4,
    ipv6: addressPrefixes.length - ipv4,
  };
}

export const tagRoute = defineRoute({
  summary: 'One tag: its regions, its prefixes, and since when each is listed',
  description: 'For a tag that Microsoft no longer lists, listed is false.',
  params: z.strictObject({ tag: schemas.matching(schemas.tagPattern, 'a service tag such as Storage.WestEurope') }),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'The tag.',
      content: {
        'application/json': z.looseObject({
          name: z.string(),
          snapshot: z.string(),
          listed: z.boolean(),
          regions: z.array(z.string()).describe('ARM locations for which the tag has prefixes.'),
          knownSince: z
            .string()
            .describe('Day of the oldest list on record: a prefix that was first seen on that day may be older.'),
          firstSeen: z.string(),
          lastChanged: z.string(),
          changes: z.int(),
          prefixes: z.array(
            z.looseObject({ prefix: schemas.prefix, family: z.string(), firstSeen: z.string(), lastSeen: z.string() }),
          ),
        }),
      },
    },
  },
  async handle({ params }, { queries }) {
    const view = await queries.current.get();
    return snapshotAnswer(view, `tag ${params.tag.toLowerCase()}`, () => describeTag(queries, view, params.tag));
  },
});

async function describeTag(queries: Queries, { snapshot }: SnapshotView, name: string): Promise<unknown> {
  const tag = findTag(snapshot.document, name);
  const listedName = tag?.name ?? (await requireRemovedTag(queries, snapshot.document.values, name));
  const timeline = await queries.timelines.timeline(listedName);
  return {
    name: listedName,
    snapshot: snapshot.id,
    listed: tag !== undefined,
    ...(tag && summarize(tag)),
    regions: knownRegions(snapshot.document, listedName),
    knownSince: timeline.oldestDate,
    firstSeen: firstSeenOf(timeline),
    lastChanged: lastChangedOf(timeline),
    changes: timeline.entries.length,
    prefixes: prefixLives(timeline, tag?.addressPrefixes ?? [], snapshot.date),
  };
}

/** The exact name of a tag that only earlier snapshots list. Throws RequestError 404. */
export async function requireRemovedTag(
  queries: Queries,
  listed: readonly ServiceTag[],
  name: string,
): Promise<string> {
  const removed = [...(await queries.timelines.removedTags())].map((tag) => ({ name: tag }));
  const found = removed.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
  if (found) return found.name;
  throw unknownTag(name, [...listed, ...removed]);
}
