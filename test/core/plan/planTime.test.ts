/** How long a plan takes; apart from the cases, which the mutation tests run hundreds of times. */
import { describe, expect, test } from '@jest/globals';
import type { AbsentPrefix, PlannerState } from '../../../src/core/targets/targetState.ts';
import { nsgTarget, planOf, stateOwning } from './planFixtures.ts';

function over(prefix: string): AbsentPrefix {
  return { prefix, since: '2025-12-01T00:00:00.000Z', publication: 'p0', confirmedBy: ['pa', 'pb'] };
}

function approvalOf(add: readonly string[], remove: readonly string[]): Partial<PlannerState> {
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
  const returned = whole.map((prefix) => ({ prefix, returns: ['2026-01-01T00:00:00.000Z'] }));

  test.each<[string, readonly string[], Partial<PlannerState>]>([
    ['nothing to do', whole, {}],
    ['all of it gone', [], {}],
    ['all of it gone, for long', [], { absent: whole.map(over) }],
    ['all of it gone, approved before its time', [], approvalOf([], whole)],
    ['all of it replaced', other, { absent: whole.map(over), ...approvalOf(other, whole) }],
    ['all of it back again', whole, { absent: whole.map(over), returned }],
  ])('is planned in a moment: %s', (_, desired, overrides) => {
    const before = process.cpuUsage();

    planOf({ target: nsgTarget(), desired, live: whole, state: stateOwning(whole, overrides) });

    // About 0.1 s each; work that grows with the square of the list takes several seconds.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1_000);
  });
});
