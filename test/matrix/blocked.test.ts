/** What a person must mend ends `blocked`, and the reason names what is missing; mended, the next run does the work. */
import { describe, expect, test } from '@jest/globals';
import type { Principal } from '../../dev/simulator/access.ts';
import { appIdentity, appPrincipal, readRoles } from '../../dev/simulator/appIdentity.ts';
import { ArmError } from '../../dev/simulator/armError.ts';
import type { FaultMatcher } from '../../dev/simulator/faults.ts';
import { foreignRule } from '../../bench/soak/estate.ts';
import type { World } from '../../dev/world.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import { toErrorMessage } from '../../src/core/errors.ts';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import type { Target } from '../../src/core/targets/target.ts';
import { acr, editIpRules, ipRulesOf, prefixesIn, prod, publishNextWeek, useWorlds } from '../app/stories.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { expectInSync, kinds, listed, openWorld, runCells, takeAway } from './cells.ts';

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
  /** `blocked` by default. */
  readonly status?: 'noEffect';
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
      ...missing('Microsoft.Network/locations/operations/read', `/subscriptions/${subscription}`),
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
      ...missing('Microsoft.ContainerRegistry/registries/operationStatuses/read', registry),
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
      says: [`${registry} is Standard`, 'az acr update --name prod --sku Premium'],
      // What was written while it was Premium has none any more.
      status: 'noEffect',
    },
  },
};

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
  // One world for all of them: each leaves it in sync, or fails.
  test('one after another', async () => {
    const world = await openWorld(worlds, target);
    await runCells(Object.entries(cases[kind]), async ([name, blocked]) => {
      await expectBlockedThenMended(world, target, blocked).catch((error: unknown) => {
        throw new Error(`${name}: ${toErrorMessage(error)}`, { cause: error });
      });
    });
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
    const reason = record.reasons.find(({ code }) => code === 'notFound');
    expect(reason?.message).toContain('subscription 00000000-0000-0000-0000-0000000000ff does not exist');
  });
});

async function expectBlockedThenMended(world: World, target: Target, blocked: BlockedCase): Promise<void> {
  const before = world.notifications.length;
  const told = () => world.notifications.slice(before).filter(({ type }) => type === 'target.blocked');
  takeAway(world, target);

  blocked.break(world);
  const record = await update(world, target);

  expect(record.outcome).toBe('blocked');
  const reason = record.reasons.find(({ code }) => code === blocked.code);
  for (const text of blocked.says) expect(reason?.message).toContain(text);
  const state = await world.services.states.get(target.name);
  expect(state?.run.lastResult?.status).toBe(blocked.status ?? 'blocked');
  expect(state?.ownership.prefixes.length).toBeGreaterThan(0);
  expect(told()).toHaveLength(1);
  expect(told()[0]?.message.toLowerCase()).toContain(blocked.says[0]?.toLowerCase());

  // Nobody is told twice of the same.
  world.clock.advance(3_600_000);
  expect((await update(world, target)).outcome).toMatch(blocked.isLate ? /blocked|unchanged/ : /^blocked$/);
  expect(told()).toHaveLength(1);

  blocked.mend(world);
  world.clock.advance(3_600_000);
  expect((await update(world, target)).outcome).toMatch(/^(applied|unchanged)$/);
  expectInSync(world, target);
}

type Step = 'poll' | 'read-back';

