/** Every problem that health can name: found by health itself, and written so that one reads it once. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { unhealthy, type Health } from '../../src/app/queries/health.ts';
import { StorageRefusedError } from '../../src/core/errors.ts';
import { healthProblems, type HealthProblemKind } from '../../src/core/healthProblems.ts';
import type { PullStatus } from '../../src/core/ledger/pullStatus.ts';
import { parseServiceTags } from '../../src/core/serviceTags/parseServiceTags.ts';
import type { TargetState, TargetStatus } from '../../src/core/targets/targetState.ts';
import { lastResult, makeState, makeWorld, nsgTarget, releases, type World } from '../app/api/fakes.ts';
import { faultsOf } from './messageRules.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const pullStatus: PullStatus = {
  cloud: 'Public',
  lastPull: { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged', runId: 'r' },
  sources: [{ source: 'download', status: 'healthy', date: '2026-07-20' }],
  disagreements: [],
};
const services = (world: World) => world.app.queries.services;
const failing = () => Promise.reject(new Error('no answer'));
const withStatus = (status: TargetStatus): TargetState =>
  makeState({ run: { outbox: [], lastResult: { ...lastResult, status } } });
const lacking = (published: string): TargetState => {
  const missing = [{ prefix: '52.146.2.0/24', published }];
  return makeState({ run: { outbox: [], lastResult, seen: { snapshot: 'x', byOthers: [], absent: [], missing } } });
};
const status = (value: TargetStatus) => (world: World) => void world.states.set('webhook-receiver', withStatus(value));
const pulled = (world: World, more: Partial<PullStatus>) =>
  void (world.snapshots.pullStatus = { ...pullStatus, ...more });

const acr = 'AzureContainerRegistry';
const listed = { name: acr, id: acr, properties: { addressPrefixes: ['20.42.66.0/24'] } };

/** What has to be the matter for health to say so. */
const causes: Readonly<Record<HealthProblemKind, (world: World) => unknown>> = {
  settings: () => undefined,
  storageRefuses: (world) => {
    const summary = 'the storage account refuses the app: it does not accept keys (KeyBasedAuthenticationNotPermitted)';
    world.snapshots.refusal = new StorageRefusedError('stkeeper refused', { code: 'x', summary });
  },
  storageIsSilent: (world) => (world.snapshots.isDown = true),
  noList: (world) => Object.assign(world.app.queries.current, { get: failing }),
  lastKnownList: async (world) => {
    await world.app.queries.current.get();
    world.snapshots.isDown = true;
    world.clock.pass(3600);
  },
  oldList: (world) => (world.clock.time = Date.parse('2026-08-20T12:00:00Z')),
  suspiciousList: (world) => {
    const [newest] = world.snapshots.all.slice(-1);
    const odd = { name: `${acr}.East US`, id: 'x', properties: { addressPrefixes: ['20.42.66.0/24'] } };
    const { warnings } = parseServiceTags({ changeNumber: 1, cloud: 'Public', values: [listed, odd] }, 'Public');
    Object.assign(newest ?? {}, { warnings });
  },
  quarantine: (world) => {
    const { [acr]: _, ...others } = releases[2]?.[0] ?? {};
    const found = { tag: acr, kind: 'missing', reason: '', baseline: '', since: '2026-07-21', confirmations: 0 };
    Object.assign(world.snapshots.publish(others, '2026-07-21'), { quarantine: [found] });
    world.clock.pass(60);
  },
  goneTag: (world) => {
    const { [acr]: _, ...others } = releases[2]?.[0] ?? {};
    for (const day of ['2026-07-22', '2026-07-23', '2026-07-24']) world.snapshots.publish(others, day);
    world.clock.pass(60);
  },
  noPull: (world) => (world.snapshots.pullStatus = undefined),
  latePull: (world) => world.clock.pass(3 * 24 * 3600),
  failedPull: (world) => pulled(world, { lastPull: { ...pullStatus.lastPull, outcome: 'failed' } }),
  badSources: (world) => pulled(world, { sources: [...pullStatus.sources, { source: 'api', status: 'failed' }] }),
  silentTimer: (world) => {
    const schedules = { pullServiceTags: '0 0 */6 * * *', reconcileTargets: '0 0 * * * *' };
    const at = '2026-07-20T09:00:00.000Z';
    const read = () => Promise.resolve({ version: 1, since: at, at, schedule: schedules.reconcileTargets });
    const timers = { schedules, startedAt: new Date('2026-07-01T00:00:00Z'), toleranceInMs: 600_000, read };
    Object.assign(services(world), { timers });
  },
  unreadableTargets: (world) => Object.assign(services(world).targets, { read: failing }),
  unreadableStates: (world) => Object.assign(services(world).states, { listSummaries: failing }),
  noTargetsFile: (world) => Object.assign(services(world), { isTargetsFileMissing: () => Promise.resolve(true) }),
  failedTargets: status('blocked'),
  heldTargets: status('held'),
  targetsWithoutEffect: status('noEffect'),
  stuckTargets: (world) => {
    const since = '2026-07-21T06:00:00.000Z';
    world.states.set(
      'webhook-receiver',
      makeState({ run: { outbox: [], lastResult: { ...lastResult, status: 'pending', since } } }),
    );
  },
  webhook: (world) => {
    const failed = {
      version: 1 as const,
      at: '2026-07-21T06:30:00.000Z',
      failingSince: '2026-07-14T06:30:00.000Z',
      error: 'answered 403',
    };
    Object.assign(services(world), { readDeliveries: () => Promise.resolve([undefined, failed]) });
  },
  deadlineNear: (world) => void world.states.set('webhook-receiver', lacking('2026-07-16')),
  deadlineOver: (world) => void world.states.set('webhook-receiver', lacking('2026-07-12')),
  updatesPaused: (world) => Object.assign(services(world), { updatesPaused: true }),
};

describe('every problem of health', () => {
  test.each(Object.keys(causes) as HealthProblemKind[])('%s', async (kind) => {
    const problem = jest.spyOn(healthProblems[kind] as { text: (...facts: unknown[]) => string }, 'text');
    const world = makeWorld();
    world.snapshots.pullStatus = pullStatus;
    world.states.set('webhook-receiver', makeState());
    if (kind !== 'settings') expect((await read(world)).problems).toEqual([]);
    world.clock.pass(60);

    await causes[kind](world);
    const { problems, status: found } = kind === 'settings' ? unhealthy([]) : await read(world);

    const said = problem.mock.results.map(({ value }) => value as string);
    expect(said).not.toEqual([]);
    expect(problems).toEqual(expect.arrayContaining(said));
    expect(
      said.flatMap((text) => faultsOf(text, ['snapshot', 'settings', 'timer', 'updates', nsgTarget.name])),
    ).toEqual([]);
    expect(found === 'unhealthy' || healthProblems[kind].severity === 'degraded').toBe(true);
    expect(problems.join()).not.toMatch(/webhook-receiver|subscriptions|stkeeper/);
  });
});

async function read(world: World): Promise<Health> {
  return world.app.queries.health();
}

/** As the list counts it: both numbers of the text. */
test.each([
  [1, 1, '1 of 1 target failed or is blocked'],
  [2, 3, '2 of 3 targets failed or are blocked'],
])('%d of %d: the words agree', (count, total, text) => {
  expect(healthProblems.failedTargets.text({ count, total })).toContain(text);
});
