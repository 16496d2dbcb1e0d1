/**
 * What is left of a subscription's calls. Azure counts them in token buckets, one a subscription, identity and kind of
 * call, and says with each answer what is left: so the processes of this app share what they know without talking to
 * each other. Below a fifth of a bucket calls are spaced out, the more the less there is; what remains is for others.
 */
export type CallKind = 'reads' | 'writes' | 'deletes';

interface Limit {
  /** From here on down calls are spaced out: a fifth of the bucket. */
  readonly low: number;
  readonly refillPerSecond: number;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
const limits: Readonly<Record<CallKind, Limit>> = {
  reads: { low: 50, refillPerSecond: 25 },
  writes: { low: 40, refillPerSecond: 10 },
  deletes: { low: 40, refillPerSecond: 10 },
};

/** Between two calls of one process when a bucket is empty: 20 processes still stay below the refill of writes. */
const longestGapInMs = 2_000;

interface Bucket {
  remaining: number;
  /** When `remaining` was told. */
  at: number;
  nextTurnAt: number;
}

export interface Answer {
  /** What is left by the answer's headers; undefined: it does not say. */
  readonly remaining: number | undefined;
  /** Refused for too many calls, and to be left alone for so long. */
  readonly pauseInMs: number | undefined;
}

export class Budget {
  readonly #buckets = new Map<string, Bucket>();

  /** Takes the next turn and says how long it is until then; undefined, and nothing taken, where that is too long. */
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

/** None as long as there is plenty: what was told a while ago has been refilled since. */
function gapInMs({ remaining, at }: Bucket, { low, refillPerSecond }: Limit, now: number): number {
  const left = remaining + (Math.max(0, now - at) / 1_000) * refillPerSecond;
  return Math.round(longestGapInMs * Math.max(0, 1 - left / low));
}
