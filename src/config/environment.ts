/** Reads single settings. A message says the setting's value and what is accepted, but never quotes a possible secret. */
import { ConfigurationError, shorten } from '../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the trimmed value, undefined if empty. The name matches in any letter case, as on the platform. */
export function readText(env: Environment, setting: string): string | undefined {
  const text = (env[setting] ?? env[spellingOf(env, setting)])?.trim();
  return text === '' ? undefined : text;
}

function spellingOf(env: Environment, setting: string): string {
  const name = setting.toLowerCase();
  return Object.keys(env).find((key) => key.toLowerCase() === name) ?? setting;
}

/** Names of all settings that begin with `prefix` (in any letter case) and are not empty. */
export function settingsThatBegin(env: Environment, prefix: string): string[] {
  const start = prefix.toLowerCase();
  return Object.keys(env).filter((key) => key.toLowerCase().startsWith(start) && readText(env, key) !== undefined);
}

export function readChoice<T extends string>(env: Environment, setting: string, choices: readonly T[]): T | undefined {
  const text = readText(env, setting);
  if (text === undefined) return undefined;
  return findChoice(text, choices) ?? refuse(setting, quote(text), choices.join(', '));
}

/** Compares without regard to letter case. */
export function findChoice<T extends string>(text: string, choices: readonly T[]): T | undefined {
  return choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
}

export const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

export function readMatching(env: Environment, setting: string, pattern: RegExp, accepted: string): string | undefined {
  const text = readText(env, setting);
  return text === undefined || pattern.test(text) ? text : refuse(setting, quote(text), accepted);
}

/** Returns the trimmed, non-empty entries of a comma list; undefined if the setting is missing. */
export function readList(env: Environment, setting: string, accepted: string): string[] | undefined {
  const text = readText(env, setting);
  if (text === undefined) return undefined;
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.length > 0 ? entries : refuse(setting, quote(text), accepted);
}

/** Calls every reader and throws one error that lists all wrong settings, one line per setting, in reader order. */
export function readAll<T extends object>(readers: { readonly [K in keyof T]: () => T[K] }): T {
  const faults: ConfigurationError[] = [];
  const values = Object.entries<() => unknown>(readers).map(([name, read]) => {
    try {
      return [name, read()] as const;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      faults.push(error);
      return [name, undefined] as const;
    }
  });
  const [first, ...others] = faults;
  if (first === undefined) return Object.fromEntries(values) as T;
  // Two readers may need the same setting.
  const lines = new Set([first.message, ...others.map((fault) => fault.message)]);
  throw new ConfigurationError(first.field, [...lines].join('\n').slice(`${first.field}: `.length));
}

/** What the platform should have put in place of a reference. The app gets the reference if it could not be resolved. */
const references: readonly (readonly [RegExp, string])[] = [
  [/^@Microsoft\.KeyVault\(/i, 'a Key Vault reference that was not resolved (may the identity read the secret?)'],
  [
    /^@Microsoft\.AppConfiguration\(/i,
    'an App Configuration reference that was not resolved (may the identity read it?)',
  ],
];

export function refuseReference(setting: string, text: string): void {
  const [, shown] = references.find(([pattern]) => pattern.test(text)) ?? [];
  if (shown !== undefined) refuse(setting, shown, 'its value');
}

/** Throws ConfigurationError: `<setting>: holds <shown>; accepted: <accepted>`. */
export function refuse(setting: string, shown: string, accepted: string): never {
  throw new ConfigurationError(setting, `holds ${shown}; accepted: ${accepted}`);
}

export function missing(setting: string, accepted: string): never {
  throw new ConfigurationError(setting, `is missing; accepted: ${accepted}`);
}

/** In double quotes, on one line, and shortened. */
export function quote(text: string): string {
  return `"${shorten(text.replaceAll(/\s+/g, ' '))}"`;
}

/** True if one of the settings exists that the platform adds to every Function App in Azure. */
export function isInAzure(env: Environment): boolean {
  return readText(env, 'WEBSITE_INSTANCE_ID') !== undefined || readText(env, 'WEBSITE_SITE_NAME') !== undefined;
}
