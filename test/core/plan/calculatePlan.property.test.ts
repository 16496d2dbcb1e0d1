import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { coverTest } from '../../../src/core/plan/capacity.ts';
import { fitPrefixes } from '../../../src/core/plan/fit.ts';
import {
  coversAll,
  countAddresses,
  dropContained,
  familyOf,
  intersectPrefixes,
  mergePrefixes,
  ofFamily,
  overlapping,
  parsePrefix,
  sameAddresses,
  sortPrefixes,
  subtractPrefixes,
} from '../../../src/core/prefixes.ts';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import { removalExcess } from '../../../src/core/removalLimit.ts';
import type { Policy, SafetyLimits, Target } from '../../../src/core/targets/target.ts';
import type { PlannerState } from '../../../src/core/targets/targetState.ts';
import {
  applyChanges,
  liveRules,
  nsgTarget,
  openLimits,
  planInput,
  planOf,
  registryTarget,
  stateOwning,
} from './planFixtures.ts';

const runs = { numRuns: 1000 };

/** Prefixes of a small space, so that splits, merges, overlaps and equal prefixes happen often. */
const ipv4 = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 24, max: 30 }))
  .map(([block, length]) => parsePrefix(`20.1.0.${block * 4}/${length}`).text);
const ipv6 = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 120, max: 126 }))
  .map(([block, length]) => parsePrefix(`2603:1030::${(block * 8).toString(16)}/${length}`).text);

const limits: fc.Arbitrary<SafetyLimits> = fc.record({
  removalGraceDays: fc.constantFrom(0, 14),
  removalConfirmations: fc.constantFrom(0, 2),
  maxRemovedPercent: fc.constantFrom(2, 30, 100),
  maxRemovedCount: fc.constantFrom(1, 10, 1000),
  widestPrefix: fc.record({ ipv4: fc.constantFrom(20, 26, 28), ipv6: fc.constantFrom(112, 124) }),
  maxAddedAddresses: fc.constantFrom(16, 100, 65_536),
  limitWindowDays: fc.constant(28),
});

interface World {
  readonly target: Target;
  readonly desired: readonly string[];
  readonly live: readonly string[];
  readonly owned: readonly string[];
  readonly state: PlannerState;
  readonly overrides?: Partial<PlanInput>;
}

function world(policy: fc.Arbitrary<Policy>, limit: fc.Arbitrary<SafetyLimits> = limits): fc.Arbitrary<World> {
  return fc
    .record({
      isNsg: fc.boolean(),
      policy,
      limit,
      desired: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 12 }),
      owned: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 12 }),
      foreign: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 6 }),
      lost: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
      absentDays: fc.nat({ max: 40 }),
    })
    .map(({ isNsg, policy: kind, limit: given, ...lists }) => {
      const target: Target = isNsg
        ? nsgTarget({ policy: kind, limits: given })
        : registryTarget({ policy: kind, limits: given });
      const fitting = (list: readonly string[]): string[] =>
        dropContained(list.filter((prefix) => isNsg || familyOf(prefix) === 'ipv4'));
      const owned = fitting(lists.owned);
      // An NSG rule holds no overlap; in a registry, rules of others may lie inside of ours and around them.
      const foreign = isNsg
        ? subtractPrefixes(fitting(lists.foreign), owned)
        : sortPrefixes(lists.foreign).filter((prefix) => familyOf(prefix) === 'ipv4' && !owned.includes(prefix));
      const left = [...owned.filter((_, index) => !lists.lost.includes(index)), ...foreign];
      const live = isNsg ? dropContained(left) : sortPrefixes(left);
      const since = new Date(Date.parse('2026-01-10T00:00:00Z') - lists.absentDays * 86_400_000).toISOString();
      const desired = fitting(lists.desired);
      const state = stateOwning(owned, {
        absent: subtractPrefixes(owned, desired).map((prefix) => ({
          prefix,
          since,
          publication: 'p0',
          confirmedBy: lists.absentDays > 20 ? ['pa', 'pb'] : [],
        })),
      });
      return { target, desired, live, owned, state };
    });
}

