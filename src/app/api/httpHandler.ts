import type { HttpHandler } from '@azure/functions';
import type { RouteEntry } from './route.ts';

/** A trigger's handler that loads its route, and what it needs of the app, with the first request. */
export function httpHandler(name: string, { load, ...entry }: RouteEntry): HttpHandler {
  return async (request, context) => {
    const [{ answerRequest }, route] = await Promise.all([import('./answerRequest.ts'), load()]);
    return answerRequest({ ...route, ...entry, name }, request, context, loadApp);
  };
}

async function loadApp() {
  const { getApiApp } = await import('../composition.ts');
  return getApiApp();
}
