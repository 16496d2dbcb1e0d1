/** Each record of a run is in the ledger before it is removed from the state, so a crash loses none. */
import { owe, settle, type Chain } from '../core/ledger/outbox.ts';
import type { RunRecord } from '../core/ledger/runRecord.ts';
import type { Ledger } from './ports.ts';

/** Writes the records in the outbox to the ledger, in order; returns the chain with an empty outbox. */
export async function flushOutbox<R extends RunRecord>(
  ledger: Pick<Ledger, 'put'>,
  chain: Chain<R>,
): Promise<Chain<R>> {
  let flushed = chain;
  for (const record of chain.outbox) {
    await ledger.put(record);
    flushed = settle(flushed, record);
  }
  return flushed;
}

/** Stores the document with the record in its outbox, then the record, then the document without it. */
export async function commitRecord<R extends RunRecord, T extends Chain<R>>(
  ledger: Pick<Ledger, 'put'>,
  put: (document: T) => Promise<void>,
  document: T,
  record: R,
): Promise<T> {
  const owing: T = { ...document, ...owe(document, record) };
  await put(owing);
  const settled: T = { ...owing, ...(await flushOutbox(ledger, owing)) };
  await put(settled);
  return settled;
}
