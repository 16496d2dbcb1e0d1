/** `npm run verify-ledger`: checks every chain of the ledger. Prints one line per chain, followed by its breaks. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cloudSettings } from '../src/adapters/arm/cloudSettings.ts';
import pMap from 'p-map';
import { BlobLedger } from '../src/adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../src/adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../src/adapters/blob/targetStates.ts';
import { createStorageClients, type StorageClients } from '../src/adapters/storageClients.ts';
import { readChoice, type Environment } from '../src/config/environment.ts';
import { readStorage, toBlobServiceUrl } from '../src/config/storage.ts';
import { InvalidDocumentError, NewerVersionError, quoteValue, toErrorMessage } from '../src/core/errors.ts';
import type { Chain } from '../src/core/ledger/outbox.ts';
import { isPullOf } from '../src/core/ledger/pullStatus.ts';
import type { LedgerHead, RunRecord } from '../src/core/ledger/runRecord.ts';
import { clouds, type Cloud } from '../src/core/serviceTags/serviceTags.ts';
import { readLocalSettings } from './host/settings.ts';
import { verifyChain, type ChainBreak } from './verifyChain.ts';

export interface ChainReport {
  readonly chain: string;
  readonly count: number;
  readonly breaks: readonly ChainBreak[];
}

/** Returns one report per chain, sorted by name, also for chains that only a target's state or a logged head names. */
export async function verifyLedger(
  clients: StorageClients,
  cloud: Cloud,
  heads: readonly LoggedHead[] = [],
): Promise<ChainReport[]> {
  const ledger = new BlobLedger(clients.blobs);
  const states = new BlobTargetStateStore(clients.blobs);
  const targets = [...(await states.listSummaries()).keys()];
  const logged = heads.map(({ chain }) => chain);
  const chains = [...new Set([...(await ledger.chains()), ...targets, ...logged])].sort();
  const pulls = await new BlobSnapshotStore(clients.blobs).readPullStatus(cloud);
  if (pulls?.ledgerHead && !chains.includes('pull')) chains.push('pull');

  const reports: ChainReport[] = [];
  for (const chain of chains) {
    const isOurs = (record: RunRecord) => chain !== 'pull' || isPullOf(cloud, record);
    reports.push(
      await verifyOne(ledger, chain, chain === 'pull' ? pulls : await readClaims(states, chain), isOurs, heads),
    );
  }
  return reports;
}

/** What the state of a target, or of the pulls, says about its chain. */
type Claims = Partial<Chain>;

async function verifyOne(
  ledger: BlobLedger,
  chain: string,
  claims: Claims | undefined,
  isOurs: (record: RunRecord) => boolean,
  heads: readonly LoggedHead[],
): Promise<ChainReport> {
  const listed = [];
  for await (const run of ledger.ids(chain)) listed.unshift(run);
  const read = await pMap(listed, ({ runId }) => readRecord(ledger, runId), { concurrency: 16 });
  const records = read.filter((one): one is RunRecord => 'chain' in one && isOurs(one));
  const unreadable = read.filter((one): one is ChainBreak => 'kind' in one);
  const check = verifyChain(records, {
    writtenHashes: new Map(listed.flatMap(({ runId, writtenHash }) => (writtenHash ? [[runId, writtenHash]] : []))),
    ...(claims?.ledgerHead ? { head: claims.ledgerHead } : {}),
    earlierHeads: heads.filter((head) => head.chain === chain),
    owed: (claims?.outbox ?? []).map(({ id }) => id),
  });
  return { chain, count: records.length + unreadable.length, breaks: [...unreadable, ...check.breaks] };
}

/** Returns undefined if the state is damaged or of a newer version. The chain's records are checked anyway. */
async function readClaims(states: BlobTargetStateStore, target: string): Promise<Claims | undefined> {
  try {
    return (await states.get(target))?.run;
  } catch (error) {
    if (error instanceof InvalidDocumentError || error instanceof NewerVersionError) return undefined;
    throw error;
  }
}

/** A line `ledger head` of the app's log. */
interface LoggedHead extends LedgerHead {
  readonly chain: string;
}

