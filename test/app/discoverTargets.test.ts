import { afterEach, describe, expect, test } from '@jest/globals';
import { startSimulator, type Simulator } from '../../dev/simulator/simulator.ts';
import { createVirtualClock, type VirtualClock } from '../../dev/virtualTime.ts';
import { buildTaggedResourceMemory } from '../../src/adapters/blob/taggedResources.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { buildArm } from '../../src/adapters/arm/arm.ts';
import { buildApp } from '../../src/app/composition.ts';
import { createDiscoveringSource, discoveredName } from '../../src/app/discoverTargets.ts';
import type { TaggedResource, TaggedResourceMemory, TargetsSource } from '../../src/app/ports.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { loadConfig } from '../../src/config.ts';
import { parseTargetsText } from '../../src/core/targets/targetsFile.ts';
import { acr, publish, useWorlds } from './stories.ts';

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers';
const hooks = `${subscription}/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
const builds = `${subscription}/Microsoft.Network/networkSecurityGroups/NSG-Builds`;
const prod = `${subscription}/Microsoft.ContainerRegistry/registries/prod`;

const file = {
  profiles: {
    web: {
      kind: 'nsgRule',
      scenario: 'webhooks',
      regions: 'all',
      rule: { name: 'AllowAcr', priority: 300 },
      policy: 'sync',
    },
    registry: { kind: 'registryNetworkRules', regions: 'all', policy: 'sync' },
  },
  targets: [],
};

const worlds = useWorlds();
const open: Simulator[] = [];
afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.stop();
});

interface Found {
  readonly simulator: Simulator;
  readonly source: TargetsSource;
  readonly names: () => Promise<string[]>;
  readonly log: string[];
  /** Beyond what is remembered. */
  readonly later: () => void;
  readonly setFile: (next: object) => void;
  readonly clock: VirtualClock;
}

async function discover(content: object = file, running?: Simulator, memory = newMemory()): Promise<Found> {
  const simulator = running ?? (await startSimulator());
  if (!running) open.push(simulator);
  const clock = createVirtualClock(new Date('2026-01-05T12:00:00Z'));
  const arm = buildArm({ cloud: 'Public', armEndpoint: simulator.url, armIsLoopback: true }, 'owner', { clock });
  const log: string[] = [];
  const note = (level: string) => (message: string, details?: object) =>
    void log.push(`${level} ${message} ${JSON.stringify(details)}`);
  let targetsFile = parse(content);
  const source = createDiscoveringSource({
    clock,
    logger: { info: note('info'), warn: note('warn'), error: note('error') },
    readFile: () => Promise.resolve(targetsFile),
    loadFinder: () => Promise.resolve(arm),
    memory,
  });
  return {
    simulator,
    source,
    clock,
    log,
    names: async () => (await source.read()).map(({ name }) => name),
    later: () => clock.advance(11 * 60_000),
    setFile: (next) => {
      targetsFile = parse(next);
    },
  };
}

const parse = (content: object) => parseTargetsText(JSON.stringify(content), 'targets.json');

function newMemory(...first: readonly TaggedResource[]): TaggedResourceMemory {
  let kept = first;
  return {
    read: () => Promise.resolve(kept),
    write: (resources: readonly TaggedResource[]) => {
      kept = resources;
      return Promise.resolve();
    },
  };
}

const tagged = (profile: string) => ({ tags: { 'service-tag-sync': profile } });

describe('tags set and taken off', () => {
  test('a resource of each kind becomes a target by its profile, within ten minutes', async () => {
    const { simulator, source, names, later } = await discover();
    simulator.putNsg({ id: hooks });
    expect(await names()).toEqual([]);

    simulator.putNsg({ id: hooks, ...tagged('web') });
    simulator.putRegistry({ id: prod, ...tagged('registry') });
    expect(await names()).toEqual([]);
    later();

    expect(await source.read()).toMatchObject([
      { kind: 'registryNetworkRules', resourceId: prod, policy: 'sync' },
      { kind: 'nsgRule', resourceId: hooks, policy: 'sync', rule: { name: 'AllowAcr', direction: 'Inbound' } },
    ]);
  });

  test('a tag that is taken off ends the management', async () => {
    const { simulator, names, later } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    simulator.putNsg({ id: builds, ...tagged('web') });
    expect(await names()).toHaveLength(2);

    simulator.putNsg({ id: hooks });
    later();

    expect(await names()).toEqual([discoveredName({ resourceId: builds })]);
  });

  test('a changed profile takes effect at once, without a question to Azure', async () => {
    const { simulator, source, setFile } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    expect(await source.read()).toMatchObject([{ policy: 'sync' }]);

    setFile({ ...file, profiles: { ...file.profiles, web: { ...file.profiles.web, policy: 'plan' } } });

    expect(await source.read()).toMatchObject([{ policy: 'plan' }]);
    expect(simulator.requests).toHaveLength(1);
  });

  test('readers share one question, and one list as long as nothing has changed', async () => {
    const { simulator, source, log } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    simulator.putNsg({ id: builds, ...tagged('wbe') });

    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => source.read()));

    for (const other of [...others, await source.read()]) expect(other).toBe(first);
    expect(simulator.requests).toHaveLength(1);
    expect(log).toHaveLength(1);
  });

  test('without profiles nothing is asked of Azure', async () => {
    const { simulator, names } = await discover({ targets: [] });
    simulator.putNsg({ id: hooks, ...tagged('web') });

    expect(await names()).toEqual([]);
    expect(simulator.requests).toEqual([]);
  });
});

describe('what cannot be a target is left out, with a word in the log', () => {
  test('an unknown profile', async () => {
    const { simulator, names, log } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('wbe') });
    simulator.putNsg({ id: builds, ...tagged('web') });

    expect(await names()).toHaveLength(1);
    expect(log.join('\n')).toContain('nsg-hooks');
    expect(log.join('\n')).toMatch(/wbe.*is no profile, accepted are: web, registry/);
  });

  test.each(['constructor', '__proto__', 'toString'])('a profile that every object has: %s', async (profile) => {
    const { simulator, names, log } = await discover();
    simulator.putNsg({ id: hooks, ...tagged(profile) });

    expect(await names()).toEqual([]);
    expect(log.join('\n')).toContain('is no profile');
  });

  test('a profile that does not fit the kind', async () => {
    const { simulator, names, log } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('registry') });

    expect(await names()).toEqual([]);
    expect(log.join('\n')).toContain('tagged resource left out');
  });

  test('a rule that the targets file claims already: the file comes first', async () => {
    const target = { name: 'mine', resourceId: hooks, ...file.profiles.web, policy: 'plan' };
    const { simulator, source, log } = await discover({ ...file, targets: [target] });
    simulator.putNsg({ id: hooks, ...tagged('web') });

    expect(await source.read()).toMatchObject([{ name: 'mine', policy: 'plan' }]);
    expect(log.join('\n')).toContain('tagged resource left out');
  });
});

describe('Azure Resource Graph that does not answer', () => {
  test('without the permission the last known ones stay', async () => {
    const { simulator, names, later, log } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    const known = await names();

    simulator.failNext({ method: 'POST', path: /ResourceGraph/i }, forbidden(), 1);
    later();
    expect(await names()).toEqual(known);
    expect(log.join('\n')).toContain('cannot be listed');

    simulator.putNsg({ id: hooks });
    later();
    expect(await names()).toEqual([]);
  });

  test('a process that has just started takes what another one found', async () => {
    const azurite = worlds.freshConnectionString();
    const { blobs } = createStorageClients({ kind: 'connectionString', connectionString: azurite });
    const first = await discover(file, undefined, buildTaggedResourceMemory(blobs));
    first.simulator.putNsg({ id: hooks, ...tagged('web') });
    const known = await first.source.read();
    expect(known).toHaveLength(1);

    const second = await discover(file, first.simulator, buildTaggedResourceMemory(blobs));
    first.simulator.failNext({ method: 'POST', path: /ResourceGraph/i }, forbidden(), 1);

    expect(await second.source.read()).toEqual(known);
  });

  test('from the first, the file’s own targets go on', async () => {
    const target = { name: 'mine', resourceId: hooks, ...file.profiles.web };
    const { simulator, names } = await discover({ ...file, targets: [target] });
    simulator.failNext({ method: 'POST', path: /ResourceGraph/i }, forbidden(), 1);

    expect(await names()).toEqual(['mine']);
  });
});

describe('a resource that Azure does not list any more', () => {
  test.each([
    ['an NSG', hooks, 'web'],
    ['a registry', prod, 'registry'],
  ])('%s that cannot be read stays a target, and is said to', async (_, id, profile) => {
    const memory = newMemory();
    const { simulator, names, later, log } = await discover(file, undefined, memory);
    if (id === prod) simulator.putRegistry({ id, ...tagged(profile) });
    else simulator.putNsg({ id, ...tagged(profile) });
    const known = await names();

    allowNothing(simulator);
    later();

    expect(await names()).toEqual(known);
    expect(log).toEqual([expect.stringMatching(/^warn tagged resource cannot be read: kept as a target .*\/read/)]);
    expect(await memory.read()).toMatchObject([{ resourceId: id, profile }]);
  });

  test('an identity that is not accepted any more costs no target', async () => {
    const { simulator, names, later } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    const known = await names();

    simulator.configure({ auth: { principals: {} } });
    later();

    expect(await names()).toEqual(known);
  });

  test('where Azure is late, its tag decides: the resource stays, with the profile of now', async () => {
    const { simulator, source, later, log } = await discover();
    simulator.putNsg({ id: hooks, tags: { 'Service-Tag-Sync': 'web' } });
    await source.read();

    simulator.putNsg({ id: hooks, tags: { 'SERVICE-TAG-SYNC': 'other' } });
    listNothing(simulator);
    later();
    await source.read();

    expect(log.join('\n')).toMatch(/"other\\" is no profile/);
  });

  test('without its tag it is let go', async () => {
    const memory = newMemory();
    const { simulator, names, later, log } = await discover(file, undefined, memory);
    simulator.putNsg({ id: hooks, ...tagged('web') });
    await names();

    simulator.putNsg({ id: hooks, tags: { team: 'hooks' } });
    later();

    expect(await names()).toEqual([]);
    expect(log).toEqual([expect.stringMatching(/^info tag service-tag-sync was taken off.*nsg-hooks/)]);
    expect(await memory.read()).toEqual([]);
  });

  test('gone, it is let go with a line in the log', async () => {
    const memory = newMemory({ resourceId: hooks, kind: 'nsgRule', profile: 'web' });
    const { simulator, names, log } = await discover(file, undefined, memory);
    simulator.putNsg({ id: builds });

    expect(await names()).toEqual([]);
    expect(log).toEqual([expect.stringMatching(/^warn tagged resource is gone.*nsg-hooks/)]);
    expect(await memory.read()).toEqual([]);
  });

  test('an Azure that is down says nothing of the tag, and holds nobody up for long', async () => {
    const { simulator, names, later, clock } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    simulator.putNsg({ id: builds, ...tagged('web') });
    const known = await names();

    listNothing(simulator);
    simulator.failNext({ method: 'GET' }, { ...forbidden(), status: 503, body: '{}' }, 1_000);
    later();
    const before = clock.now().getTime();

    expect((await names()).toSorted()).toEqual(known.toSorted());
    expect(clock.now().getTime() - before).toBeLessThanOrEqual(2 * 60_000);
  });

  test('costs one GET in ten minutes, and what is listed costs none', async () => {
    const { simulator, names, later } = await discover();
    simulator.putNsg({ id: hooks, ...tagged('web') });
    simulator.putNsg({ id: builds, ...tagged('web') });
    await names();

    simulator.putNsg({ id: hooks });
    later();
    await Promise.all([names(), names(), names()]);
    await names();

    const reads = simulator.requests.filter(({ method }) => method === 'GET');
    expect(reads.map(({ path }) => path)).toEqual([expect.stringContaining('nsg-hooks')]);
  });

  test('stays one where another process had found it and this one never saw it', async () => {
    const { blobs } = createStorageClients({
      kind: 'connectionString',
      connectionString: worlds.freshConnectionString(),
    });
    const first = await discover(file, undefined, buildTaggedResourceMemory(blobs));
    const { simulator } = first;
    simulator.putNsg({ id: builds, ...tagged('web') });
    expect(await first.names()).toHaveLength(1);
    const second = await discover(file, simulator, buildTaggedResourceMemory(blobs));
    simulator.putNsg({ id: hooks, ...tagged('web') });
    expect(await second.names()).toHaveLength(2);

    allowNothing(simulator);
    first.later();

    expect(await first.names()).toHaveLength(2);
  });
});

/** The app's identity has lost all of its roles. */
function allowNothing(simulator: Simulator): void {
  simulator.configure({ auth: { principals: {}, withoutToken: { client: 'app', objectId: 'app', permissions: [] } } });
}

/** Azure Resource Graph knows of no resource, once. */
function listNothing(simulator: Simulator): void {
  const body = JSON.stringify({ totalRecords: 0, count: 0, data: [], facets: [], resultTruncated: 'false' });
  const answer = { kind: 'raw', status: 200, contentType: 'application/json', body } as const;
  simulator.failNext({ method: 'POST', path: /ResourceGraph/i }, answer);
}

function forbidden() {
  const body = { error: { code: 'AuthorizationFailed', message: 'does not have authorization' } };
  return { kind: 'raw', status: 403, contentType: 'application/json', body: JSON.stringify(body) } as const;
}

describe('names', () => {
  test.each([hooks, builds, prod, `${subscription}/Microsoft.Network/networkSecurityGroups/${'x_Y.'.repeat(20)}`])(
    '%s',
    (resourceId) => {
      const name = discoveredName({ resourceId });
      expect(name).toMatch(/^[a-z0-9-]{1,40}$/);
      expect(discoveredName({ resourceId: resourceId.toUpperCase() })).toBe(name);
    },
  );

  test('two resources of one name have two', () => {
    expect(discoveredName({ resourceId: hooks })).not.toBe(
      discoveredName({ resourceId: hooks.replace('/rg/', '/rg2/') }),
    );
  });
});

test('the app as it is put together finds them', async () => {
  const simulator = await startSimulator();
  open.push(simulator);
  simulator.putNsg({ id: hooks, ...tagged('web') });
  const env = {
    AzureWebJobsStorage: worlds.freshConnectionString(),
    ARM_ENDPOINT: simulator.url,
    SERVICE_TAGS_SOURCES: 'download',
    TARGETS: JSON.stringify(file),
  };
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const build = () => buildApp(loadConfig(env), silent, createVirtualClock(new Date('2026-01-05T12:00:00Z')));
  const { targets } = (await build()).services;
  expect(await targets.read()).toMatchObject([{ resourceId: hooks }]);

  allowNothing(simulator);

  expect(await (await build()).services.targets.read()).toEqual(await targets.read());
});

describe('through to the rules', () => {
  test('a tagged NSG gets its rules; once the tag is gone they stay, and nothing touches them', async () => {
    const world = await worlds.open({ targets: [] });
    const found = await discover(file, world.simulator);
    world.simulator.putNsg({ id: hooks, ...tagged('web') });
    const targets = await found.source.read();
    world.setTargets(targets);
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    const rules = world.simulator.nsg(hooks)?.properties.securityRules ?? [];
    expect(rules.map(({ name }) => name)).toEqual(['AllowAcr']);

    const name = targets[0]?.name ?? '';
    world.simulator.putNsg({
      id: hooks,
      securityRules: rules.map(({ name: rule, properties: { provisioningState: _, ...properties } }) => ({
        name: rule,
        properties,
      })),
    });
    found.later();
    world.setTargets(await found.source.read());
    const before = world.simulator.requests.length;
    await publish(world, { [acr]: ['20.42.66.0/24', '40.74.100.0/24'] }, 2);

    expect(await updateTarget(world.services, { target: name, reason: 'message that came late' })).toBe('unknown');
    expect(world.simulator.requests.length).toBe(before);
    expect(
      world.simulator.nsg(hooks)?.properties.securityRules.map((rule) => rule.properties.sourceAddressPrefixes),
    ).toEqual([['20.42.66.0/24']]);
  });

  test('a tagged NSG that the app may not read any more ends blocked, with the permission that is missing', async () => {
    const world = await worlds.open({ targets: [] });
    const found = await discover(file, world.simulator);
    world.simulator.putNsg({ id: hooks, ...tagged('web') });
    world.setTargets(await found.source.read());
    await publish(world, { [acr]: ['20.42.66.0/24'] });

    allowNothing(world.simulator);
    found.later();
    world.setTargets(await found.source.read());

    const [record] = await world.reconcile();
    expect(record).toMatchObject({ outcome: 'blocked', reasons: [{ code: 'noPermission' }] });
    expect(record?.reasons[0]?.message).toContain('Microsoft.Network/networkSecurityGroups/read');
  });
});
