/**
 * Finds timers that do not fire. The platform reports no error for such a timer, and its function may still count as
 * loaded: only the missing runs show it.
 */
import { nextOccurrence } from './ncrontab.ts';

export const timerNames = ['pullServiceTags', 'reconcileTargets'] as const;
export type TimerName = (typeof timerNames)[number];

/** The stored record of a timer. */
export interface TimerRun {
  readonly version: 1;
  /** ISO time of the first run on record. */
  readonly since: string;
  /** ISO time of the last run. */
  readonly at: string;
  /** The schedule of the last run. */
  readonly schedule: string;
}

export interface TimerWatch {
  readonly schedules: Readonly<Record<TimerName, string>>;
  readonly runs: Partial<Readonly<Record<TimerName, TimerRun>>>;
  /** Start of this process: a schedule that differs from the recorded one counts from then on. */
  readonly startedAt: Date;
  /** How late a run may be: a schedule in local time is due up to half a day earlier or later than in UTC. */
  readonly toleranceInMs: number;
}

export interface SilentTimer {
  readonly name: TimerName;
  readonly schedule: string;
  /** ISO time of its last run, or since when it is watched if it has none. */
  readonly since: string;
}

/** The timers of which two runs in a row are missing. */
export function findSilentTimers(watch: TimerWatch, now: Date): SilentTimer[] {
  return timerNames.flatMap((name) => {
    const schedule = watch.schedules[name];
    const since = watchedSince(watch, name);
    const first = since && nextOccurrence(schedule, since);
    const second = first && nextOccurrence(schedule, first);
    if (!second || second.getTime() + watch.toleranceInMs > now.getTime()) return [];
    return [{ name, schedule, since: since.toISOString() }];
  });
}

/** A timer without any record is watched from the first run of the other one: before that, the app may be new. */
function watchedSince({ schedules, runs, startedAt }: TimerWatch, name: TimerName): Date | undefined {
  const run = runs[name];
  if (!run) {
    const others = timerNames.flatMap((other) => runs[other]?.since ?? []).sort();
    return others[0] === undefined ? undefined : new Date(others[0]);
  }
  const last = new Date(run.at);
  return run.schedule === schedules[name] || last > startedAt ? last : startedAt;
}
