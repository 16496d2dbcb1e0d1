/** The soak in short: `node bench/soak.ts` is the long one, with real releases and Azure's limits as the pace. */
import { expect } from '@jest/globals';
import { runSoak } from '../../bench/soak.ts';
import { testInFullRun } from '../support/fullRun.ts';

const size = { subscriptions: 2, nsgs: 8, nsgRules: 28, registries: 12 };
const targetCount = size.nsgRules + size.registries;

testInFullRun(`${targetCount} targets, three releases, two processes, one call of ten spoilt`, async () => {
  const result = await runSoak({
    size,
    releases: 3,
    workers: 2,
    // Twenty seconds of Azure pass in one: what is waited for is over soon.
    speed: 20,
  });

  expect(result.faults).toEqual([]);
  expect(result.poison).toBe(0);
  expect(result.shareOfFaults).toBeGreaterThan(0.05);
  expect(result.calls).toBeGreaterThan(8 * targetCount);
});
