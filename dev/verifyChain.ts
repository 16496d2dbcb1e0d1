/** Checks whether records of one chain of the ledger were deleted, edited, inserted or re-dated. */
import { recordHash } from '../src/core/ledger/ledgerChain.ts';
import type { LedgerHead, RunRecord } from '../src/core/ledger/runRecord.ts';

export interface ChainBreak {
  readonly kind: 'missing' | 'altered' | 'forked' | 'outOfOrder' | 'unclaimed' | 'unreadable';
  /** The record at which it shows. */
  readonly runId: string;
  readonly message: string;
}

export interface ChainCheck {
  readonly ok: boolean;
  readonly breaks: readonly ChainBreak[];
}

/** Facts about a chain from outside its records; each reveals one more kind of change. */
export interface ChainEvidence {
  /** Hash of each record, by run id, as logged when it was written: tells an altered record from a missing one. */
  readonly writtenHashes?: ReadonlyMap<string, string>;
  /** The newest record according to the target's state: reveals changes at the end of the chain. */
  readonly head?: LedgerHead;
  /** Heads of earlier days, exported from the log: they reveal a chain that was cut off or rewritten. */
  readonly earlierHeads?: readonly LedgerHead[];
  /** Ids of records that are still in the state's outbox: they may follow the head. */
  readonly owed?: readonly string[];
}

/**
 * Checks the records of one chain, oldest first.
 *
 * | change            | shows as                                                             |
 * |-------------------|----------------------------------------------------------------------|
 * | record deleted    | `missing`: the next one links to a hash that no record has           |
 * | record edited     | `altered` (`missing` if no hash of it was logged)                    |
 * | record inserted   | `forked`: two records link to the same one; `unclaimed` at the end   |
 * | record re-dated   | `outOfOrder`: it links to a later one                                |
 */
export function verifyChain(records: readonly RunRecord[], evidence: ChainEvidence = {}): ChainCheck {
  const links = records.map((record, index) => ({ record, index, hash: recordHash(record) }));
  const breaks = [
    ...links.flatMap((link) => contentBreaks(link, evidence)),
    ...linkBreaks(links, evidence),
    ...headBreaks(links, evidence),
    ...earlierHeadBreaks(links, evidence),
  ];
  return { ok: breaks.length === 0, breaks: breaks.filter(isFirstOfItsKind) };
}

interface Link {
  readonly record: RunRecord;
  readonly index: number;
  readonly hash: string;
}

function contentBreaks({ record, hash }: Link, evidence: ChainEvidence): ChainBreak[] {
  const written = evidence.writtenHashes?.get(record.id);
  if (written === undefined || written === hash) return [];
  return [{ kind: 'altered', runId: record.id, message: `its hash is ${hash}, when it was written it was ${written}` }];
}

function linkBreaks(links: readonly Link[], { writtenHashes }: ChainEvidence): ChainBreak[] {
  // The successor of an altered record still counts as linked to it, so that one change is reported once.
  const byHash = new Map(
    links.flatMap((link) => [link.hash, writtenHashes?.get(link.record.id) ?? link.hash].map((hash) => [hash, link])),
  );
  const successors = new Map<string | undefined, string>();
  return links.flatMap(({ record, index }) => {
    const previous = record.previousHash;
    const sibling = successors.get(previous);
    const before = previous === undefined ? undefined : byHash.get(previous);
    successors.set(previous, record.id);
    if (sibling !== undefined) return [forked(record.id, sibling)];
    if (previous === undefined) return index === 0 ? [] : [secondBeginning(record.id)];
    if (!before) return [missing(record.id, previous)];
    return before.index > index ? [outOfOrder(record.id, before.record.id)] : [];
  });
}

function headBreaks(links: readonly Link[], { head, owed = [] }: ChainEvidence): ChainBreak[] {
  if (!head) return [];
  const at = links.find((link) => link.record.id === head.runId);
  if (!at) {
    return [{ kind: 'missing', runId: head.runId, message: 'the newest record that the state knows is not there' }];
  }
  if (at.hash !== head.hash) {
    return [{ kind: 'altered', runId: head.runId, message: `its hash is ${at.hash}, the state knows ${head.hash}` }];
  }
  return links
    .slice(at.index + 1)
    .filter((link) => !owed.includes(link.record.id))
    .map((link) => ({
      kind: 'unclaimed',
      runId: link.record.id,
      message: 'it follows the newest record that the state knows',
    }));
}

function earlierHeadBreaks(links: readonly Link[], { earlierHeads = [] }: ChainEvidence): ChainBreak[] {
  return earlierHeads.flatMap(({ runId, hash, count }): ChainBreak[] => {
    const at = links.find((link) => link.record.id === runId);
    if (!at) return [{ kind: 'missing', runId, message: 'it was logged as the newest record, and is not there' }];
    if (at.hash !== hash) return [{ kind: 'altered', runId, message: `its hash is ${at.hash}, the log has ${hash}` }];
    if (count === undefined || at.index + 1 === count) return [];
    return [
      { kind: 'missing', runId, message: `it is record ${at.index + 1} of its chain, the log has it as ${count}` },
    ];
  });
}

function forked(runId: string, sibling: string): ChainBreak {
  return { kind: 'forked', runId, message: `it links to the same record as ${sibling}` };
}

function secondBeginning(runId: string): ChainBreak {
  return { kind: 'forked', runId, message: 'it links to no record, as only the first one of a chain does' };
}

function missing(runId: string, previousHash: string): ChainBreak {
  return { kind: 'missing', runId, message: `it links to ${previousHash}, which is no record's hash` };
}

function outOfOrder(runId: string, before: string): ChainBreak {
  return { kind: 'outOfOrder', runId, message: `it links to ${before}, which is later than it` };
}

function isFirstOfItsKind(one: ChainBreak, index: number, all: readonly ChainBreak[]): boolean {
  return all.findIndex((other) => other.kind === one.kind && other.runId === one.runId) === index;
}
