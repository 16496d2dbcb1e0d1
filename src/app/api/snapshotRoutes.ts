import * as z from 'zod';
import { toPublishedDocument } from '../queries/publishedDocument.ts';
import { pageOf } from './paging.ts';
import { cacheControls, defineRoute, snapshotAnswer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

export const snapshotsRoute = defineRoute({
  summary: 'The stored snapshots, newest first',
  query: z.strictObject({ limit: schemas.limit(1000).default(50), continuation: schemas.continuation }),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'One page. quarantine names the tags because of which the app removes nothing, and why.',
      content: {
        'application/json': z.looseObject({
          items: z.array(schemas.snapshotSummary),
          continuation: z.string().optional(),
        }),
      },
    },
  },
  async handle({ query }, { queries }) {
    const view = await queries.current.get();
    return snapshotAnswer(view, `snapshots ${JSON.stringify(query)}`, async () =>
      pageOf(await queries.library.list(), query, ({ id }) => id),
    );
  },
});

export const snapshotRoute = defineRoute({
  summary: 'One snapshot with its document',
  params: z.strictObject({ id: schemas.snapshotId }),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description:
        "The document as pulled, in the shape of Microsoft's weekly file: tags sorted by name, prefixes canonical. " +
        'Beside it where it came from, and what is quarantined.',
      content: { 'application/json': schemas.snapshotSummary.extend({ values: z.array(schemas.publishedTag) }) },
    },
  },
  async handle({ params }, { queries }) {
    const view = await queries.library.get(params.id);
    const { document, ...rest } = view.snapshot;
    const makeValue = () => ({ ...rest, ...toPublishedDocument(document) });
    return snapshotAnswer(view, 'snapshot', makeValue, { cacheControl: cacheControls.immutable });
  },
});
