/** Random faults. The same seed gives the same faults in every run. */
import { createHash } from 'node:crypto';

import { faults, type Fault } from './faults.ts';

export interface ChaosSettings {
  readonly seed: number;
  /** Probability of each kind, 0 to 1; default 0. The kinds that suit one request must add up to at most 1. */
  readonly probabilities: Partial<Readonly<Record<ChaosKind, number>>>;
  /** Delay of `slow`; default 50. */
  readonly slowInMs?: number;
}

export type ChaosKind =
  | 'serverError'
  | 'throttled'
  | 'dropBefore'
  | 'dropAfter'
  | 'slow'
  | 'nsgLocked'
  | 'anotherOperation'
  | 'operationFails'
  | 'operationMeetsAnother'
  | 'operationSuperseded'
  | 'staleRead';

type Suits = 'any' | 'resourceRead' | 'nsgWrite' | 'write';

const kinds: Readonly<Record<ChaosKind, { readonly suits: Suits; readonly make: (settings: ChaosSettings) => Fault }>> =
  {
    serverError: { suits: 'any', make: () => faults.serverError() },
    throttled: { suits: 'any', make: () => faults.tooManyRequests(0) },
    dropBefore: { suits: 'any', make: () => ({ kind: 'dropBefore' }) },
    dropAfter: { suits: 'any', make: () => ({ kind: 'dropAfter' }) },
    slow: { suits: 'any', make: ({ slowInMs = 50 }) => ({ kind: 'slow', delayInMs: slowInMs }) },
    nsgLocked: { suits: 'nsgWrite', make: () => faults.nsgLocked() },
    anotherOperation: { suits: 'nsgWrite', make: () => faults.anotherOperation() },
    operationFails: { suits: 'write', make: () => faults.operationFails() },
    operationMeetsAnother: { suits: 'nsgWrite', make: () => faults.operationMeetsAnother() },
    operationSuperseded: { suits: 'nsgWrite', make: () => ({ kind: 'operationSuperseded' }) },
    staleRead: { suits: 'resourceRead', make: () => ({ kind: 'staleRead' }) },
  };

/** A little of every fault. */
export const badDay: ChaosSettings['probabilities'] = {
  serverError: 0.03,
  throttled: 0.02,
  dropBefore: 0.02,
  dropAfter: 0.02,
  slow: 0.02,
  nsgLocked: 0.08,
  anotherOperation: 0.04,
  operationFails: 0.03,
  operationMeetsAnother: 0.04,
  operationSuperseded: 0.03,
  staleRead: 0.05,
};

export class Chaos {
  /** Call → how often it has come. */
  readonly #counts = new Map<string, number>();

  /**
   * Chooses by the seed, the call and how often that call has come before. So calls to different resources do not
   * influence each other, however they overlap in time.
   */
  draw(settings: ChaosSettings, method: string, path: string, action: string): Fault | undefined {
    // Ids of operations differ from run to run, so leave them out.
    const call = `${method} ${path.toLowerCase().replace(/[0-9a-f]{8}-[0-9a-f-]{27}$/, 'id')}`;
    const occurrence = (this.#counts.get(call) ?? 0) + 1;
    this.#counts.set(call, occurrence);
    let left = toFraction(`${settings.seed} ${call} ${occurrence}`);
    for (const kind of Object.keys(kinds) as ChaosKind[]) {
      if (!suits(kinds[kind].suits, method, action)) continue;
      left -= settings.probabilities[kind] ?? 0;
      if (left < 0) return kinds[kind].make(settings);
    }
    return undefined;
  }
}

function suits(kind: Suits, method: string, action: string): boolean {
  const isWrite = method === 'PUT' || method === 'DELETE' || method === 'PATCH';
  const isNsg = /^Microsoft\.Network\/networkSecurityGroups\//i.test(action);
  switch (kind) {
    case 'any':
      return true;
    case 'write':
      return isWrite;
    case 'nsgWrite':
      return isWrite && isNsg;
    case 'resourceRead':
      return method === 'GET' && (isNsg || /\/registries\/read$/i.test(action));
  }
}

function toFraction(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}
