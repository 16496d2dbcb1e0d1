/** No write to Azure is reachable past the gate: proven by running every way in, and by reading the source. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { seedResources } from '../../dev/seedResources.ts';
import type { World, WorldServices } from '../../dev/world.ts';
import type { Arm, ArmSession, TargetAdapter } from '../../src/app/ports.ts';
import { buildTargetActions } from '../../src/app/targetActions.ts';
import { reportFailedUpdate } from '../../src/app/reportFailedUpdate.ts';
import { updateTarget } from '../../src/app/updateTarget.ts';
import type { Policy, Target } from '../../src/core/targets/target.ts';
import { openLimits } from '../core/plan/planFixtures.ts';
import { acr, checkLedger, hooks, prefixesIn, prod, publish, useWorlds, type TagLists } from './stories.ts';
import { isFullRun } from '../support/fullRun.ts';

const worlds = useWorlds();
const list = (...prefixes: readonly string[]): TagLists => ({ [acr]: prefixes, [`${acr}.WestEurope`]: prefixes });

/** The real reads; writes are noted in place of being done. */
function recordingArm(arm: Arm, writes: string[]): Arm {
  const recording = <T extends Target>(adapter: TargetAdapter<T>): TargetAdapter<T> => ({
    ...adapter,
    write: (target, current) => {
      writes.push(target.name);
      return Promise.resolve(current);
    },
  });
  return {
    openSession(options): ArmSession {
      const session = arm.openSession(options);
      return {
        ...session,
        nsgRules: recording(session.nsgRules),
        registryNetworkRules: recording(session.registryNetworkRules),
      };
    },
  };
}

interface Closing {
  readonly policy: Policy;
  readonly paused: 'no' | 'in the targets file' | 'by a person';
  readonly updatesPaused: boolean;
}

const everyClosing: Closing[] = (['plan', 'addOnly', 'sync'] as const).flatMap((policy) =>
  (['no', 'in the targets file', 'by a person'] as const).flatMap((paused) =>
    [false, true].map((updatesPaused) => ({ policy, paused, updatesPaused })),
  ),
);
// `npm run test:full` takes all of them, else those with one reason to be closed, or none.
const closings = everyClosing.filter(({ policy, paused, updatesPaused }) => {
  const reasons = [policy === 'plan', paused !== 'no', updatesPaused].filter(Boolean).length;
  return isFullRun || reasons === 0 || (reasons === 1 && policy !== 'addOnly');
});
const isOpen = ({ policy, paused, updatesPaused }: Closing): boolean =>
  policy !== 'plan' && paused === 'no' && !updatesPaused;

/** Every way in which a run can begin. Refusals are fine: what counts is what was written. */
const entrances: Readonly<
  Record<string, (services: WorldServices, target: string, snapshot: string) => Promise<unknown>>
> = {
  'a queue message': (services, target) => updateTarget(services, { target, reason: 'selectionChanged' }),
  'a message of removals': (services, target) => updateTarget(services, { target, reason: 'removals' }),
  'an approval': async (services, target) => {
    const actions = buildTargetActions(services);
    const { id } = await actions.planTarget(target);
    return actions.approvePlan(target, id, 'operator');
  },
  'a rollback': (services, target, snapshot) =>
    buildTargetActions(services).rollbackTarget(target, snapshot, 'operator'),
  'a look at the plan': (services, target) => buildTargetActions(services).planTarget(target),
  'a pull': (services) => buildTargetActions(services).pullNow('operator'),
  'a pause': (services, target) => buildTargetActions(services).pauseTarget(target, 'operator'),
  'a poisoned message': (services, target) => reportFailedUpdate(services, { target, reason: 'reconcile' }),
};

const writesWhereOpen = ['a queue message', 'a message of removals', 'an approval', 'a rollback'];

