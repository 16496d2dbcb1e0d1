import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import { planInSteps, type PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import type { RuleChange } from '../../../src/core/plan/plan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import type { Absence } from '../../../src/core/history/absences.ts';
import type { Growth } from '../../../src/core/history/growth.ts';
import type { GrowthLimit } from '../../../src/core/history/window.ts';
import { dropContained, familyOf, intersectEach, sortPrefixes, subtractPrefixes } from '../../../src/core/prefixes.ts';
import {
  defaultLimits,
  type NsgRuleTarget,
  type RegistryTarget,
  type SafetyLimits,
  type Target,
} from '../../../src/core/targets/target.ts';
import type { Approval, OwnedPrefix, Pin } from '../../../src/core/targets/targetState.ts';

/** No grace, no limit: what is asked is done. */
export const openLimits: SafetyLimits = {
  removalGraceDays: 0,
  removalConfirmations: 0,
  maxRemovedPercent: 100,
  maxRemovedCount: 100_000,
  widestPrefix: { ipv4: 0, ipv6: 0 },
  maxAddedAddresses: Number.MAX_SAFE_INTEGER,
  maxAddedPrefixes: Number.MAX_SAFE_INTEGER,
  limitWindowDays: 28,
};

export function nsgTarget(overrides: Partial<NsgRuleTarget> = {}): NsgRuleTarget {
  return {
    name: 'hooks',
    kind: 'nsgRule',
    resourceId:
      '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks',
    serviceTag: 'AzureContainerRegistry',
    regions: 'all',
    addressFamilies: ['ipv4', 'ipv6'],
    policy: 'sync',
    paused: false,
    limits: defaultLimits,
    adopt: false,
    rule: {
      name: 'AllowAcr',
      priority: 300,
      ipv6Priority: 301,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      portRanges: ['443'],
      localAddressPrefix: 'VirtualNetwork',
    },
    ...overrides,
  };
}

export function registryTarget(overrides: Partial<RegistryTarget> = {}): RegistryTarget {
  return {
    name: 'prod',
    kind: 'registryNetworkRules',
    resourceId:
      '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/prod',
    serviceTag: 'AzureContainerRegistry',
    regions: ['westeurope'],
    addressFamilies: ['ipv4'],
    policy: 'sync',
    paused: false,
    limits: defaultLimits,
    capacity: { maxRules: undefined, fit: 'exact', maxExtraAddresses: 0 },
    ...overrides,
  };
}

/** What a plan is told of a target, beside the list and the live rules. */
export interface PlannedState {
  readonly owned: readonly OwnedPrefix[];
  readonly ownedRules: readonly string[];
  readonly pin?: Pin;
  readonly approval?: Approval;
  /** Since when what is gone has been gone; anything else since the newest release. */
  readonly absent: readonly Absence[];
}

export const emptyState: PlannedState = { owned: [], ownedRules: [], absent: [] };

/** A state that owns `prefixes` and, of an NSG, the rules of their families. */
export function stateOwning(prefixes: readonly string[], overrides: Partial<PlannedState> = {}): PlannedState {
  const families = new Set(prefixes.map(familyOf));
  return {
    ...emptyState,
    owned: sortPrefixes(prefixes).map((prefix) => ({ prefix, since: '2025-01-01T00:00:00.000Z' })),
    ownedRules: [...(families.has('ipv4') ? ['AllowAcr'] : []), ...(families.has('ipv6') ? ['AllowAcr-ipv6'] : [])],
    ...overrides,
  };
}

export const planTime = new Date('2026-01-10T00:00:00Z');

/** Gone since 1 Jan 2026, and no further release has been without it. */
export function absence(prefix: string, overrides: Partial<Absence> = {}): Absence {
  return {
    prefix,
    since: '2026-01-01T00:00:00.000Z',
    confirmations: 0,
    returns: 0,
    listedReleases: undefined,
    ...overrides,
  };
}

/** Gone for long enough for the default limits. */
export function over(prefix: string, overrides: Partial<Absence> = {}): Absence {
  return absence(prefix, { since: '2025-12-01T00:00:00.000Z', confirmations: 2, ...overrides });
}

/** By address, as the history tells it: known parts first, the rest has just been dropped. */
function absencesIn(known: readonly Absence[], gone: readonly string[]): readonly Absence[] {
  const parts = intersectEach(
    known.map(({ prefix }) => prefix),
    gone,
  );
  const dated = known.flatMap((entry, index) => (parts[index] ?? []).map((prefix) => ({ ...entry, prefix })));
  const rest = subtractPrefixes(
    gone,
    known.map(({ prefix }) => prefix),
  );
  return [...dated, ...rest.map((prefix) => absence(prefix, { since: planTime.toISOString() }))];
}

export const calmGrowth: Growth = {
  limits: {
    limitWindowDays: 28,
    maxAddedAddresses: Number.MAX_SAFE_INTEGER,
    maxAddedPrefixes: Number.MAX_SAFE_INTEGER,
  },
  usedAddresses: 0,
  usedPrefixes: 0,
  beyondBudget: [],
  droppedInWindow: () => [],
};

export const newestRelease = {
  date: '2026-01-05',
  seenAt: '2026-01-05T12:00:00.000Z',
  snapshot: 'Public-20260105-1-000000000000',
};

/** The list grew by more than the limit has room for. */
export function growthBeyond(
  prefixes: readonly string[],
  limit: GrowthLimit = 'maxAddedAddresses',
  overrides: Partial<Growth> = {},
): Growth {
  return {
    ...calmGrowth,
    beyondBudget: prefixes.map((prefix) => ({ prefix, limit, release: newestRelease })),
    ...overrides,
  };
}

/** Live rules of an NSG, or of a registry, with one mark. */
export function liveRules(
  target: Target,
  prefixes: readonly string[],
  mark: CurrentRule['mark'] = target.kind === 'nsgRule' ? 'ours' : 'unmarked',
): CurrentRule[] {
  if (target.kind === 'registryNetworkRules') return [{ rule: 'ipRules', prefixes, mark: 'unmarked', drift: [] }];
  return (['ipv4', 'ipv6'] as const).map((family) => {
    const own = prefixes.filter((prefix) => familyOf(prefix) === family);
    const rule = family === 'ipv4' ? target.rule.name : `${target.rule.name}-ipv6`;
    return { rule, prefixes: own, mark: own.length > 0 ? mark : undefined, drift: [] };
  });
}

/** The plan, calculated without a pause. */
export function calculatePlan(input: PlanInput): PlanResult {
  const steps = planInSteps(input);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

export interface PlanCase {
  readonly target: Target;
  readonly desired: readonly string[];
  readonly live: readonly string[];
  readonly state: PlannedState;
  /** Without it nothing is beyond the limits of additions. */
  readonly growth?: Growth;
  readonly overrides?: Partial<PlanInput>;
  readonly mark?: CurrentRule['mark'];
}

export function planInput({ target, desired, live, state, growth = calmGrowth, overrides, mark }: PlanCase): PlanInput {
  const { pin, approval, absent } = state;
  return {
    target,
    configHash: 'config',
    snapshot: 'Public-20260105-1-000000000000',
    listed: dropContained(desired).map((prefix) => ({ prefix, tag: 'AzureContainerRegistry' })),
    nested: [],
    live: {
      rules: liveRules(target, live, mark),
      maxRules: target.kind === 'nsgRule' ? 4000 : undefined,
      blockers: [],
      notes: [],
    },
    ownership: state,
    operator: { ...(pin && { pin }), ...(approval && { approval }) },
    // While a target is pinned the newest list may still have what its own lacks.
    absences: (gone) =>
      pin ? absencesIn(absent, gone).filter(({ since }) => since < newestRelease.seenAt) : absencesIn(absent, gone),
    growth,
    blockers: [],
    removalBlockers: [],
    now: planTime,
    ...overrides,
  };
}

export function planOf(planCase: PlanCase): PlanResult {
  return calculatePlan(planInput(planCase));
}

/** What the live rules hold once changes are written; a registry's foreign rules stay. */
export function applyChanges(
  target: Target,
  live: readonly string[],
  foreign: readonly string[],
  changes: readonly RuleChange[],
): string[] {
  if (target.kind === 'registryNetworkRules') {
    return changes.length === 0
      ? [...live]
      : sortPrefixes([...foreign, ...changes.flatMap((change) => change.prefixes)]);
  }
  const untouched = live.filter((prefix) => !changes.some((change) => change.rule === ruleOf(target, prefix)));
  return sortPrefixes([...untouched, ...changes.flatMap((change) => change.prefixes)]);
}

function ruleOf(target: NsgRuleTarget, prefix: string): string {
  return familyOf(prefix) === 'ipv4' ? target.rule.name : `${target.rule.name}-ipv6`;
}
