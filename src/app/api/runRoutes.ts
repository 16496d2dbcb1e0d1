import * as z from 'zod';
import { isPullRecord, type RunRecord, type UpdateRecord } from '../../core/ledger/runRecord.ts';
import type { Reason } from '../../core/reasons.ts';
import { getRun, listRuns } from '../queries/ledgerQueries.ts';
import { cacheControls, defineRoute, jsonAnswer, namingSnapshot } from './route.ts';
import * as schemas from './schemas.ts';

export const runsRoute = defineRoute({
  summary: 'The ledger, newest first',
  query: z.strictObject({
    target: schemas.targetName.optional().describe('Runs of one target, or `pull`.'),
    until: schemas.isoDate.optional().describe('Only runs that began on that day or time, or before.'),
    limit: schemas.limit(200).default(50),
    continuation: schemas.continuation,
    detail: z.enum(['full', 'summary']).default('full').describe('summary: without plans and lists of prefixes.'),
  }),
  responses: {
    200: {
      description: 'One page of runs.',
      content: {
        'application/json': z.looseObject({
          items: z.array(schemas.runRecord),
          continuation: z.string().optional(),
          skipped: z
            .array(z.looseObject({ runId: z.string(), message: z.string() }))
            .optional()
            .describe('Records that cannot be read: damaged, or of a newer version.'),
        }),
      },
    },
  },
  async handle({ query: { target, until, limit, continuation, detail } }, { queries }) {
    const { skipped, items, ...page } = await listRuns(queries.services.ledger, {
      limit,
      ...(target !== undefined && { chain: target }),
      ...(until !== undefined && { until: schemas.toInstant(until) }),
      ...(continuation !== undefined && { continuation }),
    });
    return jsonAnswer({
      ...page,
      items: detail === 'full' ? items : items.map(summarizeRun),
      ...(skipped && { skipped: skipped.map(({ runId, error }) => ({ runId, message: error.message })) }),
    });
  },
});

/** A run for a table: without its plan and its lists of prefixes. */
interface RunSummary extends Pick<
  UpdateRecord,
  'id' | 'chain' | 'startedAt' | 'finishedAt' | 'durationInMs' | 'trigger' | 'outcome' | 'snapshot' | 'capacity'
> {
  /** The first three reasons. */
  readonly reasons: readonly Pick<Reason, 'code' | 'message'>[];
  /** How many prefixes the plan adds and removes; absent without a plan. */
  readonly counts?: { readonly add: number; readonly remove: number };
  /** Number of prefixes in the app's rules after the run; absent if the run did not read them. */
  readonly size?: number;
}

const shownReasons = 3;

function summarizeRun(record: RunRecord): RunSummary {
  const { id, chain, startedAt, finishedAt, durationInMs, trigger, outcome, snapshot, reasons } = record;
  const { plan, after, capacity }: Partial<UpdateRecord> = isPullRecord(record) ? {} : record;
  return {
    id,
    chain,
    startedAt,
    finishedAt,
    durationInMs,
    trigger,
    outcome,
    ...(snapshot && { snapshot }),
    ...(capacity && { capacity }),
    reasons: reasons.slice(0, shownReasons).map(({ code, message }) => ({ code, message })),
    ...(plan && { counts: { add: plan.add.length, remove: plan.remove.length } }),
    ...(after && { size: after.reduce((sum, { prefixes }) => sum + prefixes.length, 0) }),
  };
}

export const runRoute = defineRoute({
  summary: 'One run: its plan, its outcome, and the rules before and after',
  params: z.strictObject({ id: z.string().max(120, 'an id that GET runs lists') }),
  answerHeaders: ['x-snapshot-id'],
  responses: {
    200: { description: 'The record, as it was written.', content: { 'application/json': schemas.runRecord } },
  },
  async handle({ params }, { queries }) {
    const record = await getRun(queries.services.ledger, params.id);
    return jsonAnswer(record, { cacheControl: cacheControls.immutable, ...namingSnapshot(record.snapshot?.id) });
  },
});
