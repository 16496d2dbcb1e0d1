import { gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { BlobChangeStore } from '../../../src/adapters/blob/changes.ts';
import { createStorageClients } from '../../../src/adapters/storageClients.ts';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import { toSnapshot } from '../../support/storageSamples.ts';

const accounts = useBlobs();

let connectionString: string;
let store: BlobChangeStore;

beforeEach(() => {
  connectionString = accounts.freshConnectionString();
  store = new BlobChangeStore(createStorageClients({ kind: 'connectionString', connectionString }).blobs);
});

const { id } = toSnapshot('2026-11-16');
const diff = {
  addedTags: ['AzureContainerRegistry.IsraelCentral'],
  removedTags: [],
  changes: [{ tag: 'AzureContainerRegistry', added: ['192.0.2.0/24'], removed: ['2001:db8::/48'] }],
};

describe('changes', () => {
  test('come back as they were put, once', async () => {
    expect(await store.get('Public', id)).toBeUndefined();

    expect(await store.put('Public', id, diff)).toBe('created');
    expect(await store.put('Public', id, { ...diff, addedTags: [] })).toBe('exists');

    expect(await store.get('Public', id)).toEqual(diff);
    const names: string[] = [];
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
    for await (const blob of container.listBlobsFlat()) names.push(blob.name);
    expect(names).toEqual([`changes/Public/${id}.json.gz`]);
  });

  test('have no foreign id', async () => {
    await store.put('Public', id, diff);

    for (const foreign of ['', '../current/Public', `../Public/${id}`, `${id}.json.gz`]) {
      expect(await store.get('Public', foreign)).toBeUndefined();
      await expect(store.put('Public', foreign, diff)).rejects.toThrow(InvalidDocumentError);
    }
    expect(await store.get('China', id)).toBeUndefined();
    await expect(store.put('China', id, diff)).rejects.toThrow(InvalidDocumentError);
  });

  test('that are none are refused by name', async () => {
    await store.put('Public', toSnapshot('2026-11-09').id, diff);
    const bytes = gzipSync(JSON.stringify({ ...diff, changes: [{ tag: 'A', added: 'all' }] }));
    const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
    await container.getBlockBlobClient(`changes/Public/${id}.json.gz`).upload(bytes, bytes.length);

    await expect(store.get('Public', id)).rejects.toThrow(
      `service-tags/changes/Public/${id}.json.gz: changes[0].added is "all", expected a list`,
    );
  });
});
