/** Splits lists into pages: `value` and, except on the last page, `nextLink`. */
import type { ArmRequest, Simulation } from './simulation.ts';

export interface ListPage<T> {
  readonly value: readonly T[];
  readonly nextLink?: string;
}

export function toPage<T>(items: readonly T[], request: ArmRequest, simulation: Simulation): ListPage<T> {
  const { value, nextLink } = takePage(items, request, simulation);
  return nextLink === undefined ? { value } : { value, nextLink };
}

export function takePage<T>(
  items: readonly T[],
  request: ArmRequest,
  simulation: Simulation,
): { readonly value: readonly T[]; readonly nextLink: string | undefined } {
  const { pageSize = items.length } = simulation.settings;
  const start = Number(request.query.get('$skipToken') ?? 0);
  const end = start + pageSize;
  const query = new URLSearchParams(request.query);
  query.set('$skipToken', String(end));
  const nextLink = end < items.length ? `${simulation.baseUrl}${request.path}?${query.toString()}` : undefined;
  return { value: items.slice(start, end), nextLink };
}
