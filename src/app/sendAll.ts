import pMap from 'p-map';
import type { UpdateMessage, UpdateQueue } from './ports.ts';

export interface PlannedMessage {
  readonly message: UpdateMessage;
  readonly delayInMs?: number;
}

const sentAtOnce = 16;

/** Sends several at a time, in the given order: one by one, a thousand would take most of a minute. */
export async function sendAll(queue: UpdateQueue, planned: readonly PlannedMessage[]): Promise<void> {
  await pMap(planned, ({ message, delayInMs }) => queue.send(message, delayInMs), { concurrency: sentAtOnce });
}
