import { describe, expect, test } from '@jest/globals';
import type { Plan, RuleChange } from '../../../src/core/plan/plan.ts';
import type { CurrentRule } from '../../../src/core/plan/currentRule.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import { defaultLimits } from '../../../src/core/targets/target.ts';
import type { Absence } from '../../../src/core/history/absences.ts';
import {
  absence,
  calculatePlan,
  emptyState,
  nsgTarget,
  openLimits,
  over,
  planInput,
  planOf,
  registryTarget,
  stateOwning,
} from './planFixtures.ts';
import type { PlanCase, PlannedState } from './planFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.1.2.0/24', '20.1.4.0/24', '20.1.6.0/24'] as const;
const far = '40.1.0.0/24';
const v6 = '2603:1030::/120';
const snapshot = 'Public-20260105-1-000000000000';
const open = { limits: openLimits };

function planned(planCase: Partial<PlanCase>) {
  return planOf({ target: nsgTarget(open), desired: [], live: [], state: emptyState, ...planCase });
}

function approvalOf(add: readonly string[], remove: readonly string[]): Partial<PlannedState> {
  return {
    approval: {
      planId: 'x',
      by: 'somebody',
      at: '2026-01-09T00:00:00.000Z',
      snapshot,
      configHash: 'config',
      add,
      remove,
    },
  };
}

function codes(plan: Plan): string[] {
  return plan.reasons.map((reason) => reason.code);
}

function put(prefixes: readonly string[], rule = 'AllowAcr'): RuleChange {
  return { rule, operation: 'put', prefixes };
}

const ipRules = (prefixes: readonly string[]): RuleChange => put(prefixes, 'ipRules');
const deleted = (rule: string): RuleChange => ({ rule, operation: 'delete', prefixes: [] });
const quarantined: Reason = { code: 'quarantined', message: 'The tag is gone.' };
const notFound: Reason = { code: 'notFound', message: 'There is no such group.' };

const none = { add: [], remove: [], retain: [], foreign: [], held: { add: [], remove: [] }, ruleDrift: [] };

describe('an NSG target', () => {
  test.each<[string, Partial<PlanCase>, Partial<Plan>, readonly RuleChange[]]>([
    [
      'first run: both rules are made',
      { desired: [b, a, v6] },
      { add: [a, b, v6] },
      [put([a, b]), put([v6], 'AllowAcr-ipv6')],
    ],
    ['nothing to do', { desired: [a, v6], live: [a, v6], state: stateOwning([a, v6]) }, {}, []],
    ['nothing is wanted, nothing is there', {}, {}, []],
    ['one more', { desired: [a, b, v6], live: [a, v6], state: stateOwning([a, v6]) }, { add: [b] }, [put([a, b])]],
    ['one less', { desired: [a, v6], live: [a, b, v6], state: stateOwning([a, b, v6]) }, { remove: [b] }, [put([a])]],
    [
      'a family without prefixes loses its rule',
      { desired: [a], live: [a, v6], state: stateOwning([a, v6]) },
      { remove: [v6] },
      [deleted('AllowAcr-ipv6')],
    ],
    [
      'both families without prefixes',
      { live: [a, v6], state: stateOwning([a, v6]) },
      { remove: [a, v6] },
      [deleted('AllowAcr'), deleted('AllowAcr-ipv6')],
    ],
    [
      'ranges that were split',
      { desired: ['20.1.0.0/25', '20.1.0.128/25'], live: [a], state: stateOwning([a]) },
      {},
      [],
    ],
    [
      'ranges that were merged',
      { desired: ['20.1.0.0/23'], live: [a, '20.1.1.0/24'], state: stateOwning(['20.1.0.0/23']) },
      {},
      [],
    ],
    [
      'split by others while one is added',
      { desired: ['20.1.0.0/25', '20.1.0.128/25', b], live: [a], state: stateOwning([a]) },
      { add: [b] },
      [put(['20.1.0.0/25', '20.1.0.128/25', b])],
    ],
    [
      'a rule deleted by hand comes back',
      { desired: [a, b], live: [], state: stateOwning([a, b]) },
      { add: [a, b] },
      [put([a, b])],
    ],
    [
      'one prefix taken out by hand comes back',
      { desired: [a, b], live: [a], state: stateOwning([a, b]) },
      { add: [b] },
      [put([a, b])],
    ],
    [
      'half of a prefix goes',
      { desired: ['20.1.0.0/25'], live: [a], state: stateOwning([a]) },
      { remove: ['20.1.0.128/25'] },
      [put(['20.1.0.0/25'])],
    ],
  ])('%s', (_, planCase, lists, changes) => {
    const result = planned(planCase);

    expect(result.plan).toMatchObject({ ...none, ...lists, target: 'hooks', snapshot, verdict: 'apply', reasons: [] });
    expect(result.changes).toEqual(changes);
  });

  test('adds in a first step, takes out in the next', () => {
    const result = planned({ desired: [a, b], live: [a, c], state: stateOwning([a, c]) });

    expect(result.plan).toMatchObject({ add: [b], remove: [c] });
    expect(result.additions).toEqual([put([a, b, c])]);
    expect(result.changes).toEqual([put([a, b])]);
  });

  test('tells what of the live rules is ours', () => {
    expect(planned({ desired: [a], live: [a, b, c], state: stateOwning([a, b]) }).ours).toEqual([a, b]);
  });
});

