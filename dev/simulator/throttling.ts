/** Limits for calls: token buckets of Azure Resource Manager, and five-minute counts of Microsoft.Network. */
import { armErrors } from './armError.ts';

export interface Bucket {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

export type CallKind = 'reads' | 'writes' | 'deletes';

export interface ThrottlingSettings {
  /** One bucket per subscription, principal and kind of call. */
  readonly arm: Readonly<Record<CallKind, Bucket>>;
  /** The bucket for all principals of a subscription together is this many times as large. */
  readonly subscriptionFactor: number;
  readonly network: { readonly writesPerFiveMinutes: number; readonly readsPerFiveMinutes: number };
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
export const azureLimits: ThrottlingSettings = {
  arm: {
    reads: { capacity: 250, refillPerSecond: 25 },
    writes: { capacity: 200, refillPerSecond: 10 },
    deletes: { capacity: 200, refillPerSecond: 10 },
  },
  subscriptionFactor: 15,
  network: { writesPerFiveMinutes: 1_000, readsPerFiveMinutes: 10_000 },
};

const fiveMinutesInMs = 300_000;

export class Throttle {
  readonly #levels = new Map<string, { tokens: number; at: number }>();
  readonly #calls = new Map<string, number[]>();

  /** Takes a token, or throws 429. Returns the headers that say how many tokens are left. */
  take(
    settings: ThrottlingSettings,
    call: { readonly subscriptionId: string; readonly actor: string; readonly kind: CallKind; readonly now: number },
  ): Record<string, string> {
    const { subscriptionId, actor, kind, now } = call;
    const own = settings.arm[kind];
    const factor = settings.subscriptionFactor;
    const shared = { capacity: own.capacity * factor, refillPerSecond: own.refillPerSecond * factor };
    const keys = [`${subscriptionId}|${kind}`, `${subscriptionId}|${kind}|${actor}`.toLowerCase()] as const;
    const levels = [this.#refill(keys[0], shared, now), this.#refill(keys[1], own, now)] as const;
    const empty = levels.findIndex((level) => level < 1);
    if (empty >= 0) {
      const bucket = empty === 0 ? shared : own;
      const seconds = Math.max(1, Math.ceil((1 - (levels[empty] ?? 0)) / bucket.refillPerSecond));
      throw armErrors.throttled(kind, subscriptionId, actor, seconds);
    }
    keys.forEach((key, index) => this.#levels.set(key, { tokens: (levels[index] ?? 0) - 1, at: now }));
    return {
      [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(Math.floor(levels[1] - 1)),
      [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: String(Math.floor(levels[0] - 1)),
    };
  }

  /** Counts a call to Microsoft.Network, or throws 429. */
  takeNetwork(settings: ThrottlingSettings, subscriptionId: string, isWrite: boolean, now: number): void {
    const { writesPerFiveMinutes, readsPerFiveMinutes } = settings.network;
    const limit = isWrite ? writesPerFiveMinutes : readsPerFiveMinutes;
    const key = `${subscriptionId.toLowerCase()}|${isWrite ? 'writes' : 'reads'}`;
    const recent = (this.#calls.get(key) ?? []).filter((at) => at > now - fiveMinutesInMs);
    if (recent.length >= limit) {
      const seconds = Math.max(1, Math.ceil(((recent[0] ?? now) + fiveMinutesInMs - now) / 1000));
      throw armErrors.providerThrottled(isWrite ? 'writes' : 'reads', limit, seconds);
    }
    this.#calls.set(key, [...recent, now]);
  }

  #refill(key: string, bucket: Bucket, now: number): number {
    const level = this.#levels.get(key) ?? { tokens: bucket.capacity, at: now };
    const tokens = Math.min(bucket.capacity, level.tokens + ((now - level.at) / 1000) * bucket.refillPerSecond);
    this.#levels.set(key, { tokens, at: now });
    return tokens;
  }
}

export function callKindOf(method: string): CallKind {
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}
