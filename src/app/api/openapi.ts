/** Builds the OpenAPI 3.1 description from the schemas that check the requests. */
import * as z from 'zod';
import { examples } from './examples.ts';
import { omit } from './omit.ts';
import type { AnswerHeader, Endpoint, JsonSchema, Route } from './route.ts';
import { problemSchema } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** `version`: of the app. */
export function buildOpenApi(routes: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    for (const [path, params] of Object.entries(route.documentedPaths ?? { [route.path]: route.params })) {
      const operations = (paths[`/${path}`] ??= {});
      operations[route.method.toLowerCase()] = toOperation(route, path, params);
      if (route.method === 'GET') operations.head = toHead(route, path, params);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'acr-address-keeper',
      version,
      summary: 'Service tags as lists, look-ups and history; targets, their plans and their ledger.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api' }],
    security: [{ functionKey: [] }, { functionKeyQuery: [] }],
    tags: [...Object.keys(sections), otherSection].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
        functionKeyQuery: { type: 'apiKey', in: 'query', name: 'code' },
      },
      schemas: { Problem: toSchema(problemSchema, 'output') },
    },
  };
}

function toOperation(route: Endpoint, path: string, params: z.ZodObject | undefined): Json {
  const { query, body } = route;
  return {
    operationId: operationId(route, path),
    'x-example': examples[operationId(route, path)],
    tags: [sectionOf(path)],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.auth === 'anonymous' && { security: [] }),
    parameters: [...toParameters(params, 'path'), ...toParameters(query, 'query'), ...conditionalHeaders(route)],
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: toSchema(body.schema, 'input'),
            ...(body.example !== undefined && { example: body.example }),
          },
        },
      },
    }),
    responses: toResponses(route),
  };
}

function toHead(route: Endpoint, path: string, params: z.ZodObject | undefined): Json {
  const { operationId: id, responses, ...operation } = toOperation(route, path, params);
  const withoutContent = Object.entries(responses as Readonly<Record<string, Json>>).map(([status, response]) => [
    status,
    { description: response.description },
  ]);
  return { ...operation, operationId: `${String(id)}Head`, responses: Object.fromEntries(withoutContent) as Json };
}

const otherSection = 'This app';
const sections: Readonly<Record<string, readonly string[]>> = {
  Lists: ['prefixes', 'feeds', 'lookup', 'explain', 'tags'],
  History: ['snapshots', 'changes', 'history', 'history.atom', 'releases'],
  Targets: ['overview', 'targets'],
  Runs: ['runs', 'pull'],
};

/** The heading under which the page of the API shows an operation. */
function sectionOf(path: string): string {
  const [first = ''] = path.split('/');
  return Object.keys(sections).find((name) => sections[name]?.includes(first)) ?? otherSection;
}

function operationId(route: Endpoint, path: string): string {
  const paths = Object.keys(route.documentedPaths ?? {});
  const index = paths.indexOf(path);
  return index <= 0 ? route.name : `${route.name}${index + 1}`;
}

function toParameters(schema: z.ZodObject | undefined, where: 'path' | 'query'): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, member]) => {
    const { description, ...rest } = toSchema(member as z.ZodType, 'input');
    const isRequired = where === 'path' || !(member as z.ZodType).safeParse(undefined).success;
    return { name, in: where, required: isRequired, ...(description !== undefined && { description }), schema: rest };
  });
}

function conditionalHeaders({ method }: Endpoint): Json[] {
  if (method !== 'GET') return [];
  return [{ name: 'If-None-Match', in: 'header', required: false, schema: { type: 'string' } }];
}

function toResponses(route: Endpoint): Json {
  const described = Object.entries(route.responses).map(([status, { description, content }]) => [
    status,
    {
      description,
      ...(route.method === 'GET' && status === '200' && { headers: toHeaders(route) }),
      content: Object.fromEntries(
        Object.entries(content).map(([type, schema]) => [type, { schema: toSchema(schema, 'output') }]),
      ),
    },
  ]);
  return {
    ...(Object.fromEntries(described) as Json),
    ...(route.method === 'GET' && { 304: { description: 'Not modified.' } }),
    default: {
      description: 'An error (RFC 9457).',
      content: { 'application/problem+json': { schema: problemReference } },
    },
  };
}

const problemReference = { $ref: '#/components/schemas/Problem' };

function toHeaders({ answerHeaders = [] }: Route): Json {
  const described = ['ETag' as const, ...answerHeaders].map((name) => [
    name,
    { description: headerDescriptions[name], schema: { type: 'string' } },
  ]);
  return Object.fromEntries(described) as Json;
}

const headerDescriptions: Readonly<Record<AnswerHeader | 'ETag', string>> = {
  ETag: 'Strong; differs by content coding.',
  'x-snapshot-id': 'The snapshot that the answer is made from; absent where there is none.',
  'x-quarantined':
    'Tags in quarantine that the answer is about, as `Tag; kind=missing|empty|shrunken|unknown; baseline=<snapshot>`. ' +
    'A list for machines then holds the prefixes of the baseline too, unless they are not known any more.',
  'x-withheld':
    'How many prefixes of the current list are not passed on to machines, and up to five of them: ' +
    '`count=2; first=0.0.0.0/0 10.0.0.0/8`.',
  'x-stale': 'true: the list is older than 21 days, or storage does not answer and this is the last known list.',
};

function toSchema(schema: z.ZodType | JsonSchema, io: 'input' | 'output'): Json {
  if (!isZod(schema)) return schema;
  return omit(z.toJSONSchema(schema, { io, unrepresentable: 'any' }), '$schema');
}

/** Looks for zod's own mark: `instanceof z.ZodType` would bring the whole library into the bundle. */
function isZod(schema: z.ZodType | JsonSchema): schema is z.ZodType {
  return '_zod' in schema;
}
