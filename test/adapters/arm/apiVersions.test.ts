/** A cloud that does not have the SDK's api-version yet: the newest that it has is used, and it is said. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import { ApiVersions } from '../../../src/adapters/arm/apiVersions.ts';
import { buildArm } from '../../../src/adapters/arm/arm.ts';
import { ArmError } from '../../../src/adapters/arm/armError.ts';
import { loadConfig } from '../../../src/config.ts';
import { foreignRule, nsgId, nsgTarget, registryId, registryTarget } from './targets.ts';
import { ownerId, retryCodes, startWorld, type World } from './world.ts';

const type = 'Microsoft.ContainerRegistry/registries';
const request = (version = '2025-11-01', path = registryId) =>
  createPipelineRequest({ url: `https://management.azure.com${path}?api-version=${version}` });
const refused = (message: string) =>
  new ArmError(message, { statusCode: 400, code: 'NoRegisteredProviderFound', method: 'GET', path: registryId });
const supported = (versions: string) =>
  refused(
    `No registered resource provider found for API version. The supported api-versions are '${versions}'. The supported locations are 'chinanorth3'.`,
  );
const versionOf = ({ url }: { url: string }) => new URL(url).searchParams.get('api-version');

describe('which version is used', () => {
  test.each([
    ['2019-05-01, 2021-08-01-preview, 2023-07-01', '2023-07-01'],
    ['2023-07-01,2019-05-01', '2023-07-01'],
    ['2023-07-01, 2025-03-01-preview', '2025-03-01-preview'],
    ['2023-07-01-preview, 2023-07-01', '2023-07-01'],
  ])('of %s: %s', (list, expected) => {
    const versions = new ApiVersions();
    const asked = request();

    expect(versions.learn(asked, supported(list))).toBe(true);
    versions.apply(asked);

    expect(versionOf(asked)).toBe(expected);
    expect(versions.notes('microsoft.containerregistry')).toEqual([
      { code: 'apiVersion', message: expect.stringContaining(`ARM_API_VERSIONS=${type}=${expected}`) },
    ]);
    expect(versions.notes('Microsoft.Network')).toEqual([]);
  });

  test.each([
    ['an error that names none', refused('No.')],
    ['an error that names the one that was asked', supported('2025-11-01')],
    ['an error that names no version', supported('latest')],
  ])('%s: nothing is tried', (_, error) => {
    expect(new ApiVersions().learn(request(), error)).toBe(false);
  });

  test('the look for virtual network rules means its own version', () => {
    const versions = new ApiVersions(new Map([['microsoft.containerregistry', '2023-07-01']]));
    const look = request('2021-08-01-preview');

    versions.apply(look);

    expect(versionOf(look)).toBe('2021-08-01-preview');
    expect(new ApiVersions().learn(look, supported('2023-07-01'))).toBe(false);
  });

  test.each([
    ['the provider', 'Microsoft.ContainerRegistry=2023-07-01'],
    ['the type, in other letter case', 'microsoft.containerregistry/REGISTRIES = 2023-07-01'],
  ])('a setting fixes it, for %s', (_, setting) => {
    const { armApiVersions } = loadConfig({
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      ARM_API_VERSIONS: setting,
    });
    const versions = new ApiVersions(armApiVersions);
    const [registry, nsg] = [request(), request('2026-01-01', nsgId)];

    versions.apply(registry);
    versions.apply(nsg);

    expect([versionOf(registry), versionOf(nsg)]).toEqual(['2023-07-01', '2026-01-01']);
    expect(versions.learn(registry, supported('2019-05-01'))).toBe(false);
  });

  test.each([
    '2023-07-01',
    'Microsoft.Network=latest',
    'Microsoft.Networks=2023-07-01',
    'Microsoft.Network=2023-07-01,microsoft.network=2023-06-01',
  ])('ARM_API_VERSIONS=%s is refused', (setting) => {
    const env = { AzureWebJobsStorage: 'UseDevelopmentStorage=true', ARM_API_VERSIONS: setting };

    expect(() => loadConfig(env)).toThrow(expect.objectContaining({ field: 'ARM_API_VERSIONS' }));
  });
});

describe('in a cloud that is behind', () => {
  let world: World;
  afterEach(() => world.simulator.stop());

  test('rules are read and written, and the target says it', async () => {
    world = await startWorld({
      apiVersions: {
        'Microsoft.Network': ['2023-09-01', '2024-05-01'],
        'Microsoft.ContainerRegistry': ['2019-05-01', '2021-08-01-preview', '2023-07-01'],
      },
    });
    world.simulator.putNsg({ id: nsgId, securityRules: [foreignRule] });
    world.simulator.putRegistry({ id: registryId, networkRuleSet: { defaultAction: 'Deny' } });
    const session = world.arm.openSession();
    const [nsg, registry] = [nsgTarget({ addressFamilies: ['ipv4'] }), registryTarget()];

    const rule = { rule: nsg.rule.name, operation: 'put', prefixes: ['192.0.2.0/24'] } as const;
    const ipRules = { rule: 'ipRules', operation: 'put', prefixes: ['192.0.2.0/24'] } as const;
    const after = [
      await session.nsgRules.write(nsg, await session.nsgRules.read(nsg), [rule], []),
      await session.registryNetworkRules.write(
        registry,
        await session.registryNetworkRules.read(registry),
        [ipRules],
        [],
      ),
    ];

    expect(after.map(({ rules }) => rules[0]?.prefixes)).toEqual([['192.0.2.0/24'], ['192.0.2.0/24']]);
    expect(after[0]?.notes.map(({ message }) => message).join()).toContain(
      'the app uses 2024-05-01, the newest that it has',
    );
    expect(after[1]?.notes.map(({ message }) => message).join()).toContain(
      'the app uses 2023-07-01, the newest that it has',
    );
    // Once for each type: the groups, their rules, the registries.
    expect(retryCodes(session)).toEqual(Array<string>(3).fill('NoRegisteredProviderFound'));
  });

  test('a version that is fixed is asked from the first call on', async () => {
    world = await startWorld({ apiVersions: { 'Microsoft.Network': ['2024-05-01'] } });
    world.simulator.putNsg({ id: nsgId });
    const config = { cloud: 'Public', armEndpoint: world.simulator.url, armIsLoopback: true } as const;
    const session = buildArm(
      { ...config, armApiVersions: new Map([['microsoft.network', '2024-05-01']]) },
      ownerId,
    ).openSession();

    const { notes } = await session.nsgRules.read(nsgTarget());

    expect([notes, session.usage()]).toEqual([[], { reads: 1, writes: 0, retries: [] }]);
  });

  test('a registry of regions.ofRegistry that is gone: the right field is named', async () => {
    world = await startWorld();
    world.simulator.putRegistry({ id: registryId });
    const gone = registryId.replace(/prod$/, 'gone');

    await expect(world.arm.openSession().readRegistryRegions(gone)).rejects.toMatchObject({
      name: 'TargetBlockedError',
      code: 'notFound',
      message: expect.stringContaining(`regions.ofRegistry names ${gone}`),
    });
  });
});
