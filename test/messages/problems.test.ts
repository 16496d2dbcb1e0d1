/** Every kind of problem that a request is answered with, each through the routes. A kind without an example fails the test. */
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedResources } from '../../dev/seedResources.ts';
import { faults } from '../../dev/simulator/faults.ts';
import { startWorld, type World } from '../../dev/world.ts';
import type { ApiApp } from '../../src/app/api/route.ts';
import { buildQueries } from '../../src/app/queries.ts';
import { ConfigurationError, InvalidDocumentError, StorageRefusedError } from '../../src/core/errors.ts';
import { problemKinds, type ProblemKind } from '../../src/core/problemKinds.ts';
import { call, type CallOptions, type Reply } from '../app/api/call.ts';
import { makeRun, makeWorld, type World as MemoryWorld } from '../app/api/fakes.ts';
import { acr, hooks, publish, publishNextWeek, useWorlds } from '../app/stories.ts';
import { faultsOf } from './messageRules.ts';

const worlds = useWorlds();
const italy = `${acr}.ItalyNorth`;
const good = { [acr]: ['20.42.66.0/24', '20.42.68.0/24'] };
const next = { [acr]: [...good[acr], '20.42.70.0/24'] };
const unknownPlan = '0'.repeat(64);

/** An answer that is a problem. */
type Example = () => Promise<Reply>;

/** Of an app with releases in memory. */
function ask(
  path: string,
  options: CallOptions = {},
  prepare: (world: MemoryWorld) => unknown = () => undefined,
): Example {
  return () => {
    const world = makeWorld();
    prepare(world);
    return call(world.app, path, options);
  };
}

const post = (body?: unknown): CallOptions => ({ method: 'POST', ...(body !== undefined && { body }) });

function appOf({ services, actions }: World): ApiApp {
  const queries = buildQueries({ ...services, maxPullAgeInHours: 48 });
  return { queries, loadActions: () => Promise.resolve(actions) };
}

/** The whole product, with two weekly lists and the whole history, for requests that leave it as it is. */
let product: World;
beforeAll(async () => {
  product = await startWorld({
    connectionString: worlds.freshConnectionString(),
    start: new Date('2026-01-05T12:00:00Z'),
    targets: [hooks()],
  });
  seedResources(product.simulator, [hooks()]);
  await publish(product, good);
  await publishNextWeek(product, next, 2);
});
afterAll(() => product.stop());

function askProduct(work: (app: ApiApp, world: World) => Promise<Reply>): Example {
  return () => work(appOf(product), product);
}

/** Of a product of its own. */
function act(
  work: (app: ApiApp, world: World) => Promise<Reply>,
  { target = hooks(), weeks = [good, next] as readonly Readonly<Record<string, readonly string[]>>[] } = {},
): Example {
  return async () => {
    const world = await worlds.open({ targets: [target] });
    for (const [week, tags] of weeks.entries())
      await (week === 0 ? publish(world, tags) : publishNextWeek(world, tags, week));
    return work(appOf(world), world);
  };
}

/** Of a product whose storage refuses every connection. */
function withoutStorage(work: (app: ApiApp) => Promise<Reply>): Example {
  return async () => {
    const world = await startWorld({
      connectionString: worlds.freshConnectionString().replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:1'),
      storage: { retry: { maxTries: 1 } },
      start: new Date('2026-01-05T12:00:00Z'),
      targets: [hooks()],
    });
    try {
      return await work(appOf(world));
    } finally {
      await world.stop();
    }
  };
}

async function currentOf({ services }: World): Promise<string> {
  const answer = await services.snapshots.readPointer('Public');
  if (answer === undefined || answer === 'notModified') throw new Error('nothing was pulled');
  return answer.pointer.snapshot;
}

const apply = (planId: string) => post({ planId });
const reject = (app: ApiApp, id: string) => call(app, `snapshots/${id}/reject`, post({ reason: 'Not of Azure.' }));
const retire = (app: ApiApp, tag: string) => call(app, `tags/${tag}/retire`, post());

async function applyNewest(app: ApiApp, { actions }: World): Promise<Reply> {
  const { id } = await actions.planTarget('hooks');
  return call(app, 'targets/hooks/apply', apply(id));
}

const refusedByStorage = new StorageRefusedError('stkeeper refused', {
  code: 'x',
  summary: 'the storage account refuses the app: it does not accept keys (KeyBasedAuthenticationNotPermitted)',
});