/** A world in which a person approved something: what was held, or (the world has moved) something else. */
function approvedWorld(policy: fc.Arbitrary<Policy>): fc.Arbitrary<World> {
  const some = fc.array(fc.oneof(ipv4, ipv6), { maxLength: 6 });
  return fc.tuple(world(policy), some, some).map(([given, add, remove]) => {
    const approval = {
      planId: 'x',
      by: 'somebody',
      at: '2026-01-09T00:00:00.000Z',
      snapshot: 'Public-20260105-1-000000000000',
      configHash: 'config',
      add,
      remove,
    };
    return { ...given, state: { ...given.state, approval } };
  });
}

/** A world with little room, and registries that may have wider prefixes for it. */
function tight(given: fc.Arbitrary<World>): fc.Arbitrary<World> {
  const capacity = fc.record({
    maxRules: fc.integer({ min: 1, max: 10 }),
    fit: fc.constantFrom('exact' as const, 'supernet' as const),
    maxExtraAddresses: fc.constantFrom(0, 16, 64, 256, 1024),
  });
  return fc.tuple(given, capacity, fc.boolean()).map(([before, { maxRules, ...rest }, isDistrusted]) => {
    const { maxExtraAddresses, fit } = rest;
    const target =
      before.target.kind === 'nsgRule'
        ? before.target
        : {
            ...before.target,
            capacity: { maxRules, fit, maxExtraAddresses: fit === 'exact' ? 0 : maxExtraAddresses },
          };
    const world = { ...before, target };
    const { current } = planInput(world);
    const distrust = isDistrusted ? [{ code: 'quarantined' as const, message: 'The tag is gone.' }] : [];
    return { ...world, overrides: { current: { ...current, maxPrefixes: maxRules }, distrust } };
  });
}

const anyPolicy = fc.constantFrom<Policy>('sync', 'addOnly');

function everyList(result: PlanResult): string[] {
  const { plan } = result;
  return [...plan.add, ...plan.remove, ...plan.retain, ...plan.held.add, ...plan.held.remove];
}

