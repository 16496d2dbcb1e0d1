/** Rewords answers in ways in which Azure may word them too. */
import { isObject } from './json.ts';
import type { Settings } from './settings.ts';
import type { ArmResponse } from './simulation.ts';

/** Fields of a security rule whose letter case does not matter. */
const caseless = new Set([
  'protocol',
  'access',
  'direction',
  'sourceAddressPrefix',
  'sourceAddressPrefixes',
  'destinationAddressPrefix',
  'destinationAddressPrefixes',
]);

export function reword(answer: ArmResponse, isWrite: boolean, settings: Settings): ArmResponse {
  const { body, ...rest } = answer;
  if (settings.emptyAnswers && isWrite) return rest;
  return settings.showsCapitals ? { ...rest, body: inCapitals(body) } : answer;
}

function inCapitals(value: unknown, isCaseless = false): unknown {
  if (typeof value === 'string') return isCaseless ? value.toUpperCase() : value;
  if (Array.isArray(value)) return value.map((item) => inCapitals(item, isCaseless));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inCapitals(item, caseless.has(key))]));
}

/** For the headers of all answers, including errors. */
export function rewordRetryAfter(
  headers: Readonly<Record<string, string>> = {},
  { retryAfterAs, now }: Settings,
): Readonly<Record<string, string>> {
  const seconds = headers['Retry-After'];
  if (seconds === undefined || retryAfterAs === 'seconds') return headers;
  return { ...headers, 'Retry-After': new Date(now().getTime() + Number(seconds) * 1_000).toUTCString() };
}
