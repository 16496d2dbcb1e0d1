/** A chain of the ledger as a state stores it: records stay in its outbox until the ledger has them. */
import { recordHash } from './ledgerChain.ts';
import type { LedgerHead, RunRecord } from './runRecord.ts';

export interface Chain<R extends RunRecord = RunRecord> {
  /** Records that are not known to be in the ledger yet, oldest first, each linked to the one before it. */
  readonly outbox: readonly R[];
  /** The newest record that the ledger has. */
  readonly ledgerHead?: LedgerHead;
}

/** Adds a record to the outbox, linked to the record before it. */
export function owe<R extends RunRecord>({ outbox, ledgerHead }: Chain<R>, record: R): Chain<R> {
  const last = outbox.at(-1);
  const head = last ? headOf(last) : ledgerHead;
  const sequence = head ? head.count && head.count + 1 : 1;
  const linked: R = {
    ...record,
    version: 1,
    ...(head ? { previousHash: head.hash } : {}),
    ...(sequence === undefined ? {} : { sequence }),
  };
  return { outbox: [...outbox, linked], ...(ledgerHead ? { ledgerHead } : {}) };
}

/** Removes a record, and all before it, from the outbox: the ledger has them now. */
export function settle<R extends RunRecord>({ outbox }: Chain<R>, record: R): Chain<R> {
  return { outbox: outbox.slice(outbox.findIndex(({ id }) => id === record.id) + 1), ledgerHead: headOf(record) };
}

export function headOf(record: RunRecord): LedgerHead {
  const { id: runId, sequence: count } = record;
  return { runId, hash: recordHash(record), ...(count === undefined ? {} : { count }) };
}
