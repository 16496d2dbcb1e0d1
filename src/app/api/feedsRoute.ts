import * as z from 'zod';
import { RequestError, shorten } from '../../core/errors.ts';
import { addressFamilies, type AddressFamily } from '../../core/prefixes.ts';
import { findTag, matchRegion } from '../../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import { selectQuarantined, selectWithheld } from '../queries/feedLists.ts';
import type { PrefixSelection } from '../queries/prefixList.ts';
import { resolveTags, unknownTag } from '../queries/tagQuery.ts';
import { chooseListed } from '../queries/vanishedTags.ts';
import { quarantineHeader, renderList, withheldHeader } from './renderPrefixes.ts';
import { cacheControls, defineRoute, snapshotHeaders, textType } from './route.ts';
import * as schemas from './schemas.ts';

const tagParameter = z.string().describe('A service tag, with or without its region: Storage, Storage.WestEurope.');
const regionParameter = z.string().describe('An ARM location such as westeurope.');
const familyParameter = z.enum([...addressFamilies, 'all']);

export const feedsRoute = defineRoute({
  documentedPaths: {
    'feeds/{tag}.txt': z.strictObject({ tag: tagParameter }),
    'feeds/{tag}.{region}.{family}.txt': z.strictObject({
      tag: tagParameter,
      region: regionParameter,
      family: familyParameter,
    }),
    'feeds/{tag}.{family}.txt': z.strictObject({ tag: tagParameter, family: familyParameter }),
    'feeds/{tag}.{region}.txt': z.strictObject({ tag: tagParameter, region: regionParameter }),
  },
  summary: 'One prefix per line, for firewalls that poll',
  description:
    'Never empty: without data, and for a tag that is no longer listed, the answer is a 503 and the firewall keeps what ' +
    'it has; a shard without a prefix is a 404. While a tag is in quarantine (missing, empty or shrunken beyond the ' +
    'limits), the list keeps what the tag had before, and x-quarantined names the tag. x-withheld counts the listed ' +
    'ranges that the feed leaves out. GET feeds lists the feeds with their sizes.',
  params: z.strictObject({ name: z.string() }),
  query: z.strictObject({
    tag: schemas.moreTags,
    region: schemas.regionList,
    family: familyParameter.optional().describe('Default: the family in the name, otherwise all.'),
    aggregate: schemas.flag,
    comment: schemas.flag.describe('Names the tags after each prefix: ` # AzureContainerRegistry`.'),
    shard: schemas.shard,
  }),
  repeatable: ['tag', 'region'],
  answerHeaders: [...snapshotHeaders, 'x-quarantined', 'x-withheld'],
  responses: { 200: { description: 'The list.', content: { 'text/plain': z.string() } } },
  async handle({ params, query }, { queries }) {
    const view = await queries.current.get();
    const names = [...feedTags(params.name), ...query.tag];
    const list = await queries.feeds.of(view.snapshot, names);
    const { document } = list;
    const selection = await chooseListed(queries.timelines, names, () => {
      const feed = parseFeedName(document, params.name);
      refuseTwoFamilies(params.name, feed.family, query.family);
      const tags = resolveTags(document, [...feed.tags, ...query.tag], query.region).map(({ name }) => name);
      return { ...query, tags, regions: [], family: query.family ?? feed.family };
    });
    return {
      contentType: textType,
      view: { ...view, since: later(view.since, list.since) },
      key: `feed ${list.version} ${JSON.stringify(selection)}`,
      cacheControl: cacheControls.current,
      headers: {
        ...quarantineHeader(selectQuarantined(list.quarantined, selection.tags)),
        ...withheldHeader(selectWithheld(list.withheld, selection.tags, selection.family)),
      },
      render: () => renderList(document, selection, 'text', query),
    };
  },
});

function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** `Tag.ipv4.txt?family=ipv6` is a mistake: nobody knows which of the two was meant. */
function refuseTwoFamilies(name: string, named: FeedSelection['family'], asked: FeedSelection['family'] | undefined) {
  if (asked === undefined || named === 'all' || named === asked) return;
  throw new RequestError(
    400,
    'invalid-query',
    `family: "${asked}" is not accepted here; accepted: ${named}, which ${shorten(name)} names, or nothing`,
    { parameter: 'family' },
  );
}

type FeedSelection = Pick<PrefixSelection, 'tags' | 'regions' | 'family'>;

/**
 * Parses `Tag.txt`, `Tag.family.txt` and `Tag.region.family.txt`. A tag name may contain dots (`Storage.WestEurope`,
 * `AzureFrontDoor.Backend`), so only the document tells where the tag ends. Throws RequestError 404.
 */
export function parseFeedName(document: ServiceTagsDocument, fileName: string): FeedSelection {
  if (!fileName.endsWith('.txt') || !schemas.tagPattern.test(fileName)) {
    throw new RequestError(404, 'not-found', `there is no feed "${shorten(fileName)}"; accepted: feeds/<tag>.txt`);
  }
  const name = fileName.slice(0, -'.txt'.length);
  const whole = findTag(document, name);
  if (whole) return { tags: [whole.name], regions: [], family: 'all' };
  const [rest, family] = splitFamily(name);
  const tag = findTag(document, rest) ?? findRegional(document, rest);
  if (tag) return { tags: [tag.name], regions: [], family };
  throw unknownTag(rest, document.values);
}

/** The names that the tag may have: `Storage` or `Storage.ipv4` for `Storage.ipv4.txt`. */
function feedTags(fileName: string): readonly string[] {
  const name = fileName.replace(/\.txt$/, '');
  return [name, splitFamily(name)[0]];
}

function splitFamily(name: string): readonly [string, AddressFamily | 'all'] {
  const dot = name.lastIndexOf('.');
  const last = name.slice(dot + 1);
  const family = [...addressFamilies, 'all' as const].find((candidate) => candidate === last);
  return dot < 0 || family === undefined ? [name, 'all'] : [name.slice(0, dot), family];
}

function findRegional(document: ServiceTagsDocument, name: string): ReturnType<typeof findTag> {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? undefined : matchRegion(document, name.slice(0, dot), name.slice(dot + 1));
}
