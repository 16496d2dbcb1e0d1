/**
 * Crash anywhere: the process dies before and behind every single request that it sends, to storage, queue or Azure, in
 * turn (test/support/dyingProxy.ts says why its writes stand for all); a fresh one runs the same again. At the end all
 * is as if nothing had happened.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSimulator, type Simulator, type StateSnapshot } from '../../dev/simulator/simulator.ts';
import { startWorld, type World, type WorldServices } from '../../dev/world.ts';
import { createStorageClients, type StorageClients } from '../../src/adapters/storageClients.ts';
import { StorageUpdateQueue, updateQueueName } from '../../src/adapters/updateQueue.ts';
import type { UpdateMessage } from '../../src/app/ports.ts';
import { pullServiceTags } from '../../src/app/pullServiceTags.ts';
import { buildTargetActions } from '../../src/app/targetActions.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { RequestError } from '../../src/core/errors.ts';
import { subtractPrefixes } from '../../src/core/prefixes.ts';
import { defaultLimits } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { useAzurite } from '../support/azurite.ts';
import { startDyingProxies, type DyingProxies } from '../support/dyingProxy.ts';
import { endpointOrigin } from '../support/faultProxy.ts';
import { acr, dayInMs, expectWholeLedger, hooks, ipRulesOf, prefixesIn, prod } from './stories.ts';
import { recordsOf, ruleOfOthers, rulesOf, source, storeRecentHistory, type TagLists } from './stories.ts';
import { isFullRun } from '../support/fullRun.ts';

const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });
const [a, b, c] = ['20.42.0.0/24', '20.42.2.0/24', '20.42.4.0/24'] as const;
const v6 = '2603:1030:401::/122';
const wide = '20.64.0.0/19';
const theirs = '192.0.2.0/24';
const target = hooks({ limits: openLimits });
const registry = prod({ limits: openLimits });
const guarded = hooks({ limits: { ...defaultLimits, removalGraceDays: 0, removalConfirmations: 0 } });

const start = new Date('2026-01-05T12:00:00Z').getTime();

interface Scenario {
  readonly what: string;
  readonly targets: World['services']['targets'] extends { read(): Promise<infer T> } ? T : never;
  /** What the source lists when the process dies; before that, `first` was pulled. */
  readonly lists: TagLists;
  readonly prepare: (run: Run) => Promise<void>;
  readonly act: (run: Run) => Promise<unknown>;
  /** The rules of `hooks` and `prod` in the end. */
  readonly expected: Readonly<Partial<Record<'hooks' | 'prod', readonly string[]>>>;
}

/** One process of the app. */
interface Run {
  readonly world: World;
  readonly services: WorldServices;
}

const update = (name: string) => (run: Run) => updateTarget(run.services, { target: name, reason: 'message' });
const pull = (run: Run) => pullServiceTags(run.services, { reason: 'timer' });
const actionsOf = (run: Run) => buildTargetActions(run.services);

async function pullAndUpdate(run: Run, tags: TagLists): Promise<void> {
  listed(run, tags, '2026-01-05');
  await pull(run);
  for (const { name } of await run.services.targets.read()) await update(name)(run);
}

function listed(run: Run, tags: TagLists, date: string): void {
  run.world.setSources(source(tags, { date }));
}

