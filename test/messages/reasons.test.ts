/**
 * Every reason and every notification, each produced by the product itself: a kind of which there is no example fails the
 * test, and so does an example that a person would have to read twice (messageRules.ts says what that means).
 */
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedResources } from '../../dev/seedResources.ts';
import { ArmError } from '../../dev/simulator/armError.ts';
import { faults, type Fault } from '../../dev/simulator/faults.ts';
import { startWorld, type World } from '../../dev/world.ts';
import { ApiVersions } from '../../src/adapters/arm/apiVersions.ts';
import { ArmError as AnswerError, toAnswerError } from '../../src/adapters/arm/armError.ts';
import { describeOwner } from '../../src/adapters/arm/nsgRuleMark.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import type { Notification, ServiceTagsSource } from '../../src/app/ports.ts';
import { recordInterruption } from '../../src/app/update/recordRun.ts';
import { createStateHandle } from '../../src/app/update/run.ts';
import { notificationTypes, runbookAnchors, type NotificationType } from '../../src/core/notificationFormats.ts';
import { reasonCodes, type Reason } from '../../src/core/reasons.ts';
import type { NsgRuleTarget, RegistryTarget } from '../../src/core/targets/target.ts';
import type { TargetState } from '../../src/core/targets/targetState.ts';
import {
  acr,
  chainOf,
  dayInMs,
  deadSource,
  editIpRules,
  editRule,
  ruleOfOthers,
  source,
  storeRecentHistory,
} from '../app/stories.ts';
import {
  growthBeyond,
  nsgTarget,
  openLimits,
  over,
  planOf,
  registryTarget,
  stateOwning,
} from '../core/plan/planFixtures.ts';
import { withMethods } from '../../src/core/withMethods.ts';
import { useBlobs } from '../support/blobsInThread.ts';
import { faultsOf } from './messageRules.ts';
import { startWebhooks, type Webhooks } from './webhooks.ts';

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers';
const nsgId = (name: string) => `${subscription}/Microsoft.Network/networkSecurityGroups/nsg-${name}`;
const registryId = (name: string) => `${subscription}/Microsoft.ContainerRegistry/registries/registry${name}`;
const nsg = (name: string, more: Partial<NsgRuleTarget> = {}): NsgRuleTarget =>
  nsgTarget({ name, resourceId: nsgId(name), addressFamilies: ['ipv4'], ...more });
const registry = (name: string, more: Partial<RegistryTarget> = {}): RegistryTarget =>
  registryTarget({ name, resourceId: registryId(name), regions: 'all', ...more });

const [a, b, c, d] = ['20.42.0.0/24', '20.42.2.0/24', '20.42.4.0/24', '20.42.6.0/24'] as const;
const v6 = '2603:1030:401::/122';
const west = `${acr}.WestEurope`;
const [north, italy] = [`${acr}.NorthEurope`, `${acr}.ItalyNorth`];
const first = { [acr]: [a, b, v6], [west]: [a], [north]: [b], [italy]: ['20.50.0.0/24', '20.50.2.0/24'] };
const wide = '20.64.0.0/13';
/** A prefix left, a region vanished, some came: one too wide, one that nobody may let in, one that cannot be read. */
const second = { [acr]: [a, c, v6, wide, '192.168.0.0/24', '20.42.300.0/24'], [west]: [a, c], [north]: [d] };
/** One prefix for another: nothing suspicious. */
const between = { ...first, [acr]: [a, c, v6] };

const said = new Map<string, Set<string>>();
/** By type and message. */
const noticed = new Map<string, Map<string, Notification>>();

function keep(reasons: readonly Reason[]): void {
  for (const { code, message } of reasons) said.set(code, (said.get(code) ?? new Set()).add(message));
}

/** What the states say now. */
async function keepStates(world: World): Promise<void> {
  for (const { name } of await world.services.targets.read())
    keep((await stateOf(world, name))?.run.lastResult?.reasons ?? []);
}

