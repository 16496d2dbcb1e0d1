/** Storage queue triggers, with the retry, visibility and poison rules of the Functions host. */
import { QueueClient, type DequeuedMessageItem } from '@azure/storage-queue';
import type { FunctionMetadata, RpcTypedData } from './coreTypes.ts';
import type { Invocation, Invoker } from './invocations.ts';
import type { Log } from './log.ts';
import { resolveSettings, type Environment, type QueueSettings } from './settings.ts';

export interface QueueTrigger {
  readonly name: string;
  readonly queueName: string;
  /** Runs the function with the text as if it were a message; nothing is retried. */
  runNow(text: string): Promise<Invocation>;
  /** Takes no further message; those that were taken are finished by the invoker's drain. */
  stop(): Promise<void>;
}

export interface QueueOptions {
  readonly metadata: FunctionMetadata;
  readonly env: Environment;
  readonly settings: QueueSettings;
  readonly invoker: Invoker;
  readonly log: Log;
  /** How long a message that is being handled stays hidden; renewed at half of it. */
  readonly leaseInMs?: number;
}

interface Listener extends QueueOptions {
  readonly functionName: string;
  readonly queue: QueueClient;
  /** A queue of poison has none of its own. */
  readonly poison: QueueClient | undefined;
  readonly lease: number;
  readonly handling: Set<Promise<void>>;
  readonly stopped: AbortSignal;
}

const tenMinutes = 600_000;
const firstPollInMs = 100;
const noMessage = /^(QueueNotFound|QueueBeingDeleted|QueueDisabled)$/;
const messageGone = /^(MessageNotFound|PopReceiptMismatch|QueueNotFound)$/;

export function startQueue(options: QueueOptions): QueueTrigger {
  const { metadata, env, invoker } = options;
  const functionName = metadata.name;
  const binding = Object.values(metadata.bindings).find((one) => one.type?.toLowerCase() === 'queuetrigger');
  const queueName = resolveSettings(String(binding?.queueName), env, `Function "${functionName}"`);
  const connectionString = readConnection(env, typeof binding?.connection === 'string' ? binding.connection : '');
  const stop = new AbortController();
  const listener: Listener = {
    ...options,
    functionName,
    queue: new QueueClient(connectionString, queueName),
    poison: queueName.endsWith('-poison') ? undefined : new QueueClient(connectionString, `${queueName}-poison`),
    lease: options.leaseInMs ?? tenMinutes,
    handling: new Set(),
    stopped: stop.signal,
  };
  const polling = poll(listener);
  return {
    name: functionName,
    queueName,
    async runNow(text) {
      const { invocation } = await invoker.invoke(metadata, { trigger: 'queue', data: { string: text } });
      return invocation;
    },
    async stop() {
      stop.abort();
      await polling;
      await Promise.allSettled(listener.handling);
    },
  };
}

/** Takes batches as long as there are any; without any it waits ever longer, up to `maxPollingInterval`. */
async function poll(listener: Listener): Promise<void> {
  const { settings, handling, stopped } = listener;
  let idleInMs = firstPollInMs;
  while (!stopped.aborted) {
    const messages = await receive(listener);
    for (const message of messages) {
      const work: Promise<void> = handle(listener, message).finally(() => handling.delete(work));
      handling.add(work);
    }
    if (messages.length === 0) {
      await sleep(idleInMs * (0.8 + 0.4 * Math.random()), stopped);
      idleInMs = Math.min(idleInMs * 2, Math.max(settings.maxPollingIntervalInMs, firstPollInMs));
    } else {
      idleInMs = firstPollInMs;
      while (handling.size > settings.newBatchThreshold) await Promise.race(handling);
    }
  }
}

async function receive(listener: Listener): Promise<readonly DequeuedMessageItem[]> {
  const { queue, settings, lease, log, functionName, stopped } = listener;
  try {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: settings.batchSize,
      visibilityTimeout: toSeconds(lease),
      abortSignal: stopped,
    });
    return receivedMessageItems;
  } catch (error) {
    if (!stopped.aborted && !noMessage.test(codeOf(error))) log('warning', `poll: ${String(error)}`, functionName);
    return [];
  }
}