const first = list(a, b, v6);
const scenarios: readonly Scenario[] = [
  {
    what: 'the first pull of all',
    targets: [target, registry],
    lists: first,
    prepare: () => Promise.resolve(),
    act: pull,
    expected: { hooks: [a, b, v6], prod: [a, b] },
  },
  {
    what: 'a pull with news',
    targets: [target, registry],
    lists: list(a, c, v6),
    prepare: (run) => pullAndUpdate(run, first),
    act: pull,
    expected: { hooks: [a, c, v6], prod: [a, c] },
  },
  {
    what: 'the first update of an NSG, two rules',
    targets: [target],
    lists: first,
    prepare: async (run) => {
      listed(run, first, '2026-01-05');
      await pull(run);
    },
    act: update('hooks'),
    expected: { hooks: [a, b, v6] },
  },
  {
    what: 'the first update of a registry with rules of others',
    targets: [registry],
    lists: first,
    prepare: async (run) => {
      listed(run, first, '2026-01-05');
      await pull(run);
    },
    act: update('prod'),
    expected: { prod: [a, b] },
  },
  ...(['hooks', 'prod'] as const).flatMap((name): Scenario[] => [
    {
      what: `additions before removals: ${name}`,
      targets: name === 'hooks' ? [target] : [registry],
      lists: list(a, c, v6),
      prepare: async (run) => {
        await pullAndUpdate(run, first);
        listed(run, list(a, c, v6), '2026-01-06');
        await pull(run);
      },
      act: update(name),
      expected: name === 'hooks' ? { hooks: [a, c, v6] } : { prod: [a, c] },
    },
    {
      what: `removals behind additions: ${name}`,
      targets: name === 'hooks' ? [target] : [registry],
      lists: list(a, c),
      prepare: async (run) => {
        await pullAndUpdate(run, first);
        listed(run, list(a, c), '2026-01-06');
        await pull(run);
        await update(name)(run);
      },
      act: update(name),
      expected: name === 'hooks' ? { hooks: [a, c] } : { prod: [a, c] },
    },
  ]),
  {
    what: 'an approval',
    targets: [guarded],
    lists: list(a, wide, v6),
    prepare: async (run) => {
      await pullAndUpdate(run, first);
      listed(run, list(a, wide, v6), '2026-01-06');
      await pull(run);
      await update('hooks')(run);
    },
    act: async (run) => {
      const plan = await actionsOf(run).planTarget('hooks');
      return actionsOf(run).approvePlan('hooks', plan.id, 'operator');
    },
    expected: { hooks: [a, wide, v6] },
  },
  {
    what: 'a rollback',
    targets: [registry],
    lists: list(a, c),
    prepare: async (run) => {
      await pullAndUpdate(run, first);
      listed(run, list(a, c), '2026-01-06');
      await pull(run);
      await update('prod')(run);
    },
    act: async (run) => {
      const items = await run.services.snapshots.list('Public');
      return actionsOf(run).rollbackTarget('prod', items.at(-1)?.id ?? '', 'operator');
    },
    expected: { prod: [a, b] },
  },
];