describe('what others put into a rule of ours', () => {
  const state = stateOwning([a]);

  test('stays until a person approves that it goes', () => {
    const result = planned({ desired: [a], live: [a, b, c], state });

    expect(result.plan).toMatchObject({ ...none, foreign: [b, c], held: { add: [], remove: [b, c] }, verdict: 'held' });
    expect(result.plan.reasons).toEqual([
      {
        code: 'foreignInOwnedRule',
        message: `${b} and 1 more are in the rule but were not written by this app: they stay until you approve the plan or remove them by hand.`,
        prefixes: [b, c],
      },
    ]);
    expect(result.changes).toEqual([]);
  });

  test('goes as far as a person approved', () => {
    const result = planned({ desired: [a], live: [a, b, c], state: { ...state, ...approvalOf([], [b]) } });

    expect(result.plan).toMatchObject({ remove: [b], held: { add: [], remove: [c] }, verdict: 'held' });
    expect(result.changes).toEqual([put([a, c])]);
  });

  test('is carried through a write', () => {
    expect(planned({ desired: [a, d], live: [a, c], state }).changes).toEqual([put([a, c, d])]);
  });

  test.each<[string, Partial<PlannedState>]>([
    ['without an approval', {}],
    ['with an approval of it', approvalOf([], [b])],
  ])('is neither held nor removed once it is listed, %s', (_, overrides) => {
    const result = planned({ desired: [a, b], live: [a, b], state: { ...state, ...overrides } });

    expect(result.plan).toMatchObject({ ...none, foreign: [b], verdict: 'apply', reasons: [] });
    expect(result.changes).toEqual([]);
  });

  test('is named where policy addOnly keeps it', () => {
    const result = planned({ target: nsgTarget({ ...open, policy: 'addOnly' }), desired: [a], live: [a, b], state });

    expect(result.plan).toMatchObject({ ...none, foreign: [b], verdict: 'apply' });
    expect(result.plan.reasons).toEqual([
      {
        code: 'foreignRules',
        message: `${b} is in the rule but was not written by this app; policy addOnly keeps it. Remove it by hand if nobody needs it.`,
        prefixes: [b],
      },
    ]);
  });

  describe('in place of our prefixes, and wider', () => {
    const owned = stateOwning([a, b], { absent: [over(b)] });

    test('stays whole, also after the list drops one of ours, and waits for approval', () => {
      const result = planned({ desired: [a], live: ['20.1.0.0/16'], state: owned });

      expect(result.plan).toMatchObject({
        ...none,
        foreign: ['20.1.0.0/16'],
        held: { add: [], remove: ['20.1.0.0/16'] },
        verdict: 'held',
      });
      expect(result.plan.reasons).toEqual([
        {
          code: 'foreignInOwnedRule',
          message:
            '20.1.0.0/16 is in the rule but was not written by this app: it stays until you approve the plan or remove it by hand. 1 listed prefix lies in that and stays in any case.',
          prefixes: ['20.1.0.0/16'],
        },
      ]);
      expect(result.changes).toEqual([]);
    });

    test.each<[string, Partial<PlanCase>, readonly RuleChange[]]>([
      ['a write', { desired: [a, far], live: ['20.1.0.0/16'] }, [put(['20.1.0.0/16', far])]],
      [
        'as wide as can be, with a removal beside it',
        { live: ['0.0.0.0/1', '200.1.0.0/24'], state: stateOwning(['200.1.0.0/24']) },
        [put(['0.0.0.0/1'])],
      ],
      ['a removal in the same rule', { desired: [a], live: [b, '40.0.0.0/8'] }, [put([a, '40.0.0.0/8'])]],
      ['IPv6', { desired: [v6, far], live: ['2603:1030::/64'], state: stateOwning([v6]) }, [put([far])]],
      [
        'policy addOnly',
        { target: nsgTarget({ ...open, policy: 'addOnly' }), desired: [far], live: ['20.1.0.0/16'] },
        [put(['20.1.0.0/16', far])],
      ],
    ])('is not cut into pieces: %s', (_, planCase, changes) => {
      expect(planned({ state: owned, ...planCase }).changes).toEqual(changes);
    });

    test('gives way to the list by an approval of all of it, in one write', () => {
      const state = { ...owned, ...approvalOf([], ['20.1.0.0/16']) };

      const result = planned({ desired: [a, b], live: ['20.1.0.0/16'], state });

      expect([result.additions, result.changes]).toEqual([[put([a, b])], [put([a, b])]]);
    });

    test('does not give way by an approval of a part', () => {
      const result = planned({ desired: [a], live: ['20.1.0.0/16'], state: { ...owned, ...approvalOf([], [b]) } });

      expect(result.changes).toEqual([]);
    });
  });

  test.each([['sync'], ['addOnly']] as const)('a rule of another deployment is left alone (%s)', (policy) => {
    const target = nsgTarget({ ...open, policy });

    const result = planned({
      target,
      desired: [a, d],
      live: [a, b],
      state: { ...state, absent: [over(b)] },
      mark: 'otherOwner',
    });

    expect(result.plan).toMatchObject({ remove: [], held: { add: [], remove: [] }, verdict: 'blocked' });
    expect(codes(result.plan)).toEqual(['otherOwner']);
  });
});

