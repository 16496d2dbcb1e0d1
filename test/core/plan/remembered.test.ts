/** What a plan leaves behind in the state for the next one. */
import { describe, expect, test } from '@jest/globals';
import type { HeldAdditions } from '../../../src/core/plan/calculatePlan.ts';
import type { PlanInput } from '../../../src/core/plan/planInput.ts';
import type { Reason } from '../../../src/core/reasons.ts';
import type { PlannerState } from '../../../src/core/targets/targetState.ts';
import { emptyState, nsgTarget, openLimits, planOf, stateOwning } from './planFixtures.ts';

const [a, b, far] = ['20.1.0.0/24', '20.1.2.0/24', '40.1.0.0/24'] as const;
const snapshot = 'Public-20260105-1-000000000000';
const pin = { snapshot, by: 'somebody', at: '2026-01-09T00:00:00.000Z' } as NonNullable<PlannerState['pin']>;
const blockers: readonly Reason[] = [{ code: 'notFound', message: 'There is no such group.' }];
const distrust: readonly Reason[] = [{ code: 'quarantined', message: 'The tag is gone.' }];

describe('the snapshot that moved the clocks', () => {
  const clocks = (state: Partial<PlannerState>, overrides: Partial<PlanInput> = {}) =>
    planOf({ target: nsgTarget(), desired: [], live: [], state: { ...emptyState, ...state }, overrides }).clocks;
  const still = { absent: [], returned: [] };

  test('is the one of this plan', () => {
    expect(clocks({ clocksMovedBy: 'old' })).toEqual({ ...still, clocksMovedBy: snapshot });
  });

  test.each<[string, Partial<PlannerState>, Partial<PlanInput>]>([
    ['nothing can be done to the target', {}, { blockers }],
    ['the target follows another list than the current one', { pin }, {}],
  ])('stays what it was where %s', (_, state, overrides) => {
    expect(clocks({ ...state, clocksMovedBy: 'old' }, overrides)).toEqual({ ...still, clocksMovedBy: 'old' });
    expect(clocks(state, overrides)).toStrictEqual(still);
  });
});

test('what was listed in between has no clock that runs on', () => {
  const absent = [{ prefix: b, since: '2026-01-01T00:00:00.000Z', publication: 'p0', confirmedBy: [] }];
  const world = { target: nsgTarget(), desired: [a], live: [a, b], state: stateOwning([a, b], { absent }) };

  const since = (overrides: Partial<PlanInput>) =>
    planOf({ ...world, overrides }).clocks.absent.map((clock) => clock.since);

  expect(since({})).toEqual(['2026-01-01T00:00:00.000Z']);
  expect(since({ relisted: [b] })).toEqual(['2026-01-10T00:00:00.000Z']);
});

describe('what maxAddedAddresses holds', () => {
  interface HeldCase {
    readonly max: number;
    readonly ours?: readonly string[];
    readonly state?: Partial<PlannerState>;
    readonly overrides?: Partial<PlanInput>;
  }

  function heldBy({ max, ours = [], state = {}, overrides = {} }: HeldCase): HeldAdditions {
    const target = nsgTarget({ limits: { ...openLimits, maxAddedAddresses: max } });
    return planOf({ target, desired: [a, b], live: ours, state: stateOwning(ours, state), overrides }).heldAdditions;
  }

  const before = { heldAdditions: [b], heldAdditionsLimit: 300 };
  const gone = { heldAdditions: [far], heldAdditionsLimit: 300 };
  const approval = { planId: 'x', by: 'me', at: '', snapshot, configHash: 'config', add: [far], remove: [] };

  test.each<[string, HeldCase, HeldAdditions]>([
    ['is what is beyond it', { max: 300 }, { prefixes: [b], limit: 300 }],
    ['is nothing where all is within it', { max: 512 }, { prefixes: [], limit: 512 }],
    [
      'waits on under the same limit, though it would fit in by now',
      { max: 300, ours: [a], state: before },
      { prefixes: [b], limit: 300 },
    ],
    [
      'waits on under a lower one, until a higher than the first',
      { max: 299, state: before },
      { prefixes: [b], limit: 300 },
    ],
    ['goes in under a higher one', { max: 512, state: before }, { prefixes: [], limit: 512 }],
    [
      'is held by the present limit where none is remembered',
      { max: 512, state: { heldAdditions: [b] } },
      { prefixes: [b], limit: 512 },
    ],
    [
      'was nothing: the limit is the present one',
      { max: 299, ours: [a, b], state: { heldAdditionsLimit: 300 } },
      { prefixes: [], limit: 299 },
    ],
    ['is forgotten once it is not listed', { max: 300, ours: [a, b], state: gone }, { prefixes: [], limit: 300 }],
    [
      'but not on the word of a pinned list',
      { max: 300, ours: [a, b], state: { ...gone, pin } },
      { prefixes: [far], limit: 300 },
    ],
    [
      'nor of one that is not believed',
      { max: 300, ours: [a, b], state: gone, overrides: { distrust } },
      { prefixes: [far], limit: 300 },
    ],
    [
      'nor while nothing can be done',
      { max: 300, ours: [a, b], state: gone, overrides: { blockers } },
      { prefixes: [far], limit: 300 },
    ],
    [
      'unless it stands already',
      { max: 300, ours: [a, b, far], state: { ...gone, pin } },
      { prefixes: [], limit: 300 },
    ],
    ['or is approved', { max: 300, ours: [a, b], state: { ...gone, pin, approval } }, { prefixes: [], limit: 300 }],
  ])('%s', (_, heldCase, held) => {
    expect(heldBy(heldCase)).toEqual(held);
  });
});