/** What all runs have said, in the ledger and in notifications. */
async function keepAll(world: World): Promise<void> {
  for (const chain of ['pull', 'update-target', ...estate.map(({ name }) => name)])
    for (const { reasons } of await chainOf(world, chain)) keep(reasons);
  for (const notification of world.notifications) {
    const { type, message } = notification;
    noticed.set(type, (noticed.get(type) ?? new Map<string, Notification>()).set(message, notification));
  }
}

const stateOf = (world: World, name: string): Promise<TargetState | undefined> =>
  world.services.states.get(name).catch(() => undefined);

const blockedByAzure = {
  denied: new ArmError(
    403,
    'AuthorizationFailed',
    `The client 'c' with object id '99999999-0000-4000-8000-00000000000a' does not have authorization to perform action 'Microsoft.Network/networkSecurityGroups/read' over scope '${nsgId('denied')}' or the scope is invalid.`,
  ),
  unsigned: new ArmError(401, 'InvalidAuthenticationToken', 'The access token is invalid.'),
  refused: new ArmError(400, 'SecurityRuleInvalidPortRange', 'Security rule has invalid port range.'),
  full: new ArmError(400, 'SecurityRuleCountLimitReached', 'Cannot create more than 1000 security rules.'),
  locked: new ArmError(
    409,
    'ScopeLocked',
    `The scope '${nsgId('locked')}' cannot perform write operation because following scope(s) are locked: '${nsgId('locked')}'. Please remove the lock and try again.`,
  ),
} as const;

/** Without the header an update asks hundreds of times. */
const lockedForLong: Fault = {
  kind: 'error',
  error: new ArmError(429, 'RetryableError', 'A retryable error occurred.', {
    details: [{ code: 'RetryableErrorDueToAnotherOperation', message: 'Somebody else is updating resource.' }],
    headers: { 'Retry-After': '300' },
  }),
};

const estate = [
  nsg('calm'),
  nsg('foreign'),
  nsg('crowded'),
  nsg('gone'),
  ...Object.keys(blockedByAzure).map((name) => nsg(name)),
  nsg('proxied'),
  nsg('busy'),
  nsg('down'),
  nsg('unknown'),
  nsg('typo', { serviceTag: 'AzureContainerRegistri' }),
  nsg('empty', { addressFamilies: ['ipv6'], regions: ['westeurope'] }),
  nsg('misspelt', { regions: ['westeuorpe'] }),
  nsg('double', { serviceTag: west, regions: ['westeurope'] }),
  nsg('preview', { policy: 'plan' }),
  nsg('stopped', { paused: true }),
  nsg('keeper', { policy: 'addOnly' }),
  nsg('regions', { regions: ['westeurope', 'italynorth'] }),
  nsg('swift', { limits: openLimits }),
  nsg('moved'),
  nsg('renamed'),
  nsg('lost'),
  nsg('returned'),
  nsg('broken'),
  nsg('unproven'),
  nsg('edited'),
  nsg('rolledback'),
  nsg('theirs'),
  nsg('stale'),
  registry('standard'),
  registry('open'),
  registry('subnets'),
  registry('shared'),
  registry('unmeasured', { capacity: { maxRules: undefined, fit: 'exact', maxExtraAddresses: 0 } }),
];

