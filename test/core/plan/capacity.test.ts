/** What a plan lets in where there is little room: as listed, merged, widened, in part. */
import { describe, expect, test } from '@jest/globals';
import { allowedByOthers } from '../../../src/core/plan/own.ts';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import type { SafetyLimits, Target } from '../../../src/core/targets/target.ts';
import type { Growth } from '../../../src/core/history/growth.ts';
import {
  absence,
  calmGrowth,
  growthBeyond,
  nsgTarget,
  openLimits,
  over,
  planInput,
  planOf,
  registryTarget,
  stateOwning,
  type PlannedState,
} from './planFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.1.1.0/24', '20.1.2.0/24', '20.1.4.0/24'] as const;
const far = '40.1.0.0/24';
const snapshot = 'Public-20260105-1-000000000000';
const registry = registryTarget({ limits: openLimits });
const group = nsgTarget({ limits: openLimits });

function supernet(maxExtraAddresses: number, limits: Partial<SafetyLimits> = {}): Target {
  return registryTarget({
    limits: { ...openLimits, ...limits },
    capacity: { maxRules: undefined, fit: 'supernet', maxExtraAddresses },
  });
}

interface FitCase {
  readonly target?: Target;
  readonly desired: readonly string[];
  readonly ours?: readonly string[];
  readonly foreign?: readonly string[];
  readonly room?: number | undefined;
  readonly state?: Partial<PlannedState>;
  readonly growth?: Growth;
  readonly input?: Partial<PlanInput>;
}

/** `maxAddedAddresses` of the target, of which the list has used nothing. */
function unusedGrowth({ limits }: Target): Growth {
  const { maxAddedAddresses = Number.MAX_SAFE_INTEGER } = limits;
  return { ...calmGrowth, limits: { ...calmGrowth.limits, maxAddedAddresses } };
}

function fit({ target = registry, desired, ours = [], foreign = [], state = {}, input = {}, ...rest }: FitCase) {
  const { growth = unusedGrowth(target) } = rest;
  const world = { target, desired, live: [...ours, ...foreign], state: stateOwning(ours, state), growth };
  const { live } = planInput(world);
  const maxRules = 'room' in rest ? rest.room : 100;
  return planOf({ ...world, overrides: { ...input, live: { ...live, maxRules } } });
}

function approval(add: readonly string[], remove: readonly string[] = []): Partial<PlannedState> {
  const person = { planId: 'x', by: 'somebody', at: '2026-01-09T00:00:00.000Z' };
  return { approval: { ...person, snapshot, configHash: 'config', add, remove } };
}

/** What a person who approves a plan says yes to. */
function approvalOf({ plan }: PlanResult): Partial<PlannedState> {
  return approval([...plan.held.add, ...plan.add], [...plan.held.remove, ...plan.remove]);
}

const rulesOf = ({ changes }: PlanResult): readonly string[] => changes.flatMap(({ prefixes }) => prefixes);
const reasonOf = ({ plan }: PlanResult, code: Reason['code']): Reason | undefined =>
  plan.reasons.find((reason) => reason.code === code);
const codesOf = ({ plan }: PlanResult): string[] => plan.reasons.map(({ code }) => code);
const others = (count: number): string[] => Array.from({ length: count }, (_, index) => `40.0.${index}.0/24`);
const asking = (maxRules: number | undefined) =>
  registryTarget({ limits: openLimits, capacity: { maxRules, fit: 'exact', maxExtraAddresses: 0 } });

describe('the room of a target', () => {
  const two = ['20.1.0.0/24', '20.3.0.0/24'];

  test.each<[string, Partial<FitCase>, number]>([
    ['a registry: what others leave of its quota', { foreign: others(99) }, 1],
    ['a registry of which no quota is known: of 100', { foreign: others(99), room: undefined }, 1],
    ['a registry of which no quota is known: of what the target says', { target: asking(1), room: undefined }, 1],
    ['a registry that takes more than the target says', { target: asking(1), room: 200 }, 1],
    ['a registry that takes less than the target says', { target: asking(200), room: 1 }, 1],
    ['a registry in which others have more than the quota', { foreign: others(12), room: 10 }, 0],
    ['an NSG: whatever else is in its rules', { target: group, room: 1 }, 1],
    ['an NSG of which no quota is known', { target: group, room: undefined }, 2],
  ])('%s', (_, overrides, count) => {
    expect(fit({ desired: two, ...overrides }).plan.add).toHaveLength(count);
  });

  test('is the smaller of what the target says and what the registry takes, and that is said', () => {
    expect(reasonOf(fit({ desired: two, target: asking(200), room: 100 }), 'maxRules')?.message).toBe(
      'capacity.maxRules allows 200 rules, and the registry takes 100 IP rules: the smaller number counts. Lower capacity.maxRules to that number.',
    );
    expect(codesOf(fit({ desired: two, target: asking(100), room: 100 }))).toEqual([]);
    expect(codesOf(fit({ desired: two, target: asking(undefined), room: 100 }))).toEqual([]);
  });
});

test('nobody is asked to approve what would not make room', () => {
  const target = nsgTarget({ limits: { ...openLimits, removalGraceDays: 14 } });
  const ours = ['30.0.0.0/25'];
  const foreign = ['20.1.0.0/25', '30.0.0.128/25'];
  const desired = ['20.1.0.56/30', '20.1.0.112/29', '20.1.0.240/28', '20.1.1.128/27', '20.1.2.136/29'];
  const state = { absent: [absence('30.0.0.0/25', { since: '2026-01-06T00:00:00.000Z' })] };

  const result = fit({ target, desired, ours, foreign, state, room: 2 });

  expect(reasonOf(result, 'removalGrace')?.prefixes).toEqual(ours);
  expect(result.plan.held.remove).toEqual(foreign);
});