const examples: Readonly<Record<ProblemKind, readonly Example[]>> = {
  'invalid-query': [
    ask('prefixes?family=ipv5'),
    ask('prefixes?limit=0'),
    ask('prefixes?family=ipv4&family=ipv6'),
    ask('prefixes?colour=red'),
    ask('prefixes?continuation=x'),
    ask('prefixes?tag=AzureContainerRegistry.EastUS&region=eastus'),
    ask('prefixes?format=csv&since=2026-07-13'),
    ask('feeds/AzureContainerRegistry.ipv4.txt?family=ipv6'),
    ask('lookup?ip=1.2.3'),
    ask('runs?continuation=x'),
    askProduct((app) => call(app, 'runs?until=soon')),
    askProduct((app) => call(app, 'runs?continuation=x')),
  ],
  'unknown-region': [ask('prefixes?region=westeuorpe'), ask('prefixes?tag=AzureFrontDoor.Backend&region=westeurope')],
  'invalid-body': [
    ask('lookup', post('{')),
    ask('lookup', post()),
    ask('lookup', post(['20.42.66.1', 7])),
    ask('lookup', post(['20.42.66.1', '1.2.3'])),
    ask('targets/webhook-receiver/apply', apply('x')),
    ask('targets/webhook-receiver/rollback', post({})),
    ask('explain', post({ text: 7 })),
  ],
  'body-too-large': [ask('targets/webhook-receiver/apply', post('x'.repeat(16 * 1024 + 1)))],
  'length-required': [ask('lookup', { ...post(), headers: { 'transfer-encoding': 'chunked' } })],
  'not-acceptable': [
    ask('prefixes', { headers: { accept: 'image/png' } }),
    ask('prefixes', { headers: { 'accept-encoding': 'identity;q=0' } }),
  ],
  'not-found': [ask('feeds/x'), ask('assets/x.js'), ask('targets/A'), ask('snapshots/x')],
  'unknown-tag': [
    ask('tags/AzureContainerRegistri'),
    askProduct((app) => retire(app, acr)),
    askProduct((app) => retire(app, 'AzureContainerRegistri')),
  ],
  'unknown-snapshot': [
    ask('snapshots/Public-20200101-1-000000000000'),
    ask('prefixes?asOf=1999-01-01'),
    ask('changes?from=1999-01-01'),
    ask('targets/webhook-receiver/rollback', post({ snapshot: 'Public-20200101-1-000000000000' })),
    askProduct((app) => reject(app, 'Public-20200101-1-000000000000')),
    askProduct(async (app, world) => call(app, `snapshots/${await currentOf(world)}/reject`, { method: 'DELETE' })),
  ],
  'unknown-target': [
    ask('targets/nobody'),
    ask('targets/nobody', {}, (world) => (world.targets = [])),
    askProduct((app) => call(app, 'targets/nobody/pause', post())),
  ],
  'unknown-run': [
    ask('runs/20260720T070000000Z-webhook-receiver-0123abcd'),
    ask('targets/webhook-receiver?asOf=2026-07-20'),
  ],
  'unreadable-run': [
    async () => {
      const connectionString = worlds.freshConnectionString();
      const world = await worlds.open({ connectionString });
      const { id } = makeRun('2026-01-05T12:00:00Z');
      const ledger = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('ledger');
      await ledger.createIfNotExists();
      await ledger.getBlockBlobClient(`webhook-receiver/2026/01/${id}.json`).upload('{}', 2);
      return call(appOf(world), `runs/${id}`);
    },
  ],
  'unknown-release': [ask('releases/1999-01-01')],
  'no-address': [ask('explain?text=nothing'), ask('explain', post({ text: 'nothing' }))],
  'plan-changed': [askProduct((app) => call(app, 'targets/hooks/apply', apply(unknownPlan)))],
  'target-paused': [
    act(applyNewest, { target: hooks({ paused: true }) }),
    act(async (app, world) => {
      await call(app, 'targets/hooks/pause', post());
      return applyNewest(app, world);
    }),
  ],
  'target-plan-only': [act(applyNewest, { target: hooks({ policy: 'plan' }) })],
  'target-blocked': [
    act((app, world) => {
      world.simulator.removeNsg(hooks().resourceId);
      return call(app, 'targets/hooks/apply', apply(unknownPlan));
    }),
    act(applyNewest, { target: hooks({ regions: ['westeuorpe'] }) }),
  ],
  'target-busy': [
    askProduct(async (app, { services }) => {
      const reply = await services.states.withLease('hooks', () => call(app, 'targets/hooks/pause', post()));
      if (reply === 'busy') throw new Error('the lease was taken');
      return reply;
    }),
    act((app, { simulator }) => {
      simulator.failNext({ method: 'GET', path: /nsg-hooks/ }, faults.tooManyRequests(400), 1000);
      return call(app, 'targets/hooks/apply', apply(unknownPlan));
    }),
  ],
  'pull-busy': [
    ...[(app: ApiApp) => call(app, 'pull', post()), (app: ApiApp) => retire(app, italy)].map((work) =>
      askProduct(async (app, { services }) => {
        const reply = await services.snapshots.withPullLease('Public', () => work(app));
        if (reply === 'busy') throw new Error('the lease was taken');
        return reply;
      }),
    ),
  ],
  'release-decided': [
    askProduct((app) => reject(app, 'Public-20190722-82-builtin')),
    act(async (app, world) => {
      const id = await currentOf(world);
      await reject(app, id);
      return reject(app, id);
    }),
    act(async (app, world) => reject(app, await currentOf(world)), { weeks: [good] }),
    act((app) => retire(app, italy), { weeks: [{ ...good, [italy]: ['20.42.66.0/24'] }, good] }),
    act(
      async (app) => {
        await retire(app, italy);
        return retire(app, italy);
      },
      { weeks: [{ ...good, [italy]: ['20.42.66.0/24'] }, good, good, good] },
    ),
  ],
  'action-failed': [
    act((app, { simulator }) => {
      simulator.failNext({ method: 'GET', path: /nsg-hooks/ }, faults.serverError(500), 1000);
      return call(app, 'targets/hooks/apply', apply(unknownPlan));
    }),
  ],
  'cross-site': [
    ask('pull', { ...post(), headers: { origin: 'https://elsewhere.example' } }),
    ask('pull', { ...post(), headers: { 'sec-fetch-site': 'cross-site' } }),
  ],
  'no-snapshot': [
    () => call(makeWorld([]).app, 'prefixes'),
    async () => {
      const connectionString = worlds.freshConnectionString();
      const world = await worlds.open({ connectionString, targets: [hooks()] });
      await publish(world, good);
      await publishNextWeek(world, next, 1);
      const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('service-tags');
      await container.deleteBlob('status/Public.json');
      return reject(appOf(world), await currentOf(world));
    },
  ],
  'empty-list': [ask('prefixes?tag=AzureFrontDoor.Backend&family=ipv6&format=text')],
  'empty-shard': [ask('feeds/AzureContainerRegistry.eastus.ipv4.txt?shard=7/9')],
  'vanished-tag': [ask('feeds/Retired.txt')],
  'storage-unavailable': [
    ask('prefixes', {}, ({ snapshots }) => (snapshots.isDown = true)),
    ask('prefixes', {}, ({ snapshots }) => (snapshots.refusal = refusedByStorage)),
    ask('prefixes', {}, ({ snapshots }) => (snapshots.refusal = new InvalidDocumentError('date: 7 is no day', 'date'))),
    ask('pull', post(), ({ app }) => {
      Object.assign(app, { loadActions: () => Promise.reject(refusedByStorage) });
    }),
    withoutStorage((app) => call(app, 'pull', post())),
    withoutStorage((app) => call(app, 'targets/hooks/pause', post())),
    withoutStorage((app) => call(app, 'targets/hooks/apply', apply(unknownPlan))),
    withoutStorage((app) => retire(app, italy)),
  ],
  configuration: [
    ask('targets', {}, ({ app }) => {
      const fault = new ConfigurationError('targets[0].kind', '"nsg" is not accepted; accepted: nsgRule');
      Object.assign(app.queries.services.targets, { read: () => Promise.reject(fault) });
    }),
    ask('pull', post(), ({ app }) => {
      const fault = new ConfigurationError('TARGETS', '"x" is not accepted; accepted: blob:<container>/<name>');
      Object.assign(app, { loadActions: () => Promise.reject(fault) });
    }),
    ask('prefixes', {}, ({ app }) => {
      const fault = new ConfigurationError('TARGETS', 'is missing');
      Object.assign(app.queries.current, { get: () => Promise.reject(fault) });
    }),
  ],
};

/** What a problem is about, beside targets, tags and prefixes: the parts of a request. */
const subjects = [
  'header',
  'body',
  'query parameter',
  'request',
  'text',
  'family',
  'format',
  'limit',
  'continuation',
  'region',
  'shard',
  'file',
  'feed',
  'name',
  'snapshot',
  'tag',
  'release',
  'run',
  'settings',
  'hooks',
  'Retired',
  'entry',
  'until',
  'action',
];

describe('every kind of problem', () => {
  test('has an example', () => {
    expect(Object.keys(examples).sort()).toEqual([...problemKinds].sort());
  });

  const all = problemKinds.flatMap((kind) =>
    examples[kind].map((example, index) => [kind, index + 1, example] as const),
  );
  test.each(all)('%s (%d)', async (kind, _, example) => {
    const reply = await example();
    const { type, status, detail } = reply.json() as { type: string; status: number; detail: string };

    expect({ type, detail }).toEqual({ type: `urn:acr-address-keeper:problem:${kind}`, detail });
    expect(status).toBe(reply.status);
    expect(reply.text).not.toContain('ECONNREFUSED');
    expect({ detail, faults: faultsOf(detail, subjects) }).toEqual({ detail, faults: [] });
  });
});
