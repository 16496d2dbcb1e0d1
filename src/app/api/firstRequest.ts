/** What the first request needs, in one load: the build keeps all of it in one file (`dev/build.ts`). */
export { getApiApp } from '../composition.ts';
export { answerRequest } from './answerRequest.ts';
export { healthRoute } from './healthRoute.ts';