describe('what fits is written as it is listed', () => {
  test.each<[string, Partial<FitCase>]>([
    ['in a registry', { room: 2 }],
    ['in a registry of which no quota is known', { room: undefined, foreign: others(98) }],
    ['in an NSG rule', { target: group, room: 2 }],
    ['in an NSG of which no quota is known', { target: group, room: undefined }],
  ])('%s', (_, overrides) => {
    const result = fit({ desired: [a, b], ...overrides });

    expect(rulesOf(result)).toEqual([a, b]);
    expect(result.plan.verdict).toBe('apply');
  });

  test('what is ours and listed takes no room beside the list', () => {
    expect(rulesOf(fit({ desired: [a, b], ours: ['20.1.0.0/25'], room: 2 }))).toEqual([a, b]);
  });
});

describe('where it does not fit as listed, neighbours are merged', () => {
  const patient = { ...openLimits, removalGraceDays: 14 };

  test.each<[string, FitCase, readonly string[]]>([
    ['in a registry', { desired: [a, b], room: 1 }, ['20.1.0.0/23']],
    ['in an NSG rule', { target: group, desired: [a, b], room: 1 }, ['20.1.0.0/23']],
    [
      'where what leaves later takes room',
      { target: registryTarget({ limits: patient }), desired: [a, b], ours: [d], room: 2 },
      ['20.1.0.0/23', d],
    ],
    [
      'with what leaves later too',
      { target: registryTarget({ limits: patient }), desired: [a, d], ours: [b], room: 2 },
      ['20.1.0.0/23', d],
    ],
    ['before anything is widened', { target: supernet(1000), desired: [a, b], room: 1 }, ['20.1.0.0/23']],
  ])('%s', (_, fitCase, rules) => {
    const result = fit(fitCase);

    expect(rulesOf(result)).toEqual(rules);
    expect(result.plan).toMatchObject({ held: { add: [], remove: [] }, verdict: 'apply' });
  });

  test('before anything is widened, beside a rule that holds what leaves later too', () => {
    const desired = [a, c, '40.1.0.0/26', '40.1.0.64/26', '40.1.1.0/25'];

    const result = fit({ target: supernet(5000, patient), desired, ours: ['20.1.0.0/22'], room: 3 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22', '40.1.0.0/25', '40.1.1.0/25']);
  });

  test('but into no rule that somebody else has', () => {
    const target = registryTarget({ limits: patient });

    const result = fit({ target, desired: ['20.1.0.0/25'], ours: ['20.1.0.128/25'], foreign: [a], room: 2 });

    expect(result.plan.held.add).toEqual(['20.1.0.0/25']);
    expect(result.changes).toEqual([]);
  });
});

describe('fit exact: what has no room is held, the rest goes on', () => {
  test.each([
    ['capacity.maxRules is the limit', 1, 100, 'rules), or a larger capacity.maxRules, or fit "supernet".'],
    [
      'capacity.maxRules is the limit, and the quota was not read',
      1,
      1,
      'rules), or a larger capacity.maxRules, or fit "supernet".',
    ],
    ['the registry is the limit, and Azure raises it for nobody', 100, 1, 'rules), or fit "supernet".'],
  ])('%s: the message says what helps', (_, maxRules, room, text) => {
    const capacity = { maxRules, fit: 'exact', maxExtraAddresses: 0 } as const;
    const result = fit({ target: registryTarget({ limits: openLimits, capacity }), desired: [a, far], room });

    expect(result.plan.held.add).toHaveLength(1);
    expect(reasonOf(result, 'fit')?.message).toContain(
      text.includes('larger') ? 'capacity.maxRules allows 1 IP rule,' : 'the registry takes 1 IP rule,',
    );
    expect(reasonOf(result, 'fit')?.message.endsWith(text)).toBe(true);
  });

  test.each<[maxRules: number | undefined, room: number | undefined, text: string]>([
    [150, 200, 'capacity.maxRules allows 150 IP rules ('],
    [150, undefined, 'capacity.maxRules allows 150 IP rules ('],
    [100, 100, 'capacity.maxRules allows 100 IP rules ('],
    [150, 150, 'the registry takes 150 IP rules ('],
    [undefined, 150, 'the registry takes 150 IP rules ('],
    [200, 150, 'the registry takes 150 IP rules ('],
  ])('maxRules %s in a registry for %s: what is the limit', (maxRules, room, text) => {
    const capacity = { maxRules, fit: 'exact', maxExtraAddresses: 0 } as const;
    const foreign = others(Math.min(maxRules ?? Infinity, room ?? Infinity) - 1);
    const result = fit({ target: registryTarget({ limits: openLimits, capacity }), desired: [a, far], foreign, room });

    expect(reasonOf(result, 'fit')?.message).toContain(text);
  });

  test('where others have rules, fewer of them are a way', () => {
    const result = fit({ desired: [far, '20.4.0.0/24'], foreign: others(9), room: 10 });

    expect(reasonOf(result, 'fit')?.message).toMatch(/or fewer rules of others, or fit "supernet"\.$/);
  });

  test('of new prefixes the widest go in first', () => {
    const result = fit({ desired: [far, '20.2.0.0/23', '20.3.0.0/25', '20.4.0.0/24'], ours: [far], room: 3 });

    expect(rulesOf(result)).toEqual(['20.2.0.0/23', '20.4.0.0/24', far]);
    expect(result.plan).toMatchObject({ held: { add: ['20.3.0.0/25'], remove: [] }, verdict: 'held' });
    expect(reasonOf(result, 'fit')).toEqual({
      code: 'fit',
      message:
        '1 of 4 prefixes does not fit: the registry takes 3 IP rules, and 4 rules are needed. The widest were added first; left out: 20.3.0.0/25 (128 addresses). Choose fewer regions (one region needs about 15 rules), or fit "supernet".',
      prefixes: ['20.3.0.0/25'],
    });
  });

  test('of one width the first by address', () => {
    expect(fit({ desired: [d, a, far], room: 2 }).plan).toMatchObject({ add: [a, d], held: { add: [far] } });
  });

  test('neighbours count as the one rule that they take', () => {
    const result = fit({ desired: [a, b, '20.4.0.0/24', '20.5.0.0/24'], room: 2 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/23', '20.4.0.0/24']);
    expect(result.plan.held.add).toEqual(['20.5.0.0/24']);
  });

  test('what was let in before is put back before anything new', () => {
    const lost = { owned: [far, '20.9.0.0/28'].map((prefix) => ({ prefix, since: '2026-01-01T00:00:00.000Z' })) };

    const result = fit({ desired: [far, '20.9.0.0/28', '20.2.0.0/20'], ours: [far], room: 2, state: lost });

    expect(rulesOf(result)).toEqual(['20.9.0.0/28', far]);
    expect(result.plan.held.add).toEqual(['20.2.0.0/20']);
  });

  test('what takes no further rule goes in where there is no room left', () => {
    const result = fit({ desired: [a, b, c, far], ours: [a, far], room: 2 });

    expect(result.plan).toMatchObject({ add: [b], held: { add: [c] } });
    expect(rulesOf(result)).toEqual(['20.1.0.0/23', far]);
  });

  test('what is due leaves, and makes room in the same step', () => {
    const result = fit({ desired: [a, d, far], ours: [a, c], room: 2 });

    expect(result.plan).toMatchObject({ add: [d], remove: [c], held: { add: [far], remove: [] } });
    expect(result.additions).toEqual(result.changes);
  });

  test('what others have is counted', () => {
    expect(
      reasonOf(fit({ desired: [a, d], foreign: [...others(98), far], room: undefined }), 'fit')?.message,
    ).toContain('the registry takes 100 IP rules (99 of them are other people’s), and 2 rules are needed.');
  });

  test('an NSG is told its own way out', () => {
    const result = fit({ target: group, desired: [a, c, d], room: 2 });

    expect(result.plan).toMatchObject({ add: [a, c], held: { add: [d], remove: [] }, verdict: 'held' });
    expect(reasonOf(result, 'fit')?.message).toBe(
      '1 of 3 prefixes does not fit: the network security group has room for 2 prefixes (an NSG takes 4,000 prefixes per side, all rules together), and 3 rules are needed. The widest were added first; left out: 20.1.4.0/24 (256 addresses). Choose fewer regions, or use a group of its own.',
    );
  });

  test('a registry that others have filled up is blocked', () => {
    const result = fit({ desired: [a], foreign: others(12), room: 10 });

    expect(result.plan).toMatchObject({ add: [], held: { add: [a], remove: [] }, verdict: 'blocked' });
    expect(reasonOf(result, 'quota')?.message).toContain(
      'the registry takes 10 IP rules (12 of them are other people’s), and 1 rule is needed.',
    );
    expect(result.changes).toEqual([]);
  });

  test('a registry that is full of ours is not: nothing else of the plan is stopped by it', () => {
    expect(fit({ desired: [a, d], ours: [a], room: 1 }).plan).toMatchObject({ held: { add: [d] }, verdict: 'held' });
  });
});

describe('what is held or refused takes no room', () => {
  const limits = { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 112 } };
  const wide = '104.40.0.0/13';

  test.each<[string, Target, string]>([
    ['held, fit exact', registryTarget({ limits }), wide],
    ['refused, fit exact', registryTarget({ limits }), '10.0.0.0/24'],
    ['held, fit supernet', supernet(1_000_000, limits), wide],
    ['refused, fit supernet', supernet(1_000_000, limits), '10.0.0.0/24'],
    ['held, an NSG rule', nsgTarget({ limits }), wide],
  ])('%s', (_, target, bad) => {
    const result = fit({ target, desired: [a, c, far, bad], ours: [a, c], room: 3 });

    expect(result.plan).toMatchObject({ add: [far], verdict: 'held' });
    expect(rulesOf(result)).toEqual([a, c, far]);
    expect(codesOf(result)).toEqual([bad === wide ? 'widestPrefix' : 'specialPurpose']);
  });

  test('approved, it is held where there is no room for it', () => {
    const result = fit({
      target: registryTarget({ limits }),
      desired: [a, far, wide],
      ours: [a, far],
      room: 2,
      state: approval([wide]),
    });

    expect(result.plan).toMatchObject({ add: [], held: { add: [wide], remove: [] }, verdict: 'held' });
    expect(codesOf(result)).toEqual(['fit']);
  });

  test('no wider prefix lets it in by the way', () => {
    const result = fit({
      target: supernet(1_000_000),
      desired: [a, b, c],
      ours: [a],
      room: 1,
      growth: growthBeyond([b]),
    });

    expect(result.plan).toMatchObject({ add: [], held: { add: [b, c] } });
  });

  test('nor does it let in special-purpose addresses', () => {
    const result = fit({ target: supernet(1_000_000), desired: ['192.0.1.0/24', '192.0.3.0/24'], room: 1 });

    expect(rulesOf(result)).toEqual(['192.0.1.0/24']);
    expect(reasonOf(result, 'fit')?.message).toMatch(/\(one region needs about 15 rules\)\.$/);
  });
});

describe('fit supernet', () => {
  test('lets in the fewest others, and says how many', () => {
    const result = fit({ target: supernet(256), desired: [a, b, c], room: 1 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22']);
    expect(result.plan).toMatchObject({ add: [a, b, c, '20.1.3.0/24'], verdict: 'apply' });
    expect(result.plan.reasons).toEqual([
      {
        code: 'supernet',
        message:
          'fit: supernet covers 3 listed prefixes with 1 rule and lets in 256 addresses that are not listed (limit maxExtraAddresses: 256 addresses). Lower maxExtraAddresses if that is too many.',
        prefixes: ['20.1.3.0/24'],
      },
    ]);
  });

  test('opens nothing where that is more than maxExtraAddresses, and says what it takes', () => {
    const result = fit({ target: supernet(255), desired: [a, b, c], ours: [a], room: 1 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/23']);
    expect(result.plan.held.add).toEqual([c]);
    expect(reasonOf(result, 'fit')?.message).toBe(
      '1 of 3 prefixes does not fit: the registry takes 1 IP rule, and 2 rules are needed. The widest were added first; left out: 20.1.2.0/24 (256 addresses). Choose fewer regions (one region needs about 15 rules), or maxExtraAddresses of 256 addresses.',
    );
    expect(rulesOf(fit({ target: supernet(256), desired: [a, b, c], ours: [a], room: 1 }))).toEqual(['20.1.0.0/22']);
  });

  test('says the same number of needed rules before and after its wider rules exist', () => {
    const wish = { target: supernet(256), desired: [a, b, c, far], room: 1 };
    const first = fit(wish);

    const second = fit({ ...wish, ours: rulesOf(first) });

    expect(rulesOf(first)).toEqual(['20.1.0.0/22']);
    expect(reasonOf(first, 'fit')?.message).toContain('the registry takes 1 IP rule, and 3 rules are needed.');
    expect(reasonOf(second, 'fit')).toEqual(reasonOf(first, 'fit'));
  });

  test('counts no wider rule as needed, but what stays for its grace period', () => {
    const target = supernet(256, { removalGraceDays: 14 });
    const [old, wide] = ['60.1.0.0/24', '20.1.0.0/22'];

    const result = fit({ target, desired: [a, b, c, far], ours: [wide, old], room: 2 });

    expect(result.plan.held).toEqual({ add: [far], remove: [old] });
    expect(reasonOf(result, 'fit')?.message).toContain('and 4 rules are needed.');
  });

  test('one that is far away does not keep out those that are near', () => {
    const result = fit({ target: supernet(1000), desired: [a, b, c, far], ours: ['20.1.0.0/23'], room: 1 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22']);
    expect(result.plan.held.add).toEqual([far]);
    expect(reasonOf(result, 'supernet')?.message).toBe(
      'fit: supernet covers 3 listed prefixes with 1 rule and lets in 256 addresses that are not listed (limit maxExtraAddresses: 1,000 addresses). Lower maxExtraAddresses if that is too many.',
    );
  });

  test('one that opened too much alone goes in once another has gone in between', () => {
    const result = fit({ target: supernet(200), desired: [a, '20.1.1.0/25', '20.1.2.0/23', far], ours: [a], room: 1 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22']);
    expect(result.plan.held.add).toEqual([far]);
  });

  test('lets nothing leave that stands in the cover of the whole list, though part of the list is new', () => {
    const target = supernet(1000, { removalGraceDays: 14 });

    const result = fit({ target, desired: [a, c, far], ours: ['20.1.0.0/22'], room: 2 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22', far]);
    expect(result.plan).toMatchObject({ remove: [], retain: [], held: { remove: [] } });
  });

  test('lets leave what no cover takes, though the list has grown beyond its room', () => {
    const target = supernet(256, { removalGraceDays: 14 });

    const result = fit({ target, desired: [a, b, c, far], ours: ['20.1.0.0/21'], room: 1 });

    expect(result.plan.held.add).toEqual([far]);
    expect(result.plan.retain).toEqual(['20.1.4.0/22']);
  });

  test('keeps open what it takes for the list while the list grows beyond it', () => {
    const target = supernet(256, { removalGraceDays: 0 });

    const result = fit({ target, desired: [a, b, c, far], ours: ['20.1.0.0/22'], room: 1 });

    expect(result.plan).toMatchObject({ add: [], remove: [], retain: [], held: { add: [far], remove: [] } });
    expect(result.plan).toMatchObject({ remove: [], retain: [], held: { remove: [] } });
  });

  test('leaves its rules as they are where maxExtraAddresses was made smaller, and does not open more', () => {
    const result = fit({ target: supernet(10), desired: [a, c], ours: ['20.1.0.0/22'], room: 1 });

    expect(result.plan).toMatchObject({ add: [], remove: [], held: { add: [], remove: [] }, verdict: 'apply' });
    expect(reasonOf(result, 'supernet')?.message).toContain(
      '512 addresses that are not listed (limit maxExtraAddresses: 10 addresses)',
    );
  });

  test('a rule of others inside of a wider one does not make that one smaller', () => {
    const result = fit({ target: supernet(10_000), desired: [a, c, d], foreign: [c], room: 2 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/21']);
  });

  test('a rule of others that is wanted as it is stays theirs', () => {
    const result = fit({ target: supernet(512), desired: [a, c, far], foreign: [far], room: 2 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/22']);
    expect(reasonOf(result, 'supernet')?.prefixes).toEqual([b, '20.1.3.0/24']);
  });

  describe('and widestPrefix', () => {
    const limits = { widestPrefix: { ipv4: 22, ipv6: 112 } };

    test('no prefix of its own making is wider: the cover that is goes another way', () => {
      const desired = [a, d, '40.1.0.0/25', '40.1.3.0/25'];

      expect(rulesOf(fit({ target: supernet(5000), desired, room: 3 }))).toEqual([a, d, '40.1.0.0/22']);
      expect(rulesOf(fit({ target: supernet(5000), desired: [a, d], room: 1 }))).toEqual(['20.1.0.0/21']);
      expect(rulesOf(fit({ target: supernet(5000, limits), desired: [a, d], room: 1 }))).toEqual([a]);
    });

    test.each<[string, number, string]>([
      ['a wider one would do', 2000, 'rules), or widestPrefix IPv4 /21.'],
      [
        'a wider one and more addresses would',
        100,
        'rules), or widestPrefix IPv4 /21 and maxExtraAddresses of 1,536 addresses.',
      ],
    ])('and it says what it takes: %s', (_, extra, text) => {
      expect(reasonOf(fit({ target: supernet(extra, limits), desired: [a, d], room: 1 }), 'fit')?.message).toContain(
        text,
      );
    });

    test.each<[string, number, readonly string[], string]>([
      ['exactly so many addresses', 1536, [a, d], 'rules), or widestPrefix IPv4 /21.'],
      ['a much wider one', 10_000, [a, '20.1.8.0/24'], 'rules), or widestPrefix IPv4 /20.'],
      [
        'a much wider one and more addresses',
        3583,
        [a, '20.1.8.0/24'],
        'rules), or widestPrefix IPv4 /20 and maxExtraAddresses of 3,584 addresses.',
      ],
      ['the widest that the targets file accepts', 2 ** 32, [a, '20.200.0.0/24'], 'or widestPrefix IPv4 /8.'],
      [
        'what the targets file does not accept is no way',
        2 ** 32,
        [a, '21.1.0.0/24'],
        '(one region needs about 15 rules).',
      ],
    ])('and it says what it takes: %s', (_, extra, desired, text) => {
      const result = fit({ target: supernet(extra, limits), desired, room: 1 });

      expect(reasonOf(result, 'fit')?.message.endsWith(text)).toBe(true);
    });

    test('and it says what it takes: more addresses or a wider one would do', () => {
      const desired = ['20.1.0.0/22', '20.1.4.0/23', '40.1.0.0/28', '40.1.3.240/28'];

      const result = fit({ target: supernet(600, limits), desired, room: 3 });

      expect(reasonOf(result, 'fit')?.message).toContain(
        ', or maxExtraAddresses of 992 addresses or widestPrefix IPv4 /21.',
      );
    });

    test('listed addresses cost nothing, also if a rule of others lets them in', () => {
      const [left, right] = ['20.1.0.0/25', '20.1.0.128/25'];
      const world = { target: supernet(0), desired: [left, right, b], foreign: [left], room: 2 };

      const result = fit(world);

      expect(rulesOf(result)).toEqual(['20.1.0.0/23']);
      expect(result.plan).toMatchObject({ add: [right, b], held: { add: [] }, verdict: 'apply' });
      const again = fit({ ...world, ours: rulesOf(result) });
      expect([again.changes, again.plan.verdict]).toEqual([[], 'apply']);
    });

    test('widestPrefix is for rules that hold more than the list', () => {
      const desired = ['20.1.0.0/25', '20.1.0.128/25', b, far];
      const narrow = { widestPrefix: { ipv4: 24, ipv6: 0 } };

      const foreign = ['20.1.0.0/25'];
      expect(rulesOf(fit({ target: supernet(0, narrow), desired, foreign, room: 3 }))).toEqual(['20.1.0.0/23', far]);
      expect(rulesOf(fit({ target: supernet(2000, narrow), desired: [a, c], room: 1 }))).toEqual([a]);
    });

    test('what the list got that is wider once it is merged waits, with room for it or without', () => {
      const halves = ['20.16.0.0/22', '20.16.4.0/22'];

      const listed = halves.map((prefix) => ({ prefix, tag: 'AzureContainerRegistry', isAddition: true }));
      const held = (room: number) =>
        fit({ target: supernet(0, limits), desired: halves, room, input: { listed } }).plan.held.add;

      expect(held(1)).toEqual(halves);
      expect(held(9)).toEqual(halves);
      expect(rulesOf(fit({ target: supernet(0, limits), desired: halves, room: 1 }))).toEqual(['20.16.0.0/21']);
    });
  });

  describe('and maxAddedAddresses', () => {
    const limits = { maxAddedAddresses: 600 };

    test('listed addresses come first, and a wider prefix goes in whole or not at all', () => {
      const result = fit({ target: supernet(5000, limits), desired: [a, d], room: 1 });

      expect(rulesOf(result)).toEqual([a]);
      expect(result.plan).toMatchObject({ add: [a], verdict: 'held' });
      expect(result.plan.reasons).toEqual([
        {
          code: 'maxAddedAddresses',
          message:
            'fit: supernet would let in 1,536 addresses that are not listed to make room for 20.1.4.0/24, and maxAddedAddresses (600 addresses) has room for 600 addresses more. Approve the plan if they are meant.',
          prefixes: [b, '20.1.2.0/23', d, '20.1.5.0/24', '20.1.6.0/23'],
        },
      ]);
    });

    test('a wider prefix goes in where it opens just what is left', () => {
      const just = { target: supernet(5000, { maxAddedAddresses: 1536 }), desired: [a, d], ours: [a], room: 1 };

      const beyond = fit({ ...just, target: supernet(5000, { maxAddedAddresses: 1535 }) });

      expect(rulesOf(fit(just))).toEqual(['20.1.0.0/21']);
      expect(beyond.changes).toEqual([]);
      expect(reasonOf(beyond, 'maxAddedAddresses')?.message).toContain('has room for 1,535 addresses more.');
    });

    test('what has no room with an approval either is told beside it', () => {
      const target = supernet(2000, { maxAddedAddresses: 1500 });

      const result = fit({ target, desired: [a, d, far], room: 1 });

      expect(result.plan).toMatchObject({ add: [a], verdict: 'held' });
      expect(reasonOf(result, 'maxAddedAddresses')?.prefixes).toEqual([
        b,
        '20.1.2.0/23',
        d,
        '20.1.5.0/24',
        '20.1.6.0/23',
      ]);
      expect(reasonOf(result, 'fit')).toMatchObject({
        message: expect.stringMatching(/^1 of 3 prefixes does not fit: .* left out: 40\.1\.0\.0\/24 /),
        prefixes: [far],
      });
    });

    test('what wider rules open once what waits has left is told, and what it waits for', () => {
      const target = supernet(600, { maxRemovedPercent: 2 });
      const state = { absent: [over(far)] };

      const result = fit({ target, desired: [a, c], ours: [far], room: 1, state });

      expect(result.plan.held).toEqual({ add: [a, b, c, '20.1.3.0/24'], remove: [far] });
      expect(result.plan.reasons.map(({ code, prefixes }) => [code, prefixes])).toEqual([
        ['fit', [a, c]],
        ['supernet', [b, '20.1.3.0/24']],
        ['removalLimit', [far]],
      ]);
      expect(reasonOf(result, 'supernet')?.message).toBe(
        'If you approve the plan, fit: supernet also lets in 512 addresses that are not listed.',
      );
      const approved = fit({
        target,
        desired: [a, c],
        ours: [far],
        room: 1,
        state: { ...state, ...approvalOf(result) },
      });
      expect(rulesOf(approved)).toEqual(['20.1.0.0/22']);
    });

    test('approved, it goes in, and only what was shown', () => {
      const target = supernet(5000, limits);
      const held = fit({ target, desired: [a, d], ours: [a], room: 1 });

      const result = fit({ target, desired: [a, d], ours: [a], room: 1, state: approvalOf(held) });

      expect(rulesOf(result)).toEqual(['20.1.0.0/21']);
      expect(result.plan).toMatchObject({ add: held.plan.held.add, held: { add: [], remove: [] }, verdict: 'apply' });
    });

    test('what the list got within the window counts', () => {
      const limits = { ...calmGrowth.limits, maxAddedAddresses: 1024 };
      const at = (usedAddresses: number) =>
        fit({
          target: supernet(5000),
          desired: [a, b, c],
          ours: ['20.1.0.0/23'],
          room: 1,
          growth: { ...calmGrowth, limits, usedAddresses },
        });

      expect(at(768).plan.held.add).toEqual([]);
      expect(reasonOf(at(769), 'maxAddedAddresses')?.message).toContain('has room for 255 addresses more');
      expect(reasonOf(at(9999), 'maxAddedAddresses')?.message).toContain('has room for 0 addresses more');
    });

    test('so does what wider rules opened within the window, and not what they opened before', () => {
      const target = supernet(50_000, { maxAddedAddresses: 1024 });
      const at = (since: string) =>
        fit({
          target,
          desired: [a, c, d],
          ours: ['20.1.0.0/22'],
          room: 1,
          state: { owned: [{ prefix: '20.1.0.0/22', since }] },
        });

      expect(at('2025-12-13T00:00:00.000Z').plan.held.add).toEqual([d, '20.1.5.0/24', '20.1.6.0/23']);
      expect(reasonOf(at('2025-12-13T00:00:00.000Z'), 'maxAddedAddresses')?.message).toContain(
        'has room for 512 addresses more',
      );
      expect(at('2025-12-12T23:59:59.999Z').plan.held.add).toEqual([]);
    });
  });

  describe('and what is no longer listed', () => {
    const patient = { removalGraceDays: 14, removalConfirmations: 2 };
    const gone = ['60.1.0.0/24', '61.1.0.0/24'] as const;
    const removalBlockers: readonly Reason[] = [{ code: 'quarantined', message: 'The tag is gone.' }];

    test.each<[string, Partial<FitCase>]>([
      ['waits its time', {}],
      ['stands on a list that is not believed', { input: { removalBlockers } }],
      [
        'is kept by policy addOnly',
        {
          target: registryTarget({
            ...supernet(1000, patient),
            kind: 'registryNetworkRules',
            policy: 'addOnly',
          } as never),
        },
      ],
    ])('takes no room from a new prefix: %s', (_, overrides) => {
      const result = fit({
        target: supernet(1000, patient),
        desired: [a, b, c],
        ours: [a, ...gone],
        room: 3,
        ...overrides,
      });

      expect(rulesOf(result)).toEqual(['20.1.0.0/22', ...gone]);
      expect(result.plan).toMatchObject({ retain: gone, remove: [], held: { add: [], remove: [] }, verdict: 'apply' });
      expect(reasonOf(result, 'supernet')?.message).toContain(
        'lets in 768 addresses that are not listed (limit maxExtraAddresses: 1,000 addresses), 512 of them until they are removed. Lower maxExtraAddresses if that is too many.',
      );
    });

    test.each<[string, number, readonly string[]]>([
      [
        'the rules are those of the list alone, which need not change once it has left',
        448,
        ['20.1.0.0/23', '20.1.2.0/23', '20.1.6.0/23'],
      ],
      ['but where that lets in too much, those around both', 447, ['20.1.0.0/22', '20.1.6.192/26', '20.1.7.0/24']],
    ])('shares a rule with what is listed: %s', (_, extra, rules) => {
      const desired = ['20.1.1.0/24', '20.1.2.0/23', '20.1.6.192/26', '20.1.7.0/24'];

      const result = fit({ target: supernet(extra, patient), desired, ours: ['20.1.0.0/23', '20.1.2.0/23'], room: 3 });

      expect(rulesOf(result)).toEqual(rules);
      expect(result.plan).toMatchObject({ retain: [a], held: { add: [], remove: [] }, verdict: 'apply' });
    });

    test('counts against maxExtraAddresses: where both are too much, the new prefix is held', () => {
      const world = { target: supernet(767, patient), desired: [a, b, c], ours: [a, ...gone], room: 3 };

      const held = fit(world);
      const approved = fit({ ...world, state: approvalOf(held) });

      expect(held.plan).toMatchObject({ add: [b], held: { add: [c], remove: gone }, verdict: 'held' });
      expect(reasonOf(held, 'fit')?.message).toMatch(
        /Approve the plan to let in what then has room and to take out 60\.1\.0\.0\/24 and 1 more, which are not listed\.$/,
      );
      expect(rulesOf(approved)).toEqual([a, b, c]);
    });

    test('of a list that is not believed nothing is offered for removal', () => {
      const result = fit({
        target: supernet(767, patient),
        desired: [a, b, c],
        ours: [a, ...gone],
        room: 3,
        input: { removalBlockers },
      });

      expect(result.plan).toMatchObject({ add: [b], retain: gone, held: { add: [c], remove: [] } });
      expect(reasonOf(result, 'fit')?.message).toContain(
        '60.1.0.0/24 and 1 more are no longer listed and take room until they leave. Choose fewer regions',
      );
    });

    test('is kept inside of a wider prefix as long as there is no room without it', () => {
      const absent = [b, '20.1.3.0/24'].map((prefix) => over(prefix));
      const [first] = gone;
      const world = {
        target: supernet(1000, patient),
        desired: [a, c],
        ours: ['20.1.0.0/22', first],
        state: { absent },
      };

      const stays = fit({ ...world, room: 2 });

      expect(stays.changes).toEqual([]);
      expect(stays.plan).toMatchObject({ remove: [], retain: [b, '20.1.3.0/24', first], verdict: 'apply' });
      expect(rulesOf(fit({ ...world, room: 3 }))).toEqual([a, c, first]);
    });
  });
});

describe('rules of others that let in nothing but what is listed', () => {
  test('need none of ours, and no room', () => {
    const result = fit({ desired: [a, c, d], foreign: [a, c, ...others(97)] });

    expect(rulesOf(result)).toEqual([d]);
    expect(result.plan).toMatchObject({ add: [d], verdict: 'apply' });
  });

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['a part of a listed prefix: the rest is ours', ['20.1.0.0/25'], [], ['20.1.0.128/25', b]],
    ['the rest of a prefix that would take more rules: all of it is ours', ['20.1.0.64/26'], [], [a, b]],
    ['a wider one does not count: it may go any day', ['20.1.0.0/20'], [], [a, b]],
    ['nor does one that is listed in part', ['20.1.1.0/24', '20.1.0.0/22'], [], [a]],
    ['nor one where ours stands', ['20.1.0.0/25'], [a], [a, b]],
  ])('%s', (_, foreign, ours, rules) => {
    expect(rulesOf(fit({ desired: [a, b], foreign, ours }))).toEqual(rules);
  });

  test('are left as they are where ours are merged', () => {
    const result = fit({ desired: [a, b, c], foreign: [c], room: 2 });

    expect(rulesOf(result)).toEqual(['20.1.0.0/23']);
    expect(result.plan.verdict).toBe('apply');
  });

  test('a part of ours that somebody has a rule for does not take ours apart', () => {
    const desired = ['20.1.0.0/25', '20.1.0.128/25'];

    expect(fit({ desired, ours: [a], foreign: ['20.1.0.0/25'] }).changes).toEqual([]);
  });

  test('count if all of them is listed, and ours does not hold them', () => {
    expect(allowedByOthers([], [a, far], [a, b])).toEqual([a]);
    expect(allowedByOthers([a], [a, '20.1.0.0/25'], [a, b])).toEqual([]);
  });

  test('an NSG rule holds both, so there is nothing to rely on', () => {
    expect(fit({ target: group, desired: [a], foreign: [a], input: {} }).plan.add).toEqual([]);
  });
});

describe('the items of a plan with little room', () => {
  const items = ({ plan }: PlanResult): string[] =>
    plan.items.map(({ prefix, fate, change = '', why }) => [prefix, fate, change, why?.code ?? ''].join(' ').trim());
  const said = ({ plan }: PlanResult, prefix: string): string | undefined =>
    plan.items.find((item) => item.prefix === prefix)?.why?.message;

  test('a wider rule: what it lets in beside the list is added, and kept from then on', () => {
    const world = { target: supernet(2000), desired: [a, c], room: 1 };

    const first = fit(world);
    const then = fit({ ...world, ours: ['20.1.0.0/22'] });

    expect(items(first)).toEqual([`${a} add`, `${b} add  supernet`, `${c} add`, '20.1.3.0/24 add  supernet']);
    expect(items(then)).toEqual([`${a} keep`, `${b} keep  supernet`, `${c} keep`, '20.1.3.0/24 keep  supernet']);
    expect(said(then, b)).toBe(
      `${b} (256 addresses) is not listed, and part of a wider rule that makes room for listed prefixes (fit: supernet). Set "fit": "exact" if it must not be allowed.`,
    );
    expect([then.changes, then.plan.remove, then.plan.retain]).toEqual([[], [], []]);
  });

  test('a rule of others inside a wider rule of ours stays theirs, as a whole', () => {
    const foreign = ['20.1.1.0/25'];

    const result = fit({ target: supernet(2000), desired: [a, c], ours: ['20.1.0.0/22'], foreign, room: 2 });

    expect(result.plan.items.filter(({ fate }) => fate === 'others').map(({ prefix }) => prefix)).toEqual(foreign);
    expect([result.changes, result.plan.foreign]).toEqual([[], foreign]);
  });

  test('what does not fit says so, prefix by prefix', () => {
    const result = fit({ desired: [a, far], room: 1 });

    expect(items(result)).toEqual([`${a} add`, `${far} doesNotFit add fit`]);
    expect(said(result, far)).toBe(
      `${far} (256 addresses) does not fit: the registry takes 1 IP rule. Make room, or choose fewer regions.`,
    );
  });

  test('what would leave before its time waits with what it makes room for', () => {
    const target = registryTarget({ limits: { ...openLimits, removalGraceDays: 14 } });

    const result = fit({ target, desired: [far], ours: [a], room: 1 });

    expect(items(result)).toEqual([`${a} needsApproval remove fit`, `${far} needsApproval add fit`]);
  });

  test('what waits for a width does not count as leaving', () => {
    const target = registryTarget({ limits: { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 0 } } });

    const result = fit({ target, desired: ['64.0.0.0/10', a, far], room: 1 });

    expect(items(result)).toEqual([
      `${a} add`,
      `${far} doesNotFit add fit`,
      '64.0.0.0/10 needsApproval add widestPrefix',
    ]);
    expect(reasonOf(result, 'fit')?.message).toContain('Choose fewer regions');
  });

  test('a prefix of which a part is due and the rest has no room', () => {
    const wide = '20.1.0.0/22';
    const state = { absent: [over(c)] };

    const result = fit({ desired: [a, b, '20.1.3.0/24'], ours: [wide], room: 1, state });

    expect(items(result)).toEqual([`${a} keep`, `${b} keep`, `${c} doesNotFit remove fit`, '20.1.3.0/24 keep']);
    expect(result.changes).toEqual([]);
  });

  test('a target that holds more than it may and lacks nothing has nothing to do or to say', () => {
    const halves = ['20.1.0.0/25', '20.1.0.128/25'];

    const result = fit({ desired: [...halves, far], ours: [...halves, far], room: 1 });

    expect(result).toMatchObject({ changes: [], plan: { verdict: 'apply', reasons: [] } });
  });

  test('a target that holds more than it may takes no more, with wider rules either', () => {
    const result = fit({ target: supernet(0), desired: [a, c, far], ours: [a, far], room: 1 });

    expect(items(result)).toEqual([`${a} keep`, `${c} doesNotFit add fit`, `${far} keep`]);
    expect(result.changes).toEqual([]);
  });

  test('a prefix that others put into an NSG rule is not merged with ours', () => {
    const result = fit({ target: group, desired: [a, d, far], ours: [a], foreign: [b], room: 3 });

    expect(rulesOf(result)).toEqual([a, b, d]);
    expect(result.plan.held).toEqual({ add: [far], remove: [b] });
  });

  test('an approved prefix of others gives way as one item', () => {
    const state = approval([], ['20.1.0.0/16']);

    const result = fit({ target: group, desired: [a, far], ours: [far], foreign: ['20.1.0.0/16'], state });

    expect(items(result)).toEqual(['20.1.0.0/16 remove', `${a} others`, `${far} keep`]);
    expect(rulesOf(result)).toEqual([a, far]);
  });

  test('only what is approved makes room: what waits its time goes on waiting if that is enough', () => {
    const target = registryTarget({ limits: { ...openLimits, removalGraceDays: 14, maxRemovedPercent: 2 } });
    const state = { absent: [over(a)] };

    const result = fit({ target, desired: [far], ours: [a, c], room: 2, state });

    expect(items(result)).toEqual([
      `${a} needsApproval remove removalLimit`,
      `${c} kept  removalGrace`,
      `${far} needsApproval add fit`,
    ]);
  });

  test('an approval takes out what leaves, and not what waits to go in', () => {
    const limits = { ...openLimits, removalGraceDays: 14, widestPrefix: { ipv4: 20, ipv6: 0 } };

    const result = fit({ target: registryTarget({ limits }), desired: ['64.0.0.0/10', far], ours: [a], room: 1 });

    expect(reasonOf(result, 'fit')?.message).toContain(`${a}, which is not listed`);
  });

  test('a target that holds more than it may takes no more as listed', () => {
    const result = fit({ desired: [a, c, '60.1.0.0/24', far], ours: [a, far], room: 1 });

    expect([result.changes, result.plan.held.add]).toEqual([[], [c, '60.1.0.0/24']]);
  });

  test('a prefix of others that stays does not make one step of two', () => {
    const foreign = ['20.1.2.0/23'];

    const result = fit({ target: group, desired: [a, c, far], ours: [a, d], foreign });

    expect(result.additions[0]?.prefixes).toEqual([a, ...foreign, d, far]);
    expect(rulesOf(result)).toEqual([a, ...foreign, far]);
  });
});
