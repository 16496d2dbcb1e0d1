import pMap from 'p-map';
import type { UpdateMessage, UpdateQueue } from './ports.ts';

export interface PlannedMessage {
  readonly message: UpdateMessage;
  readonly delayInMs?: number;
}

const sentAtOnce = 16;

/** Some at a time, in the order given: a thousand one by one would take the better part of a minute. */
export async function sendAll(queue: UpdateQueue, planned: readonly PlannedMessage[]): Promise<void> {
  await pMap(planned, ({ message, delayInMs }) => queue.send(message, delayInMs), { concurrency: sentAtOnce });
}
