/** Clock and queue for replays and tests. Nothing really waits, and everything happens in order. */
import type { Clock, UpdateMessage, UpdateQueue } from '../src/app/ports.ts';

export interface VirtualClock extends Clock {
  setTo(time: Date): void;
  advance(ms: number): void;
}

/** The clock never goes backwards. `sleep` moves it forward at once. */
export function createVirtualClock(start: Date): VirtualClock {
  let time = start.getTime();
  const setTo = (next: Date): void => {
    time = Math.max(time, next.getTime());
  };
  const advance = (ms: number): void => {
    time += ms;
  };
  return {
    now: () => new Date(time),
    setTo,
    advance,
    sleep: (ms) => {
      advance(ms);
      return Promise.resolve();
    },
  };
}

export interface VirtualQueue extends UpdateQueue {
  /** Messages that are not handled yet. `visibleAt` is an epoch. */
  readonly messages: readonly { readonly message: UpdateMessage; readonly visibleAt: number }[];
  /** Handles every message in the order of `visibleAt`. For delayed messages, moves the clock forward. */
  drain(handle: (message: UpdateMessage) => Promise<void>, maxMessages?: number): Promise<void>;
}

export function createVirtualQueue(clock: VirtualClock): VirtualQueue {
  const messages: { message: UpdateMessage; visibleAt: number }[] = [];
  return {
    messages,
    send: (message, delayInMs = 0) => {
      messages.push({ message, visibleAt: clock.now().getTime() + delayInMs });
      return Promise.resolve();
    },
    drain: async (handle, maxMessages = 10_000) => {
      for (let count = 0; messages.length > 0; count += 1) {
        if (count >= maxMessages) throw new Error(`the queue is not empty after ${maxMessages} messages`);
        messages.sort((a, b) => a.visibleAt - b.visibleAt);
        const next = messages.shift();
        if (!next) return;
        clock.setTo(new Date(next.visibleAt));
        await handle(next.message);
      }
    },
  };
}
