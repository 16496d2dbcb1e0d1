/**
 * Checks documents from storage, with a few functions that name the first wrong field. Accepts unknown fields. Does not
 * use zod, because the first answer after a cold start reads storage and would have to wait until zod is loaded
 * (docs/performance.md).
 */
import { InvalidDocumentError, NewerVersionError, shorten, toErrorMessage } from '../../core/errors.ts';

/** Throws InvalidDocumentError if the value at `path` is not as expected. */
export type Check = (value: unknown, path: string) => void;

/** Version of all stored documents. Those that version 0.1 of the app wrote have no version. */
const storedVersion = 1;

/**
 * Parses and checks the JSON of a blob. `name` is container and blob, for messages. Throws InvalidDocumentError, or
 * NewerVersionError if a newer version of the app wrote it.
 */
export function parseBlob(name: string, bytes: Buffer, check: Check, known = storedVersion): unknown {
  const value = parseJson(name, bytes);
  try {
    const version = isObject(value) ? value.version : undefined;
    if (typeof version === 'number' && version > known) throw new NewerVersionError(name, version, known);
    object({ version: optional(oneOf(...Array.from({ length: known }, (_, index) => index + 1))) })(value, '');
    check(value, '');
    return value;
  } catch (error) {
    if (!(error instanceof InvalidDocumentError)) throw error;
    throw new InvalidDocumentError(`${name}: ${error.message}`, error.path, { cause: error });
  }
}

/** Like parseBlob, but returns the document without its version. */
export function parseDocument(name: string, bytes: Buffer, check: Check): object {
  const { version, ...document } = parseBlob(name, bytes, check) as { readonly version?: number };
  return document;
}

export function toDocument<T extends object>(document: T): T & { readonly version: number } {
  return { version: storedVersion, ...document };
}

function parseJson(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new InvalidDocumentError(`${name} is not JSON: ${toErrorMessage(error)}`, '', { cause: error });
  }
}

export const text: Check = (value, path) => {
  if (typeof value !== 'string') refuse(value, path, 'a text');
};

export const number: Check = (value, path) => {
  if (typeof value !== 'number') refuse(value, path, 'a number');
};

export const anyObject: Check = (value, path) => {
  if (!isObject(value)) refuse(value, path, 'an object');
};

export function oneOf(...accepted: readonly unknown[]): Check {
  return (value, path) => {
    if (!accepted.includes(value)) refuse(value, path, accepted.map((one) => JSON.stringify(one)).join(', '));
  };
}

export function optional(check: Check): Check {
  return (value, path) => {
    if (value !== undefined) check(value, path);
  };
}

export function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return refuse(value, path, 'a list');
    for (let index = 0; index < value.length; index += 1) check(value[index], `${path}[${index}]`);
  };
}

/** A list of texts. A snapshot has 90,000 of them, so their paths are made only for a message. */
export const textList: Check = (value, path) => {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) listOf(text)(value, path);
};

export function object(fields: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (!isObject(value)) return refuse(value, path, 'an object');
    for (const [key, check] of entries) check(value[key], path === '' ? key : `${path}.${key}`);
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(value: unknown, path: string, expected: string): void {
  const found = value === undefined ? 'missing' : shorten(JSON.stringify(value));
  throw new InvalidDocumentError(`${path || 'the document'} is ${found}, expected ${expected}`, path);
}
