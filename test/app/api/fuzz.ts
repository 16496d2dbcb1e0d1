/** Random requests: half nonsense, half nearly right. Also a script: `node test/app/api/fuzz.ts 100000 [seed]`. */
import fc from 'fast-check';
import { loadEndpoints } from '../../../src/app/api/routes.ts';
import { call, type CallOptions } from './call.ts';
import { makeRun, makeState, makeWorld, type World } from './fakes.ts';

const routes = await loadEndpoints();
const nasty = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '../../host.json',
  '..%2f..%2fhost.json',
  '%00',
  '__proto__',
  'constructor',
  '<script>alert(1)</script>',
  "' OR 1=1 --",
  '${7*7}',
  '\r\nx-injected: 1',
  '💥',
  '\ud800',
  'ＡｚｕｒｅContainerRegistry',
  'a'.repeat(5000),
  '9'.repeat(400),
  '-1',
  'NaN',
  '1e309',
  '::ffff:20.42.66.1',
  '20.42.66.0/24',
  '0.0.0.0/0',
  'x\nallow 0.0.0.0/0;',
  '\u2028',
  '2026-07-12',
  '+275760-09-13T00:00:00Z',
);
const likely = fc.constantFrom(
  'AzureContainerRegistry',
  'AzureContainerRegistry.EastUS',
  'AzureContainerRegistry.EastUS.ipv4.txt',
  'webhook-receiver',
  '20260706T070000000Z-webhook-receiver-0123abcd',
  'json',
  'text',
  'csv',
  'ipset',
  'markdown',
  'ipv4',
  'true',
  'eastus',
  '1/3',
  '10',
  'dashboard.js',
  makeWorld().snapshots.all[1]?.id ?? '',
);
const value = fc.oneof(nasty, likely, fc.string({ unit: 'binary', maxLength: 30 }), fc.ipV4(), fc.ipV6());
const parameters = [...new Set(routes.flatMap((route) => Object.keys(route.query?.shape ?? {})))];
const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...parameters), value), value), { maxLength: 4 });
const path = fc.oneof(
  fc
    .tuple(fc.constantFrom(...routes.map((route) => route.path)), value)
    .map(([template, text]) => template.replaceAll(/\{\w+\}/g, encode(text))),
  fc.array(value, { maxLength: 4 }).map((parts) => parts.map(encode).join('/')),
);
const headerValue = fc.oneof(
  fc.constantFrom(
    '*',
    '*/*',
    'text/plain;q=0.5, */*;q=0.1',
    'gzip, br;q=0',
    'identity;q=0',
    '"a", W/"b"',
    'text/plain',
    'application/json',
    'bytes=0-1',
    'Mon, 99 Foo 2026',
    'http://localhost:7071',
    'https://evil.example',
    'null',
    'same-origin',
    'eyJhdXRoX3R5cCI6ImFhZCJ9',
    'eyJpZGVudGl0eVByb3ZpZGVyIjoiYWFkIiwidXNlckRldGFpbHMiOnt9fQ==',
    ','.repeat(3000),
    'q='.repeat(1000),
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[^\t\x20-\x7e]/g, '').trim()),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'if-none-match',
    'if-modified-since',
    'range',
    'content-type',
    'content-length',
    'x-ms-client-principal',
    'x-ms-client-principal-id',
    'x-ms-client-principal-name',
    'x-ms-client-principal-idp',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-functions-key',
    'sec-fetch-site',
    'origin',
  ),
  headerValue,
  { maxKeys: 4 },
);
const body = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.array(value, { maxLength: 5 }).map((list) => JSON.stringify(list)),
  fc.record({ planId: value, snapshot: value }, { requiredKeys: [] }).map((object) => JSON.stringify(object)),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.constantFrom('['.repeat(10_000), `["${'1'.repeat(2_000_000)}"]`, 'null', ''),
);

export const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  path,
  query,
  headers,
  body,
});
export type FuzzRequest = typeof request extends fc.Arbitrary<infer T> ? T : never;

function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

export function makeFuzzWorld(): World {
  const world = makeWorld();
  world.states.set('webhook-receiver', makeState());
  world.ledger.records.push(
    makeRun('2026-07-06T07:00:00.000Z', { after: [{ rule: 'r', prefixes: ['20.42.66.0/24'] }] }),
  );
  return world;
}

/** What is wrong with the answer; undefined where nothing is. */
export async function findFault(
  world: World,
  { method, path, query, headers, body }: FuzzRequest,
): Promise<string | undefined> {
  const search = query.map(([name, text]) => `${encode(name)}=${encode(text)}`).join('&');
  const options: CallOptions = { method, headers, ...(method === 'POST' && { body }) };
  const startedAt = performance.now();
  const reply = await call(world.app, `${path}?${search}`, options);
  const tookInMs = performance.now() - startedAt;
  // The only 503s of a world that works: a list that would be empty, a tag that is listed no more.
  const isAllowed =
    reply.status < 500 ||
    (reply.status === 503 && /empty-list|vanished-tag|unhealthy/.test(reply.text)) ||
    (reply.status === 503 && method === 'HEAD');
  if (!isAllowed) return `status ${reply.status}: ${reply.text.slice(0, 300)}`;
  if (tookInMs > 2000) return `took ${tookInMs} ms`;
  if (/\bat \S+ \(|node:internal|\/src\/|AccountKey/.test(reply.text))
    return `shows its inside: ${reply.text.slice(0, 300)}`;
  if (Object.values(reply.headers).some((text) => /[\r\n]/.test(text))) return 'a header with a line break';
  return undefined;
}

if (process.argv[1] === import.meta.filename) {
  const [count = 100_000, seed = Date.now()] = process.argv.slice(2).map(Number);
  const world = makeFuzzWorld();
  console.log(`${count} requests, seed ${seed}`);
  let done = 0;
  const batch = 5_000;
  for (let from = 0; from < count; from += batch) {
    await fc.assert(
      fc.asyncProperty(request, async (made) => {
        const fault = await findFault(world, made);
        if (fault !== undefined) throw new Error(fault);
        done += 1;
      }),
      { numRuns: Math.min(batch, count - from), seed: seed + from },
    );
    console.log(`${done} done, heap ${Math.round(process.memoryUsage().heapUsed / 1024 / 1024)} MB`);
  }
}
