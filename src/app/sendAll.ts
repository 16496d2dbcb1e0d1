import type { UpdateMessage, UpdateQueue } from './ports.ts';

export interface PlannedMessage {
  readonly message: UpdateMessage;
  readonly delayInMs?: number;
}

const sentAtOnce = 16;

/** In the order given, some at a time: a thousand one by one would take the better part of a minute. */
export async function sendAll(queue: UpdateQueue, planned: readonly PlannedMessage[]): Promise<void> {
  for (let start = 0; start < planned.length; start += sentAtOnce) {
    const batch = planned.slice(start, start + sentAtOnce);
    await Promise.all(batch.map(({ message, delayInMs }) => queue.send(message, delayInMs)));
  }
}