describe('what differs beside the prefixes', () => {
  const drifted = (live: readonly string[], drift: readonly string[], mark: CurrentRule['mark']) =>
    planned({
      target: nsgTarget({ addressFamilies: ['ipv4'], ...open }),
      desired: [a],
      state: stateOwning([a]),
      overrides: {
        live: {
          rules: [{ rule: 'AllowAcr', prefixes: live, mark, drift }],
          maxRules: 4000,
          blockers: [],
          notes: [],
        },
      },
    });

  test('is named and mended by one write', () => {
    const result = drifted([a], ['priority: 310, wanted 300', 'access: Deny, wanted Allow'], 'ours');

    expect(result.plan).toMatchObject({
      ...none,
      ruleDrift: ['AllowAcr: priority: 310, wanted 300', 'AllowAcr: access: Deny, wanted Allow'],
      verdict: 'apply',
    });
    expect(result.additions).toEqual([put([a])]);
    expect(result.changes).toEqual([put([a])]);
  });

  test('is nothing where there is no rule', () => {
    expect(drifted([], ['priority: 310, wanted 300'], undefined).plan).toMatchObject({ add: [a], ruleDrift: [] });
  });

  test('mending keeps what waits for its removal', () => {
    const target = nsgTarget({ addressFamilies: ['ipv4'] });
    const rules = [{ rule: 'AllowAcr', prefixes: [a, b], mark: 'ours' as const, drift: ['priority: 310, wanted 300'] }];
    const current = { rules, maxRules: 4000, blockers: [], notes: [] };

    const result = planned({ target, desired: [a], state: stateOwning([a, b]), overrides: { live: current } });

    expect(result.plan).toMatchObject({ retain: [b], remove: [] });
    expect(result.changes).toEqual([put([a, b])]);
  });
});

test('foreign rules of a registry that hold listed addresses are counted', () => {
  const message = (live: readonly string[]) =>
    planned({ target: registryTarget(), desired: [a, b], live, state: stateOwning([]) }).plan.reasons[0]?.message;

  expect(message([a, c])).toMatch(/; 1 of them contains listed addresses, and stays when those are dropped\.$/);
  expect(message([a, b])).toMatch(/; 2 of them contain listed addresses, and stay when those are dropped\.$/);
});

