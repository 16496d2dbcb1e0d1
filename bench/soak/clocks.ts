/**
 * Two clocks of a soak, the same in each of its processes. The one of Azure runs slower than the wall's, as if the
 * machine were so much faster: then it is Azure's limits that hold the work up, not the processors. The calendar, which
 * grace and settling go by, runs ahead of it, so that five minutes need not be waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/app/ports.ts';

export interface Clocks {
  readonly azure: Clock;
  readonly calendar: Clock;
  /** How long a wait by one of the clocks takes by the wall's. */
  readonly toWallMs: (ms: number, clock: 'azure' | 'calendar') => number;
}

/** `speed`: seconds of Azure in a second of the wall. */
export function createClocks(startedAt: number, speed: number): Clocks {
  const calendarFactor = 600;
  const passed = (): number => (Date.now() - startedAt) * speed;
  const toWallMs = (ms: number, clock: 'azure' | 'calendar'): number =>
    ms / speed / (clock === 'calendar' ? calendarFactor : 1);
  return {
    azure: { now: () => new Date(startedAt + passed()), sleep: (ms) => sleep(toWallMs(ms, 'azure')) },
    calendar: {
      now: () => new Date(startedAt + passed() * calendarFactor),
      // Who waits in a run waits for Azure.
      sleep: (ms) => sleep(toWallMs(ms, 'azure')),
    },
    toWallMs,
  };
}
