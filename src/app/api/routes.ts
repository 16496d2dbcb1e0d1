/** Every HTTP route, in the order in which the API describes them. */
import * as actions from './actionRoutes.ts';
import { changesRoute } from './changesRoute.ts';
import { feedsRoute } from './feedsRoute.ts';
import { healthRoute } from './healthRoute.ts';
import { atomRoute, historyRoute } from './historyRoutes.ts';
import { bulkLookupRoute, lookupRoute } from './lookupRoutes.ts';
import { openApiRoute } from './openApiRoute.ts';
import { approveRoute, assetRoute, dashboardRoute, docsRoute } from './pages.ts';
import { prefixesRoute } from './prefixesRoute.ts';
import type { Route } from './route.ts';
import { runRoute, runsRoute } from './runRoutes.ts';
import { snapshotRoute, snapshotsRoute } from './snapshotRoutes.ts';
import { tagRoute, tagsRoute } from './tagRoutes.ts';
import { planRoute, targetRoute, targetsRoute } from './targetRoutes.ts';

export const routes: readonly Route[] = [
  prefixesRoute,
  feedsRoute,
  lookupRoute,
  bulkLookupRoute,
  tagsRoute,
  tagRoute,
  snapshotsRoute,
  snapshotRoute,
  changesRoute,
  historyRoute,
  atomRoute,
  targetsRoute,
  targetRoute,
  planRoute,
  actions.applyRoute,
  actions.rollbackRoute,
  actions.resumeRoute,
  actions.pauseRoute,
  actions.pullRoute,
  runsRoute,
  runRoute,
  healthRoute,
  openApiRoute,
  docsRoute,
  assetRoute,
  dashboardRoute,
  approveRoute,
];
