import { readFile } from 'node:fs/promises';
import { defineRoute, jsonType } from './route.ts';

export const openApiRoute = defineRoute({
  name: 'getOpenApi',
  method: 'GET',
  path: 'openapi.json',
  authLevel: 'anonymous',
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
      render: () => readBuilt().catch(() => renderOpenApi()),
    }),
});

/** What the build wrote beside the folder of the bundle's chunks; in a checkout there is no such file beside the sources. */
function readBuilt(): Promise<Uint8Array> {
  return readFile(new URL('../openapi.json', import.meta.url));
}

export async function renderOpenApi(): Promise<string> {
  const { routes } = await import('./routes.ts');
  const { buildOpenApi } = await import('./openapi.ts');
  return JSON.stringify(buildOpenApi(routes));
}
