/** What the HTTP triggers register, against the routes that are documented. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import functions, { type HttpFunctionOptions } from '@azure/functions';
import { routes } from '../../src/app/api/routes.ts';

const files = [
  'prefixes',
  'feeds',
  'lookup',
  'tags',
  'snapshots',
  'history',
  'targets',
  'actions',
  'runs',
  'health',
  'pages',
];

async function readRegistrations(): Promise<ReadonlyMap<string, HttpFunctionOptions>> {
  const registered = new Map<string, HttpFunctionOptions>();
  jest.spyOn(functions.app, 'http').mockImplementation((name, options) => {
    expect(registered.has(name)).toBe(false);
    registered.set(name, options);
  });
  for (const file of files) await import(`../../src/functions/${file}.ts`);
  return registered;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('HTTP triggers', () => {
  test('each route is registered once, as it is described; HEAD where GET is', async () => {
    const registered = await readRegistrations();

    expect([...registered.keys()].sort()).toEqual(routes.map((route) => route.name).sort());
    for (const route of routes) {
      expect(registered.get(route.name)).toMatchObject({
        route: route.path,
        authLevel: route.authLevel,
        methods: route.method === 'GET' ? ['GET', 'HEAD'] : ['POST'],
      });
    }
  });
});