describe('a process that dies', () => {
  const azurite = useAzurite();
  let simulator: Simulator;
  /** The dead still wait for answers until their connections are gone. */
  const lives: Promise<unknown>[] = [];

  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(async () => {
    await Promise.all(lives);
    await simulator.stop();
  });

  async function startRun(
    scenario: Scenario,
    connectionString: string,
    days: number,
    url = simulator.url,
  ): Promise<Run> {
    const world = await startWorld({
      connectionString,
      start: new Date(start + days * dayInMs),
      targets: scenario.targets,
      simulator: { ...simulator, url, httpClient: undefined },
    });
    const storage = createStorageClients({ kind: 'connectionString', connectionString });
    const services: WorldServices = Object.defineProperty(
      { ...world.services, queue: new StorageUpdateQueue(() => storage.queues()) },
      'sources',
      { get: () => world.services.sources },
    );
    return { world, services };
  }

  async function prepare(scenario: Scenario) {
    resetAzure();
    const connectionString = azurite.freshConnectionString();
    const run = await startRun(scenario, connectionString, 0);
    await storeRecentHistory(run.world);
    await scenario.prepare(run);
    return { blobs: await readBlobs(connectionString), azure: simulator.snapshotState() };
  }

  function resetAzure(): void {
    const theirRule = { name: 'Theirs', properties: ruleOfOthers({ priority: 400 }) };
    simulator.putNsg({ id: target.resourceId, securityRules: [theirRule] });
    const rules = [{ action: 'Allow' as const, value: theirs }];
    simulator.putRegistry({ id: registry.resourceId, networkRuleSet: { defaultAction: 'Deny', ipRules: rules } });
  }

  function restoreAzure({ nsgs, registries }: StateSnapshot): void {
    const rules = Object.values(nsgs).flatMap((nsg) => nsg.properties.securityRules);
    simulator.putNsg({
      id: target.resourceId,
      securityRules: rules.map(({ name, properties: { provisioningState, ...properties } }) => ({ name, properties })),
    });
    const ipRules = Object.values(registries).flatMap((entry) => entry.properties.networkRuleSet.ipRules);
    simulator.putRegistry({ id: registry.resourceId, networkRuleSet: { defaultAction: 'Deny', ipRules } });
  }

  /** What one undisturbed act writes. */
  async function writesOfAct(scenario: Scenario, prepared: Awaited<ReturnType<typeof prepare>>) {
    const { proxies } = await actThroughProxies(scenario, prepared, Number.POSITIVE_INFINITY);
    await proxies.stop();
    return proxies.writes;
  }

  async function actThroughProxies(
    scenario: Scenario,
    prepared: Awaited<ReturnType<typeof prepare>>,
    nth: number,
  ): Promise<{ proxies: DyingProxies; connectionString: string }> {
    const connectionString = azurite.freshConnectionString();
    await writeBlobs(connectionString, prepared.blobs);
    restoreAzure(prepared.azure);
    const [blobs, queues] = [endpointOrigin(connectionString, 'Blob'), endpointOrigin(connectionString, 'Queue')];
    const proxies = await startDyingProxies([blobs, queues, simulator.url]);
    const [blob = '', queue = '', arm = ''] = proxies.origins;
    const proxied = connectionString.replace(blobs, blob).replace(queues, queue);
    const run = await startRun(scenario, proxied, 7, arm);
    listed(run, scenario.lists, '2026-01-12');
    const death = proxies.dieBefore(nth);
    const life = scenario.act(run).catch((error: unknown) => error);
    lives.push(life);
    await Promise.race([death, life]);
    return { proxies, connectionString };
  }

  async function recover(scenario: Scenario, connectionString: string): Promise<World> {
    const storage = createStorageClients({ kind: 'connectionString', connectionString });
    await breakLeases(storage);
    const run = await startRun(scenario, connectionString, 7.1);
    listed(run, scenario.lists, '2026-01-12');
    await scenario.act(run).catch((error: unknown) => {
      // The approval is used up: the first process came so far.
      if (!(error instanceof RequestError && error.status === 409)) throw error;
    });
    for (const message of await receiveAll(storage)) await updateTarget(run.services, message);
    for (let hours = 0; hours < 2; hours += 1) {
      run.world.clock.advance(dayInMs / 24);
      await run.world.reconcile();
    }
    return run.world;
  }

  test.each(scenarios)('$what', async (scenario) => {
    const prepared = await prepare(scenario);
    const writes = await writesOfAct(scenario, prepared);
    expect(writes.length).toBeGreaterThan(6);

    for (const nth of deaths(writes)) {
      const { proxies, connectionString } = await actThroughProxies(scenario, prepared, nth);
      const diedAt = proxies.writes[nth - 1] ?? 'the end';
      const world = await recover(scenario, connectionString);
      await proxies.stop();

      expect({ nth, diedAt, ...(await outcomeOf(world, scenario)) }).toEqual({
        nth,
        diedAt,
        rules: scenario.expected,
        theirRule: ['192.0.2.0/24'],
        theirIpRule: theirs,
        ownedButNotThere: [],
        inFlight: undefined,
        outbox: [],
        pointer: true,
        isTold: true,
      });
      await expectWholeLedger(world);
    }
  });
});

/**
 * Before which writes the process dies; behind the last one too. `npm run test:full`: before each. Else before and behind
 * those to Azure.
 */
