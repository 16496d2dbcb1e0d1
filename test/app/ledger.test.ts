/** The ledger: one record for each run that wrote, held, blocked or failed; chained, and written once. */
import { describe, expect, test } from '@jest/globals';
import { recordHash } from '../../src/core/ledger/ledgerChain.ts';
import { acr, checkLedger, deadSource, hooks, publish, publishNextWeek, recordsOf } from './stories.ts';
import { prod, useWorlds, type TagLists } from './stories.ts';

const worlds = useWorlds();
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes });

describe('what is recorded', () => {
  test('a run that wrote: target, plan, before and after, snapshot with its hash, who asked, how long, how many calls', async () => {
    const world = await worlds.open();
    await publish(world, list('20.42.0.0/24'));

    const [record, ...others] = await recordsOf(world, 'hooks');

    expect(others).toEqual([]);
    const pointer = await world.services.snapshots.readPointer('Public');
    expect(record).toMatchObject({
      chain: 'hooks',
      outcome: 'applied',
      trigger: { reason: 'selectionChanged' },
      startedAt: '2026-01-05T12:00:00.000Z',
      durationInMs: expect.any(Number) as unknown,
      plan: { add: ['20.42.0.0/24'], verdict: 'apply' },
      before: [],
      after: [{ rule: 'AllowAcr', prefixes: ['20.42.0.0/24'] }],
      arm: { reads: expect.any(Number) as unknown, writes: 1, retries: [] },
      snapshot:
        typeof pointer === 'object' ? { id: pointer.pointer.snapshot, contentHash: pointer.pointer.contentHash } : {},
    });
  });

  test('held, blocked, failed and paused runs, each once; quiet ones never', async () => {
    const world = await worlds.open();
    await publish(world, list('20.42.0.0/24'));
    await world.reconcile();
    await publishNextWeek(world, list('20.42.0.0/24', '20.64.0.0/19'));
    world.simulator.failNext(
      { method: 'GET', path: /networkSecurityGroups/ },
      { kind: 'raw', status: 501, contentType: 'text/html', body: '' },
    );
    await world.reconcile().catch(() => undefined);
    world.simulator.removeNsg(hooks().resourceId);
    await world.reconcile();

    const outcomes = (await recordsOf(world, 'hooks')).map(({ outcome }) => outcome);

    expect(outcomes).toEqual(['applied', 'held', 'failed', 'blocked']);
  });

  test('a plan that is not written is recorded once, however often it is looked at', async () => {
    const world = await worlds.open({ targets: [hooks({ policy: 'plan' })] });
    await publish(world, list('20.42.0.0/24'));
    await world.reconcile();
    await world.reconcile();
    await publishNextWeek(world, list('20.42.0.0/24', '20.42.1.0/24'));
    await world.reconcile();

    expect((await recordsOf(world, 'hooks')).map(({ outcome }) => outcome)).toEqual(['planOnly', 'planOnly']);
  });

  test('pulls have a chain of their own: changed, failed, and those that say something new of a source', async () => {
    const world = await worlds.open({ targets: [] });
    await publish(world, list('20.42.0.0/24'));
    await publish(world, list('20.42.0.0/24'));
    world.setSources(deadSource());
    await world.pull().catch(() => undefined);
    await publishNextWeek(world, list('20.42.0.0/24'));

    expect((await recordsOf(world, 'pull')).map(({ outcome }) => outcome)).toEqual(['applied', 'failed', 'unchanged']);
  });
});

