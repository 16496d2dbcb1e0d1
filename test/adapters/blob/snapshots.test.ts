import { gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createStorageClients } from '../../../src/adapters/storageClients.ts';
import { BlobSnapshotStore } from '../../../src/adapters/blob/snapshots.ts';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import type { Snapshot, SnapshotSummary } from '../../../src/core/serviceTags/snapshot.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import { contentHash, toSnapshotId } from '../../../src/core/serviceTags/contentHash.ts';
import { toPointer, toPullStatus, toSnapshot } from '../../support/storageSamples.ts';

const accounts = useBlobs();

let connectionString: string;
let store: BlobSnapshotStore;

beforeEach(() => {
  connectionString = accounts.freshConnectionString();
  store = toStore();
});

/** As another process has it. */
function toStore(): BlobSnapshotStore {
  return new BlobSnapshotStore(createStorageClients({ kind: 'connectionString', connectionString }).blobs);
}

function rawContainer() {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
}

function toSummary({ sources: _s, disagreements: _d, warnings: _w, document: _doc, ...summary }: Snapshot) {
  return summary satisfies SnapshotSummary;
}

const first = toSnapshot('2026-11-02');
const second = toSnapshot('2026-11-09', { previous: first.id });
const third = toSnapshot('2026-11-16', { previous: second.id });