describe('removals', () => {
  const target = nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });
  const live = [a, b, c];

  function removalOf(overrides: Partial<PlannedState>, input: Partial<PlanCase> = {}) {
    return planned({ target, desired: [a], live, state: stateOwning(live, overrides), ...input });
  }

  test('wait for the days and the publications', () => {
    const { plan, changes } = removalOf({});

    expect(plan).toMatchObject({ remove: [], retain: [b, c], verdict: 'apply' });
    expect(plan.reasons).toEqual([
      {
        code: 'removalGrace',
        message: `${b} and 1 more (512 addresses) have not been listed since 10 Jan 2026. The app removes them after 24 Jan 2026 and 2 further releases without them.`,
        prefixes: [b, c],
      },
    ]);
    expect(changes).toEqual([]);
  });

  test.each<[string, Absence, string]>([
    [
      'one publication is missing',
      absence(b, { confirmations: 1 }),
      'after 15 Jan 2026 and 1 further release without it',
    ],
    ['only days are missing', absence(b, { confirmations: 2 }), 'after 15 Jan 2026'],
  ])('%s', (_, absent, text) => {
    const { plan } = removalOf({ absent: [absent] }, { desired: [a, c] });

    expect(plan.reasons[0]?.message).toBe(
      `${b} (256 addresses) has not been listed since 1 Jan 2026. The app removes it ${text}.`,
    );
  });

  test('stay where the days are over and the publications are not', () => {
    const absent = [{ ...over(b), confirmations: 1 }, over(c)];

    expect(removalOf({ absent }).plan).toMatchObject({ remove: [c], retain: [b] });
  });

  test('say nothing of publications once there were enough', () => {
    const absent = [absence(b, { confirmations: 2 })];

    expect(removalOf({ absent }, { desired: [a, c] }).plan.reasons[0]?.message).toBe(
      `${b} (256 addresses) has not been listed since 1 Jan 2026. The app removes it after 15 Jan 2026.`,
    );
  });

  test.each<[string, readonly Partial<Absence>[], string]>([
    [
      'never listed',
      [{ neverListedSince: '2019-06-03' }],
      `Microsoft has never listed ${b} (256 addresses) in AzureContainerRegistry, and the oldest known release is from 3 Jun 2019. The app removes it`,
    ],
    [
      'never listed, both of them',
      [{ neverListedSince: '2019-06-03' }, { neverListedSince: '2019-06-03' }],
      `Microsoft has never listed ${b} and 1 more (512 addresses) in AzureContainerRegistry, and the oldest known release is from 3 Jun 2019. The app removes them`,
    ],
    [
      'not selected any more',
      [{ isUnselected: true }],
      `hooks has not selected ${b} (256 addresses) since 1 Jan 2026. The app removes it`,
    ],
    [
      'one dropped, the other one not selected',
      [{}, { isUnselected: true }],
      `${b} and 1 more (512 addresses) are not in the list of hooks. The app removes them`,
    ],
    [
      'one dropped, the other one never listed',
      [{}, { neverListedSince: '2019-06-03' }],
      `${b} and 1 more (512 addresses) are not in the list of hooks. The app removes them`,
    ],
    [
      'not selected since different days',
      [{ isUnselected: true }, { isUnselected: true, since: '2026-01-02T00:00:00.000Z' }],
      `${b} and 1 more (512 addresses) are not in the list of hooks. The app removes them`,
    ],
  ])('say what is known of the past: %s', (_, marks, text) => {
    const absent = marks.map((mark, index) => absence([b, c][index] ?? '', { confirmations: 2, ...mark }));
    const { plan } = removalOf({ absent }, { desired: marks.length === 1 ? [a, c] : [a] });

    expect(plan.reasons[0]?.message).toContain(`${text} after `);
  });

  test('the last day of several is said', () => {
    const { plan } = removalOf({
      absent: [absence(b), absence(c, { since: '2026-01-05T00:00:00.000Z', confirmations: 1 })],
    });

    expect(plan.reasons[0]?.message).toContain('removes them after 19 Jan 2026 and 2 further releases without them.');
  });

  describe('while nothing is removed', () => {
    const why = 'AzureContainerRegistry lacks too many prefixes. Nothing is removed because of it until it is back.';
    const overrides = { removalBlockers: [{ code: 'quarantined', message: why } as const] };

    test('name the day from which a person is asked, and no day on which they leave: that one would move', () => {
      const { plan } = removalOf({ absent: [absence(b)] }, { desired: [a, c], overrides });

      const message = `${b} (256 addresses) has not been listed since 1 Jan 2026. It stays while nothing is removed; if that lasts until 15 Jan 2026, it waits for your approval.`;
      expect(plan.reasons.map((reason) => reason.message)).toEqual([message, why]);
      expect(plan.items.find(({ prefix }) => prefix === b)?.why?.message).toBe(`${message} ${why}`);
    });

    test('of several, the last day is named', () => {
      const absent = [absence(b), absence(c, { since: '2026-01-05T00:00:00.000Z' })];

      expect(removalOf({ absent }, { overrides }).plan.reasons[0]?.message).toBe(
        `${b} and 1 more (512 addresses) are no longer listed. They stay while nothing is removed; if that lasts until 19 Jan 2026, they wait for your approval.`,
      );
    });

    test('wait for approval after their grace period', () => {
      const { plan } = removalOf({ absent: [over(b)] }, { desired: [a, c], overrides });

      const message = `${b} (256 addresses) has been missing from the list for longer than the grace period: it stays until you approve the plan.`;
      expect(plan.reasons.map((reason) => reason.message)).toEqual([why, message]);
      expect(plan.items.find(({ prefix }) => prefix === b)?.why?.message).toBe(`${message} ${why}`);
    });
  });

  test('leave when both are over, one by one', () => {
    const { plan, changes } = removalOf({ absent: [over(b), absence(c)] });

    expect(plan).toMatchObject({ remove: [b], retain: [c], verdict: 'apply' });
    expect(changes).toEqual([put([a, c])]);
  });

  test('beyond the limits are held, all of them', () => {
    const few = nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100, maxRemovedCount: 1 } });

    const { plan, changes } = removalOf({ absent: [over(b), over(c)] }, { target: few });

    expect(plan).toMatchObject({ remove: [], held: { add: [], remove: [b, c] }, verdict: 'held' });
    expect(codes(plan)).toEqual(['removalLimit']);
    expect(changes).toEqual([]);
  });

  test('of a list that was grown in the meantime are measured by what it was', () => {
    const grown = Array.from({ length: 100 }, (_, index) => `20.9.${index}.0/24`);
    const owned = [
      ...[a, b, c].map((prefix) => ({ prefix, since: '2025-06-01T00:00:00.000Z' })),
      ...grown.map((prefix) => ({ prefix, since: '2025-12-15T00:00:00.000Z' })),
    ];
    const limits = { ...defaultLimits, maxRemovedPercent: 10 };
    const world = { target: nsgTarget({ limits }), desired: [a, b, ...grown], live: [a, b, c, ...grown] };

    const { plan } = planned({ ...world, state: { ...stateOwning([a]), owned, absent: [over(c)] } });

    expect(plan.reasons[0]?.message).toContain(
      'The plan for hooks would remove 1 of 3 prefixes, 33.3 % of the IPv4 prefixes',
    );
  });

  test('of what was there before all of them count as they were when the first one went', () => {
    const since = '2025-11-01T00:00:00.000Z';
    const owned = [a, b, c].map((prefix, index) => ({ prefix, since: index < 2 ? '2025-06-01T00:00:00.000Z' : since }));
    const limits = { ...defaultLimits, maxRemovedPercent: 60 };
    const absent = [over(b), over(c)].map((entry, index) => ({
      ...entry,
      since: index === 0 ? '2025-10-01T00:00:00.000Z' : entry.since,
    }));

    const { plan } = planned({
      target: nsgTarget({ limits }),
      desired: [a],
      live,
      state: { ...stateOwning(live), owned, absent },
    });

    expect(plan.reasons[0]?.message).toContain('The plan for hooks would remove 2 of 3 prefixes');
  });

  test('are measured by what was there before the day on which the first one went', () => {
    const [first, later] = ['2025-10-01T00:00:00.000Z', '2025-11-01T00:00:00.000Z'];
    const owned = [
      { prefix: a, since: '2025-06-01T00:00:00.000Z' },
      { prefix: b, since: later },
      { prefix: c, since: '2025-06-01T00:00:00.000Z' },
      { prefix: d, since: first },
    ];
    const absent = [
      { ...over(b), since: later },
      { ...over(c), since: first },
    ];
    const world = {
      target: nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 50 } }),
      desired: [a, d],
      live: [a, b, c, d],
    };

    const { plan } = planned({ ...world, state: { ...stateOwning([a]), owned, absent } });

    expect(plan.reasons[0]?.message).toContain(
      'The plan for hooks would remove 2 of 3 prefixes, 66.7 % of the IPv4 prefixes',
    );
  });

  test('of a prefix that comes and goes are held', () => {
    const { plan } = removalOf({ absent: [over(b, { returns: 2 }), over(c, { returns: 1 })] });

    expect(plan).toMatchObject({ remove: [c], held: { add: [], remove: [b] } });
    expect(codes(plan)).toEqual(['flapping']);
  });

  test('do not wait where the target is pinned, but the limits hold', () => {
    const pin = { snapshot, by: 'somebody', at: '2026-01-09T00:00:00.000Z' };

    expect(removalOf({ pin }).plan).toMatchObject({ remove: [b, c], retain: [], verdict: 'apply' });
    expect(removalOf({ pin }, { target: nsgTarget() }).plan).toMatchObject({
      remove: [],
      held: { add: [], remove: [b, c] },
    });
  });

  test('under policy addOnly never come, and it is said', () => {
    const addOnly = nsgTarget({ ...open, policy: 'addOnly' });

    const { plan, changes } = removalOf({ absent: [over(b), over(c)], ...approvalOf([], [b]) }, { target: addOnly });

    expect(plan).toMatchObject({ remove: [], retain: [b, c], held: { add: [], remove: [] }, verdict: 'apply' });
    expect(plan.reasons).toEqual([
      {
        code: 'addOnly',
        message: `${b} and 1 more (512 addresses) have not been listed since 1 Dec 2025. Policy addOnly keeps them: remove them by hand if nobody needs them.`,
        prefixes: [b, c],
      },
    ]);
    expect(changes).toEqual([]);
  });

  test('that are approved need not wait', () => {
    const { plan } = removalOf(approvalOf([], [b]));

    expect(plan).toMatchObject({ remove: [b], retain: [c], verdict: 'apply' });
  });

  test('an approval of a half leaves the other half its time', () => {
    const { plan, changes } = removalOf(approvalOf([], ['20.1.2.0/25']), { desired: [a, c] });

    expect(plan).toMatchObject({ remove: ['20.1.2.0/25'], retain: ['20.1.2.128/25'], held: { add: [], remove: [] } });
    expect(changes).toEqual([put([a, '20.1.2.128/25', c])]);
  });
});

