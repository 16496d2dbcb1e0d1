/** Continuation tokens of lists: opaque to callers, and checked when they come back. */
import { RequestError } from '../../core/errors.ts';

/** `list` says which list it belongs to, with its filters: a token of another list is refused. */
export function toContinuation(list: string, after: string): string {
  return Buffer.from(JSON.stringify([list, after])).toString('base64url');
}

/** Throws RequestError 400. */
export function parseContinuation(list: string, token: string, isValid: (after: string) => boolean): string {
  const parts = decode(token);
  const [forList, after] = Array.isArray(parts) ? (parts as readonly unknown[]) : [];
  if (forList !== list || typeof after !== 'string' || !isValid(after) || toContinuation(list, after) !== token) {
    throw new RequestError(
      400,
      'invalid-query',
      'continuation is not one that this list gave: take it from the page before, unchanged',
      { parameter: 'continuation' },
    );
  }
  return after;
}

function decode(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}
