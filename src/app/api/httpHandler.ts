import type { HttpHandler } from '@azure/functions';
import type { RouteEntry } from './route.ts';

/** Returns the handler of an HTTP trigger. It loads the route, and the app if the route needs it, with the first request. */
export function httpHandler(name: string, { load, ...entry }: RouteEntry): HttpHandler {
  return async (request, context) => {
    const [{ answerRequest, getApiApp }, route] = await Promise.all([import('./firstRequest.ts'), load()]);
    return answerRequest({ ...route, ...entry, name }, request, context, getApiApp);
  };
}
