/** How long a plan takes; apart from the cases, which the mutation tests run hundreds of times. */
import { describe, expect, test } from '@jest/globals';
import type { PlanResult } from '../../../src/core/plan/calculatePlan.ts';
import { planInSteps } from '../../../src/core/plan/calculatePlan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import {
  calculatePlan,
  calmGrowth,
  nsgTarget,
  openLimits,
  over,
  planInput,
  planOf,
  registryTarget,
  stateOwning,
  type PlannedState,
} from './planFixtures.ts';
import { startCpuTime } from '../../support/cpuTime.ts';
import { everyNth } from '../../support/fullRun.ts';

/**
 * In milliseconds of the processor, of each step the best of three runs: a step takes about half of it, and other work of the
 * machine, the compiler or the collector of garbage does not decide. A plan in one piece takes several hundred and more.
 */
const mostInOneStep = 100;

function approvalOf(add: readonly string[], remove: readonly string[]): Pick<PlannedState, 'approval'> {
  const approval = { planId: 'x', by: 'somebody', at: '2026-01-09T00:00:00.000Z', configHash: 'config', add, remove };
  return { approval: { ...approval, snapshot: 'Public-20260105-1-000000000000' } };
}

describe('a whole tag, 600 prefixes of each family', () => {
  const tagOf = (ipv4: number, ipv6: string): string[] =>
    Array.from({ length: 600 }, (_, index) => [
      `20.${ipv4 + (index >> 8)}.${index & 255}.0/25`,
      `2603:${ipv6}:${(index + 1).toString(16)}::/122`,
    ]).flat();
  const whole = tagOf(1, '1030');
  const other = tagOf(100, '2000');
  const absent = whole.map((prefix) => over(prefix));

  test.each<[string, readonly string[], Partial<PlannedState>]>([
    ['nothing to do', whole, {}],
    ['all of it gone', [], {}],
    ['all of it gone, for long', [], { absent }],
    ['all of it gone, approved before its time', [], approvalOf([], whole)],
    ['all of it replaced', other, { absent, ...approvalOf(other, whole) }],
    ['all of it back again', whole, { absent }],
  ])('is planned in a moment: %s', (_, desired, overrides) => {
    const cpuTime = startCpuTime();

    planOf({ target: nsgTarget(), desired, live: whole, state: stateOwning(whole, overrides) });

    // About 0.1 s each; work that grows with the square of the list takes several seconds.
    expect(cpuTime()).toBeLessThan(1_000);
  });
});

/** How long the steps of a plan take, in milliseconds of the processor: all of them, and the longest. */
function timeOf(input: PlanInput): { readonly result: PlanResult; readonly total: number; readonly longest: number } {
  const [one, ...others] = [timeOnce(input), timeOnce(input), timeOnce(input)] as const;
  // All of them make the same steps.
  const best = one.steps.map((time, index) => Math.min(time, ...others.map(({ steps }) => steps[index] ?? Infinity)));
  return { result: one.result, total: best.reduce((sum, time) => sum + time, 0), longest: Math.max(...best) };
}

function timeOnce(input: PlanInput): { readonly result: PlanResult; readonly steps: readonly number[] } {
  const plan = planInSteps(input);
  const steps: number[] = [];
  for (;;) {
    const cpuTime = startCpuTime();
    const { done, value } = plan.next();
    steps.push(cpuTime());
    if (done) return { result: value, steps };
  }
}

/** Scattered, so that few of them merge. */
function scattered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return `20.${(index >> 8) * 3}.${index & 255}.${(index % 4) * 64}/${26 + (index % 5)}`;
  });
}

describe('5,000 prefixes for 200 rules', () => {
  const targetWith = (maxExtraAddresses: number) =>
    registryTarget({
      limits: { ...openLimits, widestPrefix: { ipv4: 12, ipv6: 112 } },
      capacity: { maxRules: 200, fit: 'supernet', maxExtraAddresses },
    });
  const desired = scattered(5_000);

  const cases: [string, readonly string[], number, string][] = [
    ['all of them in wider rules', [], 3_000_000, 'supernet'],
    ['too many, some of them there already', desired.slice(0, 150), 300_000, 'fit'],
    ['some of them there already', desired.slice(0, 150), 3_000_000, 'supernet'],
    ['too many for the wider rules', [], 300_000, 'fit'],
  ];

  test.each(everyNth(4, cases))(
    'are planned in steps that leave room for other work: %s',
    (_, live, maxExtraAddresses, expected) => {
      const target = targetWith(maxExtraAddresses);
      const input = planInput({ target, desired, live, state: stateOwning(live), growth: calmGrowth });
      // The first plan compiles the code and reads the prefixes.
      calculatePlan(input);

      const { result, total, longest } = timeOf({ ...input, live: { ...input.live, maxRules: 200 } });

      expect(result.plan.reasons.map(({ code }) => code)).toContain(expected);
      expect(result.changes[0]?.prefixes.length).toBeLessThanOrEqual(200);
      expect(total).toBeLessThan(8_000);
      expect(longest).toBeLessThan(mostInOneStep);
    },
  );
});

describe('an NSG list of thousands', () => {
  const at = (count: number): number => {
    const desired = scattered(count);
    const input = planInput({
      target: nsgTarget({ limits: openLimits }),
      desired,
      live: desired,
      state: stateOwning(desired),
    });
    calculatePlan(input);
    return timeOf({ ...input, live: { ...input.live, maxRules: 20_000 } }).total;
  };

  test('takes about twice as long if it is twice as long', () => {
    const [half = 0, whole = 0] = [5_000, 10_000].map(at);

    expect(whole).toBeLessThan(4 * half + 100);
  });
});
