import { readFile } from 'node:fs/promises';
import { readAppVersion } from '../appRoot.ts';
import { object, text } from './jsonSchemas.ts';
import { defineRoute, jsonType, type Endpoint, type Route } from './route.ts';

type LoadEndpoints = () => Promise<readonly Endpoint[]>;

/** The route that describes all routes. `loadEndpoints` is passed in: an import of it from `routes.ts` would be a cycle. */
export function describe(loadEndpoints: LoadEndpoints): Route {
  return defineRoute({
    isStatic: true,
    summary: 'This description',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: {
          'application/json': object({ openapi: text }),
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

/** The build writes this file next to the bundle's folder of chunks. It does not exist in a checkout. */
function readBuilt(): Promise<Uint8Array> {
  return readFile(new URL('../openapi.json', import.meta.url));
}

export async function renderOpenApi(loadEndpoints: LoadEndpoints): Promise<string> {
  const { buildOpenApi } = await import('./openapi.ts');
  return JSON.stringify(buildOpenApi(await loadEndpoints(), await readAppVersion()));
}
