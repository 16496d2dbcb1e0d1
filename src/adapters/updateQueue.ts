/** Queue `update-target`: one message per target. */
import type { QueueServiceClient } from '@azure/storage-queue';
import type { UpdateMessage, UpdateQueue } from '../app/ports.ts';
import { hasErrorCode } from './blob/storageError.ts';

export const updateQueueName = 'update-target';

/** The service's maximum. A message that appears too early does no harm: the update sees that nothing is due yet. */
const maxDelayInSeconds = 7 * 24 * 60 * 60;
/** Messages never expire: otherwise a long outage of the app would lose them. */
const timeToLive = -1;

export class StorageUpdateQueue implements UpdateQueue {
  readonly #services: () => Promise<QueueServiceClient>;

  constructor(services: () => Promise<QueueServiceClient>) {
    this.#services = services;
  }

  /** May send a message twice if an answer is lost. The second update then finds nothing to do. */
  async send(message: UpdateMessage, delayInMs = 0): Promise<void> {
    const queue = (await this.#services()).getQueueClient(updateQueueName);
    const text = Buffer.from(JSON.stringify(message)).toString('base64');
    const visibilityTimeout = Math.min(Math.ceil(Math.max(delayInMs, 0) / 1000), maxDelayInSeconds);
    const send = () => queue.sendMessage(text, { visibilityTimeout, messageTimeToLive: timeToLive });
    try {
      await send();
    } catch (error) {
      if (!hasErrorCode(error, 'QueueNotFound')) throw error;
      await queue.createIfNotExists();
      await send();
    }
  }
}
