/** Cuts a list in memory into pages. The continuation of a page names its last item. */
import { RequestError } from '../../core/errors.ts';
import type { Page } from '../ports.ts';

export interface PageQuery {
  readonly limit: number;
  readonly continuation?: string | undefined;
}

/** Throws RequestError 400 if the continuation is not the token of an item. */
export function pageOf<T>(
  items: readonly T[],
  { limit, continuation }: PageQuery,
  tokenOf: (item: T) => string,
): Page<T> {
  const start = continuation === undefined ? 0 : items.findIndex((item) => tokenOf(item) === continuation) + 1;
  if (continuation !== undefined && start === 0) throw invalidContinuation();
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  const hasMore = start + limit < items.length;
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
