/** What is within the limits prefix by prefix, and too much together. */
import { describe, expect, test } from '@jest/globals';
import type { Absence } from '../../../src/core/history/absences.ts';
import type { Growth } from '../../../src/core/history/growth.ts';
import { defaultLimits, type SafetyLimits } from '../../../src/core/targets/target.ts';
import {
  calmGrowth,
  emptyState,
  growthBeyond,
  nsgTarget,
  openLimits,
  over,
  planOf,
  stateOwning,
  type PlannedState,
} from './planFixtures.ts';

const [a, b, c, d] = ['20.1.0.0/24', '20.3.0.0/24', '20.5.0.0/24', '20.7.0.0/24'] as const;
const v6 = '2603:1030::/120';

describe('additions beyond the growth of a window', () => {
  const planned = (growth: Growth, state: PlannedState = emptyState, live: readonly string[] = []) =>
    planOf({ target: nsgTarget({ limits: openLimits }), desired: [a, b, v6], live, state, growth }).plan;
  const limits = { limitWindowDays: 28, maxAddedAddresses: 4096, maxAddedPrefixes: 40 };

  test('wait, both families alike; the rest goes in', () => {
    const plan = planned(growthBeyond([b, v6], 'maxAddedPrefixes', { limits, usedPrefixes: 39 }));

    expect(plan).toMatchObject({ add: [a], held: { add: [b, v6], remove: [] }, verdict: 'held' });
    expect(plan.reasons).toEqual([
      {
        code: 'maxAddedPrefixes',
        message:
          '20.3.0.0/24 and 1 more (256 addresses) are more than maxAddedPrefixes has room for: it allows 40 new prefixes in 28 days, and 39 of them are used. Approve the plan if they are meant.',
        prefixes: [b, v6],
      },
    ]);
  });

  test('each limit is said with its own figures', () => {
    const plan = planned(growthBeyond([a], 'maxAddedAddresses', { limits, usedAddresses: 4000 }));

    expect(plan.reasons[0]?.message).toBe(
      '20.1.0.0/24 (256 addresses) is more than maxAddedAddresses has room for: it allows 4,096 new IPv4 addresses in 28 days, and 4,000 of them are used. Approve the plan if it is meant.',
    );
  });

  test('half of a prefix waits, the other half goes in', () => {
    expect(planned(growthBeyond(['20.1.0.0/25']))).toMatchObject({
      add: ['20.1.0.128/25', b, v6],
      held: { add: ['20.1.0.0/25'] },
    });
  });

  test('what was let in before is put back, what is approved goes in, and what is there stays', () => {
    const approval = { planId: 'x', by: 'me', at: '', snapshot: '', configHash: '', add: [b], remove: [] };
    const state = { ...stateOwning([a, v6]), approval };

    expect(planned(growthBeyond([a, b, v6]), state, [v6])).toMatchObject({
      add: [a, b],
      remove: [],
      held: { add: [] },
    });
  });
});

describe('removals', () => {
  const most = (limits: Partial<SafetyLimits>): SafetyLimits => ({ ...openLimits, ...limits });
  const planned = (
    limits: SafetyLimits,
    absent: readonly Absence[],
    more: { growth?: Growth; state?: Partial<PlannedState> } = {},
  ) =>
    planOf({
      target: nsgTarget({ limits }),
      desired: [a],
      live: [a, b, c, d],
      state: stateOwning([a, b, c, d], { absent, ...more.state }),
      growth: more.growth ?? calmGrowth,
    }).plan;
  const three = [over(b), over(c), over(d)];

  test('within the limits leave', () => {
    expect(planned(most({ maxRemovedCount: 3 }), three)).toMatchObject({ remove: [b, c, d], held: { remove: [] } });
  });

  test('beyond the limits wait together, and it is said by how much', () => {
    const plan = planned(most({ maxRemovedCount: 2 }), three);

    expect(plan).toMatchObject({ remove: [], held: { remove: [b, c, d] }, verdict: 'held' });
    expect(plan.reasons).toEqual([
      {
        code: 'removalLimit',
        message:
          'The plan for hooks would remove 3 of 4 prefixes, 75.0 % of the IPv4 prefixes (limits: 2 prefixes, 100 %), so the removals wait for approval. Approve the plan if Microsoft really dropped these prefixes.',
        prefixes: [b, c, d],
      },
    ]);
  });

  test('beyond the limits of a rollback wait too, and nothing is said about Microsoft', () => {
    const pin = { snapshot: 'Public-20260101-1-000000000000', by: 'me', at: '2026-01-10T00:00:00.000Z' };
    const plan = planned(most({ maxRemovedCount: 2 }), [], { state: { pin } });

    expect(plan).toMatchObject({ remove: [], held: { remove: [b, c, d] }, verdict: 'held' });
    expect(plan.reasons[0]?.message).toMatch(/wait for approval\. Approve the plan if the rollback may remove them\.$/);
  });

  test.each<[string, readonly Absence[], Partial<PlannedState>, readonly string[]]>([
    [
      'approved ones do not count',
      three,
      { approval: { planId: 'x', by: 'me', at: '', snapshot: '', configHash: '', add: [], remove: [b] } },
      [b, c, d],
    ],
    ['young ones do not count', [over(b, { listedReleases: 0 }), over(c), over(d)], {}, [b, c, d]],
    ['what comes and goes waits for itself', [over(b, { returns: 2 }), over(c), over(d)], {}, [c, d]],
  ])('%s', (_, absent, state, remove) => {
    expect(planned(most({ maxRemovedCount: 2, removalConfirmations: 1 }), absent, { state }).remove).toEqual(remove);
  });

  test('of a state that has forgotten what was claimed when are a share of all', () => {
    const owned = [a, b, c, d].map((prefix) => ({ prefix, since: '2026-01-09T00:00:00.000Z' }));

    expect(planned(most({ maxRemovedPercent: 75 }), three, { state: { owned } }).remove).toEqual([b, c, d]);
    expect(planned(most({ maxRemovedPercent: 74 }), three, { state: { owned } }).remove).toEqual([]);
  });

  describe('of a little in every release', () => {
    /** Twelve prefixes left within a window before `c`, two before `b`. */
    const leaving = (count: number): string[] => Array.from({ length: count }, (_, index) => `40.0.${index * 2}.0/24`);
    const dates = { b: '2025-10-01T00:00:00.000Z', c: '2025-10-20T00:00:00.000Z' };
    const growth: Growth = {
      ...calmGrowth,
      droppedInWindow: (until) => [...leaving(until === dates.c ? 12 : 2), until === dates.c ? c : b],
    };
    const absent = [over(b, { since: dates.b }), over(c, { since: dates.c })];
    const limits = { ...defaultLimits, maxRemovedPercent: 100 };

    test('wait once the window has lost more than the limits, and stay waiting', () => {
      const plan = planned(limits, absent, { growth });

      expect(plan).toMatchObject({ remove: [b], held: { remove: [c] }, retain: [d] });
      expect(plan.reasons[0]?.message).toBe(
        'The plan for hooks would remove 13 of 14 prefixes, 92.9 % of the IPv4 prefixes (limits: 10 prefixes, 100 %), so the removals wait for approval. Approve the plan if Microsoft really dropped these prefixes.',
      );
    });

    test('what is approved of them leaves', () => {
      const approval = { planId: 'x', by: 'me', at: '', snapshot: '', configHash: '', add: [], remove: [c] };

      expect(planned(limits, absent, { growth, state: { approval } })).toMatchObject({
        remove: [b, c],
        held: { remove: [] },
      });
    });
  });
});
