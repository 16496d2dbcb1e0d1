import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  coversAll,
  countAddresses,
  dropContained,
  familyOf,
  intersectPrefixes,
  mergePrefixes,
  ofFamily,
  parsePrefix,
  sameAddresses,
  sortPrefixes,
  subtractPrefixes,
} from '../../src/core/prefixes.ts';
import type { PlanResult } from '../../src/core/plan.ts';
import { removalExcess } from '../../src/core/safety.ts';
import type { Policy, SafetyLimits, Target } from '../../src/core/target.ts';
import type { TargetState } from '../../src/core/targetState.ts';
import { applyChanges, nsgTarget, openLimits, planInput, planOf, registryTarget, stateOwning } from './planFixtures.ts';

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
});

interface World {
  readonly target: Target;
  readonly desired: readonly string[];
  readonly live: readonly string[];
  readonly owned: readonly string[];
  readonly state: TargetState;
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
        const live = applyChanges(given.target, given.live, first.plan.foreign, first.changes);
        const ours = subtractPrefixes([...first.ours, ...first.plan.add], first.plan.remove);
        const own =
          given.target.kind === 'registryNetworkRules' && first.changes.length > 0
            ? first.changes.flatMap((change) => change.prefixes)
            : ours;
        const owned = own.map((prefix) => ({
          prefix,
          since: coversAll(given.owned, [prefix]) ? '2026-01-01T00:00:00.000Z' : '2026-01-10T00:00:00.000Z',
        }));
        const state = { ...stateOwning([]), owned, absent: first.clocks.absent, returned: first.clocks.returned };
        const ownedRules = live.length > 0 ? ['AllowAcr', 'AllowAcr-ipv6'] : [];

        const second = planOf({ ...given, live, state: { ...state, ownedRules, exposure: exposureOf(first) } });

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
        const { widestPrefix, maxAddedAddresses } = given.target.limits;
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

  test('never exceeds the room of the target', () => {
    fc.assert(
      fc.property(world(anyPolicy), fc.integer({ min: 1, max: 12 }), (given, maxPrefixes) => {
        const input = planInput(given);
        const { target } = given;
        const bounded =
          target.kind === 'registryNetworkRules'
            ? { ...target, capacity: { maxRules: maxPrefixes, fit: 'supernet' as const, maxExtraAddresses: 64 } }
            : target;

        const result = planOf({
          ...given,
          target: bounded,
          overrides: { current: { ...input.current, maxPrefixes } },
        });

        if (result.plan.verdict === 'blocked') return;
        // What holds more than it may from before may still hold that, and not one more.
        const most = result.plan.add.length > 0 ? maxPrefixes : Math.max(maxPrefixes, given.live.length);
        for (const step of [result.additions, result.changes]) {
          const after = applyChanges(bounded, given.live, result.plan.foreign, step);
          // The other family's rule, not written, may hold what is listed in more pieces than it takes.
          const inPieces = given.live.length - Math.min(given.live.length, mergePrefixes(given.live).length);
          expect(step.length === 0 ? 0 : after.length).toBeLessThanOrEqual(
            bounded.kind === 'nsgRule' ? most + inPieces : most,
          );
        }
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

function exposureOf(result: PlanResult): { snapshot: string; addedAddresses: number } {
  return { snapshot: result.plan.snapshot, addedAddresses: result.addedAddresses };
}
