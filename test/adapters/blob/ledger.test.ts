import { BlobServiceClient } from '@azure/storage-blob';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BlobLedger } from '../../../src/adapters/blob/ledger.ts';
import { createStorageClients } from '../../../src/adapters/storageClients.ts';
import { InvalidDocumentError, RequestError } from '../../../src/core/errors.ts';
import type { RunRecord } from '../../../src/core/ledger/runRecord.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import { storage01, uploadBlobs } from '../../support/storage01.ts';
import { toRunRecord } from '../../support/storageSamples.ts';

const accounts = useBlobs();

let connectionString: string;
let ledger: BlobLedger;

beforeEach(() => {
  connectionString = accounts.freshConnectionString();
  ledger = toLedger();
});

/** As another process has it. */
function toLedger(): BlobLedger {
  return new BlobLedger(createStorageClients({ kind: 'connectionString', connectionString }).blobs);
}

function rawContainer() {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient('ledger');
}

async function putChain(chain: string, ...times: readonly string[]): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const time of times) {
    const record = toRunRecord(chain, time, records.at(-1));
    records.push(record);
    await ledger.put(record);
  }
  return records;
}

const idsOf = (records: readonly RunRecord[]) => records.map(({ id }) => id);

/** All pages of a list, and how many they were. */
async function readPages(query: { readonly chain?: string; readonly until?: string }, limit: number) {
  const ids: string[] = [];
  let pages = 0;
  let continuation: string | undefined;
  do {
    const page = await toLedger().list({ ...query, limit, ...(continuation === undefined ? {} : { continuation }) });
    ids.push(...idsOf(page.items));
    pages += 1;
    continuation = page.continuation;
  } while (continuation !== undefined);
  return { ids, pages };
}

const record = toRunRecord('web', '2026-11-23T06:00:00.000Z');

describe('records', () => {
  test('come back as they were put, from the path of the contract', async () => {
    expect(await ledger.get(record.id)).toBeUndefined();

    expect(await ledger.put(record)).toBe('created');

    expect(await toLedger().get(record.id)).toEqual(record);
    expect(await rawContainer().getBlobClient(`web/2026/11/${record.id}.json`).exists()).toBe(true);
  });

  test('put again are there already', async () => {
    await ledger.put(record);

    expect(await toLedger().put({ ...record })).toBe('exists');
  });

  test('are never replaced by another under the same id', async () => {
    await ledger.put(record);

    await expect(ledger.put({ ...record, outcome: 'applied' })).rejects.toThrow(
      `the ledger has another record ${record.id}: it stays as it was written`,
    );

    expect(await ledger.get(record.id)).toEqual(record);
  });

  test('under a foreign id are none, and are not put', async () => {
    await ledger.put(record);

    for (const id of ['', '../web', `${record.id}/..`, `web/2026/11/${record.id}`, `${record.id}\n`]) {
      expect(await ledger.get(id)).toBeUndefined();
      await expect(ledger.put({ ...record, id })).rejects.toThrow(InvalidDocumentError);
    }
  });

  test('of another chain than their id says are not put', async () => {
    await expect(ledger.put({ ...record, chain: 'api' })).rejects.toThrow('chain is "api", expected "web"');
  });

  test('that are none are refused by name', async () => {
    await ledger.put(record);
    const blob = rawContainer().getBlockBlobClient(`web/2026/11/${record.id}.json`);
    const text = JSON.stringify({ ...record, outcome: 'fine' });
    await blob.upload(text, text.length);

    await expect(ledger.get(record.id)).rejects.toThrow(`ledger/web/2026/11/${record.id}.json: outcome is "fine"`);
    expect(await ledger.list({ chain: 'web', limit: 5 })).toEqual({
      items: [],
      skipped: [{ runId: record.id, error: expect.any(InvalidDocumentError) }],
    });
  });
});

