import * as z from 'zod';
import type { Queries } from '../queries.ts';
import { explainText } from '../queries/explain.ts';
import { cacheControls, defineRoute, jsonAnswer, snapshotHeaders, type Answer } from './route.ts';
import * as schemas from './schemas.ts';

const maxLength = 4000;
const accepted = `an address, a CIDR or a line of a log, at most ${maxLength} characters`;
const text = z.string(accepted).min(1, accepted).max(maxLength, accepted);

const period = z.looseObject({
  tag: z.string(),
  prefix: schemas.prefix,
  from: z.string(),
  until: z.string().nullable(),
});

const explanation = z.looseObject({
  snapshot: z.string(),
  day: z.string().nullable().describe('The day that the line names; null if it names none.'),
  situation: z.enum(['registryRefused', 'connectionFailed', 'firewallDenied', 'unknown']),
  addresses: z.array(
    z.looseObject({
      address: z.string(),
      summary: z.string().describe('One sentence: what it is.'),
      matches: schemas.lookupAnswer.shape.matches,
      overlaps: schemas.lookupAnswer.shape.matches.describe(
        'For a CIDR: the listed prefixes of the ACR tags inside it.',
      ),
      onDay: z
        .looseObject({ day: z.string(), tags: z.array(z.string()) })
        .nullable()
        .describe('The ACR tags that contained it on the day of the line.'),
      periods: z.array(period).describe('When the ACR tags listed it; until is null if they still do.'),
      targets: z.array(
        z.looseObject({
          name: z.string(),
          status: z.string(),
          allowed: z.enum(['yes', 'partly', 'no']).describe('Whether the rules contain it, as the last run left them.'),
          access: z.enum(['Allow', 'Deny']),
          wanted: z.boolean().describe('Whether the target should have it.'),
          rule: z.string().nullable(),
          prefix: schemas.prefix.nullable(),
          since: z.string().nullable(),
        }),
      ),
      next: z.array(z.string()).describe('What to do, in one sentence each.'),
    }),
  ),
});

const responses = {
  200: { description: 'One explanation for each address of the text.', content: { 'application/json': explanation } },
};

const description =
  'Finds up to 20 addresses in the text, and the day that the text names. For each address: the tags that contain it now ' +
  'and on that day, the targets that admit it or should, by which rule and since when, and what to do next.';

export const explainRoute = defineRoute({
  summary: 'What the addresses in a line of a log or an error are, and what to do',
  description,
  query: z.strictObject({ text: text.describe('An address, a CIDR, or a line of a log or an error.') }),
  answerHeaders: snapshotHeaders,
  responses,
  handle: ({ query }, { queries }) => answer(queries, query.text),
});

export const postExplainRoute = defineRoute({
  summary: 'The same for a text in the body, so that it stays out of logs',
  description,
  body: {
    schema: z.strictObject({ text }, 'an object with text alone'),
    maxBytes: 32 * 1024,
    example: { text: "client with IP '20.42.66.1' is not allowed access" },
  },
  responses,
  handle: ({ body }, { queries }) => answer(queries, body.text, cacheControls.none),
});

async function answer(queries: Queries, text: string, cacheControl: string = cacheControls.live): Promise<Answer> {
  const { view, explanation } = await explainText(queries, text);
  return jsonAnswer(explanation, { view, isUndated: true, cacheControl });
}
