/** What the HTTP triggers register, against the routes that are declared. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import functions, { type HttpFunctionOptions } from '@azure/functions';
import { loadEndpoints, routes } from '../../src/app/api/routes.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('HTTP triggers', () => {
  test('each route is registered once, as it is declared; HEAD where GET is', async () => {
    const registered = new Map<string, HttpFunctionOptions>();
    jest.spyOn(functions.app, 'http').mockImplementation((name, options) => {
      expect(registered.has(name)).toBe(false);
      registered.set(name, options);
    });

    await import('../../src/functions/http.ts');

    expect([...registered.keys()]).toEqual(Object.keys(routes));
    expect(registered.get('getTargetPlan')).toMatchObject({
      route: 'targets/{name}/plan',
      authLevel: 'function',
      methods: ['GET', 'HEAD'],
    });
    expect(registered.get('postPull')).toMatchObject({ route: 'pull', authLevel: 'function', methods: ['POST'] });
    expect(registered.get('getHealth')).toMatchObject({ route: 'health', authLevel: 'anonymous' });
  });

  test('the parameters of a path are those that its route checks', async () => {
    for (const endpoint of await loadEndpoints()) {
      const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

      expect([endpoint.name, Object.keys(endpoint.params?.shape ?? {})]).toEqual([endpoint.name, inPath]);
    }
  });

  test('no two routes have the same method and path', () => {
    const places = Object.values(routes).map(({ method, path }) => `${method} ${path}`);

    expect(new Set(places).size).toBe(places.length);
  });
});