describe('a plan', () => {
  test('removes nothing foreign', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const result = planOf(given);

        const { foreign } = result.plan;
        if (given.target.kind === 'nsgRule') {
          expect(intersectPrefixes(result.plan.remove, foreign)).toEqual([]);
          for (const step of [result.additions, result.changes]) {
            expect(coversAll(applyChanges(given.target, given.live, [], step), foreign)).toBe(true);
          }
        } else {
          expect(foreign).toEqual(given.live.filter((prefix) => !given.owned.includes(prefix)));
        }
      }),
      runs,
    );
  });

  test('takes no registry rule of others for one of ours', () => {
    fc.assert(
      fc.property(approvedWorld(anyPolicy), (given) => {
        fc.pre(given.target.kind === 'registryNetworkRules');
        const result = planOf(given);

        const written = [...result.additions, ...result.changes].flatMap((change) => change.prefixes);
        expect(written.filter((prefix) => result.plan.foreign.includes(prefix))).toEqual([]);
      }),
      runs,
    );
  });

  test('takes out nothing that is listed, whatever was approved', () => {
    fc.assert(
      fc.property(fc.oneof(world(anyPolicy), approvedWorld(anyPolicy)), (given) => {
        const result = planOf(given);
        const { remove, retain, held } = result.plan;
        const before = intersectPrefixes(given.live, given.desired);

        expect(intersectPrefixes([...remove, ...retain, ...held.remove], given.desired)).toEqual([]);
        for (const step of [result.additions, result.changes]) {
          expect(coversAll(applyChanges(given.target, given.live, result.plan.foreign, step), before)).toBe(true);
        }
      }),
      runs,
    );
  });

  test('of policy addOnly never removes', () => {
    fc.assert(
      fc.property(world(fc.constant('addOnly')), (given) => {
        const result = planOf(given);

        expect(result.plan.remove).toEqual([]);
        expect(coversAll(applyChanges(given.target, given.live, result.plan.foreign, result.changes), given.live)).toBe(
          true,
        );
      }),
      runs,
    );
  });

  test('without limits gives exactly what is desired, beside what is foreign', () => {
    fc.assert(
      fc.property(world(fc.constant('sync'), fc.constant(openLimits)), (given) => {
        const result = planOf(given);
        const after = applyChanges(given.target, given.live, result.plan.foreign, result.changes);

        expect(sameAddresses(after, [...given.desired, ...result.plan.foreign])).toBe(true);
        expect(result.plan.verdict).toBe(
          given.target.kind === 'nsgRule' && !coversAll(given.desired, result.plan.foreign) ? 'held' : 'apply',
        );
      }),
      runs,
    );
  });

  test('adds first: the first step keeps everything that is live', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const result = planOf(given);

        const after = applyChanges(given.target, given.live, result.plan.foreign, result.additions);

        expect(coversAll(after, given.live)).toBe(true);
        expect(coversAll(after, result.plan.add)).toBe(true);
      }),
      runs,
    );
  });

  test('does what its lists say, no more and no less', () => {
    fc.assert(
      fc.property(fc.oneof(world(anyPolicy), approvedWorld(anyPolicy)), (given) => {
        const result = planOf(given);
        const others = given.target.kind === 'nsgRule' ? [] : result.plan.foreign;
        const expected = [...subtractPrefixes([...given.live, ...result.plan.add], result.plan.remove), ...others];

        const after = applyChanges(given.target, given.live, result.plan.foreign, result.changes);

        expect(sameAddresses(after, expected)).toBe(true);
      }),
      runs,
    );
  });

  test('planned again after it was applied has nothing to write', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const first = planOf(given);

        const second = planOf(appliedTo(given, first));

        expect(second.changes).toEqual([]);
        expect(second.plan.add).toEqual([]);
        expect(second.plan.remove).toEqual([]);
      }),
      runs,
    );
  });

  test('does not depend on the order of its inputs', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const turned = {
          ...given,
          desired: [...given.desired].reverse(),
          live: [...given.live].reverse(),
          state: {
            ...given.state,
            owned: [...given.state.owned].reverse(),
            absent: [...given.state.absent].reverse(),
          },
        };

        expect(planOf(turned).plan).toEqual(planOf(given).plan);
      }),
      runs,
    );
  });

  test('puts every address of ours that is not listed into exactly one of remove, held and retain', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const { plan, ours } = planOf(given);
        const gone = subtractPrefixes(ours, given.desired);
        const heldOfOurs =
          given.target.kind === 'nsgRule' ? subtractPrefixes(plan.held.remove, plan.foreign) : plan.held.remove;

        expect(sameAddresses([...plan.remove, ...heldOfOurs, ...plan.retain], gone)).toBe(true);
        expect(intersectPrefixes(plan.remove, plan.retain)).toEqual([]);
        expect(intersectPrefixes(plan.remove, heldOfOurs)).toEqual([]);
        expect(intersectPrefixes(heldOfOurs, plan.retain)).toEqual([]);
      }),
      runs,
    );
  });

  test('keeps both families apart', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const result = planOf(given);
        for (const change of [...result.additions, ...result.changes]) {
          const families = new Set(change.prefixes.map(familyOf));
          expect(families.size).toBeLessThanOrEqual(1);
          expect(dropContained(change.prefixes)).toEqual(change.prefixes);
          if (given.target.kind === 'registryNetworkRules') expect(families.has('ipv6')).toBe(false);
        }
        expect(everyList(result).every((prefix) => parsePrefix(prefix).text === prefix)).toBe(true);
      }),
      runs,
    );
  });

  test('removes nothing beyond the limits and lets in nothing beyond the guard without an approval', () => {
    fc.assert(
      fc.property(world(anyPolicy), (given) => {
        const { plan, ours } = planOf(given);
        const owned = given.state.owned.map((claim) => claim.prefix);
        const fresh = subtractPrefixes(plan.add, owned);
        const { widestPrefix, maxAddedAddresses = 0 } = given.target.limits;
        const wide = dropContained(given.desired).filter(
          (prefix) => parsePrefix(prefix).length < widestPrefix[familyOf(prefix)],
        );

        expect(removalExcess(plan.remove, ours, given.target.limits)).toBeUndefined();
        expect(Number(countAddresses(ofFamily(fresh, 'ipv4'), 'ipv4'))).toBeLessThanOrEqual(maxAddedAddresses);
        expect(intersectPrefixes(fresh, wide)).toEqual([]);
      }),
      runs,
    );
  });

  test('approved, applies everything that it held but what is refused', () => {
    fc.assert(
      fc.property(world(fc.constant('sync')), (given) => {
        const first = planOf(given);
        const approval = {
          planId: first.plan.id,
          by: 'somebody',
          at: '2026-01-10T00:00:00.000Z',
          snapshot: first.plan.snapshot,
          configHash: 'config',
          add: first.plan.held.add,
          remove: [...first.plan.held.remove, ...first.plan.remove],
        };

        const second = planOf({ ...given, state: { ...given.state, approval } });

        expect(second.plan.held).toEqual({ add: [], remove: [] });
        expect(sameAddresses(second.plan.add, [...first.plan.add, ...first.plan.held.add])).toBe(true);
        expect(sameAddresses(second.plan.remove, [...first.plan.remove, ...first.plan.held.remove])).toBe(true);
        expect(second.plan.retain).toEqual(first.plan.retain);
      }),
      runs,
    );
  });

  test('is not changed by an approval of another snapshot or configuration', () => {
    fc.assert(
      fc.property(world(anyPolicy), fc.boolean(), (given, otherSnapshot) => {
        const first = planOf(given);
        const approval = {
          planId: first.plan.id,
          by: 'somebody',
          at: '2026-01-10T00:00:00.000Z',
          snapshot: otherSnapshot ? 'another' : first.plan.snapshot,
          configHash: otherSnapshot ? 'config' : 'another',
          add: first.plan.held.add,
          remove: first.plan.held.remove,
        };

        expect(planOf({ ...given, state: { ...given.state, approval } }).plan).toEqual(first.plan);
      }),
      runs,
    );
  });
});

