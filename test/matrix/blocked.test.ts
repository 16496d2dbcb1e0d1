/** What a person must mend ends `blocked`, and the reason names what is missing; mended, the next run does the work. */
import { describe, expect, test } from '@jest/globals';
import type { Principal } from '../../dev/simulator/access.ts';
import { appIdentity, appPrincipal, readRoles } from '../../dev/simulator/appIdentity.ts';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { RunRecord } from '../../src/core/runRecord.ts';
import type { Target } from '../../src/core/target.ts';
import { useWorlds } from '../app/stories.ts';
import { expectInSync, kinds, openWorld, takeAway } from './cells.ts';

const worlds = useWorlds();
const subscription = '00000000-0000-0000-0000-000000000001';
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks`;
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/prod`;
const allActions = [...readRoles().values()].flat();

interface BlockedCase {
  readonly break: (world: World) => void;
  readonly mend: (world: World) => void;
  readonly code: string;
  /** What the reason must say, to the letter. */
  readonly says: readonly string[];
  /** It shows behind the write, which has been carried out. */
  readonly isLate?: true;
}

function without(action: string): Principal {
  const actions = allActions.filter((one) => one !== action);
  return appPrincipal([{ scope: `/subscriptions/${subscription}`, actions }]);
}

function missing(action: string, scope: string): BlockedCase {
  return {
    break: ({ simulator }) => simulator.configure({ auth: { principals: {}, withoutToken: without(action) } }),
    mend: ({ simulator }) => simulator.configure({ auth: { principals: {}, withoutToken: without('none') } }),
    code: 'noPermission',
    says: [`may not do ${action} on ${scope}`, 'az role assignment create', '22222222-2222-4222-8222-222222222222'],
  };
}

const noCredentials: BlockedCase = {
  break: ({ simulator }) => simulator.configure({ auth: { principals: {} } }),
  mend: ({ simulator }) => simulator.configure({ auth: appIdentity() }),
  code: 'badCredentials',
  says: ['managed identity', 'AZURE_CLIENT_ID'],
};

const disabledSubscription: BlockedCase = {
  break: ({ simulator }) => simulator.putSubscription(subscription, 'Disabled'),
  mend: ({ simulator }) => simulator.putSubscription(subscription, 'Enabled'),
  code: 'rejected',
  says: [`subscription ${subscription} is disabled`, 'enable it again'],
};

function locked(scope: string): BlockedCase {
  return {
    break: ({ simulator }) => simulator.putLock(scope, 'ReadOnly'),
    mend: ({ simulator }) => simulator.removeLock(scope),
    code: 'locked',
    says: [`a resource lock on ${scope} forbids the change`, 'az lock list'],
  };
}

const cases: Readonly<Record<Target['kind'], Readonly<Record<string, BlockedCase>>>> = {
  nsgRule: {
    'bad credentials': noCredentials,
    'no role to read': missing('Microsoft.Network/networkSecurityGroups/read', nsg),
    'no role to write': missing(
      'Microsoft.Network/networkSecurityGroups/securityRules/write',
      `${nsg}/securityRules/AllowAcr`,
    ),
    'no role to follow the operation': {
      ...missing('Microsoft.Network/locations/operations/read', ''),
      says: ['may not do Microsoft.Network/locations/operations/read on '],
      isLate: true,
    },
    'subscription disabled': disabledSubscription,
    'NSG locked': locked(nsg),
    'resource group locked': locked(group),
    'NSG deleted or moved': {
      break: ({ simulator }) => simulator.removeNsg(nsg),
      mend: ({ simulator }) => {
        simulator.putNsg({ id: nsg });
        simulator.putRule(nsg, foreignRule);
      },
      code: 'notFound',
      says: [`${nsg} does not exist`, 'deleted or moved', 'correct resourceId'],
    },
  },
  registryNetworkRules: {
    'bad credentials': noCredentials,
    'no role to read': missing('Microsoft.ContainerRegistry/registries/read', registry),
    'no role to write': missing('Microsoft.ContainerRegistry/registries/write', registry),
    'no role to follow the operation': {
      ...missing('Microsoft.ContainerRegistry/registries/operationStatuses/read', ''),
      says: ['may not do Microsoft.ContainerRegistry/registries/operationStatuses/read on '],
      isLate: true,
    },
    'subscription disabled': disabledSubscription,
    'registry locked': locked(registry),
    'registry deleted or moved': {
      break: ({ simulator }) => simulator.removeRegistry(registry),
      mend: (world) => putRegistry(world, 'Premium'),
      code: 'notFound',
      says: [`${registry} does not exist`, 'deleted or moved', 'correct resourceId'],
    },
    'downgraded from Premium': {
      break: (world) => putRegistry(world, 'Standard'),
      mend: (world) => putRegistry(world, 'Premium'),
      code: 'wrongSku',
      says: [`${registry} is Standard`, 'az acr update --sku Premium'],
    },
  },
};

const foreignRule = {
  name: 'AllowOffice',
  properties: {
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority: 200,
    sourceAddressPrefixes: ['203.0.113.0/28'],
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
  },
} as const;

function putRegistry({ simulator }: World, sku: 'Premium' | 'Standard'): void {
  simulator.putRegistry({
    id: registry,
    sku,
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '203.0.113.9' }] },
  });
}

async function update(world: World, target: Target): Promise<RunRecord> {
  const record = await updateTarget(world.services, { target: target.name, reason: 'reconcile' });
  if (typeof record === 'string') throw new Error(`the update was ${record}`);
  return record;
}

describe.each(kinds)('%s', (kind, target) => {
  test.each(Object.entries(cases[kind]))('%s', async (_, blocked) => {
    const world = await openWorld(worlds, target);
    takeAway(world, target);

    blocked.break(world);
    const record = await update(world, target);

    expect(record.outcome).toBe('blocked');
    const reason = record.reasons.find(({ code }) => code === blocked.code);
    for (const text of blocked.says) expect(reason?.message).toContain(text);
    const state = await world.services.states.get(target.name);
    expect(state?.lastResult?.status).toBe('blocked');
    expect(state?.owned.length).toBeGreaterThan(0);
    const told = world.notifications.filter(({ type }) => type === 'target.blocked');
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain(blocked.says[0]);

    // Nobody is told twice of the same.
    world.clock.advance(3_600_000);
    expect((await update(world, target)).outcome).toMatch(blocked.isLate ? /blocked|unchanged/ : /^blocked$/);
    expect(world.notifications.filter(({ type }) => type === 'target.blocked')).toHaveLength(1);

    blocked.mend(world);
    world.clock.advance(3_600_000);
    expect((await update(world, target)).outcome).toMatch(/^(applied|unchanged)$/);
    expectInSync(world, target);
  });

  test('subscription gone', async () => {
    const gone = {
      ...target,
      resourceId: target.resourceId.replace(subscription, '00000000-0000-0000-0000-0000000000ff'),
    };
    const world = await openWorld(worlds, target);
    world.setTargets([gone]);

    const record = await update(world, gone);

    expect(record.outcome).toBe('blocked');
    expect(record.reasons[0]).toMatchObject({ code: 'notFound' });
    expect(record.reasons[0]?.message).toContain('subscription 00000000-0000-0000-0000-0000000000ff does not exist');
  });
});