describe('snapshots', () => {
  test('come back as they were put, from a container made on demand', async () => {
    expect(await store.get('Public', first.id)).toBeUndefined();

    expect(await store.put(first)).toBe('created');

    expect(await toStore().get('Public', first.id)).toEqual(first);
  });

  test('are written once: another one under the id changes nothing', async () => {
    await store.put(first);

    expect(await toStore().put({ ...first, pulledAt: '2027-01-01T00:00:00.000Z' })).toBe('exists');

    expect(await store.get('Public', first.id)).toEqual(first);
  });

  test('are created by one of many that put at once', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => toStore().put(first)));

    expect(results.filter((result) => result === 'created')).toHaveLength(1);
  });

  test('lie at the path of the contract, packed', async () => {
    await store.put(first);

    const blob = rawContainer().getBlobClient(`snapshots/Public/${first.id}.json.gz`);
    const bytes = await blob.downloadToBuffer();
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  test('of a real size go there and back', async () => {
    const tag = first.document.values[0]!;
    const values = Array.from({ length: 3000 }, (_, index) => ({
      ...tag,
      name: `Tag${String(index).padStart(4, '0')}`,
      addressPrefixes: Array.from({ length: 30 }, (_, host) => `10.${index % 256}.${host}.0/24`),
    }));
    const document = { ...first.document, values };
    const hash = contentHash(document);
    const id = toSnapshotId('Public', first.date, first.changeNumber, hash);
    const large = { ...first, id, contentHash: hash, document };

    await store.put(large);

    expect(await store.get('Public', id)).toEqual(large);
  });

  test.each([
    '../../targets/state/web',
    `${first.id}/../${first.id}`,
    `${first.id}.json.gz`,
    first.id.toLowerCase(),
    first.id.replace('Public', 'China'),
    '',
    '%2e%2e',
    `${first.id}\u0000`,
  ])('under a foreign id %j are none', async (id) => {
    await store.put(first);

    expect(await store.get('Public', id)).toBeUndefined();
  });

  test('under a foreign id are not written', async () => {
    await expect(store.put({ ...first, id: '../escape' })).rejects.toThrow(InvalidDocumentError);
  });

  test.each<[string, Buffer, RegExp]>([
    ['no gzip', Buffer.from('{}'), /service-tags\/snapshots\/Public\/Public-.*cannot be unpacked/],
    ['half a gzip', gzipSync(JSON.stringify(first)).subarray(0, 100), /cannot be unpacked/],
    ['no JSON', gzipSync('{"id":'), /service-tags\/snapshots\/Public\/Public-.* is not JSON/],
    ['no object', gzipSync('[]'), /the document is \[\], expected an object/],
    ['another id', gzipSync(JSON.stringify(second)), /id is "Public-20261109/],
    [
      'a wrong field',
      gzipSync(JSON.stringify({ ...first, document: { ...first.document, values: {} } })),
      /document\.values is {}, expected a list/,
    ],
    [
      'a prefix that is no text',
      gzipSync(JSON.stringify(first).replace(/"addressPrefixes":\["[^"]*"/, '"addressPrefixes":[7')),
      /document\.values\[\d+\]\.addressPrefixes\[0\] is 7, expected a text/,
    ],
    [
      'other prefixes than those that were stored',
      gzipSync(JSON.stringify({ ...first, document: second.document })),
      new RegExp(`the content has the hash ${second.contentHash}, not the one that it was stored with`),
    ],
    [
      'other prefixes with their own hash',
      gzipSync(JSON.stringify({ ...first, document: second.document, contentHash: second.contentHash })),
      new RegExp(`the content has the hash ${second.contentHash}, not the one that it was stored with`),
    ],
    ['an unpacked size without end', gzipSync(Buffer.alloc(300 * 1024 * 1024)), /cannot be unpacked/],
  ])('that hold %s are refused by name', async (_, bytes, message) => {
    await store.put(second);
    await rawContainer().getBlockBlobClient(`snapshots/Public/${first.id}.json.gz`).upload(bytes, bytes.length);

    const read = store.get('Public', first.id);

    await expect(read).rejects.toThrow(InvalidDocumentError);
    await expect(read).rejects.toThrow(message);
  });
});

describe('lists of snapshots', () => {
  test('are empty before the first', async () => {
    expect(await store.list('Public')).toEqual([]);
  });

  test('come newest first, of one cloud', async () => {
    for (const snapshot of [second, third, first, toSnapshot('2026-11-20', {}, 'China')]) await store.put(snapshot);

    expect(await store.list('Public')).toEqual([toSummary(third), toSummary(second), toSummary(first)]);
  });

  test('go by the time of the pull, not by date or number', async () => {
    const dated = toSnapshot('2026-10-01', { pulledAt: '2026-11-30T00:00:00.000Z' });
    for (const snapshot of [dated, third]) await store.put(snapshot);

    expect((await store.list('Public'))[0]?.id).toBe(dated.id);
  });

  test('tell a quarantine that is too long for metadata, and one in other scripts', async () => {
    const quarantine = Array.from({ length: 200 }, (_, index) => ({
      tag: `AzureContainerRegistry.Region${index}`,
      kind: 'missing' as const,
      reason: 'Der Tag fehlt – 標籤消失了',
      baseline: first.id,
      since: '2026-01-05',
      confirmations: 0,
    }));
    const long = { ...second, quarantine };
    const short = { ...first, quarantine: quarantine.slice(0, 1) };
    await store.put(long);
    await store.put(short);

    expect(await store.list('Public')).toEqual([toSummary(long), toSummary(short)]);
  });

  test('read the blob where its metadata is gone or garbled, and pass over other blobs', async () => {
    await store.put(first);
    await store.put(second);
    await rawContainer().getBlobClient(`snapshots/Public/${first.id}.json.gz`).setMetadata({});
    await rawContainer().getBlobClient(`snapshots/Public/${second.id}.json.gz`).setMetadata({ summary: 'e30=' });
    await rawContainer().getBlockBlobClient('snapshots/Public/notes.txt').upload('mine', 4);

    expect(await store.list('Public')).toEqual([toSummary(second), toSummary(first)]);
  });

  test('pass over one that is damaged and says nothing of itself', async () => {
    await store.put(first);
    await store.put(second);
    await rawContainer().getBlockBlobClient(`snapshots/Public/${second.id}.json.gz`).upload('xx', 2);

    expect(await store.list('Public')).toEqual([toSummary(first)]);
  });
});

describe('the pointer', () => {
  test('is made once, then replaced under its ETag only', async () => {
    expect(await store.readPointer('Public')).toBeUndefined();

    expect(await store.replacePointer(toPointer(first), undefined)).toBe('replaced');
    expect(await store.replacePointer(toPointer(second), undefined)).toBe('conflict');
    const read = await store.readPointer('Public');
    if (read === undefined || read === 'notModified') throw new Error('expected a pointer');
    expect(read.pointer).toEqual(toPointer(first));
    expect(await store.replacePointer(toPointer(second), read.etag)).toBe('replaced');
    expect(await store.replacePointer(toPointer(third), read.etag)).toBe('conflict');

    expect(await toStore().readPointer('Public')).toMatchObject({ pointer: toPointer(second) });
  });

  test('is replaced by one of many at once, and the winner is what is read', async () => {
    await store.replacePointer(toPointer(first), undefined);
    const read = await store.readPointer('Public');
    if (read === undefined || read === 'notModified') throw new Error('expected a pointer');
    const candidates = Array.from({ length: 10 }, (_, index) => toPointer(toSnapshot(`2026-12-${10 + index}`)));

    const results = await Promise.all(candidates.map((pointer) => toStore().replacePointer(pointer, read.etag)));

    expect(results.filter((result) => result === 'replaced')).toHaveLength(1);
    const winner = candidates[results.indexOf('replaced')];
    expect(await store.readPointer('Public')).toMatchObject({ pointer: winner });
  });

  test('answers notModified to its ETag', async () => {
    await store.replacePointer(toPointer(first), undefined);
    const read = await store.readPointer('Public');
    if (read === undefined || read === 'notModified') throw new Error('expected a pointer');

    expect(await store.readPointer('Public', read.etag)).toBe('notModified');
    await store.replacePointer(toPointer(second), read.etag);
    expect(await store.readPointer('Public', read.etag)).toMatchObject({ pointer: toPointer(second) });
  });

  test('of another cloud or another shape is refused by name', async () => {
    await store.put(first);
    const bytes = JSON.stringify({ ...toPointer(first), cloud: 'China' });
    await rawContainer().getBlockBlobClient('current/Public.json').upload(bytes, bytes.length);

    await expect(store.readPointer('Public')).rejects.toThrow(
      'service-tags/current/Public.json: cloud is "China", expected "Public"',
    );
    const etag = await store.readPointerEtag('Public');
    expect(await store.replacePointer(toPointer(first), etag)).toBe('replaced');
    expect(await store.readPointerEtag('China')).toBeUndefined();
  });
});

describe('the pull lease', () => {
  const status = toPullStatus('20261123T063000000Z-pull-0123abcd');

  test('hands over the status of the pull before', async () => {
    expect(await store.readPullStatus('Public')).toBeUndefined();
    await store.withPullLease('Public', async (session) => {
      expect(session.status).toBeUndefined();
      await session.putStatus(status);
    });

    const seen = await toStore().withPullLease('Public', (session) => Promise.resolve(session.status));

    expect(seen).toEqual(status);
    expect(await store.readPullStatus('Public')).toEqual(status);
  });

  test('lets one pull at a time, of each cloud', async () => {
    await store.withPullLease('Public', async () => {
      expect(await toStore().withPullLease('Public', () => Promise.resolve('ran'))).toBe('busy');
      expect(await toStore().withPullLease('China', () => Promise.resolve('ran'))).toBe('ran');
    });

    expect(await toStore().withPullLease('Public', () => Promise.resolve('ran'))).toBe('ran');
  });

  test('starts anew from a status that cannot be read, and keeps a copy of it', async () => {
    await store.withPullLease('Public', () => Promise.resolve());
    await rawContainer().getBlockBlobClient('status/Public.json').upload('{"cloud":', 9);

    await expect(store.readPullStatus('Public')).rejects.toThrow('service-tags/status/Public.json is not JSON');
    await store.withPullLease('Public', async (session) => {
      expect(session.status).toBeUndefined();
      await session.putStatus(status);
    });

    expect(await store.readPullStatus('Public')).toEqual(status);
    const names: string[] = [];
    for await (const blob of rawContainer().listBlobsFlat({ prefix: 'status/' })) names.push(blob.name);
    expect(names).toEqual([
      'status/Public.json',
      expect.stringMatching(/^status\/Public\.unreadable-\d{8}T\d{9}Z\.json$/),
    ]);
  });
});
