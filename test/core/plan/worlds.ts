/** Random worlds for the laws of a plan: small and crowded, so that prefixes split, merge, overlap and do not fit. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Absence } from '../../../src/core/history/absences.ts';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import {
  includesAll,
  dropContained,
  familyOf,
  intersectPrefixes,
  overlapping,
  parsePrefix,
  sortPrefixes,
  subtractPrefixes,
} from '../../../src/core/prefixes.ts';
import type { Policy, SafetyLimits, Target } from '../../../src/core/targets/target.ts';
import {
  absence,
  applyChanges,
  growthBeyond,
  liveRules,
  newestRelease,
  nsgTarget,
  planInput,
  planOf,
  registryTarget,
  stateOwning,
  type PlanCase,
  type PlannedState,
} from './planFixtures.ts';
import { isFullRun } from '../../support/fullRun.ts';

export interface World extends PlanCase {
  readonly owned: readonly string[];
  /** What the list grew by beyond its limits. */
  readonly beyond: readonly string[];
}

/** Prefixes of a small space, so that splits, merges, overlaps and equal prefixes happen often. */
const ipv4 = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 24, max: 30 }))
  .map(([block, length]) => parsePrefix(`20.1.0.${block * 4}/${length}`).text);
const ipv6 = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 120, max: 126 }))
  .map(([block, length]) => parsePrefix(`2603:1030::${(block * 8).toString(16)}/${length}`).text);
/** Further apart, so that they do not merge. */
const scattered = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 27, max: 30 }))
  .map(([block, length]) => parsePrefix(`20.1.${block >> 6}.${(block & 63) * 4}/${length}`).text);

export const anyLimits: fc.Arbitrary<SafetyLimits> = fc.record({
  removalGraceDays: fc.constantFrom(0, 14),
  removalConfirmations: fc.constantFrom(0, 2),
  maxRemovedPercent: fc.constantFrom(2, 30, 100),
  maxRemovedCount: fc.constantFrom(1, 10, 1000),
  widestPrefix: fc.record({ ipv4: fc.constantFrom(20, 26, 28), ipv6: fc.constantFrom(112, 124) }),
  maxAddedAddresses: fc.constant(65_536),
  limitWindowDays: fc.constant(28),
});

export const anyPolicy = fc.constantFrom<Policy>('sync', 'addOnly');

/** All of a world is left out that its kind of target cannot hold. */
export function worlds(
  policy: fc.Arbitrary<Policy>,
  limits: fc.Arbitrary<SafetyLimits> = anyLimits,
  kind: fc.Arbitrary<Target['kind']> = fc.constantFrom('nsgRule', 'registryNetworkRules'),
): fc.Arbitrary<World> {
  return fc
    .record({
      kind,
      policy,
      limits,
      desired: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 12 }),
      owned: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 12 }),
      foreign: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 6 }),
      lost: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
      beyond: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 2 }),
      absent: fc.record({
        days: fc.nat({ max: 40 }),
        returns: fc.constantFrom(0, 0, 0, 2),
        listedReleases: fc.constantFrom(undefined, undefined, 1),
      }),
    })
    .map(({ policy: policyOf, limits: limitsOf, ...parts }) => toWorld({ policy: policyOf, limits: limitsOf }, parts));
}

interface Parts {
  readonly kind: Target['kind'];
  readonly desired: readonly string[];
  readonly owned: readonly string[];
  readonly foreign: readonly string[];
  readonly lost: readonly number[];
  readonly beyond: readonly string[];
  readonly absent: { readonly days: number } & Pick<Absence, 'returns' | 'listedReleases'>;
}

function toWorld(settings: { readonly policy: Policy; readonly limits: SafetyLimits }, parts: Parts): World {
  const isNsg = parts.kind === 'nsgRule';
  const target = isNsg ? nsgTarget(settings) : registryTarget(settings);
  const fitting = (list: readonly string[]): string[] =>
    dropContained(list.filter((prefix) => isNsg || familyOf(prefix) === 'ipv4'));
  const owned = fitting(parts.owned);
  const desired = fitting(parts.desired);
  // An NSG rule holds no overlap; in a registry, rules of others may lie inside of ours and around them.
  const foreign = isNsg
    ? subtractPrefixes(fitting(parts.foreign), owned)
    : sortPrefixes(parts.foreign).filter((prefix) => familyOf(prefix) === 'ipv4' && !owned.includes(prefix));
  const left = [...owned.filter((_, index) => !parts.lost.includes(index)), ...foreign];
  const { days, ...rest } = parts.absent;
  const since = new Date(Date.parse('2026-01-10T00:00:00Z') - days * 86_400_000).toISOString();
  const gone = subtractPrefixes(owned, desired);
  const absent = gone.map((prefix) => absence(prefix, { ...rest, since, confirmations: days > 20 ? 2 : 0 }));
  const beyond = intersectPrefixes(parts.beyond, subtractPrefixes(desired, owned));
  return {
    target,
    desired,
    live: isNsg ? dropContained(left) : sortPrefixes(left),
    owned,
    beyond,
    growth: growthBeyond(beyond, 'maxAddedAddresses', { droppedInWindow: droppedBy(absent, settings.limits) }),
    state: stateOwning(owned, { absent }),
  };
}

