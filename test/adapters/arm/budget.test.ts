import { describe, expect, test } from '@jest/globals';
import { createVirtualClock } from '../../../dev/virtualTime.ts';
import { faults } from '../../../dev/simulator/faults.ts';
import { azureLimits } from '../../../dev/simulator/throttling.ts';
import { startSimulator } from '../../../dev/simulator/simulator.ts';
import { buildArm } from '../../../src/adapters/arm/arm.ts';
import { Budget } from '../../../src/adapters/arm/budget.ts';
import { TargetBusyError } from '../../../src/core/errors.ts';
import { nsgId, nsgTarget, registryId, registryTarget } from './targets.ts';

const told = (remaining: number) => ({ remaining, pauseInMs: undefined });
const hour = 3_600_000;

describe('turns', () => {
  test('nothing is known, or there is plenty: at once', () => {
    const budget = new Budget();
    expect(budget.take('a', 'reads', 0, hour)).toBe(0);
    budget.note('a', told(50), 0);
    expect([budget.take('a', 'reads', 0, hour), budget.take('a', 'reads', 0, hour)]).toEqual([0, 0]);
  });

  test('the less there is, the further apart', () => {
    const gapAt = (remaining: number): number => {
      const budget = new Budget();
      budget.note('a', told(remaining), 0);
      budget.take('a', 'writes', 0, hour);
      return budget.take('a', 'writes', 0, hour) ?? 0;
    };

    expect([40, 30, 20, 10, 0].map(gapAt)).toEqual([0, 31, 250, 844, 2_000]);
  });

  test('what was told a while ago has been refilled since', () => {
    const budget = new Budget();
    budget.note('a', told(0), 0);
    expect(budget.take('a', 'reads', 2_000, hour)).toBe(0);
    expect(budget.take('a', 'reads', 2_000, hour)).toBe(0);
  });

  test('an answer that says nothing changes nothing', () => {
    const budget = new Budget();
    budget.note('a', { remaining: undefined, pauseInMs: undefined }, 0);
    expect(budget.take('a', 'reads', 0, hour)).toBe(0);
  });

  test('after Retry-After one call comes first, and the others behind it one by one', () => {
    const budget = new Budget();
    budget.note('a', { remaining: undefined, pauseInMs: 17_000 }, 1_000);

    const waits = Array.from({ length: 4 }, () => budget.take('a', 'reads', 1_000, hour));

    expect(waits[0]).toBe(17_000);
    expect(waits[1]).toBe(19_000);
    expect(waits).toEqual([...waits].sort((a, b) => Number(a) - Number(b)));
  });

  test('one bucket says nothing of another', () => {
    const budget = new Budget();
    budget.note('a', told(0), 0);
    budget.take('a', 'reads', 0, hour);
    expect(budget.take('b', 'reads', 0, hour)).toBe(0);
  });

  test('a turn that comes too late is not taken', () => {
    const budget = new Budget();
    budget.note('a', { remaining: undefined, pauseInMs: 10_000 }, 0);
    expect(budget.take('a', 'reads', 0, 10_000)).toBeUndefined();
    expect(budget.take('a', 'reads', 0, 10_001)).toBe(10_000);
  });
});

async function open() {
  const clock = createVirtualClock(new Date('2026-01-05T12:00:00Z'));
  const simulator = await startSimulator({ now: () => clock.now(), throttling: azureLimits });
  simulator.putNsg({ id: nsgId });
  simulator.putRegistry({ id: registryId });
  const armOf = () => buildArm({ cloud: 'Public', armEndpoint: simulator.url, armIsLoopback: true }, 'o', { clock });
  return { clock, simulator, armOf };
}

describe('a subscription’s calls', () => {
  test('a burst of several processes never meets a 429, and takes as long as the bucket needs', async () => {
    const { clock, simulator, armOf } = await open();
    const processes = [armOf(), armOf(), armOf(), armOf()];
    const start = clock.now().getTime();
    const reads = 1_200;

    for (let count = 0; count < reads / processes.length; count += 1) {
      for (const arm of processes) await arm.openSession().nsgRules.read(nsgTarget());
    }

    const seconds = (clock.now().getTime() - start) / 1_000;
    const least = (reads - 250) / 25;
    expect(simulator.requests.filter(({ status }) => status === 429)).toEqual([]);
    expect(seconds).toBeGreaterThanOrEqual(least - 3);
    await simulator.stop();
  });

  test('Retry-After holds for all runs of the process, of that subscription and provider only', async () => {
    const { clock, simulator, armOf } = await open();
    const arm = armOf();
    simulator.failNext({ method: 'GET' }, faults.tooManyRequests(30));
    const first = arm.openSession();
    const start = clock.now().getTime();
    await first.nsgRules.read(nsgTarget());
    expect(clock.now().getTime() - start).toBeGreaterThanOrEqual(30_000);
    expect(first.usage().retries).toContainEqual(
      expect.objectContaining({ code: 'TooManyRequests', waitedInMs: 30_000 }),
    );
    await simulator.stop();
  });

  test('a lock is no throttling: other calls of the subscription go on', async () => {
    const { clock, simulator, armOf } = await open();
    const arm = armOf();
    simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 50);
    const session = arm.openSession();
    const change = { rule: 'AllowAcrWebhooks', operation: 'put', prefixes: ['192.0.2.0/24'] } as const;

    const failed = session.nsgRules.write(nsgTarget(), await session.nsgRules.read(nsgTarget()), [change], []);

    await expect(failed).rejects.toBeInstanceOf(TargetBusyError);
    const at = clock.now().getTime();
    await arm.openSession().registryNetworkRules.read(registryTarget());
    expect(clock.now().getTime()).toBe(at);
    await simulator.stop();
  });

  test('a wait that is longer than the run has time ends it as busy, with what Azure asked for', async () => {
    const { simulator, armOf } = await open();
    const arm = armOf();
    simulator.failNext({ method: 'GET' }, faults.tooManyRequests(300));

    await expect(arm.openSession().nsgRules.read(nsgTarget())).rejects.toMatchObject({
      name: 'TargetBusyError',
      retryAfterInMs: 300_000,
    });
    // The next run of this process does not even ask.
    const before = simulator.requests.length;
    await expect(arm.openSession().nsgRules.read(nsgTarget())).rejects.toBeInstanceOf(TargetBusyError);
    expect(simulator.requests.length).toBe(before);
    await simulator.stop();
  });
});
