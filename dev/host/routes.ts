/** Route templates of HTTP triggers (`targets/{name}/plan`), matched as the host does. */
import type { BindingInfo, FunctionMetadata } from './coreTypes.ts';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

export interface HttpFunction {
  readonly metadata: FunctionMetadata;
  readonly authLevel: AuthLevel;
  readonly methods: readonly string[];
  readonly segments: readonly Segment[];
}

export interface RouteMatch {
  readonly target: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

export interface Routes {
  find(method: string, path: string): RouteMatch | undefined;
}

type Segment = { readonly text: string } | { readonly parameter: string };

/** Later functions do not hide earlier ones; where a text and a parameter both match, the text wins. */
export function createRoutes(functions: Iterable<FunctionMetadata>, routePrefix: string): Routes {
  const targets = [...functions].flatMap((metadata) => toHttpFunction(metadata, routePrefix)).sort(byPrecedence);
  return {
    find(method, path) {
      const parts = withoutDots(path.replace(/^\//, '').replace(/\/$/, '').split('/'));
      for (const target of targets) {
        const params = target.methods.includes(method) ? match(target.segments, parts) : undefined;
        if (params) return { target, params };
      }
      return undefined;
    },
  };
}

/** As the platform's web server does before it looks for a route, also with dots that are percent-encoded. */
function withoutDots(parts: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const part of parts) {
    const text = decode(part);
    if (text === '..') kept.pop();
    else if (text !== '.') kept.push(part);
  }
  return kept;
}

function match(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if ('text' in segment) {
      if (decode(part).toLowerCase() !== segment.text.toLowerCase()) return undefined;
    } else if (part === '') {
      return undefined;
    } else {
      params[segment.parameter] = decode(part);
    }
  }
  return params;
}

/** Of what is percent-encoded, all but a slash and what is no UTF-8. */
function decode(part: string): string {
  return part.replaceAll(/(?:%[\da-f]{2})+/gi, (run) =>
    run
      .split(/(%2f)/i)
      .map((piece) => (/^%2f$/i.test(piece) ? piece : decodeOrKeep(piece)))
      .join(''),
  );
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toHttpFunction(metadata: FunctionMetadata, routePrefix: string): readonly HttpFunction[] {
  const { name, bindings } = metadata;
  const binding = Object.values(bindings).find((candidate) => candidate.type?.toLowerCase() === 'httptrigger');
  if (!binding) return [];
  const route = typeof binding.route === 'string' ? binding.route : name;
  return [
    {
      metadata,
      authLevel: toAuthLevel(binding, name),
      methods: (Array.isArray(binding.methods) ? binding.methods : []).map((method) => String(method).toUpperCase()),
      segments: `${routePrefix}/${route}`.split('/').filter(Boolean).map(toSegment),
    },
  ];
}

function toSegment(text: string): Segment {
  if (!/[{}]/.test(text)) return { text };
  const parameter = /^\{(\w+)\}$/.exec(text)?.[1];
  if (parameter === undefined) throw new Error(`Route segment "${text}" is not a text and not {name}.`);
  return { parameter };
}

function byPrecedence(a: HttpFunction, b: HttpFunction): number {
  const rank = ({ segments }: HttpFunction) => segments.map((segment) => ('text' in segment ? 0 : 1)).join('');
  return rank(a) < rank(b) ? -1 : 1;
}

function toAuthLevel(binding: BindingInfo, name: string): AuthLevel {
  const level = binding.authLevel ?? 'function';
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`Function "${name}": authLevel "${JSON.stringify(level)}" is not anonymous, function or admin.`);
}
