/** Queues an update again that could not do its work now: later each time, and at most ten times. */
import type { UpdateMessage } from '../ports.ts';

/** Together 26 to 51 minutes. By then the hourly reconciliation queues the target again. */
export const maxPostponements = 10;

const firstDelayInMs = 5_000;
const longestDelayInMs = 15 * 60_000;

export interface Postponement {
  readonly message: UpdateMessage;
  readonly delayInMs: number;
}

/** Undefined if it was postponed too often. `fraction` (0 to 1) spreads updates that were refused together. */
export function toPostponement(
  message: UpdateMessage,
  fraction: number,
  atLeastInMs: number | undefined = 0,
): Postponement | undefined {
  const postponed = (message.postponed ?? 0) + 1;
  if (postponed > maxPostponements) return undefined;
  const delayInMs = Math.min(longestDelayInMs, firstDelayInMs * 2 ** (postponed - 1));
  return {
    message: { ...message, postponed },
    delayInMs: Math.round(Math.min(longestDelayInMs, atLeastInMs) + delayInMs * (0.5 + fraction / 2)),
  };
}

/** 0 to 1, from 8 hex digits. */
export function toFraction(hex: string): number {
  return Number.parseInt(hex, 16) / 2 ** 32;
}
