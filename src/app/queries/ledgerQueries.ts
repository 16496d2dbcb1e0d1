/** Reads the ledger for the API: its queries and its actions. */
import { InvalidDocumentError, NewerVersionError, RequestError, shorten } from '../../core/errors.ts';
import { isRunId } from '../../core/ledger/ledgerChain.ts';
import { isPullRecord, type RunRecord, type UpdateRecord } from '../../core/ledger/runRecord.ts';
import type { Plan } from '../../core/plan/plan.ts';
import type { TargetState } from '../../core/targets/targetState.ts';
import { withoutPeriod } from '../../core/words.ts';
import { itemsOf } from '../itemsOf.ts';
import type { Ledger, LedgerPage, PageRequest } from '../ports.ts';
import { readStorage } from './storage.ts';

const pageSize = 50;
/** How far back to search for a run that changed something: some months of hourly checks. */
const maxRecords = 2000;

export interface RunQuery extends PageRequest {
  readonly chain?: string;
  readonly until?: string;
}

export async function listRuns(ledger: Pick<Ledger, 'list'>, query: RunQuery): Promise<LedgerPage> {
  return readStorage('the ledger', () => ledger.list(query));
}

/** Throws RequestError: 404, or 500 if the record is damaged or of a newer version. */
export async function getRun(ledger: Pick<Ledger, 'get'>, id: string): Promise<RunRecord> {
  const record = isRunId(id) ? await readStorage('the ledger', () => readOrError(ledger, id)) : undefined;
  if (record instanceof Error) {
    const message = `the record of run ${id} cannot be read: ${withoutPeriod(record.message)}. GET runs lists the others`;
    throw new RequestError(500, 'unreadable-run', message);
  }
  if (record) return record;
  throw new RequestError(404, 'unknown-run', `there is no run "${shorten(id)}"; GET runs lists them`);
}

async function readOrError(ledger: Pick<Ledger, 'get'>, id: string): Promise<RunRecord | Error | undefined> {
  try {
    return await ledger.get(id);
  } catch (error) {
    if (error instanceof InvalidDocumentError || error instanceof NewerVersionError) return error;
    throw error;
  }
}

/** The newest run of a target that recorded the rules after it and began at or before `until` (ISO time). */
export async function findRulesAsOf(
  ledger: Pick<Ledger, 'list'>,
  target: string,
  until: string,
): Promise<UpdateRecord | undefined> {
  const readPage = (page: PageRequest) => listRuns(ledger, { chain: target, until, ...page });
  for await (const record of itemsOf(readPage, pageSize, maxRecords)) {
    if (!isPullRecord(record) && record.after !== undefined) return record;
  }
  return undefined;
}

/** The record with the plan may be followed by records of pauses, resumes and the like. */
const newestRecords = 10;

// The last plan of each target, per ledger: a record never changes.
const lastPlans = new WeakMap<Pick<Ledger, 'list'>, Map<string, Plan>>();

/** The plan of a target's last run; undefined if no record has it. A run without news writes no record of its own. */
export async function readLastPlan(
  ledger: Pick<Ledger, 'list'>,
  state: TargetState | undefined,
): Promise<Plan | undefined> {
  const planId = state?.run.lastResult?.planId;
  if (!state || planId === undefined) return undefined;
  const memory = lastPlans.get(ledger) ?? new Map<string, Plan>();
  lastPlans.set(ledger, memory);
  const known = memory.get(state.target);
  if (known?.id === planId) return known;
  const { items } = await listRuns(ledger, { chain: state.target, limit: newestRecords });
  const plan = [...state.run.outbox, ...items].map(planOf).find((found) => found?.id === planId);
  if (plan) memory.set(state.target, plan);
  return plan;
}

function planOf(record: RunRecord): Plan | undefined {
  return isPullRecord(record) ? undefined : record.plan;
}
