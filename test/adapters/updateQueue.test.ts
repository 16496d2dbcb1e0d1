import { QueueServiceClient } from '@azure/storage-queue';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { StorageUpdateQueue } from '../../src/adapters/updateQueue.ts';
import { useAzurite } from '../support/azurite.ts';
import { startStorageFaultProxy } from '../support/faultProxy.ts';

const azurite = useAzurite();

let connectionString: string;
let queue: StorageUpdateQueue;

beforeEach(() => {
  connectionString = azurite.freshConnectionString();
  queue = toQueue();
});

function toQueue(): StorageUpdateQueue {
  return new StorageUpdateQueue(createStorageClients({ kind: 'connectionString', connectionString }).queues);
}

function rawQueue() {
  return QueueServiceClient.fromConnectionString(connectionString).getQueueClient('update-target');
}

/** As the host reads them: base64 JSON. */
async function receive(): Promise<unknown[]> {
  const { receivedMessageItems } = await rawQueue().receiveMessages({ numberOfMessages: 32, visibilityTimeout: 30 });
  return receivedMessageItems.map(
    ({ messageText }) => JSON.parse(Buffer.from(messageText, 'base64').toString()) as unknown,
  );
}

describe('send', () => {
  test('makes the queue once and puts messages that the host can read', async () => {
    await queue.send({ target: 'web', reason: 'reconcile' });
    await toQueue().send({ target: 'api', reason: 'Änderung – 變更' });

    expect(await receive()).toEqual([
      { target: 'web', reason: 'reconcile' },
      { target: 'api', reason: 'Änderung – 變更' },
    ]);
  });

  test('hides a message for the delay', async () => {
    await queue.send({ target: 'web', reason: 'settled' }, 1_200);

    expect(await receive()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await receive()).toEqual([{ target: 'web', reason: 'settled' }]);
  });

  test.each([-5, 0, 14 * 24 * 3600 * 1000])('takes a delay of %d ms', async (delayInMs) => {
    await queue.send({ target: 'web', reason: 'settled' }, delayInMs);

    expect((await rawQueue().getProperties()).approximateMessagesCount).toBe(1);
  });

  test('lets a message never expire', async () => {
    await queue.send({ target: 'web', reason: 'reconcile' });

    const { receivedMessageItems } = await rawQueue().receiveMessages();
    expect(receivedMessageItems[0]!.expiresOn.getUTCFullYear()).toBeGreaterThan(2100);
  });

  test('asks for no more rights than sending where the queue is there', async () => {
    await queue.send({ target: 'web', reason: 'first' });
    const proxy = await startStorageFaultProxy(connectionString);
    connectionString = proxy.connectionString;

    await toQueue().send({ target: 'web', reason: 'second' });
    const requests = proxy.queue.requests.map(({ method, url }) => `${method} ${new URL(url, 'http://x').pathname}`);
    await proxy.stop();

    expect(requests).toEqual([expect.stringMatching(/^POST .*\/update-target\/messages$/)]);
  });

  test('survives faults, with a message too many at worst', async () => {
    await rawQueue().create();
    const proxy = await startStorageFaultProxy(connectionString);
    proxy.queue.fail({ when: 'before', how: { status: 503, code: 'ServerBusy' } });
    proxy.queue.fail({ when: 'after', how: 'drop', nth: 2 });
    const direct = connectionString;
    connectionString = proxy.connectionString;

    await toQueue().send({ target: 'web', reason: 'reconcile' });
    await proxy.stop();
    connectionString = direct;

    const message = { target: 'web', reason: 'reconcile' };
    expect(await receive()).toEqual([message, message]);
  });
});
