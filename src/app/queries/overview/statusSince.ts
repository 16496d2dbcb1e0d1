/** Since when a target's runs have ended as the last one did, told by its ledger. */
import type { RunOutcome } from '../../../core/ledger/runRecord.ts';
import type { TargetState } from '../../../core/targets/targetState.ts';
import type { Ledger } from '../../ports.ts';
import { readStorage } from '../storage.ts';

/** Two days of hourly runs; further back nobody looks each minute. */
const maxRecords = 48;

interface Known {
  readonly runId: string;
  readonly outcome: RunOutcome;
  readonly since: string;
}

// One memory a ledger, so that a target that stands still is not read from its beginning again.
const memories = new WeakMap<Pick<Ledger, 'list'>, Map<string, Known>>();

/** ISO time; the oldest that was looked at where all of them ended so. */
export async function statusSince(
  ledger: Pick<Ledger, 'list'>,
  state: TargetState | undefined,
): Promise<string | null> {
  const last = state?.lastResult;
  if (!state || !last) return null;
  const memory = memories.get(ledger) ?? new Map<string, Known>();
  memories.set(ledger, memory);
  const known = memory.get(state.target);
  if (known?.runId === last.runId) return known.since;
  const since = (await readSince(ledger, state.target, last.outcome, known)) ?? last.at;
  memory.set(state.target, { runId: last.runId, outcome: last.outcome, since });
  return since;
}

async function readSince(
  ledger: Pick<Ledger, 'list'>,
  chain: string,
  outcome: RunOutcome,
  known: Known | undefined,
): Promise<string | undefined> {
  const { items } = await readStorage('the ledger', () => ledger.list({ chain, limit: maxRecords }));
  let since: string | undefined;
  for (const record of items) {
    if (record.outcome !== outcome) return since;
    if (record.id === known?.runId && known.outcome === outcome) return known.since;
    since = record.finishedAt;
  }
  return since;
}
