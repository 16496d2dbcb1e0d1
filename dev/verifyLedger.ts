/**
 * `npm run verify-ledger`: checks every chain of the ledger in the storage that the environment's settings name.
 * Prints one line a chain and what is wrong with it below; ends with 1 where a chain is broken.
 */
import { fileURLToPath } from 'node:url';
import { inBatches } from '../src/adapters/blob/inBatches.ts';
import { BlobLedger } from '../src/adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../src/adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../src/adapters/blob/targetStates.ts';
import { createStorageClients, type StorageClients } from '../src/adapters/storageClients.ts';
import { readChoice, type Environment } from '../src/config/environment.ts';
import { readStorage } from '../src/config/storage.ts';
import { InvalidDocumentError, toErrorMessage } from '../src/core/errors.ts';
import { verifyChain, type ChainBreak } from '../src/core/ledgerChain.ts';
import { isPullOf } from '../src/core/pullRecord.ts';
import type { RunRecord } from '../src/core/runRecord.ts';
import { clouds, type Cloud } from '../src/core/serviceTags.ts';
import type { TargetState } from '../src/core/targetState.ts';

export interface ChainReport {
  readonly chain: string;
  readonly count: number;
  readonly breaks: readonly ChainBreak[];
}

/** Chains by name; one that only a state knows of is among them. */
export async function verifyLedger(clients: StorageClients, cloud: Cloud): Promise<ChainReport[]> {
  const ledger = new BlobLedger(clients.blobs);
  const states = new BlobTargetStateStore(clients.blobs);
  const targets = [...(await states.listSummaries()).keys()];
  const chains = [...new Set([...(await ledger.chains()), ...targets])].sort();
  const pulls = await new BlobSnapshotStore(clients.blobs).readPullStatus(cloud);
  if (pulls?.ledgerHead && !chains.includes('pull')) chains.push('pull');

  const reports: ChainReport[] = [];
  for (const chain of chains) {
    const isOurs = (record: RunRecord) => chain !== 'pull' || isPullOf(cloud, record);
    reports.push(await verifyOne(ledger, chain, chain === 'pull' ? pulls : await states.get(chain), isOurs));
  }
  return reports;
}

/** What the state of a target, or of the pulls, says about its chain. */
type Claims = Pick<TargetState, 'ledgerHead' | 'outbox'>;

async function verifyOne(
  ledger: BlobLedger,
  chain: string,
  claims: Claims | undefined,
  isOurs: (record: RunRecord) => boolean,
): Promise<ChainReport> {
  const listed = [];
  for await (const run of ledger.ids(chain)) listed.unshift(run);
  const read = await inBatches(listed, ({ runId }) => readRecord(ledger, runId));
  const records = read.filter((one): one is RunRecord => 'chain' in one && isOurs(one));
  const unreadable = read.filter((one): one is ChainBreak => 'kind' in one);
  const check = verifyChain(records, {
    writtenHashes: new Map(listed.flatMap(({ runId, writtenHash }) => (writtenHash ? [[runId, writtenHash]] : []))),
    ...(claims?.ledgerHead ? { head: claims.ledgerHead } : {}),
    ...(claims?.outbox ? { outboxRunId: claims.outbox.id } : {}),
  });
  return { chain, count: records.length + unreadable.length, breaks: [...unreadable, ...check.breaks] };
}

async function readRecord(ledger: BlobLedger, runId: string): Promise<RunRecord | ChainBreak> {
  try {
    return (await ledger.get(runId)) ?? { kind: 'missing', runId, message: 'it was listed and is not there' };
  } catch (error) {
    if (!(error instanceof InvalidDocumentError)) throw error;
    return { kind: 'altered', runId, message: error.message };
  }
}

/** Returns the exit code. */
export async function main(env: Environment, print: (line: string) => void): Promise<number> {
  const cloud = readChoice(env, 'AZURE_CLOUD', clouds) ?? 'Public';
  const reports = await verifyLedger(createStorageClients(readStorage(env, cloud)), cloud);
  if (reports.length === 0) print('the ledger is empty');
  for (const { chain, count, breaks } of reports) {
    print(`${chain}: ${count} records, ${breaks.length === 0 ? 'whole' : `${breaks.length} breaks`}`);
    for (const { kind, runId, message } of breaks) print(`  ${kind} at ${runId}: ${message}`);
  }
  return reports.some(({ breaks }) => breaks.length > 0) ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.env, (line) => console.log(line));
  } catch (error) {
    console.error(toErrorMessage(error));
    process.exitCode = 2;
  }
}
