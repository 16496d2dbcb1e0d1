/**
 * Whether the timers fire. A timer that the platform does not run says nothing, and its function may still count as loaded:
 * runs that are missing from the record tell of it.
 */
import { nextOccurrence } from './ncrontab.ts';

export const timerNames = ['pullServiceTags', 'reconcileTargets'] as const;
export type TimerName = (typeof timerNames)[number];

/** What is remembered of a timer. */
export interface TimerRun {
  readonly version: 1;
  /** ISO time of the first run on record. */
  readonly since: string;
  /** ISO time of the last one. */
  readonly at: string;
  /** By which it fired. */
  readonly schedule: string;
}

export interface TimerWatch {
  readonly schedules: Readonly<Record<TimerName, string>>;
  readonly runs: Partial<Readonly<Record<TimerName, TimerRun>>>;
  /** Start of this process: from then on a schedule counts that is not yet the one on record. */
  readonly startedAt: Date;
  /** How late a run may be: in local time it is due up to half a day earlier or later than in UTC. */
  readonly toleranceInMs: number;
}

export interface SilentTimer {
  readonly name: TimerName;
  readonly schedule: string;
  /** ISO: its last run, or what counts for it if there is none. */
  readonly since: string;
}

/** Those of which two runs in a row are missing. */
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
