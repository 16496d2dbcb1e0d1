import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { main, type Command } from '../../dev/verifyLedger.ts';
import { BlobLedger } from '../../src/adapters/blob/ledger.ts';
import { BlobTargetStateStore } from '../../src/adapters/blob/targetStates.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { recordHash } from '../../src/core/ledger/ledgerChain.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { useBlobs } from '../support/blobsInThread.ts';
import { toRunRecord, toState } from '../support/storageSamples.ts';

const accounts = useBlobs();

let connectionString: string;
let records: RunRecord[];

/** A chain over two months whose target knows its head, and one of pulls. */
beforeEach(async () => {
  connectionString = accounts.freshConnectionString();
  const { blobs } = createStorageClients({ kind: 'connectionString', connectionString });
  const ledger = new BlobLedger(blobs);
  records = [];
  for (const day of ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02']) {
    records.push(toRunRecord('web', `${day}T06:00:00.000Z`, records.at(-1)));
    await ledger.put(records.at(-1)!);
  }
  await ledger.put(toRunRecord('pull', '2026-11-01T05:00:00.000Z'));
  const head = records.at(-1)!;
  await new BlobTargetStateStore(blobs).withLease('web', (session) =>
    session.put(
      toState('web', {
        run: {
          lastResult: {
            runId: head.id,
            at: head.finishedAt,
            outcome: 'unchanged',
            status: 'inSync',
            since: head.finishedAt,
            reasons: [],
            snapshot: '',
            counts: { add: 0, remove: 0, retain: 0, held: 0 },
          },
          outbox: [],
          ledgerHead: { runId: head.id, hash: recordHash(head) },
        },
      }),
    ),
  );
});

const folder = mkdtempSync(path.join(tmpdir(), 'verify-ledger-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function verify(command: Partial<Command> = {}) {
  const lines: string[] = [];
  const env = { AzureWebJobsStorage: connectionString };
  const code = await main({ args: [], env, folder, ...command }, (line) => lines.push(line));
  return { code, lines };
}

function blobOf({ id, chain }: RunRecord) {
  const service = BlobServiceClient.fromConnectionString(connectionString);
  return service
    .getContainerClient('ledger')
    .getBlockBlobClient(`${chain}/${id.slice(0, 4)}/${id.slice(4, 6)}/${id}.json`);
}

/** As somebody with a key to the storage would; the noted hash stays. */
async function overwrite(record: RunRecord, text: string, metadata?: Record<string, string>) {
  const blob = blobOf(record);
  const kept = metadata ?? (await blob.getProperties()).metadata ?? {};
  await blob.upload(text, text.length, { metadata: kept });
}

/** As the app logs the newest record of a chain. */
function toHead(index: number) {
  const record = records[index]!;
  return { chain: 'web', runId: record.id, hash: recordHash(record), count: index + 1 };
}

function writeHeads(...lines: readonly unknown[]): string {
  const file = path.join(folder, 'heads.jsonl');
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

describe('npm run verify-ledger -- --heads FILE', () => {
  test('finds the chain whole if every head that was logged is there', async () => {
    const file = writeHeads(toHead(0), toHead(2), toHead(3));

    expect((await verify({ args: ['--heads', file] })).code).toBe(0);
  });

  test('takes one list of heads as well', async () => {
    const file = path.join(folder, 'heads.json');
    writeFileSync(file, JSON.stringify([toHead(1), { ...toHead(3), count: undefined }]));

    expect((await verify({ args: ['--heads', file] })).code).toBe(0);
  });

  test('notices that the end of a chain was taken away together with the state', async () => {
    const file = writeHeads(toHead(3));
    const service = BlobServiceClient.fromConnectionString(connectionString);
    await service.getContainerClient('targets').getBlobClient('state/web.json').delete();
    await blobOf(records[3]!).delete();

    expect((await verify()).code).toBe(0);
    const { code, lines } = await verify({ args: ['--heads', file] });

    expect(code).toBe(1);
    expect(lines.at(-1)).toBe(`  missing at ${records[3]!.id}: it was logged as the newest record, and is not there`);
  });

  test('notices that a record was written anew with all that follows', async () => {
    const file = writeHeads({ ...toHead(1), hash: 'f'.repeat(64) });

    const { code, lines } = await verify({ args: ['--heads', file] });

    expect(code).toBe(1);
    expect(lines.at(-1)).toContain(
      `altered at ${records[1]!.id}: its hash is ${recordHash(records[1]!)}, the log has f`,
    );
  });

  test('refuses an entry that is none, by its number', async () => {
    const file = writeHeads(toHead(0), { chain: 'web' });

    await expect(verify({ args: ['--heads', file] })).rejects.toThrow(
      `${file}: entry 2 is {"chain":"web"}, expected chain, runId and hash as texts`,
    );
  });
});

describe('npm run verify-ledger', () => {
  test('finds whole chains whole', async () => {
    expect(await verify()).toEqual({ code: 0, lines: ['pull: 1 records, whole', 'web: 4 records, whole'] });
  });

  test('finds nothing in an empty storage', async () => {
    connectionString = accounts.freshConnectionString();

    const { code, lines } = await verify();

    expect(code).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^the ledger at http:\/\/127\.0\.0\.1:\d+\/\w+ is empty$/)]);
  });

  test.each([
    [0, 'missing', 1],
    [1, 'missing', 2],
    [3, 'missing', 3],
  ])('notices that record %d was taken away', async (index, kind, at) => {
    await blobOf(records[index]!).delete();

    const { code, lines } = await verify();

    expect(code).toBe(1);
    expect(lines).toContain('web: 3 records, 1 breaks');
    expect(lines.at(-1)).toMatch(`  ${kind} at ${records[at]!.id}: `);
  });

  test('notices that a whole chain was taken away', async () => {
    for (const record of records) await blobOf(record).delete();

    const { code, lines } = await verify();

    expect(code).toBe(1);
    expect(lines).toContain('web: 0 records, 1 breaks');
  });

  test.each([0, 2, 3])('notices that record %d was edited', async (index) => {
    const record = records[index]!;
    await overwrite(record, JSON.stringify({ ...record, outcome: 'applied' }));

    const { code, lines } = await verify();

    expect(code).toBe(1);
    expect(lines.slice(1)).toEqual([
      'web: 4 records, 1 breaks',
      expect.stringContaining(`  altered at ${record.id}: `),
    ]);
  });

  test.each([0, 2, 3])('notices that record %d was edited with its noted hash', async (index) => {
    const forged: RunRecord = { ...records[index]!, outcome: 'applied' };
    await overwrite(forged, JSON.stringify(forged), { sha256: recordHash(forged) });

    expect((await verify()).code).toBe(1);
  });

  test('notices that a record cannot be read', async () => {
    await overwrite(records[1]!, '{"id":');

    const { code, lines } = await verify();

    expect(code).toBe(1);
    expect(lines.join('\n')).toContain(`altered at ${records[1]!.id}: ledger/web/2026/10/`);
  });

  test.each([
    ['in between', '2026-10-31T12:00:00.000Z', 1, 'forked'],
    ['at the end', '2026-11-03T06:00:00.000Z', 3, 'unclaimed'],
    ['before the first', '2026-10-01T06:00:00.000Z', undefined, 'forked'],
  ])('notices a record that was slipped in %s', async (_, time, after, kind) => {
    const forged = toRunRecord('web', time, after === undefined ? undefined : records[after]);
    await overwrite(forged, JSON.stringify(forged), { sha256: recordHash(forged) });

    const { code, lines } = await verify();

    expect(code).toBe(1);
    expect(lines).toContain('web: 5 records, 1 breaks');
    expect(lines.at(-1)).toContain(`  ${kind} at `);
  });
});