async function handle(listener: Listener, message: DequeuedMessageItem): Promise<void> {
  const { settings, log, functionName } = listener;
  try {
    const text = decode(message.messageText, settings.messageEncoding);
    if (text === undefined) log('error', `message ${message.messageId} is not base64`, functionName);
    // More often than the limit: an earlier host died before it could say so.
    if (text === undefined || message.dequeueCount > settings.maxDequeueCount) return await bury(listener, message);
    await invoke(listener, message, text);
  } catch (error) {
    if (!messageGone.test(codeOf(error))) log('error', `message ${message.messageId}: ${String(error)}`, functionName);
  }
}

async function invoke(listener: Listener, message: DequeuedMessageItem, text: string): Promise<void> {
  const { metadata, invoker, queue, poison, settings } = listener;
  const renewal = startRenewal(listener, message);
  const { invocation } = await invoker.invoke(metadata, {
    trigger: 'queue',
    data: { string: text },
    metadata: toMetadata(message, text),
  });
  const popReceipt = await renewal.stop();

  if (invocation.outcome === 'succeeded') {
    await queue.deleteMessage(message.messageId, popReceipt);
  } else if (poison) {
    if (message.dequeueCount >= settings.maxDequeueCount) await bury(listener, { ...message, popReceipt });
    else await queue.updateMessage(message.messageId, popReceipt, undefined, toSeconds(settings.visibilityTimeoutInMs));
  }
  // Without a queue for poison the message stays hidden for the rest of its lease, so that it does not spin.
}

async function bury(listener: Listener, message: DequeuedMessageItem): Promise<void> {
  const { queue, poison, settings, log, functionName } = listener;
  if (!poison) return;
  log('warning', `dequeued ${settings.maxDequeueCount} times: moved to queue "${poison.name}"`, functionName);
  await poison.createIfNotExists();
  await poison.sendMessage(message.messageText);
  await queue.deleteMessage(message.messageId, message.popReceipt);
}

/** Keeps the message hidden while its function runs. Each renewal gives a new pop receipt. */
function startRenewal(listener: Listener, message: DequeuedMessageItem): { stop(): Promise<string> } {
  const { queue, lease, log, functionName } = listener;
  let popReceipt = message.popReceipt;
  let renewing = Promise.resolve();
  const renew = async () => {
    try {
      const renewed = await queue.updateMessage(message.messageId, popReceipt, undefined, toSeconds(lease));
      popReceipt = renewed.popReceipt ?? popReceipt;
    } catch (error) {
      log('warning', `message ${message.messageId} was not renewed: ${String(error)}`, functionName);
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, lease / 2);
  return {
    async stop() {
      clearInterval(timer);
      await renewing;
      return popReceipt;
    },
  };
}

/** In the host's own words; the library makes them `queueTrigger`, `dequeueCount`, … */
function toMetadata(message: DequeuedMessageItem, text: string): Record<string, RpcTypedData> {
  return {
    QueueTrigger: { string: text },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    DequeueCount: { int: message.dequeueCount },
    InsertionTime: { json: JSON.stringify(message.insertedOn) },
    ExpirationTime: { json: JSON.stringify(message.expiresOn) },
    NextVisibleTime: { json: JSON.stringify(message.nextVisibleOn) },
  };
}

function readConnection(env: Environment, connection: string): string {
  const name = connection || 'AzureWebJobsStorage';
  const value = env[`AzureWebJobs${name}`] ?? env[name];
  if (value) return value;
  throw new Error(`Setting ${name} is missing: local queues need a connection string or "UseDevelopmentStorage=true".`);
}

function decode(text: string, encoding: QueueSettings['messageEncoding']): string | undefined {
  if (encoding === 'none') return text;
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return isBase64 ? Buffer.from(text, 'base64').toString('utf8') : undefined;
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

function toSeconds(ms: number): number {
  return Math.round(ms / 1000);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
