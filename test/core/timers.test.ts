import { expect, test } from '@jest/globals';
import { findSilentTimers, type TimerRun, type TimerWatch } from '../../src/core/timers.ts';

const schedules = { pullServiceTags: '0 30 */6 * * *', reconcileTargets: '0 0 * * * *' };
const minuteInMs = 60_000;

const run = (at: string, since = '2026-09-01T00:00:00.000Z', schedule = schedules.reconcileTargets): TimerRun => ({
  version: 1,
  since,
  at,
  schedule,
});

const silentAt = (now: string, runs: TimerWatch['runs'], watch: Partial<TimerWatch> = {}) => {
  const startedAt = new Date('2026-09-01T00:00:00Z');
  return findSilentTimers({ schedules, runs, startedAt, toleranceInMs: 10 * minuteInMs, ...watch }, new Date(now));
};

const pulled = run('2026-09-14T06:30:00.000Z', undefined, schedules.pullServiceTags);

test.each([
  ['2026-09-14T10:59:00Z', []],
  ['2026-09-14T11:09:59Z', []],
  ['2026-09-14T11:10:00Z', ['reconcileTargets']],
  ['2026-09-14T18:40:00Z', ['pullServiceTags', 'reconcileTargets']],
])('a timer that ran last at 09:00 is silent once its second run is ten minutes late: %s', (now, silent) => {
  const reconcileTargets = run('2026-09-14T09:00:02.000Z');

  expect(silentAt(now, { pullServiceTags: pulled, reconcileTargets }).map(({ name }) => name)).toEqual(silent);
});

test('a timer that never ran is missed by what the other one has on record', () => {
  const since = '2026-09-14T06:30:00.000Z';

  expect(silentAt('2026-09-14T08:09:00Z', { pullServiceTags: { ...pulled, since } })).toEqual([]);
  expect(silentAt('2026-09-14T08:10:00Z', { pullServiceTags: { ...pulled, since } })).toEqual([
    { name: 'reconcileTargets', schedule: schedules.reconcileTargets, since },
  ]);
});

test('of an app without any record nothing is said', () => {
  expect(silentAt('2027-01-01T00:00:00Z', {})).toEqual([]);
});

test('another schedule counts from the start of the process that has it', () => {
  const runs = {
    pullServiceTags: { ...pulled, at: '2026-09-14T18:30:00.000Z' },
    reconcileTargets: run('2026-09-14T00:00:00.000Z', undefined, '0 0 0 * * *'),
  };
  const startedAt = new Date('2026-09-14T20:30:00Z');

  expect(silentAt('2026-09-14T20:31:00Z', runs, { startedAt })).toEqual([]);
  expect(silentAt('2026-09-14T22:10:00Z', runs, { startedAt })).toMatchObject([{ name: 'reconcileTargets' }]);
});

test('a schedule that never comes is never late', () => {
  const runs = { pullServiceTags: pulled, reconcileTargets: run('2026-09-14T06:00:00.000Z') };
  const never = { pullServiceTags: '0 0 0 31 2 *', reconcileTargets: '0 0 0 30 2 *' };

  expect(silentAt('2027-01-01T00:00:00Z', runs, { schedules: never })).toEqual([]);
});