describe('a list that is not believed', () => {
  const target = nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });
  const distrusted = (overrides: Partial<PlannedState>, more: object = {}) =>
    planned({
      target,
      desired: [a],
      live: [a, b],
      state: stateOwning([a, b], overrides),
      overrides: { removalBlockers: [quarantined], ...more },
    });

  test('keeps what waits, and says why once', () => {
    const { plan } = distrusted({});

    expect(plan).toMatchObject({ remove: [], retain: [b], verdict: 'apply' });
    expect(codes(plan)).toEqual(['removalGrace', 'quarantined']);
  });

  test('holds what has waited its days, for a person to decide, and says why once', () => {
    const { plan } = distrusted({ absent: [absence(b, { since: '2025-12-01T00:00:00.000Z' })] });

    expect(plan).toMatchObject({ remove: [], held: { add: [], remove: [b] }, retain: [], verdict: 'held' });
    expect(plan.reasons.map(({ message }) => message)).toEqual([
      'The tag is gone.',
      `${b} (256 addresses) has been missing from the list for longer than the grace period: it stays until you approve the plan.`,
    ]);
  });

  test('on the very day', () => {
    const absent = [absence(b)];

    expect(distrusted({ absent }, { now: new Date('2026-01-15T00:00:00.000Z') }).plan.held.remove).toEqual([b]);
    expect(distrusted({ absent }, { now: new Date('2026-01-14T23:59:59.999Z') }).plan.held.remove).toEqual([]);
  });

  test('says why once where some of it waits and some is held', () => {
    const { plan } = planned({
      target,
      desired: [a],
      live: [a, b, c],
      state: stateOwning([a, b, c], { absent: [over(b)] }),
      overrides: { removalBlockers: [quarantined] },
    });

    expect(plan).toMatchObject({ held: { add: [], remove: [b] }, retain: [c] });
    expect(codes(plan)).toEqual(['removalGrace', 'quarantined', 'quarantined']);
  });

  test('removes what a person approved', () => {
    expect(distrusted({ absent: [over(b)], ...approvalOf([], [b]) }).plan).toMatchObject({
      remove: [b],
      verdict: 'apply',
    });
  });

  test('adds as always', () => {
    const { plan } = planned({
      target,
      desired: [a, d],
      live: [a, b],
      state: stateOwning([a, b]),
      overrides: { removalBlockers: [quarantined] },
    });

    expect(plan.add).toEqual([d]);
  });

  test('says nothing where nothing is gone', () => {
    expect(
      planned({ desired: [a], live: [a], state: stateOwning([a]), overrides: { removalBlockers: [quarantined] } }).plan
        .reasons,
    ).toEqual([]);
  });
});

describe('additions', () => {
  test('beyond the guard are held, the others are let in', () => {
    const target = nsgTarget({ limits: { ...defaultLimits, maxAddedAddresses: 256 } });

    const result = planned({ target, desired: [a, '20.0.0.0/16', '10.0.0.0/24', v6] });

    expect(result.plan).toMatchObject({ add: [a, v6], held: { add: ['20.0.0.0/16'], remove: [] }, verdict: 'held' });
    expect(codes(result.plan)).toEqual(['specialPurpose', 'widestPrefix']);
    expect(result.changes).toEqual([put([a]), put([v6], 'AllowAcr-ipv6')]);
  });

  test('that are listed inside of one that is held are let in alone', () => {
    const limits = { ...openLimits, widestPrefix: { ipv4: 16, ipv6: 64 } };

    const result = planned({ target: nsgTarget({ limits }), desired: ['20.0.0.0/12'], overrides: { nested: [a] } });

    expect(result.plan.add).toEqual([a]);
    expect(result.changes).toEqual([put([a])]);
  });

  test('that are refused alone make the plan a held one', () => {
    expect(planned({ desired: ['10.0.0.0/24'] }).plan).toMatchObject({ add: [], held: { add: [] }, verdict: 'held' });
  });

  test('that a person approved are let in', () => {
    const wide = '20.0.0.0/16';

    expect(
      planned({ target: nsgTarget(), desired: [wide], state: { ...emptyState, ...approvalOf([wide], []) } }).plan,
    ).toMatchObject({
      add: [wide],
      verdict: 'apply',
    });
  });
});

