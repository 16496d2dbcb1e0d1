/** What the first request that needs the app loads: the build keeps it in few files (`dev/build.ts`). */
export { getApiApp } from '../composition.ts';
export { healthRoute } from './healthRoute.ts';
