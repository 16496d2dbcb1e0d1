/**
 * The two clocks of a soak, which all its processes share.
 *
 * - Azure's clock runs slower than real time, as if the machine were faster. So Azure's limits determine the speed of
 *   the work, not the processors.
 * - The calendar runs faster than Azure's clock, so that the soak need not really wait for grace periods and for writes
 *   to take effect.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/app/ports.ts';

export interface Clocks {
  readonly azure: Clock;
  readonly calendar: Clock;
  /** How many seconds of the calendar pass in one of Azure's. */
  readonly calendarFactor: number;
  /** Converts a wait by one of the clocks to real time. */
  readonly toWallMs: (ms: number, clock: 'azure' | 'calendar') => number;
}

/** `speed`: how many seconds of Azure's clock pass per real second. */
export function createClocks(startedAt: number, speed: number): Clocks {
  const calendarFactor = 600;
  const passed = (): number => (Date.now() - startedAt) * speed;
  const toWallMs = (ms: number, clock: 'azure' | 'calendar'): number =>
    ms / speed / (clock === 'calendar' ? calendarFactor : 1);
  return {
    azure: { now: () => new Date(startedAt + passed()), sleep: (ms) => sleep(toWallMs(ms, 'azure')) },
    calendar: {
      now: () => new Date(startedAt + passed() * calendarFactor),
      // Waits within a run are waits for Azure.
      sleep: (ms) => sleep(toWallMs(ms, 'azure')),
    },
    calendarFactor,
    toWallMs,
  };
}
