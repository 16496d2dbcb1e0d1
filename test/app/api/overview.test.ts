/** `GET overview`: rows, cards and the first sentence from what storage remembers; and when it does not answer. */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Overview } from '../../../src/core/overview/overview.ts';
import type { Plan, PlanItem } from '../../../src/core/plan/plan.ts';
import type { LastResult, MissingPrefix } from '../../../src/core/targets/targetState.ts';
import { call } from './call.ts';
import { makeRun, makeState, makeWorld, nsgTarget, plan, type World } from './fakes.ts';

const last = makeState().run.lastResult!;
let world: World;

beforeEach(() => {
  world = makeWorld();
  world.snapshots.pullStatus = {
    cloud: 'Public',
    lastPull: { at: '2026-07-21T06:30:00.000Z', outcome: 'unchanged', runId: 'r' },
    sources: [{ source: 'file:/home/someone/inbox', status: 'healthy' }],
    disagreements: [],
  };
});

async function ask(): Promise<Overview> {
  return (await call(world.app, 'overview')).json() as Overview;
}

function stand(name: string, result: Partial<LastResult>, missing: readonly MissingPrefix[] = []): void {
  const lastResult = { ...last, runId: `20260721T070000000Z-${name}-0123abcd`, ...result };
  const seen = { snapshot: world.snapshots.all.at(-1)?.id ?? '', missing, byOthers: [], absent: [] };
  world.states.set(name, makeState({ target: name, run: { outbox: [], lastResult, seen } }));
}

const waitingItem = {
  prefix: '20.42.67.0/24',
  tag: 'AzureContainerRegistry.EastUS',
  region: 'eastus',
  addresses: 256,
  change: 'add',
  since: null,
  firstListed: '2026-07-20',
  deadline: '2026-07-27T00:00:00.000Z',
  until: null,
} as const;

function planThat(item: PlanItem): Plan {
  return { ...plan, items: [item] };
}

const held: Partial<LastResult> = { status: 'held', outcome: 'held' };

describe('the cards', () => {
  test('an approval: what of which region, which limit, until when, and of which plan', async () => {
    stand('webhook-receiver', held, [{ prefix: '20.42.67.0/24', published: '2026-07-20' }]);
    const item = {
      ...waitingItem,
      fate: 'needsApproval',
      why: { code: 'widestPrefix', message: 'It is too wide.' },
    } as const;
    world.ledger.records.push(
      makeRun('2026-07-21T07:00:00.000Z', {
        outcome: 'held',
        plan: planThat(item),
      }),
    );
    const { now, waiting, targets } = await ask();

    expect(now).toMatchObject({ state: 'waiting', sentence: 'The target is not in sync. 1 decision waits for you.' });
    expect(waiting).toEqual([
      expect.objectContaining({
        kind: 'approval',
        tone: 'warn',
        targets: [{ name: 'webhook-receiver', planId: plan.id }],
        title: 'May the app add 1 prefix?',
        items: [
          expect.objectContaining({ change: 'add', prefix: '20.42.67.0/24', region: 'East US', addresses: '256' }),
        ],
        deadline: '2026-07-27T00:00:00.000Z',
        actions: ['review', 'approve', 'pause'],
      }),
    ]);
    expect(waiting[0]?.text[0]).toBe('It is too wide.');
    expect(targets?.[0]).toMatchObject({
      status: 'held',
      missing: 1,
      deadline: '2026-07-27T00:00:00.000Z',
      isOverdue: false,
    });
  });

  test('what does not fit offers no approval', async () => {
    stand('webhook-receiver', held);
    const item = { ...waitingItem, fate: 'doesNotFit', why: { code: 'fit', message: 'No room.' } } as const;
    world.ledger.records.push(
      makeRun('2026-07-21T07:00:00.000Z', {
        outcome: 'held',
        plan: planThat(item),
      }),
    );
    const { waiting } = await ask();

    expect(waiting).toHaveLength(1);
    expect(waiting[0]).toMatchObject({ kind: 'doesNotFit', actions: ['review', 'pause'] });
    expect(waiting[0]?.targets).toEqual([{ name: 'webhook-receiver' }]);
  });

  test('the same decision for several targets is one card', async () => {
    world.targets = [nsgTarget, { ...nsgTarget, name: 'second' }];
    for (const name of ['webhook-receiver', 'second']) {
      stand(name, held);
      const record = makeRun('2026-07-21T07:00:00.000Z', { outcome: 'held', plan: { ...plan, target: name } });
      world.ledger.records.push({ ...record, id: record.id.replace('webhook-receiver', name), chain: name });
    }
    const { waiting, now } = await ask();

    expect(waiting.map(({ targets }) => targets.map(({ name }) => name))).toEqual([['webhook-receiver', 'second']]);
    expect(now.sentence).toContain('1 decision waits');
  });

  test('a blocked target: why, and since when', async () => {
    stand('webhook-receiver', {
      status: 'blocked',
      outcome: 'blocked',
      since: '2026-07-21T05:00:00.000Z',
      reasons: [{ code: 'locked', message: 'A lock.' }],
    });
    const { waiting } = await ask();

    expect(waiting[0]).toMatchObject({ kind: 'blocked', tone: 'bad', since: '2026-07-21T05:00:00.000Z' });
    expect(waiting[0]?.text[0]).toBe('A lock.');
  });

  test('a target whose week is over comes first, and once', async () => {
    stand('webhook-receiver', { status: 'inSync' }, [{ prefix: '20.42.67.0/24', published: '2026-07-06' }]);
    const { waiting, now } = await ask();

    expect(now.sentence).toBe('1 target is overdue: Azure may already use 1 prefix that it does not allow.');
    expect(waiting).toEqual([
      expect.objectContaining({ kind: 'overdue', tone: 'bad', deadline: '2026-07-13T00:00:00.000Z' }),
    ]);
  });

  test('a preview and a paused target wait for nobody', async () => {
    world.targets = [
      { ...nsgTarget, policy: 'plan' },
      { ...nsgTarget, name: 'second', paused: true },
    ];
    stand('webhook-receiver', { status: 'planOnly', outcome: 'planOnly' });
    stand('second', held);
    const { waiting, now } = await ask();

    expect(waiting).toEqual([]);
    expect(now.details).toContain('Not counted: 1 preview only, 1 paused.');
  });
});

