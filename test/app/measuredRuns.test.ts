/** Every pull and update leaves its trace and its figures, also those that people ask for over HTTP. */
import { describe, expect, test } from '@jest/globals';
import { faults } from '../../dev/simulator/faults.ts';
import type { World } from '../../dev/world.ts';
import type { TargetActions } from '../../src/app/targetActions.ts';
import type { App } from '../../src/app/composition.ts';
import { runUpdateIn } from '../../src/app/invocations.ts';
import { measuredActionRuns } from '../../src/app/measuredRuns.ts';
import type { TelemetryAttributes } from '../../src/app/ports.ts';
import { buildTargetActions } from '../../src/app/targetActions.ts';
import type { Measurement } from '../../src/core/metrics.ts';
import { acr, dayOf, deadSource, hooks, prefixesIn, publish, source, useWorlds } from './stories.ts';

const worlds = useWorlds();
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const first = '20.42.66.0/24';
const second = '20.42.68.0/24';

interface Told {
  readonly spans: { readonly name: string; attributes: TelemetryAttributes }[];
  /** In the order of events. */
  readonly sent: Measurement[];
  readonly telemetry: App['telemetry'];
  readonly actions: TargetActions;
}

function listen(world: World): Told {
  const spans: Told['spans'] = [];
  const sent: Measurement[] = [];
  let recorded: Measurement[] = [];
  const telemetry: App['telemetry'] = {
    span: (name, { attributes = {} }, work) => {
      const span = { name, attributes };
      spans.push(span);
      return work({ traceparent, set: (more) => (span.attributes = { ...span.attributes, ...more }) });
    },
    record: (more) => void recorded.push(...more),
    flush: () => {
      sent.push(...recorded);
      recorded = [];
      return Promise.resolve();
    },
  };
  const actions = buildTargetActions(world.services, measuredActionRuns({ services: world.services, telemetry }));
  return { spans, sent, telemetry, actions };
}

function appOf({ services }: World, { telemetry }: Told): App {
  return { services, telemetry, logger: services.logger } as unknown as App;
}

function figure(told: Told, metric: Measurement['metric']): readonly Measurement[] {
  return told.sent.filter((measurement) => measurement.metric === metric);
}

test('a message of the queue is traced by the id of its target', async () => {
  const world = await worlds.open();
  await publish(world, { [acr]: [first] });
  const told = listen(world);

  await runUpdateIn(appOf(world, told), { target: 'hooks', reason: 'reconcile' });

  expect(told.spans).toEqual([
    {
      name: 'updateTarget',
      attributes: {
        targetId: 'hooks',
        reason: 'reconcile',
        runId: expect.stringContaining('-hooks-') as unknown,
        outcome: 'unchanged',
      },
    },
  ]);
});

describe('over HTTP', () => {
  test('a pull is counted, and what it queues carries the trace', async () => {
    const world = await worlds.open();
    world.setSources(source({ [acr]: [first] }, { date: dayOf(world) }));
    const told = listen(world);

    await told.actions.pullNow('Ada');

    expect(told.spans).toMatchObject([{ name: 'pullServiceTags' }]);
    expect(figure(told, 'pulls')).toEqual([{ metric: 'pulls', value: 1, attributes: { outcome: 'changed' } }]);
    expect(world.queue.messages).toMatchObject([{ message: { target: 'hooks', traceparent } }]);
  });

  test('a pull that fails is counted as failed; one that gives way is not counted', async () => {
    const world = await worlds.open();
    world.setSources(deadSource());
    const told = listen(world);

    await expect(told.actions.pullNow('Ada')).rejects.toThrow('none is healthy');
    await world.services.snapshots.withPullLease('Public', () =>
      expect(told.actions.pullNow('Ada')).rejects.toThrow('a pull is running now'),
    );

    expect(figure(told, 'pulls')).toEqual([{ metric: 'pulls', value: 1, attributes: { outcome: 'failed' } }]);
  });

  test('what an approval lets in is counted', async () => {
    const wide = '20.64.0.0/19';
    const world = await worlds.open();
    await publish(world, { [acr]: [first, wide] });
    const told = listen(world);
    const { id } = await told.actions.planTarget('hooks');

    await told.actions.approvePlan('hooks', id, 'Ada');

    expect(prefixesIn(world)).toEqual([first, wide]);
    expect(figure(told, 'prefixes.added')).toEqual([
      { metric: 'prefixes.added', value: 1, attributes: { target: 'hooks' } },
    ]);
    expect(told.spans).toMatchObject([
      { name: 'updateTarget', attributes: { targetId: 'hooks', reason: 'approval', outcome: 'applied' } },
    ]);
  });

  test('a rollback, a pause and a resumption have a trace; a refusal too', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [first] });
    const items = await world.services.snapshots.list('Public');
    const told = listen(world);

    await told.actions.rollbackTarget('hooks', items[0]?.id ?? '', 'Ada');
    await told.actions.pauseTarget('hooks', 'Ada');
    await told.actions.resumeTarget('hooks', 'Ada');
    await expect(told.actions.approvePlan('hooks', '0'.repeat(64), 'Ada')).rejects.toThrow('look at the new plan');

    expect(told.spans.map(({ attributes }) => attributes)).toMatchObject([
      { targetId: 'hooks', reason: 'rollback', outcome: 'unchanged' },
      { targetId: 'hooks', reason: 'pause', outcome: 'paused' },
      { targetId: 'hooks', reason: 'resume', outcome: 'unchanged' },
      { targetId: 'hooks', reason: 'approval' },
    ]);
  });
});

describe('figures of what was written', () => {
  test('a removal that follows later is counted once, when it is made', async () => {
    const target = hooks({
      limits: { ...hooks().limits, removalGraceDays: 0, removalConfirmations: 0, maxRemovedPercent: 100 },
    });
    const world = await worlds.open({ targets: [target] });
    await publish(world, { [acr]: [first, '20.43.0.0/24'] });
    const told = listen(world);
    world.clock.advance(7 * 24 * 3_600_000);
    world.setSources(source({ [acr]: [first, second] }, { date: dayOf(world), changeNumber: 2 }));
    await world.pull();

    await world.queue.drain((message) => runUpdateIn(appOf(world, told), message));
    await told.telemetry.flush();

    expect(prefixesIn(world)).toEqual([first, second]);
    expect(figure(told, 'prefixes.added').map(({ value }) => value)).toEqual([1]);
    expect(figure(told, 'prefixes.removed').map(({ value }) => value)).toEqual([1]);
  });

  test('an addition that Azure puts off is not counted', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: [first] });
    const told = listen(world);
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');
    world.simulator.failNext({ method: 'PUT' }, faults.nsgLocked(), 20);

    await runUpdateIn(appOf(world, told), { target: 'hooks', reason: 'reconcile' });
    await told.telemetry.flush();

    expect(prefixesIn(world)).toEqual([]);
    expect(told.spans.at(-1)?.attributes).toMatchObject({ outcome: 'pending' });
    expect(figure(told, 'prefixes.added')).toEqual([]);
  });
});
