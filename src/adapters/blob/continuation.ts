/** Continuation tokens of lists. Callers pass them back unchanged, and the app checks them. */
import { RequestError } from '../../core/errors.ts';

/** `list` names the list and its filters, so that a token of another list is refused. */
export function toContinuation(list: string, after: string): string {
  return Buffer.from(JSON.stringify([list, after])).toString('base64url');
}

/** Returns the `after` of the token. Throws RequestError (400) if it is not a token of this list. */
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
