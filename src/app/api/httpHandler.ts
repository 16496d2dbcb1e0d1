import type { HttpHandler } from '@azure/functions';
import type { Route } from './route.ts';

/** A trigger's handler that loads its route, and what it needs of the app, with the first request. */
export function httpHandler(loadRoute: () => Promise<Route>): HttpHandler {
  return async (request, context) => {
    const [{ answerRequest }, route] = await Promise.all([import('./answerRequest.ts'), loadRoute()]);
    return answerRequest(route, request, context, loadApp);
  };
}

async function loadApp() {
  const { getApiApp } = await import('../composition.ts');
  return getApiApp();
}