describe('what it looks at', () => {
  const settingsFile = path.join(folder, 'local.settings.json');

  test('is named by local.settings.json where the environment names nothing', async () => {
    writeFileSync(settingsFile, JSON.stringify({ Values: { AzureWebJobsStorage: connectionString } }));

    const { lines } = await verify({ env: {} });
    rmSync(settingsFile);

    expect(lines).toEqual(['pull: 1 records, whole', 'web: 4 records, whole']);
  });

  test.each([
    ['a connection string', () => ({ AzureWebJobsStorage: connectionString }), /web: 4 records, whole/],
    ['an account', () => ({ AzureWebJobsStorage__blobServiceUri: 'http://127.0.0.1:1/other' }), /queueServiceUri/],
  ])('is named by the environment alone where it has %s', async (_, env, said) => {
    writeFileSync(settingsFile, JSON.stringify({ Values: { AzureWebJobsStorage: accounts.freshConnectionString() } }));

    const { lines } = await verify({ env: env() }).catch((error: unknown) => ({ lines: [String(error)] }));
    rmSync(settingsFile);

    expect(lines.join('\n')).toMatch(said);
  });

  test('is told with --help, and no storage is asked for', async () => {
    const { code, lines } = await verify({ args: ['--help'], env: {} });

    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/AzureWebJobsStorage__accountName .*az login.*Storage Blob Data Reader/s);
  });

  test('is named where it does not answer, without its key', async () => {
    const env = { AzureWebJobsStorage: connectionString.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:1') };

    const failure = verify({ env });

    await expect(failure).rejects.toThrow(
      /^the ledger at http:\/\/127\.0\.0\.1:1\/\w+ cannot be read: connect ECONNREFUSED/,
    );
    await expect(failure).rejects.not.toThrow(/AccountKey/);
  });

  test.each([['--all'], ['targets']])('is not chosen by %s', async (argument) => {
    await expect(verify({ args: [argument] })).rejects.toThrow(argument);
  });
});
