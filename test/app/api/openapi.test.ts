/** Every documented route is asked, and its request and answer are held against the description. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { buildOpenApi } from '../../../src/app/api/openapi.ts';
import { renderOpenApi } from '../../../src/app/api/openApiRoute.ts';
import { loadEndpoints } from '../../../src/app/api/routes.ts';
import { RequestError } from '../../../src/core/errors.ts';
import { call } from './call.ts';
import { makeRun, makeState, makeWorld, plan, type World } from './fakes.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: object;
}

interface Operation {
  readonly operationId: string;
  readonly 'x-example'?: string;
  readonly security?: readonly unknown[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly headers?: Readonly<Record<string, unknown>>;
        readonly content?: Readonly<Record<string, { readonly schema: object }>>;
      }
    >
  >;
}

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Package {
  readonly version: string;
}

const routes = await loadEndpoints();
const description = JSON.parse(JSON.stringify(buildOpenApi(routes, '0.1.0'))) as Description;
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

test('its version is the one of the app', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as Package;
  const { info } = JSON.parse(await renderOpenApi(loadEndpoints)) as { info: Package };

  expect(info.version).toBe(version);
});

const ajv = new Ajv2020({ strict: false, allErrors: true });
const coercing = new Ajv2020({ strict: false, coerceTypes: true });
// A CommonJS module whose default is one level down in Node's eyes.
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;
addFormats(ajv);
addFormats(coercing);
ajv.addSchema({ $id: 'description', ...description });

function compile(schema: object): ValidateFunction {
  return ajv.compile(
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"description#/components')) as object,
  );
}

/** Requests for every operation: path parameters, query, body, headers. */
interface Sample {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly accept?: string;
  readonly status?: number;
}