describe('lists', () => {
  const web = [
    '2024-12-31T23:59:59.999Z',
    '2025-01-01T00:00:00.000Z',
    '2025-03-01T00:00:00.000Z',
    '2026-11-23T06:00:00.000Z',
  ];
  const pull = ['2025-01-15T00:00:00.000Z', '2026-11-23T05:00:00.000Z', '2026-11-23T06:30:00.000Z'];

  test('are empty before the first record', async () => {
    expect(await ledger.list({ limit: 5 })).toEqual({ items: [] });
    expect(await ledger.list({ limit: 5, chain: 'web' })).toEqual({ items: [] });
    expect(await ledger.chains()).toEqual([]);
  });

  test('come newest first over months and years, of one chain', async () => {
    const records = await putChain('web', ...web);
    await putChain('pull', ...pull);

    const page = await ledger.list({ chain: 'web', limit: 5 });

    expect(page).toEqual({ items: records.reverse() });
  });

  test.each([1, 2, 3, 7, 100])('of all chains are merged by time, in pages of %d', async (limit) => {
    const records = [...(await putChain('web', ...web)), ...(await putChain('pull', ...pull))];
    const newestFirst = idsOf(records).sort().reverse();

    const { ids, pages } = await readPages({}, limit);

    expect(ids).toEqual(newestFirst);
    expect(pages).toBe(Math.ceil(records.length / limit));
  });

  test('know chains whose names begin alike apart', async () => {
    const [only] = await putChain('web', web[0]!);
    await putChain('web-2', web[1]!);

    expect((await ledger.list({ chain: 'web', limit: 5 })).items).toEqual([only]);
    expect(await ledger.chains()).toEqual(['web', 'web-2']);
  });

  test.each([
    ['2026-11-23T06:00:00.000Z', 4],
    ['2026-11-23T05:59:59.999Z', 3],
    ['2026-11-23', 3],
    ['2025-01-01T01:00:00+01:00', 2],
    ['2024-01-01T00:00:00Z', 0],
  ])('until %s have %d records', async (until, count) => {
    const records = await putChain('web', ...web);

    const { ids } = await readPages({ chain: 'web', until }, 2);

    expect(ids).toEqual(idsOf(records.slice(0, count)).reverse());
  });

  test('of many records in one second lose and repeat none', async () => {
    const times = Array.from({ length: 25 }, (_, index) => `2026-11-23T06:00:00.${String(index).padStart(3, '0')}Z`);
    const records = [...(await putChain('web', ...times)), ...(await putChain('api', ...times))];

    const { ids } = await readPages({}, 7);

    expect(ids).toEqual(idsOf(records).sort().reverse());
  });

  test('do not list months that are not asked for', async () => {
    await putChain('web', ...web);
    const listed: string[] = [];
    const clients = createStorageClients({ kind: 'connectionString', connectionString });
    const blobs = await clients.blobs();
    const original = blobs.getContainerClient.bind(blobs);
    blobs.getContainerClient = (name) => {
      const client = original(name);
      const list = client.listBlobsFlat.bind(client);
      client.listBlobsFlat = (options) => {
        listed.push(options?.prefix ?? '');
        return list(options);
      };
      return client;
    };

    await new BlobLedger(() => Promise.resolve(blobs)).list({ chain: 'web', limit: 1, until: '2025-03-31' });

    expect(listed).toEqual(['web/2025/03/', 'web/2025/01/']);
  });

  test.each<[string, Parameters<BlobLedger['list']>[0]]>([
    ['a garbled continuation', { limit: 1, continuation: 'x' }],
    [
      'a continuation that names a path',
      { limit: 1, continuation: Buffer.from('["runs/","../x"]').toString('base64url') },
    ],
    ['a bad chain', { limit: 1, chain: '../web' }],
    ['a bad time', { limit: 1, until: 'yesterday' }],
    ['a time that is only a number', { limit: 1, until: '7' }],
  ])('refuse %s', async (_, query) => {
    await expect(ledger.list(query)).rejects.toThrow(RequestError);
    await expect(ledger.list(query)).rejects.toMatchObject({ status: 400, problem: 'invalid-query' });
  });

  test('refuse the continuation of another chain', async () => {
    await putChain('web', ...web);
    const { continuation } = await ledger.list({ chain: 'web', limit: 1 });

    await expect(ledger.list({ limit: 1, continuation: continuation! })).rejects.toThrow(RequestError);
  });
});

describe('a ledger that version 0.1 began, which has no index of its runs', () => {
  const inLedger = storage01.filter(({ container }) => container === 'ledger');
  const oldIds = inLedger
    .map(({ name }) => name.replace(/^.*\/|\.json$/g, ''))
    .sort()
    .reverse();

  beforeEach(async () => {
    await uploadBlobs(BlobServiceClient.fromConnectionString(connectionString), inLedger);
  });

  test('is listed from its chains', async () => {
    expect(oldIds.length).toBeGreaterThan(10);
    expect((await readPages({}, 4)).ids).toEqual(oldIds);
  });

  test('is listed whole once new records have an index', async () => {
    const added = await putChain('web', '2027-01-04T06:00:00.000Z', '2027-01-05T06:00:00.000Z');
    const all = [...idsOf(added).reverse(), ...oldIds];

    expect((await readPages({}, 3)).ids).toEqual(all);
    expect((await toLedger().list({ limit: 100, until: '2027-01-04' })).items.map(({ id }) => id)).toEqual(oldIds);
    expect(await namesIn('targets')).toEqual(['runs/20270104.txt', 'runs/20270105.txt']);
  });
});

async function namesIn(container: string): Promise<string[]> {
  const names: string[] = [];
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  for await (const { name } of client.listBlobsFlat()) names.push(name);
  return names;
}
