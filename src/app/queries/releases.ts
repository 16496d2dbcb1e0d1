/** Every known release: those that are built into the app, and those that were pulled since. */
import { builtInHistory } from '../../core/history/builtInHistory.ts';
import type { Release } from '../../core/history/historyDocument.ts';
import type { Queries } from '../queries.ts';

/** Oldest first, including those that a person rejected, with changes as they count. If storage cannot be read: only those built into the app. */
export function readReleases({
  history,
  services,
}: Pick<Queries, 'history' | 'services'>): Promise<readonly Release[]> {
  return history.read().then(
    ({ countedReleases }) => countedReleases,
    async () => (await builtInHistory(services.cloud)).releases,
  );
}
