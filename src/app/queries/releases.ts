/** Every release that is known: those that ship with the product, and those that were pulled since. */
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { Release } from '../../core/history/historyDocument.ts';
import type { Queries } from '../queries.ts';

/** Oldest first, those that a person has rejected among them. Without storage: what is known without it. */
export function readReleases({
  history,
  services,
}: Pick<Queries, 'history' | 'services'>): Promise<readonly Release[]> {
  return history.read().then(
    ({ document }) => document.releases,
    async () => (await builtInHistory(services.cloud)).releases,
  );
}
