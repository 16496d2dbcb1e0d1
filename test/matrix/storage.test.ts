/** Each fault of the app's storage × each step of an update that needs it × each kind of target. */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { BlobServiceClient } from '@azure/storage-blob';
import type { World } from '../../dev/world.ts';
import { BlobTargetStateStore } from '../../src/adapters/blob/targetStates.ts';
import { createStorageClients } from '../../src/adapters/storageClients.ts';
import { toErrorMessage } from '../../src/core/errors.ts';
import type { Target } from '../../src/core/targets/target.ts';
import type { ArmSession } from '../../src/app/ports.ts';
import { useWorlds } from '../app/stories.ts';
import { startStorageFaultProxy, type Fault, type SeenRequest, type StorageFaultProxy } from '../support/faultProxy.ts';
import {
  expectGoodEnd,
  expectInSync,
  isRun,
  kinds,
  matrixTable,
  noteCell,
  openWorld,
  runCell,
  runCells,
  takeAway,
} from './cells.ts';

const worlds = useWorlds();
const retry = { maxTries: 6, retryDelayInMs: 5, maxRetryDelayInMs: 10 };

const isPut = ({ method, headers, url }: SeenRequest, path: RegExp) =>
  method === 'PUT' && headers['x-ms-blob-type'] !== undefined && path.test(url);
const isGet = ({ method, url }: SeenRequest, path: RegExp) =>
  method === 'GET' && path.test(url) && !url.includes('comp=list');
