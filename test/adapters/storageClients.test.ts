import { AnonymousCredential, StorageSharedKeyCredential } from '@azure/storage-blob';
import { describe, expect, test } from '@jest/globals';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { readStorage } from '../../src/config/storage.ts';

const identity = {
  kind: 'identity',
  blobServiceUri: 'https://account.blob.core.windows.net',
  queueServiceUri: 'https://account.queue.core.windows.net',
} as const;

describe('createStorageClients', () => {
  test('takes the emulator by its short name', async () => {
    const clients = createStorageClients({ kind: 'connectionString', connectionString: 'UseDevelopmentStorage=true' });

    const [blobs, queues] = [await clients.blobs(), await clients.queues()];

    expect(blobs.url).toBe('http://127.0.0.1:10000/devstoreaccount1');
    expect(queues.url).toBe('http://127.0.0.1:10001/devstoreaccount1');
    expect(blobs.credential).toBeInstanceOf(StorageSharedKeyCredential);
  });

  test('takes a shared access signature', async () => {
    const connectionString =
      'BlobEndpoint=https://account.blob.core.windows.net;QueueEndpoint=https://account.queue.core.windows.net;SharedAccessSignature=sv=2026&sig=abc';
    const clients = createStorageClients({ kind: 'connectionString', connectionString });

    expect((await clients.blobs()).url).toBe('https://account.blob.core.windows.net/?sv=2026&sig=abc');
    expect((await clients.queues()).url).toBe('https://account.queue.core.windows.net?sv=2026&sig=abc');
    expect((await clients.blobs()).credential).toBeInstanceOf(AnonymousCredential);
  });

  test('takes a connection string that leaves out what the platform knows', async () => {
    const text = 'accountname=keeper; ACCOUNTKEY=a2V5';
    const clients = createStorageClients(readStorage({ AzureWebJobsStorage: text }, 'AzureGovernment'));

    expect((await clients.blobs()).url).toBe('https://keeper.blob.core.usgovcloudapi.net/');
    expect((await clients.queues()).url).toBe('https://keeper.queue.core.usgovcloudapi.net');
    expect((await clients.blobs()).credential).toBeInstanceOf(StorageSharedKeyCredential);
    expect((await clients.blobs()).accountName).toBe('keeper');
  });

  test('builds each client once', async () => {
    const clients = createStorageClients(identity);

    const [first, second] = await Promise.all([clients.queues(), clients.queues()]);

    expect(first).toBe(second);
    expect(await clients.blobs()).toBe(await clients.blobs());
  });

  test('forgets a failure', async () => {
    const clients = createStorageClients({ kind: 'connectionString', connectionString: 'nonsense' });

    await expect(clients.blobs()).rejects.toThrow();
    await expect(clients.queues()).rejects.toThrow();
  });
});
