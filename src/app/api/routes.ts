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

type Load = RouteEntry['load'];

const withKey =
  (method: RouteEntry['method']) =>
  (path: string, load: Load): RouteEntry => ({ method, path, auth: 'function', load });

const get = withKey('GET');
const post = withKey('POST');
const remove = withKey('DELETE');

/** A GET that needs no key. */
const open = (path: string, load: Load): RouteEntry => ({ method: 'GET', path, auth: 'anonymous', load });

/** Keyed by the name of the function, which is also the operation id. */
export const routes = {
  getPrefixes: get('prefixes', async () => (await import('./prefixesRoute.ts')).prefixesRoute),
  getFeeds: get('feeds', async () => (await import('./feedListRoute.ts')).feedListRoute),
  getFeed: get('feeds/{name}', async () => (await import('./feedsRoute.ts')).feedsRoute),
  getLookup: get('lookup', async () => (await lookup()).lookupRoute),
  postLookup: post('lookup', async () => (await lookup()).bulkLookupRoute),
  getExplain: get('explain', async () => (await explain()).explainRoute),
  postExplain: post('explain', async () => (await explain()).postExplainRoute),
  getTags: get('tags', async () => (await tags()).tagsRoute),
  getTag: get('tags/{tag}', async () => (await tags()).tagRoute),
  getSnapshots: get('snapshots', async () => (await snapshots()).snapshotsRoute),
  getSnapshot: get('snapshots/{id}', async () => (await snapshots()).snapshotRoute),
  getChanges: get('changes', async () => (await import('./changesRoute.ts')).changesRoute),
  getHistory: get('history', async () => (await history()).historyRoute),
  getHistoryAtom: get('history.atom', async () => (await history()).atomRoute),
  getReleases: get('releases', async () => (await releases()).releasesRoute),
  getRelease: get('releases/{date}', async () => (await releases()).releaseRoute),
  getOverview: get('overview', async () => (await import('./overviewRoute.ts')).overviewRoute),
  getTargets: get('targets', async () => (await targets()).targetsRoute),
  getTarget: get('targets/{name}', async () => (await targets()).targetRoute),
  getTargetPlan: get('targets/{name}/plan', async () => (await targets()).planRoute),
  postTargetApply: post('targets/{name}/apply', async () => (await actions()).applyRoute),
  postTargetRollback: post('targets/{name}/rollback', async () => (await actions()).rollbackRoute),
  postTargetResume: post('targets/{name}/resume', async () => (await actions()).resumeRoute),
  postTargetPause: post('targets/{name}/pause', async () => (await actions()).pauseRoute),
  postPull: post('pull', async () => (await actions()).pullRoute),
  postSnapshotReject: post('snapshots/{id}/reject', async () => (await decisions()).rejectRoute),
  deleteSnapshotReject: remove('snapshots/{id}/reject', async () => (await decisions()).takeBackRoute),
  postTagRetire: post('tags/{tag}/retire', async () => (await decisions()).retireRoute),
  getRuns: get('runs', async () => (await runs()).runsRoute),
  getRun: get('runs/{id}', async () => (await runs()).runRoute),
  getHealth: open('health', async () => (await import('./firstRequest.ts')).healthRoute),
  getOpenApi: open('openapi.json', async () => (await import('./openApiRoute.ts')).describe(loadEndpoints)),
  getDocs: open('docs', async () => (await pages()).docsRoute),
  getRunbook: open('runbook', async () => (await pages()).runbookRoute),
  getAsset: open('assets/{name}', async () => (await pages()).assetRoute),
  getDashboard: open('dashboard', async () => (await pages()).dashboardRoute),
  getApprove: open('approve', async () => (await pages()).approveRoute),
};

/** Loads all routes, for the description of the API and for tests. */
export async function loadEndpoints(): Promise<readonly Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const [name, entry] of Object.entries(routes)) endpoints.push(await loadEndpoint(name, entry));
  return endpoints;
}

export async function loadEndpoint(name: string, { load, ...entry }: RouteEntry): Promise<Endpoint> {
  return { ...(await load()), ...entry, name };
}
