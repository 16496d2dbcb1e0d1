/** The roles of the template as an allow-list: all that the app asks of Azure is in them, and each action is needed. */
import { describe, expect, test } from '@jest/globals';
import type { Permission } from '../../dev/simulator/access.ts';
import { appPrincipal, readRoles } from '../../dev/simulator/appIdentity.ts';
import type { Settings } from '../../dev/simulator/settings.ts';
import { startSimulator, type Simulator } from '../../dev/simulator/simulator.ts';
import type { Clock } from '../../src/app/ports.ts';
import { buildArm } from '../../src/adapters/arm/arm.ts';
import { buildArmClients } from '../../src/adapters/arm/client.ts';
import { buildSources } from '../../src/adapters/sources/buildSources.ts';
import { nsgId, nsgTarget, registryId, registryTarget, subscriptionId } from '../adapters/arm/targets.ts';

const subscription = `/subscriptions/${subscriptionId}`;
const otherRegistryId = registryId.replace(/prod$/, 'observed');

const roles = readRoles();

function actionsOf(role: string): readonly string[] {
  return roles.get(role) ?? [];
}

/** As the modules assign them: on the resource where there is one, on the subscription where there is none. */
const permissions: readonly Permission[] = [
  { scope: nsgId, actions: actionsOf('networkSecurityGroupRules') },
  { scope: subscription, actions: actionsOf('networkOperations') },
  { scope: registryId, actions: actionsOf('registryNetworkRules') },
  { scope: otherRegistryId, actions: actionsOf('registryRegions') },
  { scope: subscription, actions: actionsOf('serviceTags') },
  { scope: subscription, actions: actionsOf('discovery') },
];

const tags = {
  changeNumber: 1,
  cloud: 'Public',
  values: [
    {
      name: 'AzureContainerRegistry',
      id: 'AzureContainerRegistry',
      properties: {
        changeNumber: 1,
        region: '',
        regionId: 0,
        platform: 'Azure',
        systemService: 'AzureContainerRegistry',
        addressPrefixes: ['20.42.66.0/23'],
        networkFeatures: ['API', 'NSG'],
      },
    },
  ],
};

async function startAs(granted: readonly Permission[], settings: Partial<Settings> = {}): Promise<Simulator> {
  const simulator = await startSimulator({
    ...settings,
    auth: { principals: {}, withoutToken: appPrincipal(granted) },
    // Long enough that operations are asked for.
    nsgOperationInMs: 20,
    registryOperationInMs: 20,
    registryPatchStatus: 202,
    retryAfterInSeconds: 0,
  });
  simulator.putSubscription(subscriptionId);
  simulator.putNsg({ id: nsgId, tags: { 'service-tag-sync': 'hooks' } });
  const networkRuleSet = { defaultAction: 'Deny', ipRules: [] } as const;
  simulator.putRegistry({ id: registryId, networkRuleSet });
  simulator.putRegistry({ id: otherRegistryId, replicaLocations: ['eastus'] });
  simulator.setServiceTags('*', tags);
  return simulator;
}

