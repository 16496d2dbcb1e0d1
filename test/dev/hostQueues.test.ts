import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { QueueClient } from '@azure/storage-queue';
import type { HostProcess, HostProcessOptions } from '../../dev/host/hostProcess.ts';
import { buildFixtureApp, copyFixtures, type FixtureApp } from './fixtures/apps.ts';
import { useAzurite } from '../support/azurite.ts';
import { testInFullRun } from '../support/fullRun.ts';

const azurite = useAzurite();
let source: string;
let connectionString: string;
let app: FixtureApp;
let host: HostProcess | undefined;
let queue: QueueClient;
let poison: QueueClient;

beforeAll(async () => {
  source = await copyFixtures(['queues.ts']);
  connectionString = azurite.freshConnectionString();
  app = await buildFixtureApp({
    source,
    queues: {
      batchSize: 4,
      newBatchThreshold: 2,
      maxDequeueCount: 3,
      visibilityTimeout: '00:00:01',
      maxPollingInterval: '00:00:00.2',
    },
  });
  queue = new QueueClient(connectionString, 'work');
  poison = new QueueClient(connectionString, 'work-poison');
  await queue.create();
});

afterAll(async () => {
  await app.remove();
  await rm(source, { recursive: true });
});

beforeEach(async () => {
  await host?.stop();
  host = undefined;
  await queue.clearMessages();
  await poison.deleteIfExists();
});
afterAll(async () => host?.stop());

const start = async (options: Partial<HostProcessOptions> = {}) => {
  host = await app.start({ settings: { AzureWebJobsStorage: connectionString }, ...options });
  return host;
};
const send = (body: unknown, delayInSeconds = 0) =>
  queue.sendMessage(Buffer.from(JSON.stringify(body)).toString('base64'), { visibilityTimeout: delayInSeconds });

interface Seen {
  readonly entry: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  readonly at: number;
}
const readSeen = async () =>
  (await (await fetch(`${host!.url}/api/queueSeen`)).json()) as { seen: Seen[]; mostAtOnce: number };

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
const isEmpty = async (client: QueueClient) => ((await client.getProperties()).approximateMessagesCount ?? 0) === 0;

test('a message is handled once, with its JSON and what the platform tells of it, and deleted', async () => {
  const sent = await send({ target: 'webhooks' });

  await start();
  await until(() => isEmpty(queue));

  const { seen } = await readSeen();
  expect(seen).toHaveLength(1);
  expect(seen[0]!.entry).toEqual({ target: 'webhooks' });
  expect(seen[0]!.metadata).toMatchObject({
    id: sent.messageId,
    dequeueCount: 1,
    queueTrigger: { target: 'webhooks' },
    insertionTime: sent.insertedOn.toISOString(),
    expirationTime: sent.expiresOn.toISOString(),
  });
});

test('a message that fails comes back after the visibility timeout, and goes to the poison queue after the last try', async () => {
  await send({ fail: true });

  const { invocations } = await start();
  await until(() => invocations.some(({ functionName }) => functionName === 'poisoned'));
  await until(() => isEmpty(poison));

  const { seen } = await readSeen();
  const tries = seen.filter(({ entry }) => entry.fail);
  expect(tries.map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2, 3]);
  expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(900);
  expect(seen.at(-1)!.entry).toEqual({ poisoned: { fail: true } });
  expect(await isEmpty(queue)).toBe(true);
});

test('no more run at once than batchSize and newBatchThreshold allow', async () => {
  for (let i = 0; i < 15; i++) await send({ waitInMs: 300, i });

  await start();
  await until(() => isEmpty(queue));

  const { seen, mostAtOnce } = await readSeen();
  expect(seen).toHaveLength(15);
  expect(mostAtOnce).toBeGreaterThanOrEqual(4);
  expect(mostAtOnce).toBeLessThanOrEqual(6);
});

test('a message stays hidden for as long as its function runs', async () => {
  await send({ waitInMs: 4500 });

  await start({ queueLeaseInMs: 2000 });
  await until(() => isEmpty(queue));

  expect((await readSeen()).seen).toHaveLength(1);
});

test('a message of a host that died comes back, and counts as a try', async () => {
  await send({ waitInMs: 1500 });
  const died = await start({ queueLeaseInMs: 2000 });
  await until(() => died.running() === 1);
  await died.kill();

  await start({ queueLeaseInMs: 2000 });
  await until(() => isEmpty(queue));

  expect((await readSeen()).seen.map(({ metadata }) => metadata.dequeueCount)).toEqual([2]);
});

testInFullRun('a message that killed its host too often is not tried again', async () => {
  await send({ waitInMs: 0 });
  for (let i = 0; i < 3; i++) {
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: 1 });
    expect(receivedMessageItems).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }

  const { invocations } = await start();
  await until(() => invocations.some(({ functionName }) => functionName === 'poisoned'));

  expect(invocations.map(({ functionName }) => functionName)).toEqual(['poisoned']);
});

test('a message that is not base64 goes to the poison queue as it is', async () => {
  await queue.sendMessage('{"plain":true}');

  await start({
    settings: { AzureWebJobsStorage: connectionString, 'AzureWebJobs.poisoned.Disabled': 'true' },
  });
  await until(() => isEmpty(queue));

  const { peekedMessageItems } = await poison.peekMessages();
  expect(peekedMessageItems.map(({ messageText }) => messageText)).toEqual(['{"plain":true}']);
});

test('a stop waits for the message that is handled and takes no other', async () => {
  await send({ waitInMs: 1000 });
  const stopping = await start();
  await until(() => stopping.running() === 1);

  const stopped = stopping.stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await send({ waitInMs: 0 });
  await stopped;
  host = undefined;

  expect(stopping.invocations.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  expect((await queue.peekMessages()).peekedMessageItems).toHaveLength(1);
});

test('POST /admin/functions/<name> handles a message that no queue has seen', async () => {
  const { invocations } = await start();

  await fetch(`${host!.url}/admin/functions/work`, {
    method: 'POST',
    body: JSON.stringify({ input: '{"by":"hand"}' }),
    headers: { 'content-type': 'application/json' },
  });
  await until(() => invocations.length === 1);

  expect((await readSeen()).seen[0]!.entry).toEqual({ by: 'hand' });
});

testInFullRun(
  'a function past its time limit takes the worker with it: every message comes back after the visibility timeout',
  async () => {
    const started = await start({
      settings: {
        AzureWebJobsStorage: connectionString,
        AzureFunctionsJobHost__functionTimeout: '00:00:02',
        AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '2',
      },
    });
    // It runs before the message does, so its worker is gone before the message's last try.
    const other = fetch(`${started.url}/api/endless`);
    await readSeen();
    await send({ waitInMs: 60_000 });

    await until(() => started.invocations.some(({ functionName }) => functionName === 'poisoned'));

    expect((await other).status).toBe(500);
    const failed = started.invocations.filter(({ functionName }) => functionName === 'work');
    // The other call reaches its time limit first. On a busy machine the message is taken only after that.
    const firstEnd = /^(Timeout value of 2 s was exceeded by function: (endless|work)|The worker has ended)$/;
    expect(failed.map(({ error }) => error)).toEqual([
      expect.stringMatching(firstEnd),
      'Timeout value of 2 s was exceeded by function: work',
    ]);
    expect(started.log).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/The worker is restarted/) }),
    );
    // What the worker remembered is gone with it: only the one that runs now has seen the poison.
    expect((await readSeen()).seen).toHaveLength(1);
  },
);