let world: World;
const first = makeWorld().snapshots.all[0]?.id ?? '';
const samples: Readonly<Record<string, readonly Sample[]>> = {
  getPrefixes: [
    {},
    { accept: 'text/plain' },
    { accept: 'text/csv' },
    { query: { format: 'terraform', comment: 'true' } },
    { query: { tag: 'AzureContainerRegistry', region: 'eastus', family: 'ipv4', aggregate: 'true', limit: '1' } },
    { query: { since: first, shard: '1/2' } },
    { query: { asOf: '2026-07-12' } },
    { query: { tag: 'Nothing' }, status: 404 },
    { query: { region: 'mars' }, status: 400 },
    { accept: 'image/png', status: 406 },
  ],
  getFeed: [{ path: { tag: 'AzureContainerRegistry.EastUS' } }, { path: { tag: 'Nothing' }, status: 404 }],
  getFeed2: [
    { path: { tag: 'AzureContainerRegistry', region: 'eastus', family: 'ipv4' } },
    { path: { tag: 'AzureContainerRegistry', region: 'eastus', family: 'ipv6' }, status: 503 },
  ],
  getFeed3: [{ path: { tag: 'AzureContainerRegistry', family: 'ipv6' }, query: { region: 'eastus,westeurope' } }],
  getFeed4: [{ path: { tag: 'AzureContainerRegistry', region: 'eastus' } }],
  getFeeds: [{}, { query: { tag: 'AzureContainerRegistry,AzureFrontDoor.Backend' } }],
  getLookup: [
    { query: { ip: '20.42.66.1' } },
    { query: { ip: '2603:1030:20e:3::480/122', asOf: '2026-07-12T00:00:00Z', target: 'webhook-receiver' } },
    { query: { ip: 'x' }, status: 400 },
  ],
  postLookup: [{ body: ['20.42.66.1', '52.146.2.1'] }, { body: ['x'], status: 400 }],
  getExplain: [
    { query: { text: "client with IP '20.42.66.1' is not allowed access" } },
    { query: { text: '2026-07-20T12:00:00Z dial tcp 20.42.66.0/24: i/o timeout' } },
    { query: { text: 'nothing' }, status: 400 },
  ],
  postExplain: [{ body: { text: '20.42.66.1' } }, { body: { text: '' }, status: 400 }],
  getReleases: [{}, { query: { tag: 'AzureContainerRegistry.WestEurope' } }],
  getRelease: [{ path: { date: '2025-10-13' } }, { path: { date: '1999-01-01' }, status: 404 }],
  getOverview: [{}],
  getTags: [{}, { query: { snapshot: first } }],
  getTag: [
    { path: { tag: 'AzureContainerRegistry' } },
    { path: { tag: 'Retired' } },
    { path: { tag: 'Nothing' }, status: 404 },
  ],
  getSnapshots: [{}, { query: { limit: '1' } }],
  getSnapshot: [{ path: { id: first } }],
  getChanges: [{}, { accept: 'text/plain' }, { query: { from: first, to: '2026-07-20', format: 'markdown' } }],
  getHistory: [{}, { query: { tag: 'AzureContainerRegistry', region: 'eastus', limit: '1' } }],
  getHistoryAtom: [{ query: { tag: 'AzureContainerRegistry' } }],
  getTargets: [{}],
  getTarget: [
    { path: { name: 'webhook-receiver' } },
    { path: { name: 'webhook-receiver' }, query: { asOf: '2026-07-20' } },
    { path: { name: 'nobody' }, status: 404 },
  ],
  getTargetPlan: [
    { path: { name: 'webhook-receiver' } },
    { path: { name: 'webhook-receiver' }, query: { format: 'markdown' } },
    { path: { name: 'webhook-receiver' }, query: { snapshot: first } },
  ],
  postTargetApply: [
    { path: { name: 'webhook-receiver' }, body: { planId: plan.id } },
    { path: { name: 'webhook-receiver' }, body: { planId: 'cd'.repeat(32) }, status: 409 },
  ],
  postTargetRollback: [{ path: { name: 'webhook-receiver' }, body: { snapshot: first } }],
  postTargetResume: [{ path: { name: 'webhook-receiver' } }],
  postTargetPause: [{ path: { name: 'webhook-receiver' } }],
  postPull: [{}],
  postSnapshotReject: [{ path: { id: first }, body: { reason: 'Not of Azure.' } }],
  deleteSnapshotReject: [{ path: { id: first } }],
  postTagRetire: [{ path: { tag: 'AzureContainerRegistry.UKNorth' } }],
  getRuns: [
    {},
    { query: { target: 'webhook-receiver', until: '2026-07-20', limit: '1' } },
    { query: { detail: 'summary' } },
  ],
  getRun: [{ path: { id: '20260706T070000000Z-webhook-receiver-0123abcd' } }],
  getHealth: [{}, { status: 503 }],
  getOpenApi: [{}],
  getDocs: [{}],
  getRunbook: [{}],
  getAsset: [{ path: { name: 'dashboard.js' } }, { path: { name: 'docs.js' } }, { path: { name: 'dashboard.css' } }],
  getDashboard: [{}],
  getApprove: [{}],
};

beforeAll(() => {
  world = arrange();
});

function arrange(): World {
  const made = makeWorld();
  made.states.set('webhook-receiver', makeState());
  made.snapshots.pullStatus = {
    cloud: 'Public',
    lastPull: { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged', runId: 'r' },
    sources: [{ source: 'download', status: 'healthy' }],
    disagreements: [],
  };
  made.ledger.records.push(
    makeRun('2026-07-06T07:00:00.000Z', {
      plan,
      after: [{ rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/24'] }],
      snapshot: { id: first, date: '2026-07-06', contentHash: 'aa' },
    }),
  );
  const approve = made.actions.approvePlan.bind(made.actions);
  made.actions.approvePlan = (name, planId, by) =>
    planId === plan.id
      ? approve(name, planId, by)
      : Promise.reject(new RequestError(409, 'plan-changed', 'moved', { plan }));
  return made;
}

const cases = operations.flatMap(({ path, method, operation }) =>
  (samples[operation.operationId.replace(/Head$/, '')] ?? []).map((sample) => ({
    title: `${method} ${path} ${JSON.stringify(sample).slice(0, 100)}`,
    path,
    method,
    operation,
    sample,
  })),
);

describe('the description', () => {
  test('is OpenAPI 3.1 with an id for each operation', () => {
    const ids = operations.map(({ operation }) => operation.operationId);

    expect(description.openapi).toMatch(/^3\.1\./);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('every route is documented, and every path parameter of a path', () => {
    const documented = new Set(Object.keys(description.paths));
    for (const route of routes) {
      for (const path of Object.keys(route.documentedPaths ?? { [route.path]: undefined })) {
        expect(documented).toContain(`/${path}`);
      }
    }
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(
        operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name),
      ).toEqual(named);
    }
  });

  test('only health, the description and pages that hold nothing are open to anybody', () => {
    const open = operations.filter(({ operation, method }) => method !== 'head' && operation.security?.length === 0);

    expect(open.map(({ path }) => path)).toEqual([
      '/health',
      '/openapi.json',
      '/docs',
      '/runbook',
      '/assets/{name}',
      '/dashboard',
      '/approve',
    ]);
  });

  test('every operation has a sample here', () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId.replace(/Head$/, '')))).toEqual(
      new Set(Object.keys(samples)),
    );
  });

  test('every operation but those for HEAD has an example of its own path', () => {
    for (const { path, method, operation } of operations) {
      if (method === 'head') continue;
      const pattern = path
        .slice(1)
        .replace('.', '\\.')
        .replaceAll(/\{\w+\}/g, '[^/]+');

      expect(operation['x-example']).toMatch(new RegExp(`^${pattern}(\\?|$)`));
    }
  });

  test('the examples of bodies are valid', () => {
    for (const { operation } of operations) {
      for (const { schema, example } of Object.values(operation.requestBody?.content ?? {})) {
        expect(compile(schema)(example)).toBe(true);
      }
    }
  });
});

