/** Container `ledger`: write-once records, one chain per target and one for the pulls. */
import pMap from 'p-map';
import type { Ledger, LedgerPage, PageRequest, SkippedRecord } from '../../app/ports.ts';
import { InvalidDocumentError, NewerVersionError, RequestError, shorten } from '../../core/errors.ts';
import { isChainName, isRunId, recordHash } from '../../core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { parseContinuation, toContinuation } from './continuation.ts';
import { checkRunRecord, ledgerContainer, runBlobName } from './ledgerRecord.ts';
import { chainsOf, newestIdAfter, newestRunIds, readsAtOnce, runIdsOf } from './ledgerIds.ts';
import { RunIndex } from './runIndex.ts';

/** Sorts after every id that begins with the same time. */
const last = '~';

export class BlobLedger implements Ledger {
  readonly #container: BlobContainer;
  readonly #index: RunIndex;

  constructor(services: BlobServices) {
    this.#container = new BlobContainer(services, ledgerContainer);
    this.#index = new RunIndex(services, this.#container);
  }

  /** Throws if another record has the id: a written record is never replaced. */
  async put(record: RunRecord): Promise<'created' | 'exists'> {
    const bytes = Buffer.from(JSON.stringify(record));
    const hash = recordHash(record);
    checkRunRecord(record.id, bytes);
    const put = await this.#container.putIfAbsent(runBlobName(record.id), bytes, {
      contentType: 'application/json',
      metadata: { sha256: hash },
    });
    if (put === 'exists') {
      const stored = await this.get(record.id);
      if (!stored || recordHash(stored) !== hash) {
        throw new Error(`the ledger has another record ${record.id}: it stays as it was written`);
      }
    }
    await this.#index.add(record);
    return put;
  }

  async get(runId: string): Promise<RunRecord | undefined> {
    if (!isRunId(runId)) return undefined;
    const stored = await this.#container.read(runBlobName(runId));
    return stored && checkRunRecord(runId, stored.bytes);
  }

  async list(query: { readonly chain?: string; readonly until?: string } & PageRequest): Promise<LedgerPage> {
    const list = `runs/${query.chain ?? ''}`;
    const after = query.continuation === undefined ? undefined : parseContinuation(list, query.continuation, isRunId);
    const before = [after, untilKey(query.until)].filter((key) => key !== undefined).sort()[0];
    const newest =
      query.chain === undefined
        ? this.#index.newest(before)
        : newestRunIds(this.#container, [checkChain(query.chain)], before);

    const ids: string[] = [];
    for await (const id of newest) {
      ids.push(id);
      if (ids.length > query.limit) break;
    }
    const page = ids.slice(0, query.limit);
    const read = await pMap(page, (id) => this.#readOrSkip(id), { concurrency: readsAtOnce });
    const items = read.filter((one): one is RunRecord => one !== undefined && 'chain' in one);
    const skipped = read.filter((one): one is SkippedRecord => one !== undefined && 'error' in one);
    const end = page.at(-1);
    const isMore = ids.length > page.length && end !== undefined;
    return {
      items,
      ...(skipped.length > 0 ? { skipped } : {}),
      ...(isMore ? { continuation: toContinuation(list, end) } : {}),
    };
  }

  async newestAfter(chain: string, head: string, now: Date): Promise<string | undefined> {
    return newestIdAfter(this.#container, checkChain(chain), head, now);
  }

  chains(): Promise<string[]> {
    return chainsOf(this.#container);
  }

  /** The ids of one chain, newest first, with the hash that each record had when it was written. */
  async *ids(chain: string): AsyncGenerator<{ readonly runId: string; readonly writtenHash?: string }> {
    yield* runIdsOf(this.#container, checkChain(chain));
  }

  async #readOrSkip(runId: string): Promise<RunRecord | SkippedRecord | undefined> {
    try {
      return await this.get(runId);
    } catch (error) {
      if (error instanceof InvalidDocumentError || error instanceof NewerVersionError) return { runId, error };
      throw error;
    }
  }
}

function checkChain(chain: string): string {
  if (isChainName(chain)) return chain;
  throw new RequestError(
    400,
    'invalid-query',
    `"${shorten(chain)}" cannot be a chain; accepted: a target's name, or pull`,
  );
}

/** Returns a key that sorts after all ids that started at `until` or earlier. Throws RequestError (400). */
function untilKey(until: string | undefined): string | undefined {
  if (until === undefined) return undefined;
  const time = new Date(until);
  if (!/^\d{4}-\d{2}-\d{2}/.test(until) || Number.isNaN(time.getTime())) {
    throw new RequestError(
      400,
      'invalid-query',
      `until: "${shorten(until)}" is not accepted; accepted: an ISO date or time such as 2026-11-23T06:00:00Z`,
    );
  }
  return `${time.toISOString().replaceAll(/[-:.]/g, '')}${last}`;
}