describe('reasons and notifications', () => {
  const accounts = useBlobs();
  let world: World;

  beforeAll(async () => {
    const connectionString = accounts.freshConnectionString();
    world = await startWorld({
      connectionString,
      storage: accounts.directly(connectionString),
      start: new Date('2026-01-05T12:00:00Z'),
      targets: estate,
    });
    seedResources(world.simulator, estate);
    await storeRecentHistory(world);
    await liveThroughIt(world, connectionString);
    await keepAll(world);
    planTheRest();
  });

  afterAll(() => world.stop());

  test.each(reasonCodes)('%s', (code) => {
    expectPlain([...(said.get(code) ?? [])]);
  });

  test.each(notificationTypes)('%s', (type) => {
    expectPlain([...(noticed.get(type)?.keys() ?? [])], { isJoined: true });
  });

  describe('as webhooks get them', () => {
    let webhooks: Webhooks;
    beforeAll(async () => {
      webhooks = await startWebhooks();
    });
    afterAll(() => webhooks.stop());

    test.each(notificationTypes)('%s', async (type) => {
      for (const notification of noticed.get(type)?.values() ?? []) {
        const { subject, message, data } = notification;
        const target = estate.find(({ name }) => name === subject)?.name;
        const page = target === undefined || !isOfTarget(type) ? '' : `#/targets/${target}`;
        const plan =
          type === 'plan.held' ? `/api/approve#target=${subject}&plan=${String(data.planId)}` : `/api/dashboard${page}`;
        const links = [plan, `/api/runbook#${runbookAnchors[type]}`].map((path) => `${webhooks.baseUrl}${path}`);

        const forms = await webhooks.deliver(notification);

        expect(forms.map(({ format }) => format)).toEqual(['slack', 'teams', 'cloudEvents']);
        for (const { format, title, text, links: shown } of forms) {
          expect({ format, text }).toEqual({ format, text: message });
          expect(title).toContain(subject);
          expect({ format, shown }).toEqual({ format, shown: links });
          expectPlain([text], { isJoined: true });
        }
      }
    });
  });
});

/** The other subjects are tags, sources and clouds, which have no page of their own. */
function isOfTarget(type: NotificationType): boolean {
  return /^(plan|target|update|drift|deadline)\./.test(type);
}

/** Of a notification the whole text; it is made of several messages, each of them read above. */
function expectPlain(messages: readonly string[], { isJoined = false } = {}): void {
  const names = ['hooks', 'prod', ...estate.map(({ name }) => name)];
  const faulty = messages.flatMap((message) => {
    const found = faultsOf(message, names).filter((fault) => !isJoined || !fault.startsWith('more than five'));
    return found.length === 0 ? [] : [{ message, found }];
  });

  expect(messages).not.toEqual([]);
  expect(faulty).toEqual([]);
}

