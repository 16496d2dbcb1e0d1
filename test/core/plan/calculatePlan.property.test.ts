/** The laws of a plan, each against hundreds of random worlds: see `worlds.ts`. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planLists } from '../../../src/core/plan/plan.ts';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import { coverPrefixes } from '../../../src/core/plan/supernet.ts';
import {
  includesAll,
  countAddresses,
  dropContained,
  familyOf,
  intersectPrefixes,
  mergePrefixes,
  overlapping,
  parsePrefix,
  sameAddresses,
  subtractPrefixes,
} from '../../../src/core/prefixes.ts';
import { removalExcess } from '../../../src/core/removalLimit.ts';
import { absence, applyChanges, calmGrowth, growthBeyond, openLimits, planOf } from './planFixtures.ts';
import {
  anyPolicy,
  appliedTo,
  approvalOf,
  approvalOfPlan,
  approved,
  expectLaw,
  rulesAfter,
  tight,
  worlds,
  type World,
} from './worlds.ts';

const any = worlds(anyPolicy);
const syncing = worlds(fc.constant('sync'));
const open = worlds(fc.constant('sync'), fc.constant(openLimits)).map((world): World => ({
  ...world,
  growth: calmGrowth,
  beyond: [],
  state: { ...world.state, absent: [] },
}));
const groups = worlds(anyPolicy, undefined, fc.constant('nsgRule'));
const registries = worlds(anyPolicy, undefined, fc.constant('registryNetworkRules'));

function isNsg({ target }: World): boolean {
  return target.kind === 'nsgRule';
}

function everyList({ plan }: PlanResult): string[] {
  return [...plan.add, ...plan.remove, ...plan.retain, ...plan.held.add, ...plan.held.remove];
}

/** The list may open so many more addresses. */
function withCount(world: World, maxAddedAddresses: number): World {
  const limits = { ...calmGrowth.limits, maxAddedAddresses };
  return { ...world, growth: growthBeyond(world.beyond, 'maxAddedAddresses', { limits }) };
}

