/** Reads a pasted line of a log or an error: which addresses it names, of which day it is, what happened. */
import { isIP } from 'node:net';
import { isPrefix } from '../prefixes.ts';
import { dayInMs } from '../time.ts';

export const maxExplained = 20;

/** The addresses and CIDRs in a text, each once, in their order; at most `maxExplained`. */
export function findAddresses(text: string): readonly string[] {
  const candidates = text.match(/(?<![\w.:-])[\da-f:.]+(\/\d{1,3})?/gi) ?? [];
  const found = candidates.map(withoutPort).filter((candidate) => isPrefix(candidate));
  return [...new Set(found)].slice(0, maxExplained);
}

/** Takes the port or the full stop off `20.1.2.3:443` and `20.1.2.3.`. */
function withoutPort(candidate: string): string {
  const [, bare = candidate] = /^(\d+\.\d+\.\d+\.\d+)(?::\d*)*\.?$/.exec(candidate) ?? [];
  return isIP(bare) === 0 ? bare.replace(/[.:]$/, '') : bare;
}

const monthNames = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

function monthOf(name: string | undefined): number {
  return monthNames
    .toLowerCase()
    .split('|')
    .indexOf((name ?? '').toLowerCase());
}

/**
 * The day (UTC, `YYYY-MM-DD`) that a line names; undefined if it names none. A day without a year is the latest such day
 * before `now`.
 */
export function findDay(text: string, now: Date): string | undefined {
  const iso = /\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?(?:[.,]\d+)?) ?(Z|[+-]\d{2}:?\d{2})?)?/.exec(
    text,
  );
  if (iso) {
    const [, year, month, day, time = '00:00:00', zone = 'Z'] = iso;
    return toDay(`${year}-${month}-${day}T${time.replace(',', '.')}${withColon(zone)}`);
  }
  // 12/Oct/2025:13:55:36 +0200, and Mon, 12 Oct 2025 13:55:36 GMT
  const named = new RegExp(
    `\\b(\\d{1,2})[ /](${monthNames})[a-z]*[ /](\\d{4})[: ](\\d{2}:\\d{2}:\\d{2})(?: ([+-]\\d{4}))?`,
    'i',
  ).exec(text);
  if (named) {
    const [, day = '', month, year, time, zone = 'Z'] = named;
    return toDay(`${year}-${twoDigits(monthOf(month) + 1)}-${day.padStart(2, '0')}T${time}${withColon(zone)}`);
  }
  // 10/12/2025 1:55:36 PM, as the Azure portal writes it in English
  const american = /\b(\d{1,2})\/(\d{1,2})\/(\d{4})[, ]+\d{1,2}:\d{2}(?::\d{2})? [AP]M\b/i.exec(text);
  if (american)
    return toDay(
      `${american[3]}-${(american[1] ?? '').padStart(2, '0')}-${(american[2] ?? '').padStart(2, '0')}T00:00:00Z`,
    );
  return dayWithoutYear(text, now);
}

function dayWithoutYear(text: string, now: Date): string | undefined {
  // Oct 12 13:55:36 (syslog), E1012 13:55:36.123456 (Kubernetes)
  const syslog = new RegExp(`\\b(${monthNames}) +(\\d{1,2}) \\d{2}:\\d{2}:\\d{2}`, 'i').exec(text);
  const klog = /(?:^|\s)[IWEF](\d{2})(\d{2}) \d{2}:\d{2}:\d{2}\.\d+/.exec(text);
  const [month, day] = syslog ? [monthOf(syslog[1]) + 1, syslog[2]] : klog ? [Number(klog[1]), klog[2]] : [];
  if (month === undefined || day === undefined) return undefined;
  const inYear = (year: number) => toDay(`${year}-${twoDigits(month)}-${day.padStart(2, '0')}T00:00:00Z`);
  const year = now.getUTCFullYear();
  const thisYear = inYear(year);
  const isAhead = thisYear !== undefined && Date.parse(thisYear) > now.getTime() + dayInMs;
  return isAhead ? inYear(year - 1) : thisYear;
}

function toDay(iso: string): string | undefined {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().slice(0, 10);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function withColon(zone: string): string {
  return /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
}

export type Situation = 'registryRefused' | 'connectionFailed' | 'firewallDenied' | 'unknown';

/** What happened, as far as the text tells. */
export function findSituation(text: string): Situation {
  if (/client with IP ['"‘“]?[\da-f.:]+['"’”]? is not allowed access/i.test(text)) return 'registryRefused';
  if (
    /dial tcp|i\/o timeout|timed? ?out|ETIMEDOUT|ECONNREFUSED|ECONNRESET|connection (was )?(refused|reset)|no route to host|context deadline exceeded|TLS handshake|failed to connect/i.test(
      text,
    )
  ) {
    return 'connectionFailed';
  }
  return /\b(deny|denied|drop(ped)?|block(ed)?|reject(ed)?)\b/i.test(text) ? 'firewallDenied' : 'unknown';
}
