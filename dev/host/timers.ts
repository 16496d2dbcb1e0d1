/** Timer triggers: NCRONTAB schedules of six fields, in local time as the platform reads them; a timer never overlaps itself. */
import { Cron, type CronOptions } from 'croner';
import { findScheduleFault, toNumericSchedule } from '../../src/core/ncrontab.ts';
import type { FunctionMetadata } from './coreTypes.ts';
import type { Invocation, Invoker } from './invocations.ts';
import type { Log } from './log.ts';
import { resolveSettings, type Environment } from './settings.ts';

export interface TimerTrigger {
  readonly name: string;
  runNow(): Promise<Invocation>;
  /** When it runs next; undefined for a schedule that never does. */
  next(): Date | undefined;
  stop(): void;
}

export interface TimerOptions {
  readonly metadata: FunctionMetadata;
  readonly env: Environment;
  readonly invoker: Invoker;
  readonly log: Log;
}

/** The status that the host keeps of a schedule, in memory only: a local start has no past. */
interface ScheduleStatus {
  readonly Last: string;
  readonly Next: string;
  readonly LastUpdated: string;
}

const never = '0001-01-01T00:00:00+00:00';
const oneMinute = 60_000;
/** A timer that fires later than that was held up: by a stopped process or a sleeping machine. */
const pastDueAfterMs = 1000;

export function startTimer({ metadata, env, invoker, log }: TimerOptions): TimerTrigger {
  const { name } = metadata;
  const binding = Object.values(metadata.bindings).find((one) => one.type?.toLowerCase() === 'timertrigger');
  const schedule = resolveSettings(String(binding?.schedule), env, `Function "${name}"`);
  const options = toCronOptions(env);
  const cron = createCron(schedule, name, options);
  const isMonitored = binding?.useMonitor !== false && intervalOf(cron) >= oneMinute;
  let last: Date | undefined;
  let due = cron.nextRun();

  const invoke = async (isPastDue: boolean): Promise<Invocation> => {
    const status = isMonitored ? toStatus(last, cron.nextRun()) : null;
    const info = { Schedule: { AdjustForDST: true }, ScheduleStatus: status, IsPastDue: isPastDue };
    const { invocation } = await invoker.invoke(metadata, { trigger: 'timer', data: { json: JSON.stringify(info) } });
    return invocation;
  };

  const skip = () => {
    due = cron.nextRun();
    log('warning', 'still running: this occurrence is left out', name);
  };
  const job = new Cron(toNumericSchedule(schedule), { ...options, protect: skip, unref: true }, async () => {
    const isPastDue = due !== null && Date.now() - due.getTime() > pastDueAfterMs;
    due = cron.nextRun();
    await invoke(isPastDue);
    last = new Date();
  });
  if (binding?.runOnStartup === true) void job.trigger();
  return { name, runNow: () => invoke(false), next: () => job.nextRun() ?? undefined, stop: () => job.stop() };
}

/** Day and weekday must both match, as NCRONTAB has it. Without a setting it is the local time of the process. */
function toCronOptions(env: Environment): CronOptions {
  const timezone = env.WEBSITE_TIME_ZONE ?? env.TZ;
  return { mode: '6-part', domAndDow: true, ...(timezone ? { timezone } : {}) };
}

function createCron(schedule: string, name: string, options: CronOptions): Cron {
  const fault = /[^\S ]/.test(schedule) ? 'fields are separated by spaces alone' : findScheduleFault(schedule);
  if (fault === undefined) return new Cron(toNumericSchedule(schedule), options);
  throw new Error(
    `Function "${name}": schedule "${schedule}" is not NCRONTAB of six fields, such as "0 30 */6 * * *": ${fault}.`,
  );
}

function intervalOf(cron: Cron): number {
  const [first, second] = cron.nextRuns(2);
  return first && second ? second.getTime() - first.getTime() : Infinity;
}

function toStatus(last: Date | undefined, next: Date | null): ScheduleStatus {
  return {
    Last: last?.toISOString() ?? never,
    Next: next?.toISOString() ?? never,
    LastUpdated: last?.toISOString() ?? never,
  };
}