describe('a plan', () => {
  test('removes nothing that others added, and does not cut it into pieces', () => {
    expectLaw(any, 0.4, (world, result) => {
      const { foreign, remove } = result.plan;
      if (!isNsg(world)) {
        expect(foreign).toEqual(world.live.filter((prefix) => !world.owned.includes(prefix)));
        return foreign.length > 0;
      }
      expect(intersectPrefixes(remove, foreign)).toEqual([]);
      for (const step of [result.additions, result.changes]) {
        const after = applyChanges(world.target, world.live, [], step);
        expect(includesAll(after, foreign)).toBe(true);
        for (const prefix of foreign) expect(overlapping(after, [prefix]).length).toBe(1);
      }
      return foreign.length > 0;
    });
  });

  test('takes no registry rule of others for one of ours', () => {
    expectLaw(approved(registries), 0.2, (_, result) => {
      const written = [...result.additions, ...result.changes].flatMap((change) => change.prefixes);
      expect(written.filter((prefix) => result.plan.foreign.includes(prefix))).toEqual([]);
      return written.length > 0 && result.plan.foreign.length > 0;
    });
  });

  test('takes out nothing that is listed, whatever was approved', () => {
    expectLaw(fc.oneof(approved(any), open), 0.2, (world, result) => {
      const { remove, retain } = result.plan;
      const before = intersectPrefixes(world.live, world.desired);

      expect(intersectPrefixes([...remove, ...retain], world.desired)).toEqual([]);
      for (const step of [result.additions, result.changes]) {
        expect(includesAll(applyChanges(world.target, world.live, result.plan.foreign, step), before)).toBe(true);
      }
      return before.length > 0 && remove.length > 0;
    });
  });

  test('of policy addOnly never removes', () => {
    expectLaw(approved(worlds(fc.constant('addOnly'))), 0.5, (world, result) => {
      expect(result.plan.remove).toEqual([]);
      expect(includesAll(rulesAfter(world, result), world.live)).toBe(true);
      return result.plan.retain.length > 0;
    });
  });

  test('without limits gives exactly what is listed, beside what others added', () => {
    expectLaw(open, 0.15, (world, result) => {
      expect(sameAddresses(rulesAfter(world, result), [...world.desired, ...result.plan.foreign])).toBe(true);
      const isHeld = result.plan.held.remove.length > 0;
      expect(isHeld).toBe(isNsg(world) && !includesAll(world.desired, result.plan.foreign));
      return result.plan.add.length > 0 && result.plan.remove.length > 0;
    });
  });

  test('adds first: the first step keeps everything that is live', () => {
    expectLaw(fc.oneof(any, open, open), 0.15, (world, result) => {
      const after = applyChanges(world.target, world.live, result.plan.foreign, result.additions);

      expect(includesAll(after, world.live)).toBe(true);
      expect(includesAll(after, result.plan.add)).toBe(true);
      return result.plan.add.length > 0 && result.plan.remove.length > 0;
    });
  });

  test('does what its lists say, no more and no less', () => {
    expectLaw(fc.oneof(any, approved(any)), 0.5, (world, result) => {
      const { add, remove, foreign } = result.plan;
      const others = isNsg(world) ? [] : foreign;

      const expected = [...subtractPrefixes([...world.live, ...add], remove), ...others];

      expect(sameAddresses(rulesAfter(world, result), expected)).toBe(true);
      return add.length + remove.length > 0;
    });
  });

  test('has one item for each address, and its lists are those of its items', () => {
    expectLaw(fc.oneof(any, approved(any)), 0.3, (world, { plan, ours }) => {
      const { desired } = world;
      const listed = plan.items.filter(({ tag }) => tag !== null).map(({ prefix }) => prefix);
      const gone = plan.items
        .filter(({ tag, fate }) => tag === null && fate !== 'others')
        .map(({ prefix }) => prefix)
        .filter((prefix) => !isNsg(world) || !plan.foreign.includes(prefix));

      expect(sameAddresses(listed, desired)).toBe(true);
      expect(dropContained(listed)).toHaveLength(listed.length);
      expect(sameAddresses(gone, subtractPrefixes(ours, desired))).toBe(true);
      expect(planLists(plan.items, plan.foreign)).toEqual({
        add: plan.add,
        remove: plan.remove,
        retain: plan.retain,
        foreign: plan.foreign,
        held: plan.held,
      });
      for (const { fate, change, why } of plan.items) {
        expect(change !== undefined).toBe(fate === 'needsApproval' || fate === 'doesNotFit');
        if (fate === 'kept' || change !== undefined || fate === 'neverAllowed') expect(why?.message).toMatch(/\.$/);
      }
      return gone.length > 0 && listed.length > 0;
    });
  });

  test('planned again after it was applied has nothing to write', () => {
    expectLaw(any, 0.3, (world, first) => {
      const second = planOf(appliedTo(world, first));

      expect(second.changes).toEqual([]);
      expect(second.plan.add).toEqual([]);
      expect(second.plan.remove).toEqual([]);
      return first.changes.length > 0;
    });
  });

  test('does not depend on the order of its inputs', () => {
    expectLaw(any, 0.25, (world, { plan }) => {
      const turned = {
        ...world,
        desired: [...world.desired].reverse(),
        live: [...world.live].reverse(),
        state: { ...world.state, owned: [...world.state.owned].reverse(), absent: [...world.state.absent].reverse() },
      };

      expect(planOf(turned).plan).toEqual(plan);
      return world.desired.length > 1 && world.live.length > 1;
    });
  });

  test('puts every address of ours that is not listed into exactly one of remove, held and retain', () => {
    expectLaw(any, 0.35, (world, { plan, ours }) => {
      const gone = subtractPrefixes(ours, world.desired);
      const held = subtractPrefixes(plan.held.remove, plan.foreign);

      const ofOurs = isNsg(world) ? held : plan.held.remove;

      expect(sameAddresses([...plan.remove, ...ofOurs, ...plan.retain], gone)).toBe(true);
      expect(intersectPrefixes(plan.remove, plan.retain)).toEqual([]);
      expect(intersectPrefixes(plan.remove, ofOurs)).toEqual([]);
      expect(intersectPrefixes(ofOurs, plan.retain)).toEqual([]);
      return gone.length > 0;
    });
  });

  test('keeps both families apart', () => {
    expectLaw(groups, 0.06, (world, result) => {
      const written = [...result.additions, ...result.changes];
      for (const change of written) {
        const families = new Set(change.prefixes.map(familyOf));
        expect(families.size).toBeLessThanOrEqual(1);
        expect(dropContained(change.prefixes)).toEqual(change.prefixes);
        if (!isNsg(world)) expect(families.has('ipv6')).toBe(false);
      }
      expect(everyList(result).every((prefix) => parsePrefix(prefix).text === prefix)).toBe(true);
      return new Set(written.map(({ rule }) => rule)).size > 1;
    });
  });

  test('removes nothing beyond the limits without an approval, but what is young', () => {
    const steady = syncing.map((world) => ({
      ...world,
      state: { ...world.state, absent: world.state.absent.map((entry) => ({ ...entry, listedReleases: undefined })) },
    }));
    expectLaw(steady, 0.1, ({ target }, { plan, ours }) => {
      expect(removalExcess(plan.remove, ours, target.limits)).toBeUndefined();
      return plan.reasons.some(({ code }) => code === 'removalLimit');
    });
  });

  test('lets in nothing beyond the limits of additions without an approval', () => {
    expectLaw(any, 0.06, (world, { plan }) => {
      const { widestPrefix } = world.target.limits;
      const fresh = subtractPrefixes(plan.add, world.owned);
      const wide = world.desired.filter((prefix) => parsePrefix(prefix).length < widestPrefix[familyOf(prefix)]);

      expect(intersectPrefixes(fresh, [...wide, ...world.beyond])).toEqual([]);
      return plan.held.add.length > 0 && fresh.length > 0;
    });
  });

  test('takes out at once what is young, unless nothing may be removed', () => {
    const young = worlds(fc.constant('sync')).map((world) => ({
      ...world,
      state: {
        ...world.state,
        absent: subtractPrefixes(world.owned, world.desired).map((prefix) => absence(prefix, { listedReleases: 1 })),
      },
    }));
    expectLaw(young, 0.15, ({ target, desired }, { plan, ours }) => {
      const isYoung = target.limits.removalConfirmations > 1;
      const gone = subtractPrefixes(ours, desired);
      if (isYoung) expect(sameAddresses(plan.remove, gone)).toBe(true);
      return isYoung && gone.length > 0;
    });
  });

  test('approved, applies everything that it held but what is never allowed', () => {
    expectLaw(syncing, 0.5, (world, first) => {
      const approval = approvalOf(first.plan.held.add, [...first.plan.held.remove, ...first.plan.remove]);
      const others = subtractPrefixes(first.plan.held.remove, world.desired);

      const second = planOf({ ...world, state: { ...world.state, approval } });

      expect(second.plan.held).toEqual({ add: [], remove: [] });
      expect(sameAddresses(second.plan.add, [...first.plan.add, ...first.plan.held.add])).toBe(true);
      expect(sameAddresses(second.plan.remove, [...first.plan.remove, ...others])).toBe(true);
      expect(second.plan.retain).toEqual(first.plan.retain);
      return first.plan.verdict === 'held';
    });
  });
});