function deaths(writes: readonly string[]): number[] {
  const all = Array.from({ length: writes.length + 1 }, (_, before) => before + 1);
  if (isFullRun) return all;
  const isToAzure = (nth: number) => writes[nth - 1]?.includes('/providers/Microsoft.') ?? false;
  return all.filter((nth) => nth === all.length || isToAzure(nth) || isToAzure(nth - 1));
}

async function outcomeOf(world: World, { expected, targets }: Scenario) {
  const states = await Promise.all(targets.map(({ name }) => world.services.states.get(name)));
  const live = [...prefixesIn(world), ...ipRulesOf(world)];
  const pointer = await world.services.snapshots.readPointer('Public');
  const records = (await Promise.all(targets.map(({ name }) => recordsOf(world, name)))).flat();
  const wrote = records.filter(({ outcome }) => ['applied', 'pending', 'interrupted', 'failed'].includes(outcome));
  return {
    rules: {
      ...(expected.hooks ? { hooks: prefixesIn(world) } : {}),
      ...(expected.prod ? { prod: ipRulesOf(world).filter((rule) => rule !== theirs) } : {}),
    },
    theirRule: rulesOf(world).Theirs?.prefixes,
    theirIpRule: ipRulesOf(world)[0],
    ownedButNotThere: subtractPrefixes(
      states.flatMap((state) => (state?.ownership.prefixes ?? []).map(({ prefix }) => prefix)),
      live,
    ),
    inFlight: states.find((state) => state?.run.inFlight)?.run.inFlight,
    outbox: states.flatMap((state) => state?.run.outbox ?? []),
    pointer: typeof pointer === 'object',
    // Of every prefix in the rules some record says that it came in.
    isTold:
      subtractPrefixes(
        [...(expected.hooks ?? []), ...(expected.prod ?? [])],
        wrote.flatMap(({ plan }) => plan?.add ?? []),
      ).length === 0,
  };
}

interface StoredBlob {
  readonly container: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly metadata: Record<string, string>;
}

async function readBlobs(connectionString: string): Promise<StoredBlob[]> {
  const service = await createStorageClients({ kind: 'connectionString', connectionString }).blobs();
  const stored: StoredBlob[] = [];
  for await (const { name: container } of service.listContainers()) {
    const client = service.getContainerClient(container);
    for await (const { name, properties, metadata } of client.listBlobsFlat({ includeMetadata: true })) {
      const bytes = await client.getBlobClient(name).downloadToBuffer();
      stored.push({ container, name, bytes, contentType: properties.contentType ?? '', metadata: metadata ?? {} });
    }
  }
  return stored;
}

async function writeBlobs(connectionString: string, blobs: readonly StoredBlob[]): Promise<void> {
  const service = await createStorageClients({ kind: 'connectionString', connectionString }).blobs();
  for (const name of new Set(blobs.map(({ container }) => container))) await service.getContainerClient(name).create();
  // The index of the runs is appended to, and can be lost.
  const copied = blobs.filter(({ name }) => !name.startsWith('runs/'));
  await Promise.all(
    copied.map(({ container, name, bytes, contentType, metadata }) =>
      service
        .getContainerClient(container)
        .getBlockBlobClient(name)
        .upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentType: contentType }, metadata }),
    ),
  );
}

/** The minute in which the lease of the dead process runs out. */
async function breakLeases(storage: StorageClients): Promise<void> {
  const service = await storage.blobs();
  for (const container of ['targets', 'service-tags']) {
    const client = service.getContainerClient(container);
    if (!(await client.exists())) continue;
    for await (const { name, properties } of client.listBlobsFlat()) {
      if (properties.leaseState === 'leased') await client.getBlobClient(name).getBlobLeaseClient().breakLease(0);
    }
  }
}

async function receiveAll(storage: StorageClients): Promise<UpdateMessage[]> {
  const queue = (await storage.queues()).getQueueClient(updateQueueName);
  if (!(await queue.exists())) return [];
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 600 });
  return receivedMessageItems.map(
    ({ messageText }) => JSON.parse(Buffer.from(messageText, 'base64').toString()) as UpdateMessage,
  );
}
