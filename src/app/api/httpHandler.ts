import type { HttpHandler } from '@azure/functions';
import type { Route } from './route.ts';

/** A trigger's handler that loads its route, and everything behind it, with the first request. */
export function httpHandler(loadRoute: () => Promise<Route>): HttpHandler {
  return async (request, context) => {
    const [{ answerRequest }, { getApiApp }, route] = await Promise.all([
      import('./answerRequest.ts'),
      import('../composition.ts'),
      loadRoute(),
    ]);
    return answerRequest(route, request, context, getApiApp);
  };
}
