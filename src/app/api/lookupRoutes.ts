import * as z from 'zod';
import type { Target } from '../../core/targets/target.ts';
import { dayAndTimeInWords, inWords } from '../../core/words.ts';
import type { Queries } from '../queries.ts';
import { findRulesAsOf } from '../queries/ledgerQueries.ts';
import { anAddress, lookupAddress, lookupAddresses, lookupInRules, type TargetAnswer } from '../queries/lookup.ts';
import { readTargets, requireTarget } from '../queries/targetQueries.ts';
import { cacheControls, defineRoute, jsonAnswer, snapshotHeaders } from './route.ts';
import * as schemas from './schemas.ts';

const maxAddresses = 10_000;

const address = z.string(anAddress).min(1, anAddress).max(64, anAddress);
const addresses = `an array of at most ${inWords(maxAddresses)} addresses`;

const targetAnswer = z
  .looseObject({
    name: z.string(),
    allowed: z.boolean().nullable().describe('null: not known; reason says why.'),
    reason: z.string().optional().describe('One sentence: why allowed is null.'),
    rule: z.string().optional(),
    prefix: schemas.prefix.optional(),
    run: z.looseObject({ id: z.string(), finishedAt: z.string() }).optional(),
    snapshot: z.looseObject({ id: z.string(), date: z.string(), contentHash: z.string() }).optional(),
  })
  .describe('With target: whether its rules admit the address, by which rule, from which list.');

export const lookupRoute = defineRoute({
  summary: 'Which tags contain an address',
  description:
    'For a CIDR: the prefixes that contain all of it; one that overlaps a part of it is no match. ' +
    'An IPv4-mapped IPv6 address is looked up as the IPv4 address.',
  query: z
    .strictObject({
      ip: address.describe('IPv4 or IPv6, address or CIDR.'),
      ...schemas.snapshotSelector,
      target: schemas.targetName
        .optional()
        .describe('Also says whether the rules of this target admit the address, now or on the day of asOf.'),
    })
    .refine(...schemas.oneSelector),
  answerHeaders: snapshotHeaders,
  responses: {
    200: {
      description: 'The matches, most specific first.',
      content: { 'application/json': schemas.lookupAnswer.extend({ target: targetAnswer.optional() }) },
    },
  },
  async handle({ query }, { queries }) {
    const { ip, asOf, target } = query;
    const view = await queries.library.choose(schemas.toSnapshotChoice(query));
    const answer = lookupAddress(view.snapshot, ip);
    if (target === undefined) return jsonAnswer(answer, { view, cacheControl: cacheControls.current });
    const now = queries.services.clock.now().toISOString();
    const until = asOf === undefined ? now : schemas.toInstant(asOf);
    const found = await lookupTarget(queries, target, ip, until);
    return jsonAnswer({ ...answer, target: found }, { view, isUndated: true });
  },
});

interface UnknownAnswer {
  readonly name: string;
  readonly allowed: null;
  readonly reason: string;
}

async function lookupTarget(
  queries: Queries,
  name: string,
  ip: string,
  until: string,
): Promise<TargetAnswer | UnknownAnswer> {
  const record = await findRulesAsOf(queries.services.ledger, name, until);
  const targets = await readTargets(queries.services.targets);
  // A target that was taken out of the targets file still has its ledger.
  const target = record ? targets.find((candidate) => candidate.name === name) : requireTarget(targets, name);
  if (record) return lookupInRules(name, ip, record, accessOf(target));
  const reason = `No run of ${name} up to ${dayAndTimeInWords(until)} recorded what its rules were. GET runs?target=${name} lists its runs.`;
  return { name, allowed: null, reason };
}

function accessOf(target: Target | undefined): 'Allow' | 'Deny' {
  return target?.kind === 'nsgRule' ? target.rule.access : 'Allow';
}

export const bulkLookupRoute = defineRoute({
  summary: `Which tags contain each of up to ${inWords(maxAddresses)} addresses`,
  query: z.strictObject(schemas.snapshotSelector).refine(...schemas.oneSelector),
  body: {
    schema: z.array(address, addresses).max(maxAddresses, addresses),
    maxBytes: 1024 * 1024,
    example: ['20.42.66.1', '2603:1030:20e:3::480'],
  },
  responses: {
    200: {
      description: 'One answer per address, in the order of the request.',
      content: { 'application/json': z.array(schemas.lookupAnswer) },
    },
  },
  async handle({ query, body }, { queries }) {
    const view = await queries.library.choose(schemas.toSnapshotChoice(query));
    return jsonAnswer(lookupAddresses(view.snapshot, body), { view, cacheControl: cacheControls.none });
  },
});
