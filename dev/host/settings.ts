/** host.json and app settings, as the Functions host reads them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface QueueSettings {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly visibilityTimeoutInMs: number;
  readonly maxPollingIntervalInMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface HostSettings {
  readonly routePrefix: string;
  readonly functionTimeoutInMs: number;
  readonly queues: QueueSettings;
}

const overridePrefix = 'AzureFunctionsJobHost__';

/** Reads host.json; a setting `AzureFunctionsJobHost__extensions__queues__batchSize` overrides what it names. */
export function readHostSettings(root: string, env: Environment): HostSettings {
  const file = join(root, 'host.json');
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const read = (path: string) => override(env, path) ?? path.split('.').reduce(member, json);
  return {
    routePrefix: toText(read('extensions.http.routePrefix') ?? 'api', 'extensions.http.routePrefix'),
    functionTimeoutInMs: toMs(read('functionTimeout') ?? '00:30:00', 'functionTimeout'),
    queues: {
      batchSize: toCount(read('extensions.queues.batchSize') ?? 16, 'extensions.queues.batchSize', 1, 32),
      newBatchThreshold: toCount(
        read('extensions.queues.newBatchThreshold') ?? 8,
        'extensions.queues.newBatchThreshold',
        0,
        1000,
      ),
      maxDequeueCount: toCount(
        read('extensions.queues.maxDequeueCount') ?? 5,
        'extensions.queues.maxDequeueCount',
        1,
        1000,
      ),
      visibilityTimeoutInMs: toMs(
        read('extensions.queues.visibilityTimeout') ?? '00:00:00',
        'extensions.queues.visibilityTimeout',
      ),
      maxPollingIntervalInMs: toMs(
        read('extensions.queues.maxPollingInterval') ?? '00:01:00',
        'extensions.queues.maxPollingInterval',
      ),
      messageEncoding: toEncoding(read('extensions.queues.messageEncoding') ?? 'base64'),
    },
  };
}

/** `Values` of local.settings.json, which only local tools read; empty where there is no such file. */
export function readLocalSettings(root: string): Readonly<Record<string, string>> {
  const file = join(root, 'local.settings.json');
  if (!existsSync(file)) return {};
  const values = member(JSON.parse(readFileSync(file, 'utf8')), 'Values') ?? {};
  if (typeof values !== 'object') throw new Error(`${file}: "Values" must be an object of strings.`);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, toText(value, `local.settings.json Values.${name}`)]),
  );
}

/** Replaces each `%NAME%` of a binding by the setting of that name. */
export function resolveSettings(text: string, env: Environment, where: string): string {
  return text.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`${where}: "${text}" names the setting ${name}, which is not set.`);
    return value;
  });
}

/** `hh:mm:ss`, or `d.hh:mm:ss`. */
function toMs(value: unknown, field: string): number {
  const match = /^(?:(\d+)\.)?(\d{1,2}):([0-5]\d):([0-5]\d)(?:\.(\d{1,7}))?$/.exec(toText(value, field));
  if (!match) throw new Error(`host.json ${field}: "${toText(value, field)}" is not a time such as "00:01:00".`);
  const [days, hours, minutes, seconds] = match.slice(1, 5).map((part) => Number(part || 0)) as [
    number,
    number,
    number,
    number,
  ];
  const fraction = Number(`0.${match[5] ?? '0'}`);
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds + fraction) * 1000);
}

function override(env: Environment, path: string): string | undefined {
  return env[overridePrefix + path.replaceAll('.', '__')];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function toText(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${field}: ${JSON.stringify(value)} is not a text.`);
}

function toCount(value: unknown, field: string, least: number, most: number): number {
  const count = Number(value);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new Error(`host.json ${field}: ${JSON.stringify(value)} is not a number from ${least} to ${most}.`);
}

function toEncoding(value: unknown): 'base64' | 'none' {
  if (value === 'base64' || value === 'none') return value;
  throw new Error(`host.json extensions.queues.messageEncoding: ${JSON.stringify(value)} is not "base64" or "none".`);
}
