/** Counts the calls to Azure, and calculates the shortest time in which Azure's limits admit that many calls. */
import type { RequestRecord } from '../../dev/simulator/httpServer.ts';
import type { Simulator } from '../../dev/simulator/simulator.ts';
import { azureLimits, callKindOf, type CallKind } from '../../dev/simulator/throttling.ts';

export interface CallCounts {
  readonly total: number;
  readonly faults: number;
  readonly throttled: number;
  readonly writes: number;
  /** `<subscription>/<kind>` → number of calls that took a token. */
  readonly admitted: ReadonlyMap<string, number>;
}

const neverAdmitted = ['error', 'raw', 'dropBefore'];

export class CallCounter {
  readonly #simulator: Simulator;
  readonly #admitted = new Map<string, number>();
  #total = 0;
  #faults = 0;
  #throttled = 0;
  #writes = 0;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /** Counts and removes the requests in the simulator's log, which would grow without limit. */
  take(): void {
    for (const request of (this.#simulator.requests as RequestRecord[]).splice(0)) this.#count(request);
  }

  get counts(): CallCounts {
    this.take();
    return {
      total: this.#total,
      faults: this.#faults,
      throttled: this.#throttled,
      writes: this.#writes,
      admitted: this.#admitted,
    };
  }

  #count({ method, path, fault, errorCode }: RequestRecord): void {
    const kind = path.endsWith('/listUsages') ? 'reads' : callKindOf(method);
    this.#total += 1;
    if (fault !== undefined) this.#faults += 1;
    if (kind !== 'reads') this.#writes += 1;
    if (fault !== undefined && neverAdmitted.includes(fault)) return;
    if (errorCode === 'SubscriptionRequestsThrottled' || errorCode === 'TooManyRequests') {
      this.#throttled += 1;
      return;
    }
    const key = `${path.split('/')[2] ?? ''}/${kind}`;
    this.#admitted.set(key, (this.#admitted.get(key) ?? 0) + 1);
  }
}

/** The bucket with the most calls decides. Every bucket is full at the start. */
export function leastTimeInSeconds(admitted: ReadonlyMap<string, number>): number {
  const times = Array.from(admitted, ([key, count]) => {
    const { capacity, refillPerSecond } = azureLimits.arm[key.split('/')[1] as CallKind];
    return Math.max(0, count - capacity) / refillPerSecond;
  });
  return Math.max(0, ...times);
}
