/**
 * Timer schedules of Azure Functions: NCRONTAB, six fields with the seconds first.
 *
 * Parsed here and not by a cron library: libraries accept what the platform refuses (five fields, `?`, `L`, Sunday as 7)
 * and refuse what it accepts (full names, `0/5`). Loading one would also slow down every cold start.
 */
import { counted } from './words.ts';

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

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

/** Puts one space between fields: the platform refuses tabs and no-break spaces, which pasted text often contains. */
export function normalizeSchedule(schedule: string): string {
  return toParts(schedule).join(' ');
}

/** What is wrong with a schedule, in a few words; undefined if nothing is. */
export function findScheduleFault(schedule: string): string | undefined {
  const parts = toParts(schedule);
  if (parts.length !== fields.length) {
    return `${counted(parts.length, 'field')}, six are needed`;
  }
  for (const [index, field] of fields.entries()) {
    const part = parts[index] ?? '';
    const fault = part
      .split(',')
      .map((item) => findItemFault(item, field))
      .find((found) => found !== undefined);
    if (fault) return `${field.name} "${part}" ${fault}`;
  }
  return undefined;
}

/** Writes a valid schedule as lists of numbers, which every cron parser understands in the same way. */
export function toNumericSchedule(schedule: string): string {
  const parts = toParts(schedule);
  return fields.map((field, index) => toNumbers(parts[index] ?? '', field)).join(' ');
}

/** 29 February recurs within eight years; 31 February (`0 0 0 31 2 *`) never comes. */
const maxDaysAhead = 8 * 366;

/** When a valid schedule is due next after `after`, in UTC; undefined if it never is. */
export function nextOccurrence(schedule: string, after: Date): Date | undefined {
  const [seconds, minutes, hours, days, months, weekdays] = fields.map((field, index) => {
    const part = toParts(schedule)[index] ?? '';
    return toSortedNumbers(part, field);
  }) as [number[], number[], number[], number[], number[], number[]];
  const day = new Date(Date.UTC(after.getUTCFullYear(), after.getUTCMonth(), after.getUTCDate()));
  for (let ahead = 0; ahead <= maxDaysAhead; ahead += 1, day.setUTCDate(day.getUTCDate() + 1)) {
    const isDue =
      days.includes(day.getUTCDate()) && months.includes(day.getUTCMonth() + 1) && weekdays.includes(day.getUTCDay());
    if (!isDue) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const start = day.getTime() + (hour * 60 + minute) * 60_000;
        if (start + 60_000 <= after.getTime()) continue;
        const second = seconds.find((candidate) => start + candidate * 1000 > after.getTime());
        if (second !== undefined) return new Date(start + second * 1000);
      }
    }
  }
  return undefined;
}

function toSortedNumbers(part: string, field: Field): number[] {
  const numbers = part.split(',').flatMap((item) => listNumbers(item, field));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function toParts(schedule: string): string[] {
  return schedule.trim().split(/\s+/);
}

function findItemFault(item: string, field: Field): string | undefined {
  const range = parseItem(item, field);
  if (!range) return 'is not *, a number, a range, a step or a list of them';
  const { from, to, step } = range;
  if (Number.isNaN(from) || Number.isNaN(to)) return `is not within ${field.min}-${field.max}`;
  // The platform accepts a step of 0 too, and reads 17-9 as 9-17, which nobody means.
  if (from > to) return 'runs backwards';
  return step === 0 ? 'has a step of 0' : undefined;
}

function toNumbers(part: string, field: Field): string {
  if (part === '*') return part;
  return part
    .split(',')
    .flatMap((item) => listNumbers(item, field))
    .join(',');
}

function listNumbers(item: string, field: Field): number[] {
  const { from, to, step } = parseItem(item, field) ?? { from: 0, to: -1, step: 1 };
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

interface Range {
  /** NaN if the text is no number or name of the field; so is `to`. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** `5/10` is 5-59/10, as the platform reads it. */
function parseItem(item: string, field: Field): Range | undefined {
  const match = /^(?:\*|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:\/(\d+))?$/i.exec(item);
  if (!match) return undefined;
  const [, first, last, stepText] = match;
  const step = Number(stepText ?? 1);
  if (first === undefined) return { from: field.min, to: field.max, step };
  const from = toNumber(first, field);
  if (last !== undefined) return { from, to: toNumber(last, field), step };
  return { from, to: stepText === undefined ? from : field.max, step };
}

/** A name may be shortened, such as `mon`: the first name that begins with the text counts. */
function toNumber(text: string, { min, max, names = [] }: Field): number {
  const index = names.findIndex((name) => name.startsWith(text.toLowerCase()));
  const value = index >= 0 ? min + index : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : NaN;
}
