/** Records of runs, each in the ledger before it leaves the state: a crash in between loses none. */
import { recordHash } from '../core/ledger/ledgerChain.ts';
import type { LedgerHead, RunRecord } from '../core/ledger/runRecord.ts';
import type { Ledger } from './ports.ts';

/** What a state or a pull status carries of its chain. */
export interface ChainState {
  readonly outbox?: RunRecord;
  readonly ledgerHead?: LedgerHead;
}

/** Brings a record that a crash left in the outbox to the ledger; returns the chain as it is then. */
export async function flushOutbox<T extends ChainState>(ledger: Ledger, state: T): Promise<T> {
  if (!state.outbox) return state;
  await ledger.put(state.outbox);
  return emptyOutbox(state, state.outbox);
}

/** Puts a record into the outbox, linked to the one before it. */
function toOutbox<T extends ChainState>(state: T, record: RunRecord): T & { readonly outbox: RunRecord } {
  const linked = state.ledgerHead ? { ...record, previousHash: state.ledgerHead.hash } : record;
  return { ...state, outbox: linked };
}

function emptyOutbox<T extends ChainState>(state: T, record: RunRecord): T {
  const { outbox, ...rest } = state;
  return { ...rest, ledgerHead: { runId: record.id, hash: recordHash(record) } } as unknown as T;
}

/** Stores the state with the record in its outbox, then the record, then the state without it. */
export async function commitRecord<T extends ChainState>(
  ledger: Ledger,
  putState: (state: T) => Promise<void>,
  state: T,
  record: RunRecord,
): Promise<{ readonly state: T; readonly record: RunRecord }> {
  const withRecord = toOutbox(state, record);
  await putState(withRecord);
  const flushed = await flushOutbox<T>(ledger, withRecord);
  await putState(flushed);
  return { state: flushed, record: withRecord.outbox };
}