/** Six weeks of an app that meets everything. */
async function liveThroughIt(world: World, connectionString: string): Promise<void> {
  const { simulator, services, clock } = world;
  const targetsStorage = (
    await createStorageClients({ kind: 'connectionString', connectionString }).blobs()
  ).getContainerClient('targets');
  const putState = (name: string, change: (state: TargetState) => TargetState) =>
    services.states.withLease(
      name,
      async (session) => session.state && session.state !== 'unreadable' && session.put(change(session.state)),
    );

  // Before the first pull.
  world.setTargets([nsg('calm')]);
  await world.reconcile();
  await keepStates(world);

  world.setTargets(estate);
  simulator.putRule(nsgId('foreign'), { name: 'AllowAcr', properties: ruleOfOthers() });
  simulator.putRule(nsgId('crowded'), { name: 'DenyAll', properties: ruleOfOthers() });
  simulator.putRule(nsgId('theirs'), {
    name: 'AllowAcr',
    properties: { ...ruleOfOthers(), description: describeOwner('other0000001', 'theirs') },
  });
  simulator.removeNsg(nsgId('gone'));
  simulator.putRegistry({ id: registryId('standard'), sku: 'Standard' });
  simulator.putRegistry({ id: registryId('open'), networkRuleSet: { defaultAction: 'Allow', ipRules: [] } });
  simulator.putRegistry({
    id: registryId('subnets'),
    networkRuleSet: {
      defaultAction: 'Deny',
      virtualNetworkRules: [{ action: 'Allow', id: `${nsgId('calm')}/subnets/one` }],
    },
  });
  editIpRules(world, () => ['192.0.2.0/24'], registry('shared'));
  for (const [name, error] of Object.entries(blockedByAzure))
    simulator.failNext({ path: new RegExp(`/nsg-${name}(/|$)`, 'i') }, { kind: 'error', error }, 10_000);
  const of = (name: string) => ({ path: new RegExp(`/(nsg-|registry)${name}(/|$)`, 'i') });
  simulator.failNext(
    of('proxied'),
    { kind: 'raw', status: 403, contentType: 'text/html', body: '<html>Blocked</html>' },
    10_000,
  );
  simulator.failNext(of('busy'), lockedForLong, 12);
  simulator.failNext(of('down'), faults.serverError(503), 10_000);
  simulator.failNext({ ...of('unknown'), method: 'PUT' }, faults.operationFails('SomethingNobodyKnows'), 10_000);
  simulator.failNext({ ...of('unproven'), method: 'PUT' }, lockedForLong, 64);
  simulator.failNext({ path: /registryunmeasured\/listUsages/ }, faults.serverError(500), 10_000);

  await pull(world, source(first, { date: '2026-01-05' }), source(first, { name: 'api' }));
  const old = await services.states.get('returned');
  const firstSnapshot = (await services.states.get('rolledback'))?.run.lastResult?.snapshot ?? '';
  editRule(world, { sourceAddressPrefixes: [a, b, '192.0.2.0/24'] }, 'AllowAcr', nsg('edited'));
  editRule(world, { priority: 310 }, 'AllowAcr', nsg('calm'));
  await world.actions.rollbackTarget('rolledback', firstSnapshot, 'Ada');
  await reconcile(world);
  await keepStates(world);

  // A week of little news, about which the sources do not agree yet.
  clock.advance(7 * dayInMs);
  await pull(
    world,
    source(between, { date: '2026-01-12', changeNumber: 2 }),
    source({ ...between, [acr]: [...between[acr], d] }, { name: 'api' }),
  );
  await keepStates(world);

  // Next week: what left, what is too wide, what cannot be read, and states that were tampered with.
  clock.advance(7 * dayInMs);
  await pull(world, source(second, { date: '2026-01-19', changeNumber: 3 }), deadSource('api'));
  await keepStates(world);
  if (old) await services.states.withLease('returned', (session) => session.put(old));
  await targetsStorage.getBlockBlobClient('state/lost.json').delete();
  const { id: planId } = await world.actions.planTarget('unproven');
  await world.actions.approvePlan('unproven', planId, 'Ada');
  await putState('unproven', (state) => {
    const { approval } = state.operator;
    return { ...state, operator: approval ? { approval: { ...approval, record: 'lost' } } : {} };
  });
  await services.states.withLease('broken', async (session) => {
    const { state } = session;
    if (!state || state === 'unreadable') return;
    const inFlight = {
      runId: '20260112T120000000Z-broken-00000001',
      startedAt: clock.now().toISOString(),
      before: [],
      writes: [],
    };
    const handle = createStateHandle(session, { ...state, run: { ...state.run, inFlight } });
    await recordInterruption(services, handle, 'another');
  });
  world.setTargets(
    estate.map((target) => {
      if (target.name === 'moved') return { ...target, resourceId: nsgId('elsewhere') };
      if (target.name === 'renamed' && target.kind === 'nsgRule')
        return { ...target, rule: { ...target.rule, name: 'AllowRegistry', priority: 320, ipv6Priority: 321 } };
      return target;
    }),
  );
  seedResources(simulator, await services.targets.read());
  keep((await world.actions.planTarget('unproven')).reasons);
  const stale = simulator.nsg(nsgId('stale'));
  const failed = JSON.stringify({ ...stale, properties: { ...stale?.properties, provisioningState: 'Failed' } });
  simulator.failNext(
    { ...of('stale'), method: 'GET' },
    { kind: 'raw', status: 200, contentType: 'application/json', body: failed },
  );
  await world.actions.pauseTarget('keeper', 'Ada');
  await reconcile(world);
  await keepStates(world);

  // The deadline of what waits is near, an update is given up, a message is rubbish, and a list comes late.
  clock.advance(5 * dayInMs);
  await reconcile(world);
  await reportFailedUpdate(services, { target: 'calm', reason: 'reconcile' });
  await reportFailedUpdate(services, 'rubbish');
  const late = { ...first, [acr]: [a, b, v6, '20.42.8.0/24'] };
  await pull(world, source(late, { date: '2026-01-06', changeNumber: 4 }));
  await keepStates(world);

  // Stored data of the pulls is lost, and storage refuses.
  const lists = (await createStorageClients({ kind: 'connectionString', connectionString }).blobs()).getContainerClient(
    'service-tags',
  );
  await lists.getBlockBlobClient('status/Public.json').delete();
  await pull(world, source(second, { date: '2026-01-19', changeNumber: 3 }));
  world.setSources(deadSource());
  await world.pull().catch(() => undefined);
  await keepStates(world);
  const { snapshots } = services;
  const get = () => Promise.reject(new Error('the storage account does not answer'));
  Object.assign(services, { snapshots: withMethods(snapshots, { get }) });
  world.setSources(source(second, { date: '2026-01-19', changeNumber: 3 }));
  await world.pull().catch(() => undefined);
  Object.assign(services, { snapshots });

  // A newer program was here.
  const pointer = JSON.stringify({ version: 99 });
  await lists.getBlockBlobClient('current/Public.json').upload(pointer, Buffer.byteLength(pointer));
  world.setTargets([nsg('calm')]);
  await reconcile(world);
}

