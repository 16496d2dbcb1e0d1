import { expect, test } from '@jest/globals';
import type { UpdateRecord } from '../../src/core/ledger/runRecord.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { LastResult } from '../../src/core/targets/targetState.ts';
import { notificationsOf } from '../../src/app/update/notifyOfRun.ts';
import { emptyState, nsgTarget, openLimits, planInput, planOf, registryTarget } from '../core/plan/planFixtures.ts';

function recordOf(plan: Plan): UpdateRecord {
  return {
    id: '20260110T000000000Z-hooks-0123abcd',
    chain: 'hooks',
    startedAt: '2026-01-10T00:00:00.000Z',
    finishedAt: '2026-01-10T00:00:01.000Z',
    durationInMs: 1000,
    trigger: { reason: 'timer' },
    outcome: 'held',
    reasons: [],
    plan,
  };
}

function messagesOf(plan: Plan): unknown[] {
  const found = notificationsOf(undefined, { record: recordOf(plan), alignedWith: undefined });
  return found.map(({ type, message }) => [type, message]);
}

test.each([
  [['20.0.0.0/16'], 'hooks: 1 change waits for approval.'],
  [['20.0.0.0/16', '20.8.0.0/16'], 'hooks: 2 changes wait for approval.'],
])('a plan that holds %j says how much waits', (desired, message) => {
  const { plan } = planOf({ target: nsgTarget(), desired, live: [], state: emptyState });

  expect(messagesOf(plan)).toEqual([['plan.held', message]]);
});

test.each([
  [[], 'hooks: 2 changes cannot be made now.'],
  [['40.0.0.0/16'], 'hooks: 1 change waits for approval, and 2 changes cannot be made now.'],
])('what has no room is not said to wait for approval, beside %j that does', (wide, message) => {
  const limits = { ...openLimits, widestPrefix: { ipv4: 20, ipv6: 0 } };
  const desired = ['20.0.0.0/24', '20.2.0.0/24', '20.4.0.0/24', ...wide];
  const world = { target: registryTarget({ limits }), desired, live: [], state: emptyState };
  const { live } = planInput(world);

  const { plan } = planOf({ ...world, overrides: { live: { ...live, maxRules: 1 } } });

  expect(messagesOf(plan)).toEqual([['plan.held', message]]);
});

test.each([
  ['the same prefixes with other numbers', ['20.0.0.0/24'], []],
  ['other prefixes', ['20.2.0.0/24'], ['plan.held']],
])('a hold of %s', (_, prefixes, told) => {
  const { plan } = planOf({ target: nsgTarget(), desired: ['20.0.0.0/16'], live: [], state: emptyState });
  const reason = { code: 'fit', message: '1 prefix does not fit: 26 rules are needed.', prefixes } as const;
  const before = { ...reason, message: '1 prefix does not fit: 30 rules are needed.', prefixes: ['20.0.0.0/24'] };
  const last: LastResult = {
    runId: 'a',
    at: '2026-01-09T00:00:00.000Z',
    since: '2026-01-09T00:00:00.000Z',
    outcome: 'applied',
    status: 'held',
    reasons: [before],
    snapshot: plan.snapshot,
    planId: 'another',
    counts: { add: 0, remove: 0, retain: 0, held: 1 },
  };

  const found = notificationsOf(last, { record: { ...recordOf(plan), reasons: [reason] }, alignedWith: undefined });

  expect(found.map(({ type }) => type)).toEqual(told);
});
