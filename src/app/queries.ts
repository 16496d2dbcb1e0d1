/** What the routes read of service tags, targets and runs: from storage, and kept in historyCache for a while. */
import { CurrentSnapshot } from './queries/currentSnapshot.ts';
import { readHealth, type Health } from './queries/health.ts';
import { HistoryReader } from './history/historyReader.ts';
import { FeedLists } from './queries/feedLists.ts';
import { Timelines } from './queries/timelines.ts';
import type { QueryServices } from './queries/queryServices.ts';
import { SnapshotLibrary } from './queries/snapshotLibrary.ts';

export interface Queries {
  readonly services: QueryServices;
  readonly current: CurrentSnapshot;
  readonly library: SnapshotLibrary;
  readonly history: HistoryReader;
  readonly timelines: Timelines;
  readonly feeds: FeedLists;
  /** Reads storage at most every 15 seconds: the route needs no key, so anybody may ask. */
  health(): Promise<Health>;
}

const healthTtlInMs = 15_000;
/** A person's decision reaches the feeds of every process within this time. */
const historyTtlInMs = 30_000;

export function buildQueries(services: QueryServices): Queries {
  const current = new CurrentSnapshot(services.snapshots, services.cloud, services.clock);
  const library = new SnapshotLibrary(services.snapshots, services.cloud, current);
  const historyCache = { now: () => services.clock.now(), ttlInMs: historyTtlInMs };
  const history = new HistoryReader(services, historyCache);
  const timelines = new Timelines(services.changes, services.cloud, library, history);
  const feeds = new FeedLists(history);
  let known: { readonly until: number; readonly health: Promise<Health> } | undefined;
  return {
    services,
    current,
    library,
    history,
    timelines,
    feeds,
    health() {
      const now = services.clock.now().getTime();
      if (!known || now >= known.until) {
        known = { until: now + healthTtlInMs, health: readHealth({ ...services, history }, current) };
      }
      return known.health;
    },
  };
}
