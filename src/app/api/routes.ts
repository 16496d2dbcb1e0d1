/** Every HTTP route, in the order in which the API describes them. */
import * as z from 'zod';
import * as actions from './actionRoutes.ts';
import { changesRoute } from './changesRoute.ts';
import { feedsRoute } from './feedsRoute.ts';
import { healthRoute } from './healthRoute.ts';
import { atomRoute, historyRoute } from './historyRoutes.ts';
import { bulkLookupRoute, lookupRoute } from './lookupRoutes.ts';
import { buildOpenApi } from './openapi.ts';
import { assetRoute, dashboardRoute, docsRoute } from './pages.ts';
import { prefixesRoute } from './prefixesRoute.ts';
import { defineRoute, jsonType, type Route } from './route.ts';
import { runRoute, runsRoute } from './runRoutes.ts';
import { snapshotRoute, snapshotsRoute } from './snapshotRoutes.ts';
import { tagRoute, tagsRoute } from './tagRoutes.ts';
import { planRoute, targetRoute, targetsRoute } from './targetRoutes.ts';

export const openApiRoute = defineRoute({
  name: 'getOpenApi',
  method: 'GET',
  path: 'openapi.json',
  authLevel: 'anonymous',
  summary: 'This description',
  responses: {
    200: { description: 'OpenAPI 3.1.', content: { 'application/json': z.looseObject({ openapi: z.string() }) } },
  },
  handle: () =>
    Promise.resolve({
      contentType: jsonType,
      cacheControl: 'public, max-age=300',
      key: 'openapi.json',
      render: () => JSON.stringify(buildOpenApi(routes)),
    }),
});

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
];
