/**
 * Container `targets`, `runs/<yyyymmdd>.txt`: the ids of all records of a day, of all chains, one per line. `GET runs`
 * reads the newest of these files instead of listing every chain of the ledger. Losing them does no harm: the ledger
 * contains the same ids.
 */
import { isRunId } from '../../core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../core/ledger/runRecord.ts';
import { BlobContainer, type BlobServices } from './container.ts';
import { chainsOf, newestRunIds } from './ledgerIds.ts';
import { isMissing, isThereAlready } from './storageError.ts';

const folder = 'runs/';

export class RunIndex {
  readonly #container: BlobContainer;
  readonly #ledger: BlobContainer;

  constructor(services: BlobServices, ledger: BlobContainer) {
    this.#container = new BlobContainer(services, 'targets');
    this.#ledger = ledger;
  }

  /** Adding an id twice does no harm. It happens if a record is written again after a crash. */
  async add(record: Pick<RunRecord, 'id' | 'previousHash'>): Promise<void> {
    const day = await this.#container.appendBlob(`${folder}${record.id.slice(0, 8)}.txt`);
    const line = `${record.id}\n`;
    try {
      await day.appendBlock(line, line.length);
    } catch (error) {
      if (!isMissing(error)) throw error;
      const metadata = (await this.#isWhole(record)) ? { whole: 'true' } : {};
      const create = () => day.create({ conditions: { ifNoneMatch: '*' }, metadata });
      await this.#container.withContainer(create).catch((fault: unknown) => {
        if (!isThereAlready(fault)) throw fault;
      });
      await day.appendBlock(line, line.length);
    }
  }

  /** Ids of all chains, newest first. `before`: only ids that sort before it. */
  async *newest(before: string | undefined): AsyncGenerator<string> {
    const days: { readonly name: string; readonly isWhole: boolean }[] = [];
    for await (const { name, metadata } of this.#container.list(folder)) {
      days.push({ name, isWhole: metadata.whole === 'true' });
    }
    for (const { name } of [...days].reverse()) {
      const day = name.slice(folder.length, folder.length + 8);
      if (before === undefined || day <= before.slice(0, 8)) yield* await this.#idsOf(name, before);
    }
    // The index does not contain the oldest records, which version 0.1 wrote. List those from the ledger.
    if (days[0]?.isWhole) return;
    const first = days[0]?.name.slice(folder.length, folder.length + 8);
    const older = [first, before].filter((key) => key !== undefined).sort()[0];
    yield* newestRunIds(this.#ledger, await chainsOf(this.#ledger), older);
  }

  async #idsOf(name: string, before: string | undefined): Promise<string[]> {
    const stored = await this.#container.read(name);
    const ids = new Set((stored?.bytes.toString() ?? '').split('\n').filter(isRunId));
    return [...ids]
      .filter((id) => before === undefined || id < before)
      .sort()
      .reverse();
  }

  /** True if there is no index yet and the ledger has no other record, so that the index will be complete. */
  async #isWhole({ id: runId, previousHash }: Pick<RunRecord, 'id' | 'previousHash'>): Promise<boolean> {
    if (previousHash !== undefined) return false;
    for await (const _ of this.#container.list(folder)) return false;
    const ids = newestRunIds(this.#ledger, await chainsOf(this.#ledger));
    for await (const id of ids) if (id !== runId) return false;
    return true;
  }
}
