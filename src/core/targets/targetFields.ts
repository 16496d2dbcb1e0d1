/** Building blocks of the targets file's schema. Each error message quotes the value and says what is accepted. */
import * as z from 'zod';
import { shorten } from '../errors.ts';
import { similarName } from '../nearest.ts';

export function accept(accepted: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `${show(input)}, accepted ${accepted}`;
}

export function show(value: unknown): string {
  return value === undefined ? 'missing' : shorten(JSON.stringify(value), longestShown);
}

/** Long enough for a whole resource id. */
const longestShown = 400;

export function integer(min: number, max: number): z.ZodInt {
  const error = accept(`${min}-${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function text(pattern: RegExp, accepted: string): z.ZodString {
  const error = accept(accepted);
  return z.string({ error }).regex(pattern, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, { error: accept(values.join(', ')) });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: accept('true, false') });
}

/** An object without other keys; `elsewhere` says where a known key belongs that is wrong here. */
export function object<T extends z.ZodRawShape>(
  shape: T,
  elsewhere: Readonly<Record<string, string>> = {},
): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? describeUnknownKeys(issue.keys as readonly string[], Object.keys(shape), elsewhere)
        : accept('an object')(issue),
  });
}

function describeUnknownKeys(
  keys: readonly string[],
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>>,
): string {
  return keys
    .map((key) => {
      const near = similarName(key, known);
      const hint = elsewhere[key] ?? (near && `did you mean ${near}?`);
      return [`unknown key ${show(key)}`, ...(hint === undefined ? [] : [hint])].join(', ');
    })
    .concat(`accepted ${known.join(', ')}`)
    .join('; ');
}