describe('replayed', () => {
  test.each(cases)('$title', async ({ path, method, operation, sample }) => {
    const target = operation.operationId.startsWith('getHealth') && sample.status === 503 ? makeWorld() : world;
    const isGood = (sample.status ?? 200) < 400;
    if (isGood) expectDocumentedRequest(operation, sample);

    const query = new URLSearchParams(sample.query).toString();
    const url = path
      .slice(1)
      .replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(sample.path?.[name] ?? ''));
    const reply = await call(target.app, query === '' ? url : `${url}?${query}`, {
      method: method.toUpperCase(),
      body: sample.body,
      headers: sample.accept === undefined ? {} : { accept: sample.accept },
    });

    expect(reply.status).toBe(sample.status ?? 200);
    if (method === 'head') {
      expect(reply.bytes).toHaveLength(0);
      return;
    }
    const type = (reply.headers['content-type'] ?? '').split(';')[0] ?? '';
    const documented = operation.responses[String(reply.status)] ?? operation.responses.default;
    if (reply.status === 200 && method === 'get') expectDocumentedHeaders(reply.headers, documented?.headers ?? {});
    const schema = documented?.content?.[type]?.schema;
    expect(schema).toBeDefined();
    const validate = compile(schema ?? {});
    validate(type.endsWith('json') ? reply.json() : reply.text);
    expect(validate.errors ?? []).toEqual([]);
  });
});

/** No header is sent that is not described, and none that names the snapshot is promised in vain. */
function expectDocumentedHeaders(
  sent: Readonly<Record<string, string>>,
  described: Readonly<Record<string, unknown>>,
): void {
  const ours = Object.keys(sent).filter((name) => /^x-(?!content-type-options|frame-options)/.test(name));
  expect(Object.keys(described)).toEqual(expect.arrayContaining(ours));
  expect(ours.includes('x-snapshot-id')).toBe('x-snapshot-id' in described);
}

function expectDocumentedRequest(operation: Operation, sample: Sample): void {
  for (const [where, values] of [
    ['path', sample.path ?? {}],
    ['query', sample.query ?? {}],
  ] as const) {
    const parameters = operation.parameters.filter((parameter) => parameter.in === where);
    for (const parameter of parameters.filter((candidate) => candidate.required))
      expect(Object.keys(values)).toContain(parameter.name);
    for (const [name, value] of Object.entries(values)) {
      const schema = parameters.find((parameter) => parameter.name === name)?.schema;
      expect(schema).toBeDefined();
      expect(coercing.validate({ type: 'object', properties: { value: schema } }, { value })).toBe(true);
    }
  }
  if (sample.body !== undefined) {
    expect(compile(operation.requestBody?.content['application/json']?.schema ?? { not: {} })(sample.body)).toBe(true);
  }
}