async function pull(world: World, ...sources: readonly ServiceTagsSource[]): Promise<void> {
  world.setSources(...sources);
  await world.pull();
  await drain(world);
}

async function reconcile(world: World): Promise<void> {
  const { reconcileTargets } = await import('../../src/app/reconcileTargets.ts');
  await reconcileTargets(world.services);
  await drain(world);
}

/** What fails, fails: it says why. */
async function drain(world: World): Promise<void> {
  const { updateTarget } = await import('../../src/app/updateTarget.ts');
  await world.queue.drain(async (message) => {
    await updateTarget(world.services, message).catch(() => undefined);
  });
}

/** What would take weeks of releases: from the planner, which is the product's own. */
function planTheRest(): void {
  const target = nsgTarget();
  const small = registryTarget({
    capacity: { maxRules: 1, fit: 'supernet', maxExtraAddresses: 1024 },
    limits: openLimits,
  });
  const tight = registryTarget({ capacity: { maxRules: 1, fit: 'exact', maxExtraAddresses: 0 } });
  const plans = [
    planOf({
      target,
      desired: [a],
      live: [a, b, c, d],
      state: stateOwning([a, b, c, d], { absent: [over(b), over(c), over(d)] }),
    }),
    planOf({ target, desired: [a], live: [a, b], state: stateOwning([a, b], { absent: [over(b, { returns: 2 })] }) }),
    planOf({ target, desired: [a, b], live: [a], state: stateOwning([a]), growth: growthBeyond([b]) }),
    planOf({
      target,
      desired: [a, b, c],
      live: [a],
      state: stateOwning([a]),
      growth: growthBeyond([b, c], 'maxAddedPrefixes'),
    }),
    planOf({ target: small, desired: ['20.42.0.0/24', '20.42.1.0/25'], live: [], state: stateOwning([]) }),
    planOf({ target: tight, desired: [a, b, c], live: [], state: stateOwning([]) }),
    planOf({
      target: registryTarget({ capacity: { maxRules: 200, fit: 'exact', maxExtraAddresses: 0 } }),
      desired: [a],
      live: [],
      state: stateOwning([]),
      overrides: { live: { rules: [], maxRules: 100, blockers: [], notes: [] } },
    }),
  ];
  for (const { plan } of plans) {
    keep(plan.reasons);
    keep(plan.items.flatMap(({ why }) => (why ? [why] : [])));
  }
  const versions = new ApiVersions();
  const type = 'Microsoft.ContainerRegistry/registries';
  const request = createPipelineRequest({
    url: `https://management.azure.com${registryId('one')}?api-version=2026-01-01`,
  });
  const response = {
    request,
    status: 400,
    headers: createHttpHeaders({}),
    bodyAsText: JSON.stringify({
      error: {
        code: 'NoRegisteredProviderFound',
        message: `No registered resource provider found for API version '2026-01-01' for type '${type}'. The supported api-versions are '2023-07-01'.`,
      },
    }),
  };
  const refused = toAnswerError(response, new Date());
  if (!(refused instanceof AnswerError) || !versions.learn(request, refused))
    throw new Error('the version is not learnt');
  keep(versions.notes('Microsoft.ContainerRegistry'));
}
