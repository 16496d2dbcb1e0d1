/** Described without zod, which takes time to load: every open page asks this route again and again. */
import { readOverview } from '../queries/overview/overview.ts';
import { array, object, orNull, text } from './jsonSchemas.ts';
import { defineRoute, jsonAnswer, namingSnapshot } from './route.ts';

const anything = { type: 'object' };

const overview = object({
  cloud: text,
  version: text,
  now: object({
    state: { enum: ['calm', 'updating', 'waiting', 'overdue', 'blocked', 'listStandsStill', 'storageDown', 'noList'] },
    tone: { enum: ['good', 'warn', 'bad'] },
    sentence: text,
    details: array(text),
  }),
  waiting: { ...array(anything), description: 'One card per decision, the most urgent first.' },
  targets: { ...orNull(array(anything)), description: 'The most urgent first; null if they cannot be read.' },
  list: object({ snapshot: orNull(text), released: orNull(text), fetchedAt: orNull(text), sources: array(anything) }),
  releases: { ...array(anything), description: 'The latest ones, the newest first.' },
  normal: { ...array(text), description: 'What is normal for the tag, in one sentence each.' },
});

export const overviewRoute = defineRoute({
  summary: 'What the page shows first',
  description: 'Answers even if storage does not, with what the app still knows.',
  answerHeaders: ['x-snapshot-id'],
  responses: { 200: { description: 'The overview.', content: { 'application/json': overview } } },
  async handle(_input, { queries }) {
    const answer = await readOverview(queries);
    return jsonAnswer(answer, namingSnapshot(answer.list.snapshot ?? undefined));
  },
});
