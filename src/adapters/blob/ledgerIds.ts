/** Lists run ids of the ledger, newest first, month by month, so that it lists no more months than the caller needs. */
import pMap from 'p-map';
import { isChainName, isRunId } from '../../core/ledger/ledgerChain.ts';
import type { BlobContainer } from './container.ts';
import { runBlobName } from './ledgerRecord.ts';

/** Limit for parallel reads. */
export const readsAtOnce = 16;

export interface ListedRun {
  readonly runId: string;
  /** sha256 that the record had when it was written. */
  readonly writtenHash?: string;
}

/** Names of all chains, ascending. */
export async function chainsOf(container: BlobContainer): Promise<string[]> {
  return (await container.listFolders('')).filter(isChainName).sort();
}

/** Ids of one chain, newest first. `before`: only ids that sort before it. */
export async function* runIdsOf(container: BlobContainer, chain: string, before?: string): AsyncGenerator<ListedRun> {
  for await (const folder of monthsOf(container, chain, before)) {
    const runs: ListedRun[] = [];
    for await (const { name, metadata } of container.list(folder)) {
      const runId = name.slice(folder.length).replace(/\.json$/, '');
      if (!isRunId(runId) || runBlobName(runId) !== name || !isBefore(runId, before)) continue;
      runs.push(metadata.sha256 === undefined ? { runId } : { runId, writtenHash: metadata.sha256 });
    }
    yield* runs.reverse();
  }
}

/** Ids of several chains, merged, newest first. `before`: only ids that sort before it. */
export async function* newestRunIds(
  container: BlobContainer,
  chains: readonly string[],
  before?: string,
): AsyncGenerator<string> {
  const sources = chains.map((chain) => runIdsOf(container, chain, before));
  const heads = await pMap(sources, nextRunId, { concurrency: readsAtOnce });
  for (;;) {
    const newest = heads.reduce((best, id, index) => (isBefore(heads[best] ?? '', id ?? '') ? index : best), 0);
    const id = heads[newest];
    const source = sources[newest];
    if (id === undefined || source === undefined) return;
    yield id;
    heads[newest] = await nextRunId(source);
  }
}

/** Returns the newest id of a chain after `head`. Lists only the months since `head`. */
export async function newestIdAfter(
  container: BlobContainer,
  chain: string,
  head: string,
  now: Date,
): Promise<string | undefined> {
  let newest: string | undefined;
  const [year, month] = [Number(head.slice(0, 4)), Number(head.slice(4, 6))];
  for (let next = new Date(Date.UTC(year, month - 1)); next <= now; next.setUTCMonth(next.getUTCMonth() + 1)) {
    const folder = `${chain}/${next.toISOString().slice(0, 7).replace('-', '/')}/`;
    for await (const { name } of container.list(folder)) {
      const id = name.slice(folder.length).replace(/\.json$/, '');
      if (isRunId(id) && id > (newest ?? head)) newest = id;
    }
  }
  return newest;
}

async function* monthsOf(container: BlobContainer, chain: string, before?: string): AsyncGenerator<string> {
  const newestYear = before?.slice(0, 4) ?? '9999';
  const newestMonth = before?.slice(0, 6) ?? '999912';
  for (const year of (await container.listFolders(`${chain}/`)).reverse()) {
    if (!/^\d{4}$/.test(year) || year > newestYear) continue;
    for (const month of (await container.listFolders(`${chain}/${year}/`)).reverse()) {
      if (/^\d{2}$/.test(month) && `${year}${month}` <= newestMonth) yield `${chain}/${year}/${month}/`;
    }
  }
}

async function nextRunId(source: AsyncGenerator<ListedRun>): Promise<string | undefined> {
  const next = await source.next();
  return next.done ? undefined : next.value.runId;
}

function isBefore(id: string, before: string | undefined): boolean {
  return before === undefined || id < before;
}
