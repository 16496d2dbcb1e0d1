import pMap from 'p-map';
import * as z from 'zod';
import { RequestError } from '../../core/errors.ts';
import type { Target } from '../../core/targets/target.ts';
import { targetKinds } from '../../core/targets/targetKinds.ts';
import { targetStatuses } from '../../core/targets/targetState.ts';
import { renderPlanMarkdown } from '../formats/changes.ts';
import type { GatedPlan } from '../update/writeGate.ts';
import { describePrefixes } from '../queries/describePrefixes.ts';
import { readReleases } from '../queries/releases.ts';
import type { Queries } from '../queries.ts';
import { findRulesAsOf } from '../queries/ledgerQueries.ts';
import { readTargets, requireTarget, viewTarget } from '../queries/targetQueries.ts';
import { omit } from './omit.ts';
import { pageOf } from './paging.ts';
import { cacheControls, defineRoute, jsonAnswer, namingSnapshot, type Answer } from './route.ts';
import { runAction } from './runAction.ts';
import * as schemas from './schemas.ts';

const parallelReads = 16;

/** A name with invalid characters is answered with 404, like any unknown target. */
export const targetParams = z.strictObject({ name: schemas.targetName });

const targetView = z.looseObject({
  name: z.string(),
  kind: z.enum(targetKinds),
  status: z.enum(targetStatuses),
  reasons: z.array(schemas.reason),
  configuration: z.looseObject({}),
  lastResult: z
    .looseObject({ runId: z.string(), at: z.string(), outcome: z.string() })
    .optional()
    .describe('Of the last run that found something new; if nothing is new, the app stores it once per day.'),
  plan: z.looseObject({ add: z.int(), remove: z.int(), retain: z.int(), held: z.int() }).optional(),
  ownership: z.looseObject({ rules: z.array(z.string()), prefixCount: z.int() }),
  capacity: z
    .looseObject({ used: z.int(), limit: z.int(), weeksUntilFull: z.int().nullable() })
    .optional()
    .describe('How full the resource is; weeksUntilFull is null if the list does not grow.'),
  pin: z.looseObject({ snapshot: z.string(), by: z.string(), at: z.string() }).optional(),
  paused: z.looseObject({ by: z.string(), at: z.string() }).optional(),
});

export const targetsRoute = defineRoute({
  summary: 'The targets, each with its status and the reasons',
  query: z.strictObject({
    status: schemas.statusList,
    limit: schemas.limit(1000).default(200),
    continuation: schemas.continuation,
  }),
  repeatable: ['status'],
  answerHeaders: ['x-snapshot-id'],
  responses: {
    200: {
      description: 'One page, in the order of the targets file.',
      content: {
        'application/json': z.looseObject({
          count: z.int().describe('Number of targets on all pages.'),
          items: z.array(targetView),
          continuation: z.string().optional(),
        }),
      },
    },
  },
  async handle({ query }, { queries }) {
    const { states, targets: source, updatesPaused } = queries.services;
    const { status: wanted, ...page } = query;
    const targets = await readTargets(source);
    const viewAll = (shown: readonly Target[]) =>
      pMap(
        shown,
        async (target) => omit(await viewTarget(states, target, updatesPaused), 'owned', 'absent', 'settings'),
        { concurrency: parallelReads },
      );
    const nameOf = ({ name }: { readonly name: string }): string => name;
    const headers = namingSnapshot(await currentId(queries));
    if (!wanted) {
      const found = pageOf(targets, page, nameOf);
      return jsonAnswer({ count: targets.length, ...found, items: await viewAll(found.items) }, headers);
    }
    const views = await viewAll(targets);
    const isWanted = ({ status }: (typeof views)[number]): boolean => wanted.includes(status);
    return jsonAnswer({ count: views.filter(isWanted).length, ...pageOf(views, page, nameOf, isWanted) }, headers);
  },
});