/** The file has one JSON object per line, or one array of them, with chain, runId, hash and optionally count. */
function readHeads(file: string): LoggedHead[] {
  const text = readFileSync(file, 'utf8').trim();
  const values: unknown[] = text.startsWith('[')
    ? (JSON.parse(text) as unknown[])
    : text.split('\n').map((line) => JSON.parse(line) as unknown);
  return values.map((value, index) => {
    const { chain, runId, hash, count } = value as Readonly<Record<string, unknown>>;
    if (typeof chain === 'string' && typeof runId === 'string' && typeof hash === 'string') {
      return { chain, runId, hash, ...(typeof count === 'number' ? { count } : {}) };
    }
    throw new Error(`${file}: entry ${index + 1} is ${quoteValue(value)}, expected chain, runId and hash as texts`);
  });
}

async function readRecord(ledger: BlobLedger, runId: string): Promise<RunRecord | ChainBreak> {
  try {
    return (await ledger.get(runId)) ?? { kind: 'missing', runId, message: 'it was listed and is not there' };
  } catch (error) {
    if (error instanceof NewerVersionError) return { kind: 'unreadable', runId, message: error.message };
    if (!(error instanceof InvalidDocumentError)) throw error;
    return { kind: 'altered', runId, message: error.message };
  }
}

const usage = `npm run verify-ledger

Checks every chain of the ledger. With --heads FILE also against the heads that the app logged ("ledger head"): one JSON
object per line with chain, runId, hash and count. Exit code 0: every chain is
complete; 1: one is broken; 2: the ledger cannot be read.

Settings, from the environment, or from local.settings.json if the environment names no storage:
  AzureWebJobsStorage               a connection string, or UseDevelopmentStorage=true
  AzureWebJobsStorage__accountName  or instead the name of the account. The identity of "az login" then needs the
                                    role Storage Blob Data Reader on it
  AZURE_CLOUD                       Public (the default), AzureGovernment or China`;

export interface Command {
  readonly args: readonly string[];
  readonly env: Environment;
  /** Folder of local.settings.json. */
  readonly folder: string;
}

/** Returns the exit code, 0 or 1. Throws if the ledger cannot be read. */
export async function main({ args, env, folder }: Command, print: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h' }, heads: { type: 'string' } },
  });
  const heads = values.heads === undefined ? [] : readHeads(values.heads);
  if (values.help) {
    print(usage);
    return 0;
  }
  // If the environment names a storage account, ignore the file: its AzureWebJobsStorage would take precedence.
  const isNamed = Object.keys(env).some((name) => name.startsWith('AzureWebJobsStorage'));
  const { url, reports } = await readReports(isNamed ? env : { ...readLocalSettings(folder), ...env }, heads);
  if (reports.length === 0) print(`the ledger at ${url} is empty`);
  for (const { chain, count, breaks } of reports) {
    print(`${chain}: ${count} records, ${breaks.length === 0 ? 'whole' : `${breaks.length} breaks`}`);
    for (const { kind, runId, message } of breaks) print(`  ${kind} at ${runId}: ${message}`);
  }
  return reports.some(({ breaks }) => breaks.length > 0) ? 1 : 0;
}

async function readReports(
  env: Environment,
  heads: readonly LoggedHead[],
): Promise<{ readonly url: string; readonly reports: ChainReport[] }> {
  const cloud = readChoice(env, 'AZURE_CLOUD', clouds) ?? 'Public';
  const storage = readStorage(env, cloud);
  const url = toBlobServiceUrl(storage);
  const { authorityHost } = cloudSettings[cloud];
  try {
    return { url, reports: await verifyLedger(createStorageClients(storage, { authorityHost }), cloud, heads) };
  } catch (error) {
    throw new Error(`the ledger at ${url} cannot be read: ${toErrorMessage(error)}`, { cause: error });
  }
}

if (import.meta.main) {
  const command = { args: process.argv.slice(2), env: process.env, folder: path.dirname(import.meta.dirname) };
  try {
    process.exitCode = await main(command, (line) => console.log(line));
  } catch (error) {
    console.error(`${toErrorMessage(error)}\nnpm run verify-ledger -- --help says which settings it needs.`);
    process.exitCode = 2;
  }
}