describe('what blocks', () => {
  test.each<[string, Partial<PlanCase>]>([
    ['the selection', { overrides: { blockers: [notFound] } }],
    ['the resource', { overrides: { live: { rules: [], maxRules: 4000, blockers: [notFound], notes: [] } } }],
  ])('%s: nothing is applied', (_, planCase) => {
    const absent = [absence(b)];

    const result = planned({ desired: [a], state: stateOwning([b], { absent }), ...planCase });

    expect(result.plan).toMatchObject({ add: [a], verdict: 'blocked', reasons: [notFound] });
  });

  test('goes before what holds', () => {
    const { plan } = planned({ desired: ['10.0.0.0/24'], overrides: { blockers: [notFound] } });

    expect(plan.verdict).toBe('blocked');
    expect(codes(plan)).toEqual(['notFound', 'specialPurpose']);
  });
});

describe('a registry', () => {
  const prod = registryTarget(open);

  test.each<[string, Partial<PlanCase>, Partial<Plan>, readonly RuleChange[]]>([
    [
      'first run beside a rule of others',
      { desired: [a, b], live: [far] },
      { add: [a, b], foreign: [far] },
      [ipRules([a, b])],
    ],
    ['nothing to do', { desired: [a], live: [a], state: stateOwning([a]) }, {}, []],
    [
      'one more, one less',
      { desired: [b], live: [a, far], state: stateOwning([a]) },
      { add: [b], remove: [a], foreign: [far] },
      [ipRules([b])],
    ],
    [
      'all of it goes',
      { desired: [], live: [a, far], state: stateOwning([a]) },
      { remove: [a], foreign: [far] },
      [ipRules([])],
    ],
    ['listed, added by a person: theirs', { desired: [a], live: [a] }, { foreign: [a] }, []],
    ['added by a person, listed no more: theirs', { desired: [], live: [a] }, { foreign: [a] }, []],
    [
      'a part added by a person: the rest is ours',
      { desired: [a], live: ['20.1.0.0/25'] },
      { add: ['20.1.0.128/25'], foreign: ['20.1.0.0/25'] },
      [ipRules(['20.1.0.128/25'])],
    ],
    [
      'a wider one added by a person does not count',
      { desired: [a], live: ['20.1.0.0/16'] },
      { add: [a], foreign: ['20.1.0.0/16'] },
      [ipRules([a])],
    ],
    [
      'a part of ours added by a person: ours stays whole',
      { desired: [a], live: [a, '20.1.0.0/25'], state: stateOwning([a]) },
      { foreign: ['20.1.0.0/25'] },
      [],
    ],
    [
      'two rules of ours that overlap',
      { desired: [a], live: [a, '20.1.0.0/25'], state: stateOwning([a, '20.1.0.0/25']) },
      {},
      [],
    ],
    [
      'the wider of two that overlap goes',
      { desired: ['20.1.0.0/25'], live: [a, '20.1.0.0/25'], state: stateOwning([a, '20.1.0.0/25']) },
      { remove: ['20.1.0.128/25'] },
      [ipRules(['20.1.0.0/25'])],
    ],
    [
      'one address in two spellings',
      { desired: ['1.2.3.4/32'], live: ['1.2.3.4', '1.2.3.4/32'], state: stateOwning(['1.2.3.4/32']) },
      {},
      [],
    ],
    [
      'a rule deleted by hand comes back',
      { desired: [a], live: [far], state: stateOwning([a]) },
      { add: [a], foreign: [far] },
      [ipRules([a])],
    ],
    [
      'the part of a person goes: what is listed comes back',
      { desired: [a], live: ['20.1.0.128/25'], state: stateOwning(['20.1.0.128/25']) },
      { add: ['20.1.0.0/25'] },
      [ipRules([a])],
    ],
  ])('%s', (_, planCase, lists, changes) => {
    const result = planned({ target: prod, ...planCase });

    expect(result.plan).toMatchObject({ ...none, ...lists, verdict: 'apply' });
    expect(codes(result.plan)).toEqual(lists.foreign ? ['foreignRules'] : []);
    expect(result.changes).toEqual(changes);
  });

  test.each([
    [[far], '1 rule of prod was added by others, and the app leaves it alone.'],
    [[far, '40.2.0.0/24'], '2 rules of prod were added by others, and the app leaves them alone.'],
  ])('says how many rules are of others: %j', (live, message) => {
    expect(planned({ target: prod, live }).plan.reasons).toEqual([{ code: 'foreignRules', message, prefixes: live }]);
  });

  test('a person has a rule for the half of ours that is listed no more: theirs does not become ours', () => {
    const [gone, stays] = ['20.1.0.0/25', '20.1.0.128/25'];
    const world = { live: [a, gone], state: stateOwning([a]) };

    const waiting = planned({ target: registryTarget(), desired: [stays, b], ...world });
    const leaving = planned({ target: prod, desired: [stays, b], ...world });

    expect(waiting.plan).toMatchObject({ add: [b], retain: [gone], foreign: [gone] });
    expect(waiting.changes).toEqual([ipRules([a, b])]);
    expect(leaving.plan).toMatchObject({ add: [b], remove: [gone] });
    expect(leaving.changes).toEqual([ipRules([stays, b])]);
  });

  test('what stays of a prefix is not written where a person has that very rule', () => {
    const state = stateOwning([a], { absent: [over('20.1.0.0/26'), absence('20.1.0.64/26')] });
    const target = registryTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });

    const result = planned({ target, desired: ['20.1.0.128/25'], live: [a, '20.1.0.64/26'], state });

    expect(result.plan).toMatchObject({ remove: ['20.1.0.0/26'], retain: ['20.1.0.64/26'] });
    expect(result.changes).toEqual([ipRules(['20.1.0.128/25'])]);
  });

  test('whose rules others added before us has room for none more, and needs none', () => {
    const current = {
      ...planInput({ target: prod, desired: [], live: [a, b], state: emptyState }).live,
      maxRules: 2,
    };

    const result = planned({ target: prod, desired: [a, b], live: [a, b], overrides: { live: current } });

    expect(result.plan).toMatchObject({ ...none, foreign: [a, b], verdict: 'apply' });
  });
});