export const targetRoute = defineRoute({
  summary: 'One target, now or as its rules were on a day',
  params: targetParams,
  query: z.strictObject({
    asOf: schemas.isoDate
      .optional()
      .describe('What the rules were at that time, from the ledger, instead of the present status.'),
  }),
  answerHeaders: ['x-snapshot-id'],
  responses: {
    200: {
      description: 'The target. With asOf: name, asOf, rules, and the run and snapshot that they came from.',
      content: {
        'application/json': z.union([
          targetView.extend({
            owned: z.array(z.looseObject({})),
            absent: z.array(z.looseObject({})),
            settings: z.array(z.looseObject({ name: z.string(), from: z.string() })),
          }),
          z.looseObject({
            name: z.string(),
            asOf: z.string(),
            rules: z.array(z.looseObject({ rule: z.string(), prefixes: schemas.prefixes })),
            run: z.looseObject({ id: z.string(), outcome: z.string() }),
          }),
        ]),
      },
    },
  },
  async handle({ params: { name }, query: { asOf } }, { queries }) {
    if (asOf !== undefined) return answerAsOf(queries, name, schemas.toInstant(asOf));
    const { states, targets, updatesPaused } = queries.services;
    const view = await viewTarget(states, requireTarget(await readTargets(targets), name), updatesPaused);
    return jsonAnswer(view, namingSnapshot(await currentId(queries)));
  },
});

/** Undefined before the first pull: targets are shown even then. */
async function currentId({ current }: Queries): Promise<string | undefined> {
  return current.get().then(
    ({ snapshot }) => snapshot.id,
    () => undefined,
  );
}

async function answerAsOf(queries: Queries, name: string, until: string): Promise<Answer> {
  const { ledger, targets } = queries.services;
  const record = await findRulesAsOf(ledger, name, until);
  if (!record) {
    requireTarget(await readTargets(targets), name);
    throw new RequestError(
      404,
      'unknown-run',
      `no run of ${name} up to ${until} says what its rules were; GET runs?target=${name} lists its runs`,
    );
  }
  const { id, outcome, trigger, startedAt, finishedAt, plan } = record;
  const answer = {
    name,
    asOf: until,
    rules: record.after ?? [],
    owned: record.owned ?? [],
    snapshot: record.snapshot ?? null,
    run: { id, outcome, trigger, startedAt, finishedAt, ...(plan && { planId: plan.id }) },
  };
  return jsonAnswer(answer, namingSnapshot(record.snapshot?.id));
}

/** Adds the days since when the prefixes have been listed, which only the releases know, and the deadlines. */
async function withDates(queries: Queries, plan: GatedPlan): Promise<GatedPlan> {
  const [view, releases] = await Promise.all([
    queries.current.get().catch(() => undefined),
    readReleases(queries).catch(() => []),
  ]);
  const describe = describePrefixes(view?.snapshot.document, releases);
  const items = plan.items.map((item) => {
    if (item.tag === null || item.firstListed !== null) return item;
    const { firstListed, deadline } = describe(item.prefix);
    return { ...item, firstListed, deadline: item.change === 'add' || item.fate === 'add' ? deadline : null };
  });
  return { ...plan, items };
}

const planFormats: Readonly<Record<string, 'json' | 'markdown'>> = {
  'application/json': 'json',
  'text/markdown': 'markdown',
};

export const planRoute = defineRoute({
  summary: 'The plan as it would run now',
  description: 'Reads the live resource; writes nothing.',
  params: targetParams,
  query: z.strictObject({
    format: z.enum(['json', 'markdown']).optional(),
    snapshot: schemas.snapshotId.optional().describe('What a rollback to this snapshot would do.'),
  }),
  produces: Object.keys(planFormats),
  answerHeaders: ['x-snapshot-id'],
  responses: {
    200: {
      description: 'id is the checksum of the plan: send it to apply to approve exactly this plan.',
      content: { 'application/json': schemas.plan, 'text/markdown': z.string() },
    },
  },
  async handle({ params: { name }, query: { format, snapshot }, mediaType }, app) {
    const plan = await runAction(app, (actions) => actions.planTarget(name, snapshot));
    const named = namingSnapshot(plan.snapshot);
    if ((format ?? planFormats[mediaType]) !== 'markdown') return jsonAnswer(await withDates(app.queries, plan), named);
    return {
      ...named,
      contentType: 'text/markdown; charset=utf-8',
      cacheControl: cacheControls.live,
      render: () => renderPlanMarkdown(plan),
    };
  },
});
