/** Schemas without zod, which takes time to load, for routes that often serve the first request of a process. */
import type { JsonSchema } from './route.ts';

export const text = { type: 'string' };
export const whole = { type: 'integer' };

/** Every member is required. */
export function object(properties: JsonSchema): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

export function array(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}