describe('where there is little room', () => {
  function tight(room: number, planCase: Partial<PlanCase>) {
    const target = planCase.target ?? nsgTarget(open);
    const prefixes = planCase.live ?? [];
    const live = { ...planInput({ target, desired: [], live: prefixes, state: emptyState }).live, maxRules: room };
    return planned({ ...planCase, target, overrides: { live } });
  }

  test('enough for both lists: two steps', () => {
    const result = tight(3, { desired: [a, b], live: [a, c], state: stateOwning([a, c]) });

    expect(result.additions).toEqual([put([a, b, c])]);
    expect(result.changes).toEqual([put([a, b])]);
  });

  test('enough only when the removals are done: one step', () => {
    const result = tight(2, { desired: [a, b], live: [a, c], state: stateOwning([a, c]) });

    expect(result.additions).toEqual([put([a, b])]);
    expect(result.changes).toEqual([put([a, b])]);
    expect(result.plan.reasons).toEqual([]);
  });

  test('not enough while something waits: both are held, and an approval swaps them', () => {
    const world = { target: nsgTarget({ limits: defaultLimits }), desired: [a, b], live: [a, c] };

    const held = tight(2, { ...world, state: stateOwning([a, c]) });
    const approved = tight(2, { ...world, state: stateOwning([a, c], approvalOf([b], [c])) });

    expect(held.plan).toMatchObject({
      add: [],
      remove: [],
      retain: [],
      held: { add: [b], remove: [c] },
      verdict: 'held',
    });
    expect(held.plan.reasons.find(({ code }) => code === 'fit')).toEqual({
      code: 'fit',
      message:
        '1 of 2 prefixes does not fit: the network security group has room for 2 prefixes (an NSG takes 4,000 prefixes per side, all rules together), and 3 rules are needed. The widest were added first; left out: 20.1.2.0/24 (256 addresses). Approve the plan to let in what then has room and to take out 20.1.4.0/24, which is not listed.',
      prefixes: [b],
    });
    expect(held).toMatchObject({ additions: [], changes: [] });
    expect(approved.plan).toMatchObject({ add: [b], remove: [c], verdict: 'apply' });
    expect(approved.changes).toEqual([put([a, b])]);
  });

  test('not enough: what is due leaves and makes room, the rest is held', () => {
    const limits = { ...defaultLimits, maxRemovedPercent: 100 };
    const state = stateOwning([a, c, d], { absent: [over(c)] });

    const result = tight(3, { target: nsgTarget({ limits }), desired: [a, b, '20.1.8.0/24'], live: [a, c, d], state });

    expect(result.plan).toMatchObject({ add: [b], remove: [c], held: { add: ['20.1.8.0/24'], remove: [d] } });
    expect(result.additions).toEqual([put([a, b, d])]);
    expect(result.changes).toEqual([put([a, b, d])]);
  });

  test('not enough under policy addOnly: what is kept is kept', () => {
    const target = nsgTarget({ ...open, policy: 'addOnly' });

    const result = tight(2, {
      target,
      desired: [a, b],
      live: [a, c],
      state: stateOwning([a, c], approvalOf([b], [c])),
    });

    expect(result.plan).toMatchObject({ add: [], remove: [], retain: [c], held: { add: [b], remove: [] } });
    expect(result.plan.reasons.find(({ code }) => code === 'fit')?.message).toMatch(
      /Policy addOnly keeps 20\.1\.4\.0\/24, which is no longer listed: make room, or choose another policy\./,
    );
  });

  test('parts of a wide prefix that have no room keep the whole', () => {
    const state = stateOwning([a], { absent: [over('20.1.0.0/27'), absence('20.1.0.32/27'), absence('20.1.0.96/27')] });
    const desired = ['20.1.0.64/27', '20.1.0.128/25'];
    const target = registryTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });

    const result = tight(2, { target, desired, live: [a], state });

    expect(result.plan).toMatchObject({
      remove: [],
      held: { add: [], remove: ['20.1.0.0/27', '20.1.0.32/27', '20.1.0.96/27'] },
    });
    expect(result.plan.items[0]).toMatchObject({ prefix: '20.1.0.0/27', fate: 'needsApproval', change: 'remove' });
    expect(result.plan.reasons.find(({ code }) => code === 'fit')).toMatchObject({
      message:
        '20.1.0.0/27 is due to leave, but there is no room for the parts that are left of the prefix: it stays whole. Approve the plan to take out now what goes with it.',
      prefixes: ['20.1.0.0/27'],
    });
    expect(result.changes).toEqual([]);
    expect(tight(3, { target, desired, live: [a], state }).changes).toEqual([
      ipRules(['20.1.0.32/27', '20.1.0.64/26', '20.1.0.128/25']),
    ]);
    expect(tight(4, { target, desired, live: [a], state }).changes).toEqual([
      ipRules(['20.1.0.32/27', '20.1.0.64/27', '20.1.0.96/27', '20.1.0.128/25']),
    ]);
  });

  test('parts that have no room even without what waits keep the whole, and there is nothing to approve', () => {
    const wide = '20.1.0.0/21';
    const state = stateOwning([wide, far], { absent: [over('20.1.2.0/24'), absence(far)] });
    const limits = { ...defaultLimits, maxRemovedPercent: 100 };
    const desired = ['20.1.0.0/23', '20.1.3.0/24', '20.1.4.0/22'];

    const result = tight(2, { target: registryTarget({ limits }), desired, live: [wide, far], state });

    expect(result.plan).toMatchObject({ remove: [], retain: [far], held: { add: [], remove: ['20.1.2.0/24'] } });
    expect(result.plan.reasons.find(({ code }) => code === 'fit')?.message).toBe(
      '20.1.2.0/24 is due to leave, but there is no room for the parts that are left of the prefix: it stays whole. It leaves when there is room.',
    );
    expect(result.changes).toEqual([]);
  });

  test('of a target that holds more than it may have nothing leaves early for what has no room then either', () => {
    const result = tight(1, {
      target: nsgTarget({ limits: defaultLimits }),
      desired: [a, b, c],
      live: [a, b, far],
      state: stateOwning([a, b, far]),
    });

    expect(result.plan).toMatchObject({ add: [], retain: [far], held: { add: [c], remove: [] }, verdict: 'held' });
    expect(result.changes).toEqual([]);
  });

  test('of a target that holds more than it may have the removals are the second step', () => {
    const result = tight(1, { desired: [a, b], live: [a, b, c], state: stateOwning([a, b, c]) });

    expect(result.additions).toEqual([]);
    expect(result.changes).toEqual([put([a, b])]);
  });

  test('a target that holds more than it may have gets rid of what it can', () => {
    const state = stateOwning([a, b, c, d], { absent: [over(c)] });
    const target = nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });

    const result = tight(2, { target, desired: [a, b], live: [a, b, c, d], state });

    expect(result.plan).toMatchObject({ remove: [c], retain: [d], verdict: 'apply' });
    expect(codes(result.plan)).toEqual(['removalGrace']);
    expect(result.changes).toEqual([put([a, b, d])]);
  });

  test('a target that holds more than it may have may lose a part of a prefix', () => {
    const state = stateOwning([a, b, c], { absent: [over('20.1.4.0/25'), absence(b)] });
    const target = nsgTarget({ limits: { ...defaultLimits, maxRemovedPercent: 100 } });

    const result = tight(2, { target, desired: [a, '20.1.4.128/25'], live: [a, b, c], state });

    expect(result.plan).toMatchObject({ remove: ['20.1.4.0/25'], retain: [b], verdict: 'apply' });
    expect(result.changes).toEqual([put([a, b, '20.1.4.128/25'])]);
  });

  test.each([[5], [undefined]])('a room of %s is enough for two steps', (room) => {
    const world = { target: nsgTarget(open), desired: [a, b], live: [a, c], state: stateOwning([a, c]) };
    const { live: tight } = planInput(world);

    const result = planned({ ...world, overrides: { live: { ...tight, maxRules: room } } });

    expect(result.additions).toEqual([put([a, b, c])]);
    expect(result.changes).toEqual([put([a, b])]);
  });

  test('no room at all blocks', () => {
    const result = tight(0, { desired: [a, b], live: [] });

    expect(result.plan).toMatchObject({ add: [], held: { add: [a, b], remove: [] }, verdict: 'blocked' });
    expect(codes(result.plan)).toEqual(['quota']);
  });
});