/** A refusal is waited for, as a role may be on its way: here that time passes at once. */
function hastyClock(): Clock {
  let skippedInMs = 0;
  return {
    now: () => new Date(Date.now() + skippedInMs),
    sleep: (ms) => {
      skippedInMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Everything that the app does to Azure, once. */
async function exercise(simulator: Simulator): Promise<void> {
  const config = { cloud: 'Public', armEndpoint: simulator.url, armIsLoopback: true } as const;
  const clients = buildArmClients(config);
  const arm = buildArm(config, 'func-acr', { clients, clock: hastyClock(), pollIntervalInMs: 5 });
  const session = arm.openSession();

  const [source] = buildSources(
    {
      cloud: 'Public',
      sources: [{ kind: 'api', name: 'api' }],
      serviceTagsSubscriptionId: subscriptionId,
      serviceTagsLocation: 'westeurope',
    },
    clients,
  );
  await source?.fetch();
  const found = await arm.findTaggedResources();
  expect(found).toHaveLength(1);

  const rule = { rule: 'AllowAcrWebhooks', prefixes: ['20.42.66.0/23'] };
  const target = nsgTarget();
  await session.nsgRules.write(target, await session.nsgRules.read(target), [{ ...rule, operation: 'put' }], []);
  await session.nsgRules.write(target, await session.nsgRules.read(target), [{ ...rule, operation: 'delete' }], []);

  const registry = registryTarget();
  const current = await session.registryNetworkRules.read(registry);
  await session.registryNetworkRules.readQuota?.(registry, current);
  const change = { rule: 'ipRules', operation: 'put', prefixes: ['20.42.66.0/23'] } as const;
  await session.registryNetworkRules.write(registry, current, [change], []);
  expect(await session.readRegistryRegions(registryId)).toEqual(['westeurope']);
  expect([...(await session.readRegistryRegions(otherRegistryId))].sort()).toEqual(['eastus', 'westeurope']);
}

function refusals(simulator: Simulator): string[] {
  return simulator.requests.filter(({ status }) => status === 403).map(({ action }) => action ?? '');
}

function without(action: string, index: number): Permission[] {
  return permissions.map((permission, position) =>
    position === index
      ? { ...permission, actions: permission.actions.filter((other) => other !== action) }
      : permission,
  );
}

describe('the roles of infra/modules/roles.json', () => {
  test.each(['all', 'location', 'none'] as const)(
    'allow everything that the app does, with operation headers: %s',
    async (operationHeaders) => {
      const simulator = await startAs(permissions, { operationHeaders });

      try {
        await exercise(simulator);

        expect(refusals(simulator)).toEqual([]);
        expect(simulator.requests.length).toBeGreaterThan(10);
      } finally {
        await simulator.stop();
      }
    },
  );

  test('allow nothing beside it: a foreign group, a whole group, another registry', async () => {
    const simulator = await startAs(permissions);
    const foreign = nsgId.replace('nsg-hooks', 'nsg-foreign');
    const foreignRegistry = registryId.replace(/prod$/, 'foreign');
    simulator.putNsg({ id: foreign });
    simulator.putRegistry({ id: foreignRegistry });
    const request = (method: string, id: string, version: string) =>
      fetch(`${simulator.url}${id}?api-version=${version}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '{"properties":{}}' }),
      });

    try {
      const statuses = await Promise.all([
        request('GET', foreign, '2025-05-01'),
        request('PUT', nsgId, '2025-05-01'),
        request('PATCH', nsgId, '2025-05-01'),
        request('PUT', `${foreign}/securityRules/a`, '2025-05-01'),
        request('PATCH', foreignRegistry, '2025-11-01'),
        request('PATCH', otherRegistryId, '2025-11-01'),
      ]);

      expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
    } finally {
      await simulator.stop();
    }
  });

  // Resource Graph is answered to everybody, with what they may read otherwise.
  const notAskedFor = 'Microsoft.ResourceGraph/resources/read';
  const needed = permissions.flatMap(({ actions }, index) =>
    actions.filter((action) => action !== notAskedFor).map((action) => [action, index] as const),
  );

  test.each(needed)('hold nothing superfluous: without %s something is refused', async (action, index) => {
    // How an operation is followed is for Azure to say: by one URL, by the other, or by the rule itself.
    const operationHeaders = action.endsWith('/operationResults/read')
      ? 'location'
      : action.endsWith('/securityRules/read')
        ? 'none'
        : 'all';
    const simulator = await startAs(without(action, index), { operationHeaders });

    try {
      const isRefused = await exercise(simulator).then(
        () => refusals(simulator).length > 0,
        () => true,
      );

      expect(isRefused).toBe(true);
    } finally {
      await simulator.stop();
    }
  });
});