/** What a person must mend may show only behind a write that Azure has taken: then the rule is there, and ours. */
describe.each(kinds)('%s, behind the write', (kind, target) => {
  const fresh = '20.50.0.0/24';
  const refusals = { 401: 'ExpiredAuthenticationToken', 403: 'AuthorizationFailed', 404: 'ResourceNotFound' } as const;
  const resource = { method: 'GET', path: /\/(networkSecurityGroups|registries)\/[^/]+$/ };
  const before = kind === 'nsgRule' ? 1 : 2;
  const steps: Readonly<Record<Step, readonly [FaultMatcher, number]>> = {
    poll: [{ method: 'GET', path: /\/(operations|operationStatuses)\/[^/]+$/ }, 1],
    'read-back': [resource, before + 1],
  };

  /** An operation that is not found is looked for in the rules. */
  const expected = (step: Step, status: number): string => (step === 'poll' && status === 404 ? 'applied' : 'blocked');

  test.each(Object.keys(steps) as Step[])('%s answered with 401, 403 or 404: the claim stays', async (step) => {
    const world = await openWorld(worlds, target);
    const [matcher, nth] = steps[step];
    await runCells([401, 403, 404] as const, async (status) => {
      // One that went and came back would be kept for longer.
      const fresh = `20.50.${status - 400}.0/24`;
      if (nth > 1) world.simulator.failNext(matcher, { kind: 'slow', delayInMs: 0 }, nth - 1);
      const refused = { kind: 'error', error: new ArmError(status, refusals[status], 'No.') } as const;
      world.simulator.failNext(matcher, refused, step === 'poll' && status === 404 ? 1 : 1_000);

      const [record] = await publishNextWeek(world, { [acr]: [...listed, fresh] }, 2);
      world.simulator.forgetFaults();

      expect([status, record?.outcome]).toEqual([status, expected(step, status)]);
      await expectOwned(world, target, fresh);
      await expectMended(world, target, fresh);
    });
  });

  test('without the role to follow the operation the claim stays', async () => {
    const action =
      kind === 'nsgRule'
        ? 'Microsoft.Network/locations/operations/read'
        : 'Microsoft.ContainerRegistry/registries/operationStatuses/read';
    const { break: take, mend } = missing(action, '');
    const world = await openWorld(worlds, target);

    take(world);
    const [record] = await publishNextWeek(world, { [acr]: [...listed, fresh] }, 2);
    mend(world);

    const scope = kind === 'nsgRule' ? `/subscriptions/${subscription}` : registry;
    expect(record?.outcome).toBe('blocked');
    expect(record?.reasons[0]?.message).toContain(
      `may not do ${action} on ${scope} (an operation is no scope of its own)`,
    );
    expect(record?.reasons[0]?.message).toContain(`--scope ${scope})`);
    await expectOwned(world, target, fresh);
    await expectMended(world, target, fresh);
  });

  async function expectOwned(world: World, of: Target, prefix: string): Promise<void> {
    expect(liveIn(world, of)).toContain(prefix);
    const state = await world.services.states.get(of.name);
    expect(state?.ownership.prefixes.map((owned) => owned.prefix)).toContain(prefix);
  }

  /** The next run finds all well; what is no longer listed goes, which shows that it is known as ours. */
  async function expectMended(world: World, of: Target, fresh: string): Promise<void> {
    expect((await update(world, of)).outcome).toBe('unchanged');
    await expectOwned(world, of, fresh);
    await publishNextWeek(world, { [acr]: listed }, 3);
    expectInSync(world, of);
  }
});

test('a registry whose write is refused gives the claim back: what a person then adds by hand is the person’s', async () => {
  const fresh = '20.50.0.0/24';
  const target = prod({ limits: openLimits, regions: 'all' });
  const world = await openWorld(worlds, target);
  const denied = missing('Microsoft.ContainerRegistry/registries/write', registry);

  denied.break(world);
  const [record] = await publishNextWeek(world, { [acr]: [...listed, fresh] }, 2);
  editIpRules(world, (rules) => [...rules, fresh], target);
  denied.mend(world);
  await update(world, target);
  await publishNextWeek(world, { [acr]: listed }, 3);

  expect(record?.outcome).toBe('blocked');
  expect(liveIn(world, target)).toContain(fresh);
});

function liveIn(world: World, target: Target): string[] {
  return target.kind === 'nsgRule' ? prefixesIn(world, target) : ipRulesOf(world, target);
}

describe('a lock that forbids deletes only', () => {
  test.each([
    ['the NSG', nsg, `az lock list --resource ${nsg}`],
    ['its group', group, `az lock list --resource-group rg --subscription ${subscription}`],
    ['the subscription', `/subscriptions/${subscription}`, `az lock list --subscription ${subscription}`],
  ])('on %s: the additions are in, and the status says so', async (_, scope, command) => {
    const [, target] = kinds[0] ?? [];
    if (!target) throw new Error('there is no such kind');
    const world = await openWorld(worlds, target);
    world.simulator.putLock(scope, 'CanNotDelete');
    world.setTargets([{ ...target, addressFamilies: ['ipv4'] }]);
    const fresh = '20.50.0.0/24';

    await publishNextWeek(world, { [acr]: [...listed, fresh] }, 2);
    await publishNextWeek(world, { [acr]: [...listed, fresh] }, 3);

    expect(liveIn(world, target)).toContain(fresh);
    const state = await world.services.states.get(target.name);
    expect(state?.run.lastResult?.status).toBe('blocked');
    const [reason] = state?.run.lastResult?.reasons ?? [];
    expect(reason).toMatchObject({ code: 'locked' });
    expect(reason?.message).toMatch(/The additions are in|No addition is missing/);
    expect(reason?.message).toContain(`a resource lock on ${scope} forbids the removal`);
    expect(reason?.message).toContain(command);
  });
});
