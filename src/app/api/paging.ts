/** Cuts a list in memory into pages. The continuation of a page names its last item. */
import { RequestError } from '../../core/errors.ts';
import type { Page } from '../ports.ts';

export interface PageQuery {
  readonly limit: number;
  readonly continuation?: string | undefined;
}

/**
 * Only items that `isShown` are on a page. The continuation may name another one: an item may change between two pages.
 * Throws RequestError 400 if the continuation is not the token of an item.
 */
export function pageOf<T>(
  items: readonly T[],
  { limit, continuation }: PageQuery,
  tokenOf: (item: T) => string,
  isShown: (item: T) => boolean = () => true,
): Page<T> {
  const start = continuation === undefined ? 0 : items.findIndex((item) => tokenOf(item) === continuation) + 1;
  if (continuation !== undefined && start === 0) throw invalidContinuation();
  const rest = items.slice(start).filter(isShown);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const hasMore = limit < rest.length;
  return { items: page, ...(hasMore && last !== undefined && { continuation: tokenOf(last) }) };
}

export function invalidContinuation(): RequestError {
  return new RequestError(
    400,
    'invalid-query',
    'continuation is not one that this list gave; start again without it, with the same query otherwise',
    { parameter: 'continuation' },
  );
}
