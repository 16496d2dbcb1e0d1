/**
 * Timer schedules of Azure Functions: NCRONTAB, six fields with the seconds first.
 *
 * Checked here rather than with a cron library: the check runs at every cold start, and libraries also take what the
 * platform does not (five fields, `?`, `L`, Sunday as 7).
 */
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** In the order of their numbers, from `min` on. */
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 6, names: weekdays },
];

/** What is wrong with a schedule, in a few words; undefined where nothing is. */
export function findScheduleFault(schedule: string): string | undefined {
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    return `${parts.length} ${parts.length === 1 ? 'field' : 'fields'}, six are needed`;
  }
  for (const [index, field] of fields.entries()) {
    const fault = findFieldFault(parts[index] ?? '', field);
    if (fault) return `${field.name} "${parts[index]}" ${fault}`;
  }
  return undefined;
}

function findFieldFault(text: string, field: Field): string | undefined {
  for (const item of text.split(',')) {
    const match = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,2}))?$/i.exec(item);
    if (!match) return 'is not *, a number, a range, a step or a list of them';
    const [, from, to, step] = match;
    const ends = [from, to].filter((end) => end !== undefined).map((end) => toNumber(end, field));
    if (ends.some((end) => Number.isNaN(end))) return `is not within ${field.min}-${field.max}`;
    if (ends[0] !== undefined && ends[1] !== undefined && ends[0] > ends[1]) return 'runs backwards';
    if (step !== undefined && Number(step) === 0) return 'has a step of 0';
    // Cron libraries disagree on what 5/10 means; 5-59/10 says it.
    if (step !== undefined && from !== undefined && to === undefined)
      return 'has a step without * or a range before it';
  }
  return undefined;
}

/** NaN where it is no number or name of the field. */
function toNumber(text: string, { min, max, names }: Field): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? min + named : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : NaN;
}