describe('a plan with little room', () => {
  const narrow = tight(world(anyPolicy));
  const anyApproval = fc.oneof(narrow, tight(approvedWorld(anyPolicy)));

  function after(given: World, { plan, changes }: PlanResult): string[] {
    return applyChanges(given.target, given.live, plan.foreign, changes);
  }

  /** What the app's own rules hold after a plan; of an NSG, all that is in them. */
  function oursAfter(given: World, result: PlanResult): string[] {
    if (given.target.kind === 'nsgRule') return after(given, result);
    return result.changes.length > 0 ? result.changes.flatMap(({ prefixes }) => [...prefixes]) : [...result.ours];
  }

  function roomOf({ overrides, target }: World, { plan }: PlanResult): number {
    const quota = overrides?.current?.maxPrefixes ?? Infinity;
    return target.kind === 'nsgRule' ? quota : Math.max(0, quota - plan.foreign.length);
  }

  const countOf = (prefixes: readonly string[]): number => Number(countAddresses(prefixes, 'ipv4'));
  const heldFor = ({ plan }: PlanResult, ...codes: readonly string[]): string[] =>
    plan.reasons.filter(({ code }) => codes.includes(code)).flatMap(({ prefixes }) => [...(prefixes ?? [])]);

  test('never exceeds it', () => {
    fc.assert(
      fc.property(anyApproval, (given) => {
        const result = planOf(given);
        // What holds more than it may from before may still hold that, and not one more.
        const before = given.target.kind === 'nsgRule' ? given.live : result.ours;
        const room = roomOf(given, result);
        const most = result.plan.add.length > 0 ? room : Math.max(room, before.length);
        // The other family's rule, not written, may hold what is listed in more pieces than it takes.
        const inPieces = given.target.kind === 'nsgRule' ? before.length - mergePrefixes(before).length : 0;

        for (const step of [result.additions, result.changes]) {
          const holds = step.length === 0 ? 0 : applyChanges(given.target, given.live, [], step).length;
          expect(holds).toBeLessThanOrEqual(most + inPieces);
        }
      }),
      runs,
    );
  });

  test('leaves open no more unlisted addresses than maxExtraAddresses, or opens none', () => {
    fc.assert(
      fc.property(anyApproval, (given) => {
        const result = planOf(given);
        const unlisted = subtractPrefixes(oursAfter(given, result), given.desired);
        const opened = subtractPrefixes(unlisted, given.live);

        const { target } = given;
        const most = target.kind === 'nsgRule' ? 0 : target.capacity.maxExtraAddresses;
        if (opened.length > 0) expect(countOf(unlisted)).toBeLessThanOrEqual(most);
      }),
      runs,
    );
  });

  test('opens nothing that is held or refused, and no prefix of its own making beyond widestPrefix', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        const result = planOf(given);
        const { ipv4 } = given.target.limits.widestPrefix;
        const opened = subtractPrefixes(result.plan.add, [...given.desired, ...given.owned]);
        const written = result.changes.flatMap(({ prefixes }) => prefixes);

        expect(intersectPrefixes(result.plan.add, result.plan.held.add)).toEqual([]);
        for (const prefix of overlapping(written, opened))
          expect(parsePrefix(prefix).length).toBeGreaterThanOrEqual(ipv4);
        const fresh = subtractPrefixes(result.plan.add, given.owned);
        expect(countOf(fresh)).toBeLessThanOrEqual(given.target.limits.maxAddedAddresses ?? 0);
      }),
      runs,
    );
  });

  test('holds nothing that has room', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        const result = planOf(given);
        const ours = oursAfter(given, result);
        const room = roomOf(given, result);
        const guarded = heldFor(result, 'widestPrefix', 'maxAddedAddresses', 'specialPurpose');
        const missing = intersectPrefixes(heldFor(result, 'fit', 'quota'), given.desired);
        const { target } = given;
        const isSupernet = target.kind === 'registryNetworkRules' && target.capacity.fit === 'supernet';
        for (const prefix of subtractPrefixes(missing, [...guarded, ...ours])) {
          const all = [...ours, prefix];
          expect(dropContained(all).length).toBeGreaterThan(room);
          // A rule that somebody else has is not written again, so that nothing can be merged into it.
          const isTheirs = mergePrefixes(all).some((merged) => result.plan.foreign.includes(merged));
          if (!isSupernet && !isTheirs) expect(mergePrefixes(all).length).toBeGreaterThan(room);
          if (!isSupernet) continue;
          const ownership = { ours: result.ours, foreign: result.plan.foreign, blockers: [] };
          const left = target.capacity.maxExtraAddresses - countOf(subtractPrefixes(ours, given.desired));
          const mayCover = coverTest({ barred: guarded, ownership }, target.limits.widestPrefix.ipv4);
          expect(fitPrefixes(all, room, Math.max(0, left), mayCover)).toBeUndefined();
        }
      }),
      runs,
    );
  });

  test('lets all of it in once the settings are as it says', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        const { target } = given;
        if (target.kind === 'nsgRule') return;
        const desired = given.desired.filter((prefix) => parsePrefix(prefix).length >= 27);
        const planAt = (maxExtraAddresses: number, ipv4: number) =>
          planOf({
            ...given,
            desired,
            target: {
              ...target,
              capacity: { ...target.capacity, fit: 'supernet', maxExtraAddresses },
              limits: { ...openLimits, removalGraceDays: 60, widestPrefix: { ipv4, ipv6: 0 } },
            },
          });
        const said = planAt(16, 27).plan.reasons.find(({ code }) => code === 'fit')?.message ?? '';

        const extra = /maxExtraAddresses (\d+)/.exec(said)?.[1];
        const widest = /widestPrefix IPv4 \/(\d+)/.exec(said)?.[1];
        const isEither = said.includes(' or widestPrefix IPv4 /') && extra !== undefined && !said.includes(' and max');
        const ways = isEither ? [{ extra }, { widest }] : [{ extra, widest }];
        for (const way of ways.filter((one) => one.extra !== undefined || one.widest !== undefined)) {
          const { plan } = planAt(Number(way.extra ?? 16), Number(way.widest ?? 27));
          expect(plan.held.add).toEqual([]);
        }
      }),
      { numRuns: 4000 },
    );
  });

  test('planned again after it was applied has nothing to write', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        const first = planOf(given);
        const second = planOf(appliedTo(given, first));

        expect(second.changes).toEqual([]);
        expect(second.plan.add).toEqual([]);
        expect(second.plan.remove).toEqual([]);
      }),
      runs,
    );
  });

  test('does what its lists say, and takes out nothing that is listed or foreign', () => {
    fc.assert(
      fc.property(anyApproval, (given) => {
        const result = planOf(given);
        const others = given.target.kind === 'nsgRule' ? [] : result.plan.foreign;
        const expected = [...subtractPrefixes([...given.live, ...result.plan.add], result.plan.remove), ...others];
        const before = intersectPrefixes(given.live, given.desired);

        const missing = subtractPrefixes(given.desired, [...after(given, result), ...result.unapplied]);

        expect(sameAddresses(after(given, result), expected)).toBe(true);
        expect(missing).toEqual([]);
        for (const step of [result.additions, result.changes]) {
          expect(coversAll(applyChanges(given.target, given.live, result.plan.foreign, step), before)).toBe(true);
        }
        if (given.target.policy === 'addOnly') expect(result.plan.remove).toEqual([]);
      }),
      runs,
    );
  });

  test('that holds or refuses some of the list lets in as much as if it were not listed', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        fc.pre(given.target.kind === 'nsgRule' || given.target.capacity.fit === 'exact');
        const result = planOf(given);
        const guarded = heldFor(result, 'widestPrefix', 'maxAddedAddresses', 'specialPurpose');
        fc.pre(guarded.length > 0);
        const other = planOf({ ...given, desired: subtractPrefixes(given.desired, guarded) });

        expect(sameAddresses(other.plan.add, result.plan.add)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('approved, lets in nothing of the list and takes out nothing that it did not show', () => {
    fc.assert(
      fc.property(narrow, (given) => {
        const { plan } = planOf(given);
        const approval = {
          planId: plan.id,
          by: 'somebody',
          at: '2026-01-10T00:00:00.000Z',
          snapshot: plan.snapshot,
          configHash: 'config',
          add: [...plan.held.add, ...plan.add],
          remove: [...plan.held.remove, ...plan.remove],
        };

        const second = planOf({ ...given, state: { ...given.state, approval } });

        const opened = subtractPrefixes(second.plan.add, approval.add);
        expect(intersectPrefixes(opened, given.desired)).toEqual([]);
        expect(coversAll(approval.remove, second.plan.remove)).toBe(true);
      }),
      runs,
    );
  });
});