describe('a plan with little room', () => {
  const narrow = tight(any);
  const narrowRegistry = tight(registries);
  const anyApproval = fc.oneof(narrow, approved(narrow));

  /** What the app's own rules hold after a plan; of an NSG, all that is in them. */
  function oursAfter(world: World, result: PlanResult): string[] {
    if (isNsg(world)) return rulesAfter(world, result);
    return result.changes.length > 0 ? result.changes.flatMap(({ prefixes }) => [...prefixes]) : [...result.ours];
  }

  function roomOf(world: World, { plan }: PlanResult): number {
    const maxRules = world.overrides?.live?.maxRules ?? Infinity;
    return isNsg(world) ? maxRules : Math.max(0, maxRules - plan.foreign.length);
  }

  const countOf = (prefixes: readonly string[]): number => Number(countAddresses(prefixes, 'ipv4'));
  const heldFor = ({ plan }: PlanResult, ...codes: readonly string[]): string[] =>
    plan.reasons.filter(({ code }) => codes.includes(code)).flatMap(({ prefixes }) => [...(prefixes ?? [])]);
  const lacksRoom = ({ plan }: PlanResult): boolean =>
    plan.reasons.some(({ code }) => code === 'fit' || code === 'quota');

  test('never exceeds it', () => {
    expectLaw(anyApproval, 0.3, (world, result) => {
      // What holds more than it may from before may still hold that, and not one more.
      const before = isNsg(world) ? world.live : result.ours;
      const room = roomOf(world, result);
      const most = result.plan.add.length > 0 ? room : Math.max(room, before.length);
      // The other family's rule, not written, may hold what is listed in more pieces than it takes.
      const inPieces = isNsg(world) ? before.length - mergePrefixes(before).length : 0;

      for (const step of [result.additions, result.changes]) {
        const holds = step.length === 0 ? 0 : applyChanges(world.target, world.live, [], step).length;
        expect(holds).toBeLessThanOrEqual(most + inPieces);
      }
      return lacksRoom(result);
    });
  });

  test('leaves open no more unlisted addresses than maxExtraAddresses, or opens none', () => {
    expectLaw(approved(narrowRegistry), 0.1, (world, result) => {
      const unlisted = subtractPrefixes(oursAfter(world, result), world.desired);
      const opened = subtractPrefixes(unlisted, world.live);
      const most = world.target.kind === 'nsgRule' ? 0 : world.target.capacity.maxExtraAddresses;

      if (opened.length > 0) expect(countOf(unlisted)).toBeLessThanOrEqual(most);
      return opened.length > 0;
    });
  });

  test('opens nothing that is held or refused, and no prefix of its own making beyond widestPrefix', () => {
    expectLaw(narrowRegistry, 0.1, (world, result) => {
      const { ipv4 } = world.target.limits.widestPrefix;
      const opened = subtractPrefixes(result.plan.add, [...world.desired, ...world.owned]);
      const written = result.changes.flatMap(({ prefixes }) => prefixes);

      expect(intersectPrefixes(result.plan.add, result.plan.held.add)).toEqual([]);
      for (const prefix of overlapping(written, opened)) {
        expect(parsePrefix(prefix).length).toBeGreaterThanOrEqual(ipv4);
      }
      return opened.length > 0;
    });
  });

  test('opens no more new addresses than maxAddedAddresses has left', () => {
    const few = narrowRegistry.map((world) => withCount(world, 40));
    expectLaw(few, 0.05, (world, result) => {
      const opened = subtractPrefixes(result.plan.add, [...world.desired, ...world.owned]);

      expect(countOf(opened)).toBeLessThanOrEqual(40);
      return heldFor(result, 'maxAddedAddresses').length > 0;
    });
  });

  test('holds nothing that has room', () => {
    expectLaw(narrow, 0.3, (world, result) => {
      const { target, desired, beyond } = world;
      const ours = oursAfter(world, result);
      const room = roomOf(world, result);
      const barred = [...heldFor(result, 'widestPrefix', 'specialPurpose'), ...beyond];
      const missing = subtractPrefixes(intersectPrefixes(heldFor(result, 'fit', 'quota'), desired), [
        ...barred,
        ...ours,
      ]);
      const isSupernet = target.kind === 'registryNetworkRules' && target.capacity.fit === 'supernet';
      for (const prefix of missing) {
        const all = [...ours, prefix];
        // In an NSG rule what others wrote stays as they wrote it.
        const theirs = isNsg(world) ? result.plan.foreign : [];
        const merge = (list: string[]): string[] => [
          ...mergePrefixes(list.filter((one) => !theirs.includes(one))),
          ...list.filter((one) => theirs.includes(one)),
        ];
        expect(dropContained(all).length).toBeGreaterThan(room);
        // A rule that somebody else has is not written again, so that nothing can be merged into it.
        const isTheirs = !isNsg(world) && mergePrefixes(all).some((merged) => result.plan.foreign.includes(merged));
        if (!isSupernet && !isTheirs) expect(merge(all).length).toBeGreaterThan(room);
        if (!isSupernet) continue;
        const most = Math.max(target.capacity.maxExtraAddresses, countOf(subtractPrefixes(ours, desired)));
        const { ipv4: widest } = target.limits.widestPrefix;
        const bounds = { widest, listed: desired, barred, taken: result.plan.foreign };
        expect(coverPrefixes(all, room, most, bounds)).toBeUndefined();
      }
      return missing.length > 0;
    });
  });

  test('lets all of it in once the settings are as it says', () => {
    const plain = tight(
      worlds(
        fc.constant('sync'),
        fc.constant({ ...openLimits, removalGraceDays: 60 }),
        fc.constant('registryNetworkRules'),
      ),
    );
    expectLaw(
      plain.map((world) => ({ ...world, growth: calmGrowth, beyond: [] })),
      0.15,
      (world) => {
        const { target } = world;
        if (target.kind === 'nsgRule') return false;
        const planAt = (maxExtraAddresses: number, ipv4: number) =>
          planOf({
            ...world,
            desired: world.desired.filter((prefix) => parsePrefix(prefix).length >= 27),
            target: {
              ...target,
              capacity: { ...target.capacity, fit: 'supernet', maxExtraAddresses },
              limits: { ...target.limits, widestPrefix: { ipv4, ipv6: 0 } },
            },
          });
        const said = planAt(16, 27).plan.reasons.find(({ code }) => code === 'fit')?.message ?? '';

        const extra = /maxExtraAddresses of ([\d,]+) address/.exec(said)?.[1]?.replaceAll(',', '');
        const widest = /widestPrefix IPv4 \/(\d+)/.exec(said)?.[1];
        const isEither = said.includes(' or widestPrefix IPv4 /') && extra !== undefined && !said.includes(' and max');
        const ways = (isEither ? [{ extra }, { widest }] : [{ extra, widest }]) as {
          extra?: string;
          widest?: string;
        }[];
        const open = ways.filter((one) => one.extra !== undefined || one.widest !== undefined);
        for (const way of open) {
          const { plan } = planAt(Number(way.extra ?? 16), Number(way.widest ?? 27));
          expect(plan.held.add).toEqual([]);
        }
        return open.length > 0;
      },
    );
  });

  // A wider rule takes the place of older ones, whose age says what a removal is a share of.
  test('planned again after it was applied has nothing to write, but for a removal that was beyond its limit', () => {
    let [unsteady, all] = [0, 0];
    expectLaw(narrow, 0.3, (world, first) => {
      const second = planOf(appliedTo(world, first));

      all += 1;
      const isLimited = heldFor(first, 'removalLimit').length > 0;
      if (isLimited && second.plan.remove.length > 0) unsteady += 1;
      else expect([second.changes, second.plan.add, second.plan.remove]).toEqual([[], [], []]);
      return first.changes.length > 0 && lacksRoom(first);
    });
    expect(unsteady / all).toBeLessThan(0.005);
  });

  test('does what its lists say, and takes out nothing that is listed or of others', () => {
    expectLaw(anyApproval, 0.3, (world, result) => {
      const { add, remove, held, foreign } = result.plan;
      const others = isNsg(world) ? [] : foreign;
      const expected = [...subtractPrefixes([...world.live, ...add], remove), ...others];
      const before = intersectPrefixes(world.live, world.desired);
      const after = rulesAfter(world, result);

      expect(sameAddresses(after, expected)).toBe(true);
      expect(subtractPrefixes(world.desired, [...after, ...held.add])).toEqual([]);
      for (const step of [result.additions, result.changes]) {
        expect(includesAll(applyChanges(world.target, world.live, foreign, step), before)).toBe(true);
      }
      if (world.target.policy === 'addOnly') expect(remove).toEqual([]);
      return lacksRoom(result) && result.changes.length > 0;
    });
  });

  test('that holds some of the list for another reason lets in as much as if that were not listed', () => {
    const exact = narrow.filter(({ target }) => target.kind === 'nsgRule' || target.capacity.fit === 'exact');
    expectLaw(
      exact,
      0.1,
      (world, result) => {
        const barred = [
          ...heldFor(result, 'widestPrefix', 'specialPurpose'),
          ...subtractPrefixes(world.beyond, world.live),
        ];
        if (barred.length === 0) return false;
        const other = planOf({ ...world, desired: subtractPrefixes(world.desired, barred) });

        expect(sameAddresses(other.plan.add, result.plan.add)).toBe(true);
        return lacksRoom(result);
      },
      500,
    );
  });

  test('approved, lets in nothing of the list and takes out nothing that it did not show', () => {
    expectLaw(narrow, 0.2, (world, first) => {
      const approval = approvalOfPlan(first);

      const second = planOf({ ...world, state: { ...world.state, approval } });

      const opened = subtractPrefixes(second.plan.add, approval.add);
      expect(intersectPrefixes(opened, world.desired)).toEqual([]);
      expect(includesAll(approval.remove, second.plan.remove)).toBe(true);
      return lacksRoom(first) && second.changes.length > first.changes.length - 1;
    });
  });
});
