/** Route templates of HTTP triggers (`targets/{name}`, `files/{*rest}`, `logs/{day?}`), matched as the host does. */
import findMyWay from 'find-my-way';
import type { RegisteredFunction } from './functionApp.ts';
import type { BindingInfo } from './coreTypes.ts';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

export interface HttpFunction {
  readonly registered: RegisteredFunction;
  readonly authLevel: AuthLevel;
  readonly methods: readonly string[];
  /** With the prefix: `/api/targets/{name}`. */
  readonly route: string;
}

export interface RouteMatch {
  readonly target: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

export interface Routes {
  readonly functions: readonly HttpFunction[];
  find(method: string, path: string): RouteMatch | undefined;
}

/** The constraints of ASP.NET routes that a text can be tested with. */
const constraints: Readonly<Record<string, string>> = {
  int: '-?\\d{1,10}',
  long: '-?\\d{1,19}',
  bool: 'true|false',
  alpha: '[a-z]*',
  guid: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
};

export function createRoutes(registered: Iterable<RegisteredFunction>, routePrefix: string): Routes {
  const router = findMyWay({ caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 8192 });
  const functions = [...registered].flatMap((one) => toHttpFunction(one, routePrefix));
  for (const target of functions) {
    for (const path of toRouterPaths(target.route)) {
      for (const method of target.methods) addRoute(router, method, path, target);
    }
  }
  return {
    functions,
    find(method, path) {
      const found = router.find(method as findMyWay.HTTPMethod, path);
      if (!found) return undefined;
      const target = found.store as HttpFunction;
      return { target, params: toParams(found.params, target.route) };
    },
  };
}

/** What find-my-way calls the template; two paths where the last segment may be missing. */
export function toRouterPaths(route: string): readonly string[] {
  const segments = route.split('/');
  const paths = [segments.map((segment) => toRouterSegment(segment, route)).join('/')];
  const mayBeMissing = /^\{(\*.*|.*\?)\}$/.test(segments.at(-1) ?? '');
  return mayBeMissing ? [...paths, ...toRouterPaths(segments.slice(0, -1).join('/') || '/')] : paths;
}

function addRoute(
  router: findMyWay.Instance<findMyWay.HTTPVersion.V1>,
  method: string,
  path: string,
  target: HttpFunction,
): void {
  try {
    router.on(method as findMyWay.HTTPMethod, path, () => undefined, target);
  } catch (error) {
    throw new Error(`Function "${target.registered.metadata.name}": ${(error as Error).message}`, { cause: error });
  }
}

function toRouterSegment(segment: string, route: string): string {
  const parameters = segment.match(/\{[^}]*\}/g) ?? [];
  const [parameter] = parameters;
  if (parameter === undefined) return segment.replaceAll(':', '::');
  if (parameters.length > 1) throw new Error(`Route "${route}": one parameter a segment is served, not "${segment}".`);

  const match = /^\{(\*{0,2})(\w+)(?::(\w+))?\??\}$/.exec(parameter);
  if (!match) throw new Error(`Route "${route}": "${parameter}" is not {name}, {name?}, {name:constraint} or {*name}.`);
  const [, star, name = '', constraint] = match;
  if (star) return '*';
  return segment.replace(parameter, `:${name}${toPattern(constraint, route)}`);
}

function toPattern(constraint: string | undefined, route: string): string {
  if (constraint === undefined) return '';
  const pattern = constraints[constraint];
  if (pattern) return `(^(?:${pattern})$)`;
  throw new Error(`Route "${route}": constraint "${constraint}" is not one of ${Object.keys(constraints).join(', ')}.`);
}

function toParams(found: Readonly<Record<string, string | undefined>>, route: string): Record<string, string> {
  const catchAll = /\{\*{1,2}(\w+)\}$/.exec(route)?.[1];
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name === '*' && catchAll ? catchAll : name, value]],
    ),
  );
}

function toHttpFunction(registered: RegisteredFunction, routePrefix: string): readonly HttpFunction[] {
  const { name, bindings } = registered.metadata;
  const binding = Object.values(bindings).find((candidate) => candidate.type?.toLowerCase() === 'httptrigger');
  if (!binding) return [];
  const route = typeof binding.route === 'string' ? binding.route : name;
  return [
    {
      registered,
      authLevel: toAuthLevel(binding, name),
      methods: (Array.isArray(binding.methods) ? binding.methods : []).map((method) => String(method).toUpperCase()),
      route: `/${[routePrefix, route]
        .map((part) => part.replaceAll(/^\/+|\/+$/g, ''))
        .filter(Boolean)
        .join('/')}`,
    },
  ];
}

function toAuthLevel(binding: BindingInfo, name: string): AuthLevel {
  const level = binding.authLevel ?? 'function';
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`Function "${name}": authLevel "${JSON.stringify(level)}" is not anonymous, function or admin.`);
}
