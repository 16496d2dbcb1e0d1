/** What the queue triggers run, with an app whose target another run has. */
import { describe, expect, test } from '@jest/globals';
import type { World } from '../../dev/world.ts';
import type { App } from '../../src/app/composition.ts';
import { runUpdateIn } from '../../src/app/invocations.ts';
import { maxPostponements } from '../../src/app/update/postpone.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import { ConfigurationError } from '../../src/core/errors.ts';
import { acr, hooks, prefixesIn, publish, recordsOf, useWorlds } from './stories.ts';

const worlds = useWorlds();

function appOf(world: World, traceparent?: string): App {
  const parents: (string | undefined)[] = [];
  const telemetry: App['telemetry'] = {
    span: (_, { parent }, work) => {
      parents.push(parent);
      return work({ traceparent, set: () => undefined });
    },
    record: () => undefined,
    flush: () => Promise.resolve(),
  };
  return { services: world.services, telemetry, logger: world.services.logger } as unknown as App;
}

/** Runs `work` while another run has the target. */
async function whileLeased(world: World, work: () => Promise<void>): Promise<void> {
  const result = await world.services.states.withLease('hooks', work);
  expect(result).not.toBe('busy');
}

describe('a target that another run has', () => {
  test('is asked for again: the message that comes late does the work', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');

    await whileLeased(world, () => runUpdateIn(appOf(world), { target: 'hooks', reason: 'reconcile' }));

    expect(world.queue.messages).toMatchObject([{ message: { target: 'hooks', reason: 'reconcile', postponed: 1 } }]);
    expect(prefixesIn(world)).toEqual([]);
    await world.drain();
    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
  });

  test('is not asked for for ever', async () => {
    const world = await worlds.open();

    await whileLeased(world, async () => {
      const message = { target: 'hooks', reason: 'reconcile', postponed: maxPostponements };
      await expect(runUpdateIn(appOf(world), message)).rejects.toThrow(`has been leased by other runs`);
    });

    expect(world.queue.messages).toEqual([]);
  });

  test('keeps the trace of who asked', async () => {
    const world = await worlds.open();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    await whileLeased(world, () =>
      runUpdateIn(appOf(world, traceparent), { target: 'hooks', reason: 'reconcile', traceparent }),
    );

    expect(world.queue.messages).toMatchObject([{ message: { traceparent } }]);
  });
});

describe('an update that was given up', () => {
  test('is recorded and announced; the next reconciliation makes good', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    world.clock.advance(60_000);

    await reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' });

    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({
      outcome: 'failed',
      trigger: { reason: 'poison' },
    });
    expect(world.notifications.at(-1)).toMatchObject({ type: 'update.failed', subject: 'hooks' });
    expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('failed');

    world.clock.advance(3_600_000);
    expect(await world.reconcile()).toMatchObject([{ outcome: 'unchanged' }]);
    expect((await world.services.states.get('hooks'))?.run.lastResult?.status).toBe('inSync');
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ outcome: 'unchanged' });
  });

  test('is recorded and announced where the targets file is broken, if the target was there before', async () => {
    const world = await worlds.open();
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    world.clock.advance(60_000);
    const broken = { read: () => Promise.reject(new ConfigurationError('targets[0].kind', '"nsg", accepted nsgRule')) };
    const services = { ...world.services, targets: broken };
    const before = world.notifications.length;

    for (const target of ['hooks', 'stranger']) await reportFailedUpdate(services, { target, reason: 'reconcile' });

    const fault = 'The targets cannot be read: targets[0].kind: "nsg", accepted nsgRule.';
    const announced = world.notifications.slice(before);
    expect(announced.map(({ type, subject }) => [type, subject])).toEqual([
      ['update.failed', 'hooks'],
      ['update.failed', 'stranger'],
    ]);
    for (const { message } of announced) expect(message).toContain(fault);
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ trigger: { reason: 'poison' } });
    expect(await recordsOf(world, 'stranger')).toEqual([]);
  });

  test('is not announced for a target that is no longer in the targets file', async () => {
    const world = await worlds.open({ targets: [] });

    await reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' });

    expect(world.notifications).toEqual([]);
    expect(await recordsOf(world, 'hooks')).toEqual([]);
  });

  test('is announced where it cannot be recorded, and the message comes again', async () => {
    const world = await worlds.open();
    const ledger = { ...world.services.ledger, list: () => Promise.reject(new Error('storage is down')) };

    const report = reportFailedUpdate({ ...world.services, ledger }, { target: 'hooks' });

    await expect(report).rejects.toThrow('storage is down');
    expect(world.notifications).toMatchObject([{ type: 'update.failed', subject: 'hooks' }]);
  });

  test('is announced even where another run has the target, and where the message names none', async () => {
    const world = await worlds.open();

    await whileLeased(world, () => reportFailedUpdate(world.services, { target: 'hooks', reason: 'reconcile' }));
    await reportFailedUpdate(world.services, 'no message of ours');

    expect(world.notifications.map(({ subject }) => subject)).toEqual(['hooks', 'update-target']);
  });
});

describe('what stands in the queue', () => {
  const json = JSON.stringify({ target: 'hooks', reason: 'by hand' });
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test.each([
    ['an object, as the host parses JSON', { target: 'hooks', reason: 'by hand' }],
    ['JSON as text', json],
    ['JSON with space and a byte order mark', `\uFEFF  ${json}\n`],
    ['base64', base64(json)],
    ['base64 without its end', base64(json).replace(/=+$/, '')],
    ['base64 of JSON with a byte order mark', base64(`\uFEFF${json}`)],
  ])('%s is handled', async (_, body) => {
    const world = await worlds.open();
    await publish(world, { [acr]: ['20.42.66.0/24'] });
    world.simulator.removeRule(hooks().resourceId, 'AllowAcr');
    world.clock.advance(60_000);

    await runUpdateIn(appOf(world), body);

    expect(prefixesIn(world)).toEqual(['20.42.66.0/24']);
    expect((await recordsOf(world, 'hooks')).at(-1)).toMatchObject({ trigger: { reason: 'by hand' } });
  });

  test.each([
    ['a word', 'hello'],
    ['half a JSON', '{"target":'],
    ['base64 of a word', base64('hello')],
    ['a list', ['hooks']],
    ['a number', 17],
    ['nothing', ''],
    ['JSON without a target', { reason: 'by hand' }],
    ['a name that is none', { target: '../secrets' }],
  ])('%s is recorded and announced, once, and goes', async (_, body) => {
    const world = await worlds.open();

    await runUpdateIn(appOf(world), body);
    await reportFailedUpdate(world.services, body);

    const records = await recordsOf(world, 'update-target');
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({
      outcome: 'failed',
      trigger: { reason: 'message' },
      reasons: [{ code: 'failed' }],
    });
    expect(world.notifications).toHaveLength(2);
    expect(world.notifications[0]).toMatchObject({ type: 'update.failed', subject: 'update-target' });
    expect(world.notifications[0]?.message).toMatch(
      /^A message in the queue update-target cannot be read and was dropped/,
    );
  });
});
