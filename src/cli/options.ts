/** Options that several commands share. */
import type { ParseArgsConfig } from 'node:util';
import { clouds, defaultServiceTag, type Cloud } from '../core/serviceTags/serviceTags.ts';
import { normalizeRegion } from '../core/serviceTags/regions.ts';
import type { AddressFamily } from '../core/prefixes.ts';
import { inWords } from '../core/words.ts';
import { UsageError } from './exitCodes.ts';
import { util } from './node.ts';

export const selectionOptions = {
  region: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  family: { type: 'string' },
} as const;

export const sourceOptions = {
  source: { type: 'string' },
  cloud: { type: 'string' },
  subscription: { type: 'string' },
  location: { type: 'string' },
} as const;

export const jsonOption = { json: { type: 'boolean' } } as const;

type Options = NonNullable<ParseArgsConfig['options']>;

export function parseOptions<const T extends Options>(args: readonly string[], options: T) {
  try {
    return util.parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Cut off Node's explanation of how to pass a file name that looks like an option.
    const [what = ''] = (error as Error).message.split('. To specify');
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${what}; accepted: ${known.join(', ')}.`, { cause: error });
  }
}

export interface SelectionValues {
  readonly region?: readonly string[];
  readonly tag?: readonly string[];
  readonly family?: string;
}

export function toSelection({ region = [], tag = [], family }: SelectionValues) {
  const tags = split(tag);
  return {
    tags: tags.length === 0 ? [defaultServiceTag] : tags,
    regions: [...new Set(split(region).map(normalizeRegion))],
    family: oneOf('--family', family ?? 'all', families),
  };
}

const families = ['ipv4', 'ipv6', 'all'] as const satisfies readonly (AddressFamily | 'all')[];

/** An option may be repeated, or contain several values with commas between them. */
function split(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(',')).flatMap((text) => (text.trim() === '' ? [] : [text.trim()]));
}

export function toCloud(text: string | undefined): Cloud | undefined {
  if (text === undefined) return undefined;
  return oneOf('--cloud', clouds.find((cloud) => cloud.toLowerCase() === text.toLowerCase()) ?? text, clouds);
}

export function oneOf<const T extends readonly string[]>(name: string, value: string, accepted: T): T[number] {
  const found = accepted.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageError(`${name}: "${value}" is not accepted; accepted: ${accepted.join(', ')}.`);
}

export function toCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw new UsageError(`${name}: "${text}" is not accepted; accepted: a whole number from 1 to ${inWords(most)}.`);
}

export function toDay(name: string, text: string): string {
  if (isDay(text)) return text;
  throw new UsageError(`${name}: "${text}" is not accepted; accepted: a day such as 2024-03-01.`);
}

export function isDay(text: string): boolean {
  const time = Date.parse(text);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
