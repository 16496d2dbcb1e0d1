/** Lists the feeds and formats, for people who look for the URL of their list. */
import * as z from 'zod';
import { ofFamily } from '../../core/prefixes.ts';
import { regionalTags, regionOfTag } from '../../core/serviceTags/regions.ts';
import type { ServiceTag } from '../../core/serviceTags/serviceTags.ts';
import { listFormats } from '../formats/listFormats.ts';
import { resolveTags } from '../queries/tagQuery.ts';
import { defineRoute, snapshotAnswer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

const feedEntry = z.looseObject({
  tag: z.string(),
  region: z.string().optional(),
  url: z.string().describe('The feed with both families; .ipv4.txt and .ipv6.txt have one each.'),
  prefixes: z.int(),
  ipv4: z.int(),
  ipv6: z.int(),
  bytes: z.int().describe('Size of the whole feed without comments.'),
});

export const feedListRoute = defineRoute({
  summary: 'Which feeds and formats exist, with sizes and examples',
  description: 'The feeds of a service tag and of each of its regions; every format of GET prefixes with an example.',
  query: z.strictObject({ tag: schemas.tagList }),
  repeatable: ['tag'],
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'The whole tag first, then its regions by name.',
      content: {
        'application/json': z.looseObject({
          snapshot: z.string(),
          feeds: z.array(feedEntry),
          formats: z.array(
            z.looseObject({
              format: z.string(),
              reader: z.string(),
              mediaType: z.string(),
              comments: z.boolean(),
              url: z.string(),
            }),
          ),
          examples: z.array(z.looseObject({ shows: z.string(), url: z.string() })),
        }),
      },
    },
  },
  async handle({ query, ...input }, { queries }) {
    const view = await queries.current.get();
    const base = new URL('./', input.url()).href;
    const { document, version } = await queries.feeds.of(view.snapshot, query.tag);
    return snapshotAnswer(view, `feeds ${version} ${base} ${query.tag.join()}`, () => {
      const tags = resolveTags(document, query.tag, []).flatMap((tag) => [tag, ...regionalTags(document, tag.name)]);
      const entries = [...new Set(tags)].map((tag) => describeFeed(base, tag));
      return {
        snapshot: view.snapshot.id,
        feeds: entries.filter(({ prefixes }) => prefixes > 0),
        formats: describeFormats(base, query.tag),
        examples: describeExamples(entries),
      };
    });
  },
});

type FeedEntry = z.output<typeof feedEntry>;

function describeFeed(base: string, tag: ServiceTag): FeedEntry {
  const prefixes = tag.addressPrefixes;
  const region = regionOfTag(tag);
  return {
    tag: tag.name,
    ...(region !== undefined && { region }),
    url: `${base}feeds/${encodeURIComponent(tag.name)}.txt`,
    prefixes: prefixes.length,
    ipv4: ofFamily(prefixes, 'ipv4').length,
    ipv6: ofFamily(prefixes, 'ipv6').length,
    bytes: prefixes.reduce((sum, prefix) => sum + prefix.length + 1, 0),
  };
}

function describeFormats(base: string, tags: readonly string[]) {
  return Object.entries(listFormats).map(([format, { reader, mediaType, comments }]) => ({
    format,
    reader,
    mediaType,
    comments,
    url: `${base}prefixes?${new URLSearchParams({ tag: tags.join(','), format }).toString()}`,
  }));
}

function describeExamples(entries: readonly FeedEntry[]) {
  const [whole] = entries;
  const regions = entries.flatMap(({ region, prefixes }) => (region !== undefined && prefixes > 0 ? [region] : []));
  const [first, second] = regions;
  if (!whole) return [];
  const ofWhole = whole.url.slice(0, -'.txt'.length);
  return [
    { shows: 'all regions, IPv4 and IPv6', url: whole.url },
    { shows: 'all regions, IPv4 only', url: `${ofWhole}.ipv4.txt` },
    ...(first === undefined ? [] : [{ shows: 'one region, IPv4 only', url: `${ofWhole}.${first}.ipv4.txt` }]),
    ...(second === undefined ? [] : [{ shows: 'two regions', url: `${whole.url}?region=${first},${second}` }]),
    { shows: 'the fewest prefixes for the same addresses', url: `${whole.url}?aggregate=true` },
    { shows: 'the first of three parts', url: `${whole.url}?shard=1/3` },
    { shows: 'the tag of each prefix as a comment', url: `${whole.url}?comment=true` },
  ];
}
