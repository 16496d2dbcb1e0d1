/**
 * Spaces out calls when few are left in the subscription's budget. Azure counts calls in token buckets, one per
 * subscription, identity and kind of call, and each answer says how many are left. All processes of this app see the
 * same numbers, so they need not talk to each other. Below a fifth of a bucket the gaps grow as the bucket empties; the
 * rest of the bucket is left for others.
 */
export type CallKind = 'reads' | 'writes' | 'deletes';

interface Limit {
  /** Below this number, a fifth of the bucket, calls are spaced out. */
  readonly low: number;
  readonly refillPerSecond: number;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
const limits: Readonly<Record<CallKind, Limit>> = {
  reads: { low: 50, refillPerSecond: 25 },
  writes: { low: 40, refillPerSecond: 10 },
  deletes: { low: 40, refillPerSecond: 10 },
};

/** Gap between two calls of one process if the bucket is empty. With 20 processes that equals the refill of writes. */
const longestGapInMs = 2_000;

interface Bucket {
  remaining: number;
  /** Epoch at which `remaining` was right. */
  at: number;
  nextTurnAt: number;
}

/** What an answer of Azure says about the budget. */
export interface Answer {
  /** Calls left, from the answer's headers. Undefined: the headers do not say. */
  readonly remaining: number | undefined;
  /** Set if Azure refused the call (429): how long it asks to wait. */
  readonly pauseInMs: number | undefined;
}

export class Budget {
  readonly #buckets = new Map<string, Bucket>();

  /** Reserves the next turn and returns the wait until then; undefined, and no turn, if it is `atMostInMs` or more. */
  take(key: string, kind: CallKind, now: number, atMostInMs: number): number | undefined {
    const bucket = this.#buckets.get(key);
    if (!bucket) return 0;
    const turnAt = Math.max(now, bucket.nextTurnAt);
    if (turnAt - now >= atMostInMs) return undefined;
    bucket.nextTurnAt = turnAt + gapInMs(bucket, limits[kind], turnAt);
    return turnAt - now;
  }

  note(key: string, { remaining, pauseInMs }: Answer, now: number): void {
    if (remaining === undefined && pauseInMs === undefined) return;
    const bucket = this.#buckets.get(key) ?? { remaining: 0, at: now, nextTurnAt: 0 };
    bucket.remaining = pauseInMs === undefined ? (remaining ?? 0) : 0;
    bucket.at = now + (pauseInMs ?? 0);
    bucket.nextTurnAt = Math.max(bucket.nextTurnAt, now + (pauseInMs ?? 0));
    this.#buckets.set(key, bucket);
  }
}

/** The wait after this call. Counts what Azure has refilled since the last answer; 0 while enough is left. */
function gapInMs({ remaining, at }: Bucket, { low, refillPerSecond }: Limit, now: number): number {
  const left = remaining + (Math.max(0, now - at) / 1_000) * refillPerSecond;
  // To the power of three, so that gaps are short until the bucket is nearly empty. One process alone leaves 25 writes.
  return Math.round(longestGapInMs * Math.max(0, 1 - left / low) ** 3);
}