/** The world after a plan was applied, an instant later. */
function appliedTo(given: World, result: PlanResult): World {
  const { plan, changes, ours: before, clocks } = result;
  const live = applyChanges(given.target, given.live, plan.foreign, changes);
  const isRegistryWritten = given.target.kind === 'registryNetworkRules' && changes.length > 0;
  const own = isRegistryWritten
    ? changes.flatMap((change) => change.prefixes)
    : subtractPrefixes([...before, ...plan.add], plan.remove);
  const owned = own.map((prefix) => ({
    prefix,
    since: coversAll(given.owned, [prefix]) ? '2026-01-01T00:00:00.000Z' : '2026-01-10T00:00:00.000Z',
  }));
  const state = { ...stateOwning([]), owned, absent: clocks.absent, returned: clocks.returned };
  const ownedRules = live.length > 0 ? ['AllowAcr', 'AllowAcr-ipv6'] : [];
  const overrides = given.overrides?.current && {
    ...given.overrides,
    current: { ...given.overrides.current, rules: liveRules(given.target, live) },
  };
  const { prefixes: heldAdditions, limit: heldAdditionsLimit } = result.heldAdditions;
  const kept = { heldAdditions, heldAdditionsLimit };
  const next = { ...given, live, state: { ...state, ownedRules, ...kept, exposure: exposureOf(result) } };
  return overrides ? { ...next, overrides } : next;
}

function exposureOf(result: PlanResult): { snapshot: string; addedAddresses: number } {
  return { snapshot: result.plan.snapshot, addedAddresses: result.addedAddresses };
}
