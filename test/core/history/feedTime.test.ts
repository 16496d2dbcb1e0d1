/** How long the list of a feed takes; apart from the cases, which the mutation tests run hundreds of times. */
import { describe, expect, test } from '@jest/globals';
import { releasedToFeeds } from '../../../src/core/history/releasedToFeeds.ts';
import { acr, historyOf } from './historyFixtures.ts';
import { startCpuTime } from '../../support/cpuTime.ts';

const many = Array.from({ length: 20 }, (_, index) => `40.${index}.0.0/24`);

describe('a flood of neighbours', () => {
  /** Milliseconds of the processor, the best of three. */
  function timeOf(count: number): number {
    const flood = Array.from({ length: count }, (_, index) => {
      return `60.${index >> 12}.${(index >> 4) & 255}.${(index & 15) * 16}/28`;
    });
    const times = [1, 2, 3].map(() => {
      const history = historyOf(many, [...many, ...flood]);
      const cpuTime = startCpuTime();
      const released = releasedToFeeds(history, acr);
      const time = cpuTime();
      expect(released?.withheld).toHaveLength(count);
      return time;
    });
    return Math.min(...times);
  }

  test('takes about twice as long for twice as many', () => {
    const [few, all] = [timeOf(3_072), timeOf(24_576)];

    // 8 times as many: the square of it is 64.
    expect(all).toBeLessThan(24 * few + 100);
  });
});