const lease = (action: string) => (request: SeenRequest) => request.headers['x-ms-lease-action'] === action;
const putState = (request: SeenRequest) => isPut(request, /\/targets\/state\//);

/** As an update makes them. */
const steps: Readonly<Record<string, Pick<Fault, 'match' | 'nth'>>> = {
  lease: { match: lease('acquire') },
  'read of the state': { match: (request) => isGet(request, /\/targets\/state\//) },
  'read of the pointer': { match: (request) => isGet(request, /\/current\/Public\.json/) },
  'read of the snapshot': { match: (request) => isGet(request, /\/snapshots\//) },
  claim: { match: putState },
  'record into the state': { match: putState, nth: 2 },
  'record into the ledger': { match: (request) => isPut(request, /\/ledger\//) },
  'state without the record': { match: putState, nth: 3 },
  'end of the lease': { match: lease('release') },
};

const passing: Readonly<Record<string, Omit<Fault, 'match'>>> = {
  'dropped before the work': { when: 'before', how: 'drop' },
  'answer lost': { when: 'after', how: 'drop' },
  'half an answer': { when: 'after', how: 'cut' },
  '500': { when: 'before', how: { status: 500, code: 'InternalError' } },
  '500 after the work': { when: 'after', how: { status: 500, code: 'OperationTimedOut' } },
  '503': { when: 'before', how: { status: 503, code: 'ServerBusy' } },
  timeout: { when: 'before', how: 'late' },
  'answer too late': { when: 'after', how: 'late' },
};

/** Longer than the client tries: the run cannot go on from there, and the next one finishes the work. */
const lasting: typeof passing = {
  'down for long': { when: 'before', how: { status: 503, code: 'ServerBusy' }, times: 1_000 },
  'answers lost for long': { when: 'after', how: 'drop', times: 1_000 },
  '409': { when: 'before', how: { status: 409, code: 'BlobBeingRehydrated' }, times: 1_000 },
  '412': { when: 'before', how: { status: 412, code: 'ConditionNotMet' }, times: 1_000 },
};

const proxies: StorageFaultProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

async function open(target: Target): Promise<{ readonly world: World; readonly proxy: StorageFaultProxy }> {
  const proxy = await startStorageFaultProxy(worlds.freshConnectionString());
  proxies.push(proxy);
  const { connectionString, startTimer } = proxy;
  const storage = { retry, startTimer };
  return { proxy, world: await openWorld(worlds, target, { connectionString, storage, forgetsSnapshots: true }) };
}

describe.each(kinds)('%s', (kind, target) => {
  test.each(Object.keys(steps))('%s', async (name) => {
    const { world, proxy } = await open(target);
    const met = Object.entries({ ...passing, ...lasting }).filter((_, index) =>
      isRun(kind, Object.keys(steps).indexOf(name), index),
    );
    await runCells(met, ([title, fault]) => cell(world, proxy, target, [name, title], fault));
  });

  test.each(['read', 'claim', 'write'])('the lease runs out during the %s', async (moment) => {
    const { world, proxy } = await open(target);
    takeAway(world, target);
    let isOver = false;
    const { blobs } = createStorageClients({ kind: 'connectionString', connectionString: proxy.connectionString });
    const states = new BlobTargetStateStore(blobs, { nowInMs: () => (isOver ? 1e9 : 0) });
    const arm = {
      openSession: () =>
        onCall(world.services.arm.openSession(), async (call) => {
          if (call !== (moment === 'claim' ? 'read' : moment)) return;
          // Nobody renewed it: it is over by the clock, and another run may take it.
          isOver = true;
          await breakLease(proxy.connectionString, target.name);
        }),
    };

    const result = await runCell(world, target, { ...world.services, states, arm });

    noteCell(`lease runs out during the ${moment}`, kind, 'lease lost', result);
    expect(result.outcomes).toEqual(['failed', expect.stringMatching(/^(applied|unchanged)$/)]);
    expectInSync(world, target);
    const rules = kind === 'nsgRule' ? 2 : 1;
    expect(result.writes).toBe(rules);
    expect(result.records.map(({ outcome }) => outcome)).toContain(moment === 'write' ? 'interrupted' : 'applied');
  });
});

async function cell(
  world: World,
  proxy: StorageFaultProxy,
  target: Target,
  [name, title]: readonly [string, string],
  fault: Omit<Fault, 'match'>,
): Promise<void> {
  takeAway(world, target);
  const struck = proxy.blob.fail({ ...fault, ...steps[name] });
  // The fault is over when the next run comes.
  const result = await runCell(world, target, world.services, async () => {
    proxy.blob.reset();
    // A lease that could not be given back is over in a minute.
    await breakLease(proxy.connectionString, target.name).catch(() => undefined);
  });

  noteCell(name, target.kind, title, result);
  try {
    expect(struck()).toBeGreaterThan(0);
    await expectGoodEnd(world, target, result);
    expect(result.writes).toBe(target.kind === 'nsgRule' ? 2 : 1);
    // A request for the lease that was given up may still take it, for a minute.
    const isBusy = name === 'lease' && result.outcomes[0] === 'busy';
    if (title in passing && !isBusy) expect(result.outcomes).toEqual(['applied']);
  } catch (failure) {
    const records = JSON.stringify(
      result.records.map(({ outcome, reasons, details }) => ({ outcome, reasons, details })),
    );
    throw new Error(`${name}, ${title}: ${result.outcomes.join()} ${toErrorMessage(failure)}\n${records}`, {
      cause: failure,
    });
  }
}

async function breakLease(connectionString: string, name: string): Promise<void> {
  const blob = BlobServiceClient.fromConnectionString(connectionString)
    .getContainerClient('targets')
    .getBlobClient(`state/${name}.json`);
  await blob.getBlobLeaseClient().breakLease(0);
}

/** Calls `before` ahead of each call of an adapter. */
function onCall(session: ArmSession, act: (call: string) => Promise<void>): ArmSession {
  const spy = <T extends object>(adapter: T): T =>
    new Proxy(adapter, {
      get: (object, property) => {
        const value: unknown = Reflect.get(object, property);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const result: unknown = await (value as (...all: unknown[]) => unknown)(...args);
          await act(String(property));
          return result;
        };
      },
    });
  return { ...session, nsgRules: spy(session.nsgRules), registryNetworkRules: spy(session.registryNetworkRules) };
}

afterAll(async () => {
  await mkdir('reports', { recursive: true });
  await writeFile('reports/matrix-storage.md', matrixTable('Faults of the storage'));
});