/** What the list dropped in the window that ends at a time, without what few releases listed. */
function droppedBy(absent: readonly Absence[], { removalConfirmations }: SafetyLimits): (until: string) => string[] {
  const steady = absent.filter(({ listedReleases = Infinity }) => listedReleases >= removalConfirmations);
  return (until) => steady.filter(({ since }) => since <= until).map(({ prefix }) => prefix);
}

/** A world in which a person approved something: what was held, or (the world has moved) something else. */
export function approved(given: fc.Arbitrary<World>): fc.Arbitrary<World> {
  const some = fc.array(fc.oneof(ipv4, ipv6), { maxLength: 6 });
  return fc.tuple(given, some, some).map(([world, add, remove]) => ({
    ...world,
    state: { ...world.state, approval: approvalOf(add, remove) },
  }));
}

export function approvalOf(add: readonly string[], remove: readonly string[]): NonNullable<PlannedState['approval']> {
  const person = { planId: 'x', by: 'somebody', at: '2026-01-09T00:00:00.000Z' };
  return { ...person, snapshot: newestRelease.snapshot, configHash: 'config', add, remove };
}

/** A person's yes to all of a plan. */
export function approvalOfPlan({ plan }: PlanResult): NonNullable<PlannedState['approval']> {
  return approvalOf([...plan.held.add, ...plan.add], [...plan.held.remove, ...plan.remove]);
}

/** A world with less room than its list takes, and registries that may have wider prefixes for it. */
export function tight(given: fc.Arbitrary<World>): fc.Arbitrary<World> {
  const settings = fc.record({
    share: fc.constantFrom(0.2, 0.4, 0.6, 0.8, 1),
    fit: fc.constantFrom('exact' as const, 'supernet' as const, 'supernet' as const),
    maxExtraAddresses: fc.constantFrom(16, 64, 256, 1024),
    isBlocked: fc.constantFrom(false, false, false, true),
    desired: fc.array(scattered, { minLength: 3, maxLength: 14 }),
  });
  return fc.tuple(given, settings).map(([before, { share, fit, maxExtraAddresses, isBlocked, desired }]) => {
    const capacity = { maxRules: undefined, fit, maxExtraAddresses: fit === 'exact' ? 0 : maxExtraAddresses };
    const target = before.target.kind === 'nsgRule' ? before.target : { ...before.target, capacity };
    const world = { ...before, target, desired: dropContained([...desired, ...before.desired]) };
    const foreign = target.kind === 'nsgRule' ? 0 : world.live.filter((prefix) => !world.owned.includes(prefix)).length;
    const { live } = planInput(world);
    const maxRules = foreign + Math.max(1, Math.floor(world.desired.length * share));
    const removalBlockers = isBlocked ? [{ code: 'quarantined' as const, message: 'The tag is gone.' }] : [];
    return { ...world, overrides: { live: { ...live, maxRules }, removalBlockers } };
  });
}

/** The world after a plan was applied, an instant later. */
export function appliedTo(given: World, result: PlanResult): World {
  const { plan, changes, ours: before } = result;
  const live = applyChanges(given.target, given.live, plan.foreign, changes);
  const isRegistryWritten = given.target.kind === 'registryNetworkRules' && changes.length > 0;
  const own = isRegistryWritten
    ? changes.flatMap((change) => change.prefixes)
    : subtractPrefixes([...before, ...plan.add], plan.remove);
  const owned = own.map((prefix) => ({
    prefix,
    since: includesAll(given.owned, [prefix]) ? '2025-01-01T00:00:00.000Z' : '2026-01-10T00:00:00.000Z',
  }));
  const ownedRules = live.length > 0 ? ['AllowAcr', 'AllowAcr-ipv6'] : [];
  const overrides: Partial<PlanInput> | undefined = given.overrides?.live && {
    ...given.overrides,
    live: { ...given.overrides.live, rules: liveRules(given.target, live) },
  };
  const state: PlannedState = { ...given.state, owned, ownedRules };
  const { approval, ...unapproved } = state;
  const next: World = { ...given, live, owned: own, state: unapproved };
  return overrides ? { ...next, overrides } : next;
}

/** WORLDS and SEED look further; the seed is fixed, so that a failure is of the change and not of the day. */
const { WORLDS = isFullRun ? 500 : 150, SEED = 20_260_803 } = process.env;

/**
 * Holds a law against a hundred and fifty worlds, five hundred by `npm run test:full`. It says of each world whether it could have
 * broken the law, and fails where fewer than `share` of them could: a law that nothing can break proves nothing.
 */
export function expectLaw(
  given: fc.Arbitrary<World>,
  share: number,
  law: (world: World, result: PlanResult) => boolean,
  numRuns = Number(WORLDS),
): void {
  let [exercised, all] = [0, 0];
  fc.assert(
    fc.property(given, (world) => {
      all += 1;
      if (law(world, planOf(world))) exercised += 1;
    }),
    { numRuns, seed: Number(SEED) },
  );
  expect(exercised / all).toBeGreaterThanOrEqual(share);
}

/** The live rules after all of a plan. */
export function rulesAfter({ target, live }: World, { plan, changes }: PlanResult): string[] {
  return applyChanges(target, live, plan.foreign, changes);
}

/** What others have in rules of an NSG that is ours, or beside ours in a registry. */
export function partlyListed({ desired }: World, { plan }: PlanResult): string[] {
  return overlapping(overlapping(plan.foreign, desired), subtractPrefixes(plan.foreign, desired));
}
