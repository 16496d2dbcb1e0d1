/**
 * Every HTTP route, in the order in which the API describes them. `src/functions/http.ts` registers them; the first
 * request of a route loads it.
 */
import type { Endpoint, RouteEntry } from './route.ts';

const actions = () => import('./actionRoutes.ts');
const decisions = () => import('./decisionRoutes.ts');
const explain = () => import('./explainRoutes.ts');
const history = () => import('./historyRoutes.ts');
const lookup = () => import('./lookupRoutes.ts');
const pages = () => import('./pages.ts');
const releases = () => import('./releaseRoutes.ts');
const runs = () => import('./runRoutes.ts');
const snapshots = () => import('./snapshotRoutes.ts');
const tags = () => import('./tagRoutes.ts');
const targets = () => import('./targetRoutes.ts');

/** Keyed by the name of the function, which is also the operation id. */
export const routes = {
  getPrefixes: {
    method: 'GET',
    path: 'prefixes',
    auth: 'function',
    load: async () => (await import('./prefixesRoute.ts')).prefixesRoute,
  },
  getFeeds: {
    method: 'GET',
    path: 'feeds',
    auth: 'function',
    load: async () => (await import('./feedListRoute.ts')).feedListRoute,
  },
  getFeed: {
    method: 'GET',
    path: 'feeds/{name}',
    auth: 'function',
    load: async () => (await import('./feedsRoute.ts')).feedsRoute,
  },
  getLookup: { method: 'GET', path: 'lookup', auth: 'function', load: async () => (await lookup()).lookupRoute },
  postLookup: { method: 'POST', path: 'lookup', auth: 'function', load: async () => (await lookup()).bulkLookupRoute },
  getExplain: { method: 'GET', path: 'explain', auth: 'function', load: async () => (await explain()).explainRoute },
  postExplain: {
    method: 'POST',
    path: 'explain',
    auth: 'function',
    load: async () => (await explain()).postExplainRoute,
  },
  getTags: { method: 'GET', path: 'tags', auth: 'function', load: async () => (await tags()).tagsRoute },
  getTag: { method: 'GET', path: 'tags/{tag}', auth: 'function', load: async () => (await tags()).tagRoute },
  getSnapshots: {
    method: 'GET',
    path: 'snapshots',
    auth: 'function',
    load: async () => (await snapshots()).snapshotsRoute,
  },
  getSnapshot: {
    method: 'GET',
    path: 'snapshots/{id}',
    auth: 'function',
    load: async () => (await snapshots()).snapshotRoute,
  },
  getChanges: {
    method: 'GET',
    path: 'changes',
    auth: 'function',
    load: async () => (await import('./changesRoute.ts')).changesRoute,
  },
  getHistory: { method: 'GET', path: 'history', auth: 'function', load: async () => (await history()).historyRoute },
  getHistoryAtom: {
    method: 'GET',
    path: 'history.atom',
    auth: 'function',
    load: async () => (await history()).atomRoute,
  },
  getReleases: {
    method: 'GET',
    path: 'releases',
    auth: 'function',
    load: async () => (await releases()).releasesRoute,
  },
  getRelease: {
    method: 'GET',
    path: 'releases/{date}',
    auth: 'function',
    load: async () => (await releases()).releaseRoute,
  },
  getOverview: {
    method: 'GET',
    path: 'overview',
    auth: 'function',
    load: async () => (await import('./overviewRoute.ts')).overviewRoute,
  },
  getTargets: { method: 'GET', path: 'targets', auth: 'function', load: async () => (await targets()).targetsRoute },
  getTarget: {
    method: 'GET',
    path: 'targets/{name}',
    auth: 'function',
    load: async () => (await targets()).targetRoute,
  },
  getTargetPlan: {
    method: 'GET',
    path: 'targets/{name}/plan',
    auth: 'function',
    load: async () => (await targets()).planRoute,
  },
  postTargetApply: {
    method: 'POST',
    path: 'targets/{name}/apply',
    auth: 'function',
    load: async () => (await actions()).applyRoute,
  },
  postTargetRollback: {
    method: 'POST',
    path: 'targets/{name}/rollback',
    auth: 'function',
    load: async () => (await actions()).rollbackRoute,
  },
  postTargetResume: {
    method: 'POST',
    path: 'targets/{name}/resume',
    auth: 'function',
    load: async () => (await actions()).resumeRoute,
  },
  postTargetPause: {
    method: 'POST',
    path: 'targets/{name}/pause',
    auth: 'function',
    load: async () => (await actions()).pauseRoute,
  },
  postPull: { method: 'POST', path: 'pull', auth: 'function', load: async () => (await actions()).pullRoute },
  postSnapshotReject: {
    method: 'POST',
    path: 'snapshots/{id}/reject',
    auth: 'function',
    load: async () => (await decisions()).rejectRoute,
  },
  deleteSnapshotReject: {
    method: 'DELETE',
    path: 'snapshots/{id}/reject',
    auth: 'function',
    load: async () => (await decisions()).takeBackRoute,
  },
  postTagRetire: {
    method: 'POST',
    path: 'tags/{tag}/retire',
    auth: 'function',
    load: async () => (await decisions()).retireRoute,
  },
  getRuns: { method: 'GET', path: 'runs', auth: 'function', load: async () => (await runs()).runsRoute },
  getRun: { method: 'GET', path: 'runs/{id}', auth: 'function', load: async () => (await runs()).runRoute },
  getHealth: {
    method: 'GET',
    path: 'health',
    auth: 'anonymous',
    load: async () => (await import('./firstRequest.ts')).healthRoute,
  },
  getOpenApi: {
    method: 'GET',
    path: 'openapi.json',
    auth: 'anonymous',
    load: async () => (await import('./openApiRoute.ts')).describe(loadEndpoints),
  },
  getDocs: { method: 'GET', path: 'docs', auth: 'anonymous', load: async () => (await pages()).docsRoute },
  getRunbook: {
    method: 'GET',
    path: 'runbook',
    auth: 'anonymous',
    load: async () => (await pages()).runbookRoute,
  },
  getAsset: { method: 'GET', path: 'assets/{name}', auth: 'anonymous', load: async () => (await pages()).assetRoute },
  getDashboard: {
    method: 'GET',
    path: 'dashboard',
    auth: 'anonymous',
    load: async () => (await pages()).dashboardRoute,
  },
  getApprove: { method: 'GET', path: 'approve', auth: 'anonymous', load: async () => (await pages()).approveRoute },
} satisfies Readonly<Record<string, RouteEntry>>;

/** Loads all routes, for the description of the API and for tests. */
export async function loadEndpoints(): Promise<readonly Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const [name, entry] of Object.entries(routes)) endpoints.push(await loadEndpoint(name, entry));
  return endpoints;
}

export async function loadEndpoint(name: string, { load, ...entry }: RouteEntry): Promise<Endpoint> {
  return { ...(await load()), ...entry, name };
}
