import * as z from 'zod';
import { RequestError, shorten } from '../../core/errors.ts';
import { addressFamilies, type AddressFamily } from '../../core/prefixes.ts';
import { findTag, matchRegion } from '../../core/serviceTags/regions.ts';
import type { ServiceTagsDocument } from '../../core/serviceTags/serviceTags.ts';
import { believedDocument, chooseListed, quarantineOf } from '../queries/believed.ts';
import { readPassedOn, selectWithheld } from '../queries/passedOn.ts';
import type { PrefixSelection } from '../queries/prefixList.ts';
import { unknownTag } from '../queries/tagQuery.ts';
import { quarantineHeader, renderLines, withheldHeader } from './renderPrefixes.ts';
import { cacheControls, defineRoute, snapshotHeaders, textType } from './route.ts';
import * as schemas from './schemas.ts';

const tagParameter = z.string().describe('A service tag, with or without its region: Storage, Storage.WestEurope.');

export const feedsRoute = defineRoute({
  documentedPaths: {
    'feeds/{tag}.txt': z.strictObject({ tag: tagParameter }),
    'feeds/{tag}.{region}.{family}.txt': z.strictObject({
      tag: tagParameter,
      region: z.string().describe('An ARM location such as westeurope.'),
      family: z.enum([...addressFamilies, 'all']),
    }),
  },
  summary: 'One prefix a line, for firewalls that poll',
  description:
    'Never empty: no data, and a tag that is listed no more, is a 503, and the firewall keeps what it has. While a tag ' +
    'is in quarantine (missing, empty or shrunken beyond the limits), what was listed before stays in the list beside ' +
    'what is listed now, and x-quarantined names the tag. x-withheld says what is listed and not passed on.',
  params: z.strictObject({ name: z.string() }),
  query: z.strictObject({
    aggregate: schemas.flag,
    comment: schemas.flag.describe('Names the tag behind each prefix: ` # AzureContainerRegistry`.'),
    shard: schemas.shard,
  }),
  answerHeaders: [...snapshotHeaders, 'x-quarantined', 'x-withheld'],
  responses: { 200: { description: 'The list.', content: { 'text/plain': z.string() } } },
  async handle({ params, query }, { queries }) {
    const view = await queries.current.get();
    const document = await believedDocument(queries.library, view.snapshot, [params.name]);
    const { withheld } = await readPassedOn(queries.library, view.snapshot, [params.name]);
    const feed = await chooseListed(queries.history, feedTags(params.name), () => parseFeedName(document, params.name));
    const selection = { ...feed, aggregate: query.aggregate, shard: query.shard };
    return {
      contentType: textType,
      view,
      key: `feed ${JSON.stringify([selection, query.comment])}`,
      cacheControl: cacheControls.current,
      headers: {
        ...quarantineHeader(quarantineOf(view.snapshot, selection.tags)),
        ...withheldHeader(selectWithheld(withheld, selection.tags, selection.family)),
      },
      render: () => renderLines(document, selection, 'text', query.comment),
    };
  },
});

type FeedSelection = Pick<PrefixSelection, 'tags' | 'regions' | 'family'>;

/**
 * `Tag.txt`, `Tag.family.txt`, `Tag.region.family.txt`. A tag holds dots itself (`Storage.WestEurope`,
 * `AzureFrontDoor.Backend`), so the document decides where the tag ends. Throws RequestError 404.
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
  throw unknownTag(
    rest,
    document.values.map((value) => value.name),
  );
}

/** What the tag of a feed may be called. */
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