describe('the chain', () => {
  async function chainOfFour() {
    const world = await worlds.open();
    // Nothing leaves: each week is one run.
    const prefixes: string[] = [];
    for (let week = 0; week < 4; week += 1) {
      prefixes.push(`20.42.${week}.0/24`);
      await publishNextWeek(world, list(...prefixes));
    }
    return world;
  }

  test('each record holds the hash of the one before, and the state that of the last', async () => {
    const world = await chainOfFour();

    const records = await recordsOf(world, 'hooks');

    expect(records).toHaveLength(4);
    expect(records.map(({ previousHash }) => previousHash)).toEqual([
      undefined,
      ...records.slice(0, 3).map(recordHash),
    ]);
    const state = await world.services.states.get('hooks');
    expect(state?.run.ledgerHead).toEqual({ runId: records[3]?.id, hash: recordHash(records[3]!), count: 4 });
    expect(await checkLedger(world, 'hooks')).toEqual({ ok: true, breaks: [] });
  });

  test('a record is written once: another one of its id is refused, the same one is no news', async () => {
    const world = await chainOfFour();
    const [first] = await recordsOf(world, 'hooks');
    if (!first) throw new Error('no record');

    expect(await world.services.ledger.put(first)).toBe('exists');
    await expect(world.services.ledger.put({ ...first, outcome: 'failed' })).rejects.toThrow(/has another record/);

    expect(await world.services.ledger.get(first.id)).toEqual(first);
  });

  test('a run that failed while one before it hung in the middle keeps the order of the chain', async () => {
    const world = await chainOfFour();
    const state = await world.services.states.get('hooks');
    const plan = (await recordsOf(world, 'hooks'))[0]?.plan;
    if (!state || !plan) throw new Error('no state');
    world.clock.advance(60_000);
    const at = world.clock.now().toISOString();
    const runId = `${at.replaceAll(/[-:.]/g, '')}-hooks-0000abcd`;
    const inFlight = { runId, startedAt: at, before: [], writes: [{ plan, claimed: [] }] };
    const hanging = { ...state, run: { ...state.run, inFlight } };
    await world.services.states.withLease('hooks', (session) => session.put(hanging));
    world.clock.advance(60_000);
    world.simulator.failNext(
      { method: 'GET', path: /networkSecurityGroups/ },
      { kind: 'raw', status: 501, contentType: 'text/html', body: '' },
    );
    await world.reconcile().catch(() => undefined);
    await world.reconcile();

    expect((await recordsOf(world, 'hooks')).slice(4).map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'failed',
      'unchanged',
    ]);
    expect(await checkLedger(world, 'hooks')).toEqual({ ok: true, breaks: [] });
  });
});

describe('an older copy of the state that is put back', () => {
  test.each(['hooks', 'prod'])(
    '%s: what is newer comes from the ledger, a record says so, the chain stays whole',
    async (name) => {
      const world = await worlds.open({ targets: [name === 'hooks' ? hooks() : prod({ regions: 'all' })] });
      const [a, b, c] = ['20.42.0.0/24', '20.42.2.0/24', '20.42.4.0/24'] as const;
      await publish(world, list(a));
      const old = await world.services.states.get(name);
      await publishNextWeek(world, list(a, b));
      await world.services.states.withLease(name, async (session) => old && session.put(old));

      await publishNextWeek(world, list(a, b, c));

      expect((await recordsOf(world, name)).map(({ outcome }) => outcome)).toEqual([
        'applied',
        'applied',
        'restored',
        'applied',
      ]);
      const state = await world.services.states.get(name);
      expect(state?.ownership.prefixes.map(({ prefix }) => prefix)).toEqual([a, b, c]);
      expect(await checkLedger(world, name)).toEqual({ ok: true, breaks: [] });
    },
  );

  test('a pause finds it too', async () => {
    const world = await worlds.open({ targets: [hooks()] });
    await publish(world, list('20.42.0.0/24'));
    const old = await world.services.states.get('hooks');
    await publishNextWeek(world, list('20.42.0.0/24', '20.42.2.0/24'));
    await world.services.states.withLease('hooks', async (session) => old && session.put(old));

    await world.actions.pauseTarget('hooks', 'operator');

    expect((await recordsOf(world, 'hooks')).slice(2).map(({ outcome }) => outcome)).toEqual(['restored', 'paused']);
  });
});