describe('the rest', () => {
  test('no path of a machine, no key of a URL', async () => {
    stand('webhook-receiver', {});
    const { list } = await ask();

    expect(list).toMatchObject({
      released: '2026-07-20',
      fetchedAt: '2026-07-21T06:30:00.000Z',
      sources: [{ source: 'file', status: 'healthy' }],
    });
    expect(JSON.stringify(await ask())).not.toContain('/home/someone');
  });

  test('the same answer has the same ETag, and a change another one', async () => {
    stand('webhook-receiver', {});
    const first = await call(world.app, 'overview');
    world.clock.pass(60);
    const again = await call(world.app, 'overview', { headers: { 'if-none-match': first.headers.etag ?? '' } });
    stand('webhook-receiver', { status: 'pending' });
    const changed = await call(world.app, 'overview', {
      headers: { 'if-none-match': first.headers.etag ?? '' },
    });

    expect([again.status, changed.status]).toEqual([304, 200]);
  });

  test('a state that nobody has written to is read once', async () => {
    stand('webhook-receiver', {});
    const { states } = world.app.queries.services;
    const list = states.listSummaries.bind(states);
    let etag = '"1"';
    jest.spyOn(states, 'listSummaries').mockImplementation(async () => {
      const summaries = [...(await list())].map(([name, summary]) => [name, { ...summary, etag }] as const);
      return new Map(summaries);
    });
    const get = jest.spyOn(states, 'get');
    await ask();
    await ask();
    expect(get).toHaveBeenCalledTimes(1);

    stand('webhook-receiver', { status: 'pending' });
    etag = '"2"';
    expect((await ask()).targets?.[0]?.status).toBe('pending');
  });

  test('answers without storage, with what is known', async () => {
    stand('webhook-receiver', {});
    await ask();
    world.snapshots.isDown = true;
    world.clock.pass(60);
    const answer = await call(world.app, 'overview');
    const { now, targets, list, normal } = answer.json() as Overview;

    expect(answer.status).toBe(200);
    expect(now.state).toBe('storageDown');
    expect(targets).toBeNull();
    expect(list.released).toBe('2026-07-20');
    expect(normal).toHaveLength(3);
    expect(answer.text).not.toContain('secret');
  });
});
