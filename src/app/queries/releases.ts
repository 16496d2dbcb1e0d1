/** Every release that is known: those that ship with the product, and those that were pulled since. */
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { Release } from '../../core/history/historyDocument.ts';
import { once } from '../../core/once.ts';
import type { Queries } from '../queries.ts';

const known = new WeakMap<Queries, () => Promise<readonly Release[]>>();

/** Oldest first. */
export async function readReleases(queries: Queries): Promise<readonly Release[]> {
  const read = known.get(queries) ?? once(async () => (await builtInHistory(queries.services.cloud)).releases);
  known.set(queries, read);
  return read();
}
