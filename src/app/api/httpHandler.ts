import type { HttpHandler } from '@azure/functions';
import type { RouteEntry } from './route.ts';

/** Returns the handler of an HTTP trigger. It loads the route, and the app if the route needs it, with the first request. */
export function httpHandler(name: string, { load, ...entry }: RouteEntry): HttpHandler {
  return async (request, context) => {
    const [{ answerRequest }, route] = await Promise.all([import('./answerRequest.ts'), load()]);
    return answerRequest({ ...route, ...entry, name }, request, context, loadApp);
  };
}

async function loadApp() {
  const { getApiApp } = await import('./firstRequest.ts');
  return getApiApp();
}
