import { describe, expect, jest, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import { faults } from '../../dev/simulator/faults.ts';
import { maxPostponements, toFraction, toPostponement } from '../../src/app/update/postpone.ts';
import { reconcileTargets } from '../../src/app/reconcileTargets.ts';
import { parseUpdateMessage } from '../../src/app/update/updateMessage.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { TargetSession, TargetStateStore, UpdateMessage } from '../../src/app/ports.ts';
import { nsgTarget } from '../core/plan/planFixtures.ts';
import { acr, codesOf, dayOf, hooks, prefixesIn, publish, recordsOf, source, useWorlds } from './stories.ts';

const message: UpdateMessage = { target: 'hooks', reason: 'reconcile' };

describe('delays', () => {
  test('grow, are spread over the half of it, and end', () => {
    const delays = (fraction: number): (number | undefined)[] =>
      Array.from({ length: maxPostponements + 1 }, (_, postponed) =>
        toPostponement({ ...message, postponed }, fraction),
      ).map((postponement) => postponement && postponement.delayInMs / 1_000);

    expect(delays(1)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, undefined]);
    expect(delays(0)).toEqual([2.5, 5, 10, 20, 40, 80, 160, 320, 450, 450, undefined]);
  });

  test('are never shorter than what Azure asks for', () => {
    expect(toPostponement(message, 0, 300_000)?.delayInMs).toBe(302_500);
  });

  test('the count travels in the message', () => {
    const next = toPostponement(message, 0)?.message;
    expect(parseUpdateMessage(JSON.parse(JSON.stringify(next)))).toEqual({ ...message, postponed: 1 });
  });

  test.each([
    ['00000000', 0],
    ['80000000', 0.5],
  ])('%s is %d', (hex, fraction) => expect(toFraction(hex)).toBe(fraction));
});

/** Their first read, or their first write, takes five minutes. */
function slowStates({ services: { states }, clock }: World, slow: 'read' | 'write'): TargetStateStore {
  const late = (session: TargetSession): TargetSession => {
    let isLate = slow === 'read';
    if (isLate) clock.advance(5 * 60_000);
    return {
      ...session,
      put: async (state) => {
        await session.put(state);
        if (!isLate) clock.advance(5 * 60_000);
        isLate = true;
      },
    };
  };
  return {
    get: (target) => states.get(target),
    listSummaries: () => states.listSummaries(),
    withLease: (target, work) => states.withLease(target, (session) => work(late(session))),
    withLeaseToWrite: (target, work) => states.withLeaseToWrite(target, (session) => work(late(session))),
  };
}

describe('an update that Azure cannot take now', () => {
  const worlds = useWorlds();
  const locked = async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');
    world.clock.advance(60_000);
    return world;
  };

  test('is recorded as pending with its reason, asked for again, and done then', async () => {
    const world = await locked();
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 20);

    const record = await updateTarget(world.services, message);

    expect(record).toMatchObject({ outcome: 'pending', reasons: [{ code: 'postponed' }] });
    expect(world.queue.messages).toMatchObject([{ message: { ...message, postponed: 1 } }]);
    expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('pending');
    expect(world.notifications.filter(({ type }) => type === 'update.failed')).toEqual([]);
    expect((await world.services.states.get('hooks'))?.run.seen?.missing).toHaveLength(1);

    const [done] = await world.drain();
    expect(done?.outcome).toBe('applied');
    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
    expect((await world.services.states.get('hooks'))?.run.seen?.missing).toEqual([]);
  });

  test.each([
    ['before it looks', 'read', 0],
    ['after its claim', 'write', 1],
  ] as const)(
    'storage is slow, and its time is over %s: nothing is written, it is asked for again',
    async (_, slow, reads) => {
      const world = await locked();
      const calls = world.simulator.requests.length;

      const record = await updateTarget({ ...world.services, states: slowStates(world, slow) }, message);

      expect(world.simulator.requests.slice(calls).map(({ method }) => method)).toEqual(Array(reads).fill('GET'));
      expect(record).toMatchObject({
        outcome: 'pending',
        reasons: [
          {
            code: 'postponed',
            message: expect.stringMatching(
              /^hooks could not be updated within 4 minutes: storage or Azure answered slowly\. The app tries again in \d seconds\.$/,
            ),
          },
        ],
      });
      expect(world.queue.messages).toMatchObject([{ message: { ...message, postponed: 1 } }]);
      const [done] = await world.drain();
      expect(done?.outcome).toBe('applied');
      expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
      expect((await world.services.states.get('hooks'))?.run).not.toHaveProperty('inFlight');
    },
  );

  test('its time is over while it looks: nothing is written and nothing is claimed', async () => {
    const world = await locked();
    world.setSources(source({ [acr]: ['20.42.66.0/24', '20.42.68.0/24'] }, { date: dayOf(world), changeNumber: 2 }));
    await world.pull();
    const { lists } = world.services;
    const readCurrent = async () => {
      world.clock.advance(5 * 60_000);
      return lists.readCurrent();
    };

    const record = await updateTarget({ ...world.services, lists: { readCurrent } }, message);

    expect(record).toMatchObject({ outcome: 'pending', owned: ['20.42.66.0/24'] });
    await world.drain();
    expect(prefixesIn(world)).toEqual(['20.42.66.0/24', '20.42.68.0/24']);
  });

  test('is asked for ten times, then it fails: nothing goes round for ever', async () => {
    const world = await locked();
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 10_000);
    await world.services.queue.send(message);
    const send = jest.spyOn(world.queue, 'send');

    await expect(world.drain()).rejects.toThrow(/updating resource|retryable/i);

    const outcomes = (await recordsOf(world, 'hooks')).map(({ outcome }) => outcome);
    expect(send).toHaveBeenCalledTimes(maxPostponements);
    expect(outcomes).toEqual(['applied', 'pending', 'failed']);
    expect(world.queue.messages).toEqual([]);
  });

  test('does not count as written: what it was to add is still waited for', async () => {
    const world = await worlds.open();
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 20);

    await publish(world, { [acr]: ['20.42.66.0/24'] });

    const [first] = await recordsOf(world, 'hooks');
    expect(codesOf(first)).toEqual(['postponed']);
    expect(first?.plan?.add).toEqual(['20.42.66.0/24']);
    expect(first).not.toHaveProperty('after');
  });
});

test('a reconciliation goes through the subscriptions side by side, a hundred targets each at once and twenty per second', async () => {
  const sent: { target: string; delayInMs: number | undefined }[] = [];
  const targets = Array.from({ length: 260 }, (_, index) => {
    const subscription = `00000000-0000-0000-0000-00000000000${index % 2}`;
    const resourceId = nsgTarget().resourceId.replace('00000000-0000-0000-0000-000000000001', subscription);
    return nsgTarget({ name: `target-${index}`, resourceId });
  });

  await reconcileTargets({
    targets: { read: () => Promise.resolve(targets) },
    queue: {
      send: ({ target }, delayInMs) => {
        sent.push({ target, delayInMs });
        return Promise.resolve();
      },
    },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });

  expect(sent.map(({ target }) => target)).toEqual(targets.map(({ name }) => name));
  expect(sent.filter(({ delayInMs }) => delayInMs === 0)).toHaveLength(200);
  expect(sent.filter(({ delayInMs }) => delayInMs === 1_000)).toHaveLength(40);
  expect(sent.at(-1)?.delayInMs).toBe(2_000);
});
