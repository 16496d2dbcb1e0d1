import { readFile } from 'node:fs/promises';
import { defineRoute, jsonType, type Endpoint, type Route } from './route.ts';

type LoadEndpoints = () => Promise<readonly Endpoint[]>;

/** The route that describes all routes. It is one of them, so it is given the way to load them and does not import it. */
export function describe(loadEndpoints: LoadEndpoints): Route {
  return defineRoute({
    isStatic: true,
    summary: 'This description',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: {
          'application/json': { type: 'object', properties: { openapi: { type: 'string' } }, required: ['openapi'] },
        },
      },
    },
    handle: () =>
      Promise.resolve({
        contentType: jsonType,
        cacheControl: 'public, max-age=300',
        key: 'openapi.json',
        render: () => readBuilt().catch(() => renderOpenApi(loadEndpoints)),
      }),
  });
}

/** What the build wrote beside the folder of the bundle's chunks; in a checkout there is no such file beside the sources. */
function readBuilt(): Promise<Uint8Array> {
  return readFile(new URL('../openapi.json', import.meta.url));
}

export async function renderOpenApi(loadEndpoints: LoadEndpoints): Promise<string> {
  const { buildOpenApi } = await import('./openapi.ts');
  return JSON.stringify(buildOpenApi(await loadEndpoints()));
}