describe('the reasons of a plan', () => {
  test('come in one order: what blocks, what holds, what waits, what is to be known', () => {
    const inert: Reason = { code: 'inert', message: 'Everybody is let in.' };
    const target = registryTarget();
    const current = {
      ...planInput({ target, desired: [], live: [a, b], state: emptyState }).live,
      notes: [inert],
      blockers: [notFound],
    };

    const { plan } = planned({
      target,
      desired: ['10.0.0.0/24'],
      live: [a, b],
      state: stateOwning([a]),
      overrides: { live: current },
    });

    expect(codes(plan)).toEqual(['notFound', 'specialPurpose', 'removalGrace', 'inert', 'foreignRules']);
  });
});

describe('the id of a plan', () => {
  const given: PlanCase = { target: nsgTarget(), desired: [a, b], live: [a, c], state: stateOwning([a, c]) };
  const idOf = (change: Partial<PlanCase> = {}): string => planOf({ ...given, ...change }).plan.id;

  test('is a checksum that does not hang on time or order', () => {
    expect(idOf()).toMatch(/^[0-9a-f]{64}$/);
    expect(idOf({ live: [c, a], overrides: { now: new Date('2026-01-11T00:00:00Z') } })).toBe(idOf());
  });

  test.each<[string, Partial<PlanCase>]>([
    ['the target', { target: nsgTarget({ name: 'other' }) }],
    ['the configuration', { overrides: { configHash: 'other' } }],
    ['the snapshot', { overrides: { snapshot: 'other' } }],
    ['the live rules, though the lists are the same', { live: ['20.1.0.0/25', '20.1.0.128/25', c] }],
    ['a list', { desired: [a, d] }],
    ['ownership', { state: stateOwning([a]) }],
  ])('changes with %s', (_, change) => {
    expect(idOf(change)).not.toBe(idOf());
  });

  test('does not change with a rule that is not there', () => {
    const input = planInput({ ...given, live: [a, c] });
    const rules = input.live.rules.filter((rule) => rule.mark !== undefined);

    expect(calculatePlan({ ...input, live: { ...input.live, rules } }).plan.id).toBe(idOf());
  });
});