describe.each([
  ['nsgRule', hooks],
  ['registry', prod],
])('%s', (_kind, make) => {
  test('whatever closes it, nothing is written by any way in; open, the same ways write', async () => {
    const world = await worlds.open({ targets: [] });
    await publish(world, list('20.42.0.0/24'));
    const old = await world.services.snapshots.readPointer('Public');
    const snapshot = typeof old === 'object' ? old.pointer.snapshot : '';
    await publish(world, list('20.42.2.0/24'), 2);
    seedResources(world.simulator, [make()]);
    const real = JSON.stringify(world.simulator.snapshotState());

    for (const [index, closing] of closings.entries()) {
      const { policy, paused, updatesPaused } = closing;
      const isPaused = paused === 'in the targets file';
      // A name of its own, so that each begins without a state.
      const target = make({ name: `gate-${index}`, policy, paused: isPaused, limits: openLimits });
      world.setTargets([target]);
      if (paused === 'by a person') await world.actions.pauseTarget(target.name, 'operator');
      for (const [entrance, enter] of Object.entries(entrances)) {
        const writes: string[] = [];
        const services = { ...world.services, updatesPaused, arm: recordingArm(world.services.arm, writes) };
        await enter(services, target.name, snapshot).catch(() => undefined);
        const wrote = isOpen(closing) && writesWhereOpen.includes(entrance);
        expect({ ...closing, entrance, wrote: writes.length > 0 }).toEqual({ ...closing, entrance, wrote });
      }
      await expectWholeChain(world, target.name);
    }
    expect(JSON.stringify(world.simulator.snapshotState())).toBe(real);
  });
});

async function expectWholeChain(world: World, chain: string): Promise<void> {
  expect(await checkLedger(world, chain)).toEqual({ ok: true, breaks: [] });
}

test('resume opens the gate for a person’s pause only', async () => {
  const world = await worlds.open({ targets: [hooks({ paused: true })] });
  await publish(world, list('20.42.0.0/24'));

  const answer = await world.actions.resumeTarget('hooks', 'operator');

  expect(answer).toMatchObject({ outcome: 'paused' });
  expect(prefixesIn(world)).toEqual([]);
});

test('a lost lease stops the write', async () => {
  const world = await worlds.open();
  world.setTargets([]);
  await publish(world, list('20.42.0.0/24'));
  world.setTargets([hooks()]);
  const { states } = world.services;
  const assertHeld = () => {
    throw new Error('the lease was lost');
  };
  const losing: typeof states = {
    get: states.get.bind(states),
    listSummaries: states.listSummaries.bind(states),
    withLease: (name, work) => states.withLease(name, (session) => work({ ...session, assertHeld })),
    withLeaseToWrite: (name, work) => states.withLeaseToWrite(name, (session) => work({ ...session, assertHeld })),
  };

  const run = updateTarget({ ...world.services, states: losing }, { target: 'hooks', reason: 'reconcile' });

  await expect(run).rejects.toThrow('the lease was lost');
  expect(prefixesIn(world)).toEqual([]);
});

test('only the gate calls the write of an adapter', () => {
  const root = resolve(import.meta.dirname, '../../src');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: readFileSync(resolve(root, name), 'utf8') }));
  const namesOf = (pattern: RegExp, among = sources): string[] =>
    among
      .filter(({ text }) => pattern.test(text))
      .map(({ name }) => name)
      .sort();

  const holders = sources.filter(({ text }) => /adapterOf|\bnsgRules\b|\bregistryNetworkRules\./.test(text));
  // The session of adapters/arm counts the calls and hands them on.
  expect(namesOf(/\.write\(/, holders)).toEqual(['adapters/arm/arm.ts', 'app/update/writeGate.ts']);
  expect(namesOf(/writeThroughGate\(/)).toEqual(['app/update/applyPlan.ts', 'app/update/writeGate.ts']);
  expect(namesOf(/\bbuildNsgRules\(|\bbuildRegistryNetworkRules\(/)).toEqual([
    'adapters/arm/arm.ts',
    'adapters/arm/nsgRules.ts',
    'adapters/arm/registryNetworkRules.ts',
  ]);
});
