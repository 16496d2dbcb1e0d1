/** The function app that bench/http.ts measures: two real routes with a document in memory, and two constants. */
import { app } from '@azure/functions';
import { httpHandler } from '../../src/app/api/httpHandler.ts';
import type { ApiApp, RouteEntry } from '../../src/app/api/route.ts';
import { routes } from '../../src/app/api/routes.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { contentHash, toSnapshotId } from '../../src/core/serviceTags/contentHash.ts';
import { defaultServiceTag } from '../../src/core/serviceTags/serviceTags.ts';
import type { Snapshot } from '../../src/core/serviceTags/snapshot.ts';
import { readWeeklyDocument } from '../weeklyDocument.ts';

const { document } = readWeeklyDocument(process.env.BENCH_FOLDER);

function buildMeasuredApp(): ApiApp {
  const hash = contentHash(document);
  const snapshot: Snapshot = {
    id: toSnapshotId('Public', '2026-07-20', document.changeNumber, hash),
    cloud: 'Public',
    date: '2026-07-20',
    changeNumber: document.changeNumber,
    contentHash: hash,
    pulledAt: '2026-07-20T06:30:00.000Z',
    tagCount: document.values.length,
    prefixCount: 0,
    quarantine: [],
    sources: [],
    disagreements: [],
    warnings: [],
    document,
  };
  const { id, cloud, date, changeNumber, pulledAt: since } = snapshot;
  const pointer = { cloud, snapshot: id, contentHash: hash, date, changeNumber, since };
  const never = (): Promise<never> => Promise.reject(new Error('not measured'));
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const queries = buildQueries({
    cloud,
    clock: { now: () => new Date(), sleep: never },
    logger,
    snapshots: {
      get: () => Promise.resolve(snapshot),
      list: () => Promise.resolve([snapshot]),
      readPointer: () => Promise.resolve({ pointer, etag: '"1"' }),
      readPullStatus: () => Promise.resolve(undefined),
    },
    changes: { get: never },
    histories: {
      read: () => Promise.resolve(undefined),
      readEtag: never,
      replace: never,
      putUnchanged: never,
      listUnchanged: () => Promise.resolve([]),
      readDecisions: () => Promise.resolve(undefined),
      replaceDecisions: never,
    },
    states: { get: never, listSummaries: never },
    ledger: { get: never, list: never },
    targets: { read: () => Promise.resolve([]) },
    updatesPaused: false,
    maxPullAgeInHours: 48,
  });
  return { queries, loadActions: never };
}

const measured = buildMeasuredApp();

function serve(name: string, entry: RouteEntry): void {
  app.http(name, {
    route: entry.path,
    methods: ['GET'],
    authLevel: 'anonymous',
    handler: httpHandler(name, entry, () => measured),
  });
}

serve('getPrefixes', routes.getPrefixes);
serve('getLookup', routes.getLookup);

/** Bytes, as those of `prefixes` are. */
const list = Buffer.from(
  JSON.stringify(document.values.find(({ name }) => name === defaultServiceTag)?.addressPrefixes ?? []),
);
for (const [name, body] of Object.entries({ constant: '{"ok":true}', constantList: list })) {
  app.http(name, {
    route: name,
    methods: ['GET'],
    authLevel: 'anonymous',
    handler: () => ({ status: 200, headers: { 'content-type': 'application/json' }, body }),
  });
}
