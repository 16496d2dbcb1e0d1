import { parseRunId } from '../../core/ledger/ledgerChain.ts';
import { runOutcomes, type RunRecord } from '../../core/ledger/runRecord.ts';
import { anyObject, listOf, number, object, oneOf, optional, parseBlob, text, textList } from './shape.ts';

export const ledgerContainer = 'ledger';

/** `<chain>/<yyyy>/<mm>/<run id>.json`. Throws InvalidDocumentError. */
export function runBlobName(runId: string): string {
  const { chain } = parseRunId(runId);
  return `${chain}/${runId.slice(0, 4)}/${runId.slice(4, 6)}/${runId}.json`;
}

/** Parses and checks the blob of a record. Throws InvalidDocumentError or NewerVersionError. */
export function checkRunRecord(runId: string, bytes: Buffer): RunRecord {
  const rules = optional(listOf(object({ rule: text, prefixes: textList })));
  return parseBlob(
    `${ledgerContainer}/${runBlobName(runId)}`,
    bytes,
    object({
      id: oneOf(runId),
      chain: oneOf(parseRunId(runId).chain),
      startedAt: text,
      finishedAt: text,
      durationInMs: number,
      trigger: object({ reason: text, by: optional(text) }),
      outcome: oneOf(...runOutcomes),
      reasons: listOf(object({ code: text, message: text })),
      snapshot: optional(object({ id: text, contentHash: text, date: text })),
      plan: optional(anyObject),
      before: rules,
      after: rules,
      owned: optional(textList),
      ownedRules: optional(textList),
      ownerId: optional(text),
      capacity: optional(object({ used: number, limit: number })),
      arm: optional(object({ reads: number, writes: number, retries: listOf(anyObject) })),
      details: optional(anyObject),
      operator: optional(anyObject),
      selection: optional(anyObject),
      removalsNotBefore: optional(text),
      resourceId: optional(text),
      previousHash: optional(text),
      sequence: optional(number),
    }),
  ) as RunRecord;
}
