import { expect, test } from '@jest/globals';
import type { RunRecord } from '../../src/core/ledger/runRecord.ts';
import { notificationsOf } from '../../src/app/update/notifyOfRun.ts';
import { emptyState, nsgTarget, planOf } from '../core/plan/planFixtures.ts';

test.each([
  [['20.0.0.0/16'], 'hooks: 1 change waits for approval.'],
  [['20.0.0.0/16', '20.8.0.0/16'], 'hooks: 2 changes wait for approval.'],
])('a plan that holds %j says how much waits', (desired, message) => {
  const { plan } = planOf({ target: nsgTarget(), desired, live: [], state: emptyState });
  const record: RunRecord = {
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

  expect(notificationsOf(undefined, record)).toMatchObject([{ type: 'plan.held', message }]);
});
