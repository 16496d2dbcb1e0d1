/** Queue `update-target`: one message, one target. */
import type { QueueServiceClient } from '@azure/storage-queue';
import type { UpdateMessage, UpdateQueue } from '../app/ports.ts';
import { hasErrorCode } from './blob/storageError.ts';

export const updateQueueName = 'update-target';

/** What the service takes. A message that shows early does no harm: the update sees that it is not due. */
const maxDelayInSeconds = 7 * 24 * 60 * 60;
/** Never expires: else a long outage of the app would lose it. */
const timeToLive = -1;

export class StorageUpdateQueue implements UpdateQueue {
  readonly #services: () => Promise<QueueServiceClient>;

  constructor(services: () => Promise<QueueServiceClient>) {
    this.#services = services;
  }

  /** May send twice where an answer is lost: an update that finds nothing to do does nothing. */
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
