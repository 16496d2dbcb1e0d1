/** How long it takes to find the own prefixes; apart from the cases, which the mutation tests run hundreds of times. */
import { describe, expect, test } from '@jest/globals';
import { nextState } from '../../../src/core/targets/nextState.ts';
import { emptyState, type TargetState } from '../../../src/core/targets/targetState.ts';
import { startCpuTime } from '../../support/cpuTime.ts';

describe('a look at rules that a write merged', () => {
  /** Milliseconds of the processor, the best of three. */
  function timeOf(count: number): number {
    const half = (index: number, part: number) => `20.${index >> 8}.${index & 255}.${part * 128}/25`;
    const indexes = Array.from({ length: count }, (_, index) => index);
    const owned = indexes.flatMap((index) => [half(index, 0), half(index, 1)]);
    const state: TargetState = {
      ...emptyState('web', 'owner'),
      ownership: { prefixes: owned.map((prefix) => ({ prefix, since: '2026-11-01T06:00:00.000Z' })), rules: [] },
    };
    const prefixes = indexes.map((index) => `20.${index >> 8}.${index & 255}.0/24`);
    const times = [1, 2, 3].map(() => {
      const cpuTime = startCpuTime();
      const { ownership } = nextState(state, { type: 'observed', ownership: { prefixes, rules: [] } });
      const time = cpuTime();
      expect(ownership.prefixes).toHaveLength(count);
      return time;
    });
    return Math.min(...times);
  }

  test('takes about twice as long for twice as many', () => {
    const [few, many] = [timeOf(2_000), timeOf(16_000)];

    // 8 times as many: the square of it is 64.
    expect(many).toBeLessThan(24 * few + 100);
  });
});
