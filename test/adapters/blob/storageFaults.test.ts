import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BlobChangeStore } from '../../../src/adapters/blob/changes.ts';
import { BlobLedger } from '../../../src/adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../../../src/adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../../../src/adapters/blob/targetStates.ts';
import { createStorageClients, StorageTimeoutError } from '../../../src/adapters/storageClients.ts';
import { LeaseLostError } from '../../../src/core/errors.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import {
  startStorageFaultProxy,
  type Fault,
  type SeenRequest,
  type StorageFaultProxy,
} from '../../support/faultProxy.ts';
import { toPointer, toRunRecord, toSnapshot, toState } from '../../support/storageSamples.ts';

const accounts = useBlobs();

let proxy: StorageFaultProxy;
let snapshots: BlobSnapshotStore;
let changes: BlobChangeStore;
let states: BlobTargetStateStore;
let ledger: BlobLedger;

/** Containers are there before the first fault. */
beforeEach(async () => {
  proxy = await startStorageFaultProxy(accounts.freshConnectionString());
  const { blobs } = createStorageClients(
    { kind: 'connectionString', connectionString: proxy.connectionString },
    { startTimer: proxy.startTimer, retry: { maxTries: 3, retryDelayInMs: 10, maxRetryDelayInMs: 20 } },
  );
  snapshots = new BlobSnapshotStore(blobs);
  changes = new BlobChangeStore(blobs);
  states = new BlobTargetStateStore(blobs);
  ledger = new BlobLedger(blobs);
  const service = await blobs();
  for (const name of ['service-tags', 'targets', 'ledger']) await service.createContainer(name);
  proxy.blob.reset();
});

afterEach(() => proxy.stop());

const isUpload = ({ method, headers }: SeenRequest) => method === 'PUT' && headers['x-ms-blob-type'] !== undefined;
const isLease = (action: string) => (request: SeenRequest) => request.headers['x-ms-lease-action'] === action;
const isDownload = ({ method, url }: SeenRequest) => method === 'GET' && !url.includes('comp=list');
const isList = ({ method, url }: SeenRequest) => method === 'GET' && url.includes('comp=list');

/** What a single request may meet; the SDK's next try finds the service well again. */
const passing: [string, Omit<Fault, 'match'>][] = [
  ['a dropped connection', { when: 'before', how: 'drop' }],
  ['a lost answer', { when: 'after', how: 'drop' }],
  ['500', { when: 'before', how: { status: 500 } }],
  ['500 after it was carried out', { when: 'after', how: { status: 500 } }],
  ['503', { when: 'before', how: { status: 503, code: 'ServerBusy' } }],
  ['no answer in time', { when: 'before', how: 'late' }],
  ['an answer that comes too late', { when: 'after', how: 'late' }],
];

const first = toSnapshot('2026-11-02');
const second = toSnapshot('2026-11-09', { previous: first.id });
const state = toState('web', {
  ownership: { prefixes: [{ prefix: '192.0.2.0/24', since: first.pulledAt }], rules: [] },
});
const record = toRunRecord('web', '2026-11-23T06:00:00.000Z');

async function readPointer() {
  const read = await snapshots.readPointer('Public');
  if (read === undefined || read === 'notModified') throw new Error('expected a pointer');
  return read;
}

describe.each(passing)('%s', (_, fault) => {
  test('of a snapshot put leaves it whole', async () => {
    const struck = proxy.blob.fail({ ...fault, match: isUpload });

    await snapshots.put(first);

    expect(struck()).toBe(1);
    expect(await snapshots.get('Public', first.id)).toEqual(first);
  });

  test('of a changes put leaves them whole', async () => {
    const diff = { addedTags: ['A'], removedTags: [], changes: [{ tag: 'A', added: ['192.0.2.0/24'], removed: [] }] };
    proxy.blob.fail({ ...fault, match: isUpload });

    await changes.put('Public', first.id, diff);

    expect(await changes.get('Public', first.id)).toEqual(diff);
  });

  test('of a record put is no conflict', async () => {
    proxy.blob.fail({ ...fault, match: isUpload });

    expect(['created', 'exists']).toContain(await ledger.put(record));

    expect(await ledger.get(record.id)).toEqual(record);
  });

  test('of a pointer replace is no conflict', async () => {
    await snapshots.replacePointer(toPointer(first), undefined);
    const { etag } = await readPointer();
    const struck = proxy.blob.fail({ ...fault, match: isUpload });

    expect(await snapshots.replacePointer(toPointer(second), etag)).toBe('replaced');

    expect(struck()).toBe(1);
    expect((await readPointer()).pointer).toEqual(toPointer(second));
  });

  test('of the first pointer is no conflict', async () => {
    proxy.blob.fail({ ...fault, match: isUpload });

    expect(await snapshots.replacePointer(toPointer(first), undefined)).toBe('replaced');
  });

  test('of reads and lists does not show', async () => {
    await snapshots.put(first);
    await ledger.put(record);
    proxy.blob.fail({ ...fault, match: isDownload });
    proxy.blob.fail({ ...fault, match: isList });

    expect(await snapshots.get('Public', first.id)).toEqual(first);
    expect((await ledger.list({ limit: 5 })).items).toEqual([record]);
  });

  test.each(['acquire', 'release'])('of the %s of a lease leaves nobody out', async (action) => {
    const struck = proxy.blob.fail({ ...fault, match: isLease(action) });

    await states.withLease('web', (session) => session.put(state));

    expect(struck()).toBe(1);
    expect(await states.withLease('web', (session) => Promise.resolve(session.state))).toEqual(state);
  });

  test('of a state put loses neither the lease nor the state', async () => {
    await states.withLease('web', async (session) => {
      await session.put(toState('web'));
      proxy.blob.reset();
      proxy.blob.fail({ ...fault, match: isUpload });
      await session.put(state);
      session.assertHeld();
      await session.put({ ...state, ownerId: 'next' });
    });

    expect(await states.get('web')).toEqual({ ...state, ownerId: 'next' });
  });

  test('of the first blob of a target does not show', async () => {
    proxy.blob.fail({ ...fault, match: isUpload });

    expect(await states.withLease('web', () => Promise.resolve('ran'))).toBe('ran');
  });
});

describe('faults that stay', () => {
  test.each<[string, Fault['how'], object]>([
    ['503', { status: 503, code: 'ServerBusy' }, { statusCode: 503 }],
    ['403', { status: 403, code: 'AuthorizationPermissionMismatch' }, { name: 'StorageRefusedError' }],
    ['409', { status: 409, code: 'ContainerBeingDeleted' }, { statusCode: 409 }],
  ])('%s is thrown, never taken for an answer', async (_, how, expected) => {
    proxy.blob.fail({ when: 'before', how, times: Infinity });

    await expect(snapshots.get('Public', first.id)).rejects.toMatchObject(expected);
    await expect(snapshots.put(first)).rejects.toMatchObject(expected);
    await expect(snapshots.readPointer('Public')).rejects.toMatchObject(expected);
    await expect(snapshots.replacePointer(toPointer(first), undefined)).rejects.toMatchObject(expected);
    await expect(states.get('web')).rejects.toMatchObject(expected);
    await expect(states.listSummaries()).rejects.toMatchObject(expected);
    await expect(states.withLease('web', () => Promise.resolve())).rejects.toMatchObject(expected);
    await expect(ledger.put(record)).rejects.toMatchObject(expected);
    await expect(ledger.list({ limit: 1 })).rejects.toMatchObject(expected);
  });

  test('a service that is silent is given up in bounded time, without the query in the message', async () => {
    proxy.blob.fail({ when: 'before', how: 'late', times: Infinity });

    const read = snapshots.readPullStatus('Public');

    await expect(read).rejects.toThrow(StorageTimeoutError);
    await expect(read).rejects.toThrow(
      /^no answer to GET 127\.0\.0\.1:\d+\/test\d+\/service-tags\/status\/Public\.json within 10000 ms, 2 times$/,
    );
    expect(proxy.blob.requests).toHaveLength(2);
  });

  test('the time limit of a try is one of the clock, unless a test has its own', async () => {
    proxy.blob.fail({ when: 'before', how: 'late', times: Infinity });
    const { blobs } = createStorageClients(
      { kind: 'connectionString', connectionString: proxy.connectionString },
      { tryTimeoutInMs: 20 },
    );

    await expect(new BlobSnapshotStore(blobs).readPullStatus('Public')).rejects.toThrow('within 20 ms, 2 times');
  });

  test('a body that stops half way is read again', async () => {
    await snapshots.put(first);
    const struck = proxy.blob.fail({ when: 'after', how: 'cut', match: isDownload });

    expect(await snapshots.get('Public', first.id)).toEqual(first);

    expect(struck()).toBe(1);
  });

  test('a list that stops half way is read again', async () => {
    await snapshots.put(first);
    const struck = proxy.blob.fail({ when: 'after', how: 'cut', match: isList });

    expect(await snapshots.list('Public')).toHaveLength(1);

    expect(struck()).toBe(1);
  });

  test('a role that may not create containers needs not to', async () => {
    const isCreate = ({ url, method }: SeenRequest) => method === 'PUT' && url.includes('restype=container');
    proxy.blob.fail({
      when: 'before',
      how: { status: 403, code: 'AuthorizationFailure' },
      match: isCreate,
      times: Infinity,
    });

    await snapshots.put(first);
    await states.withLease('web', (session) => session.put(state));
    await ledger.put(record);

    expect(proxy.blob.requests.filter(isCreate)).toEqual([]);
  });
});

describe('a pointer replace whose answer was lost', () => {
  test('is a conflict where another one won', async () => {
    await snapshots.replacePointer(toPointer(first), undefined);
    const { etag } = await readPointer();
    await snapshots.replacePointer(toPointer(second), etag);
    proxy.blob.fail({ when: 'after', how: 'drop', match: isUpload });

    expect(await snapshots.replacePointer(toPointer(toSnapshot('2026-11-16')), etag)).toBe('conflict');

    expect((await readPointer()).pointer).toEqual(toPointer(second));
  });
});

describe('a state put', () => {
  test('given up as unanswered does not undo the one after it when it arrives late', async () => {
    const late = { ...state, ownerId: 'late' };
    await states.withLease('web', async (session) => {
      await session.put(toState('web'));
      proxy.blob.fail({ when: 'before', how: 'late', match: isUpload, times: 2 });
      await expect(session.put(late)).rejects.toThrow(StorageTimeoutError);
      await session.put(state);
      expect(await proxy.blob.lateArrivals()).toHaveLength(2);
    });

    expect(await states.get('web')).toEqual(state);
  });

  test('goes on from one of its own that won although it was given up', async () => {
    await states.withLease('web', async (session) => {
      await session.put(toState('web'));
      proxy.blob.fail({ when: 'after', how: 'drop', match: isUpload, times: 3 });
      await expect(session.put({ ...state, ownerId: 'unanswered' })).rejects.toThrow('socket hang up');
      proxy.blob.fail({ when: 'after', how: 'late', match: isUpload, times: 2 });
      await expect(session.put({ ...state, ownerId: 'given up' })).rejects.toThrow(StorageTimeoutError);
      await session.put(state);
    });

    expect(await states.get('web')).toEqual(state);
  });

  test('is refused when the clock says that the lease has run out, before anything is sent', async () => {
    let now = 0;
    const { blobs } = createStorageClients({ kind: 'connectionString', connectionString: proxy.connectionString });
    const clocked = new BlobTargetStateStore(blobs, { nowInMs: () => now });

    await clocked.withLease('web', async (session) => {
      now += 61_000;
      proxy.blob.reset();
      await expect(session.put(state)).rejects.toThrow(LeaseLostError);
      expect(proxy.blob.requests).toEqual([]);
    });
  });

  test('of a lease that cannot be renewed for a while goes on after a renewal', async () => {
    const { blobs } = createStorageClients(
      { kind: 'connectionString', connectionString: proxy.connectionString },
      { retry: { maxTries: 1 } },
    );
    const renewing = new BlobTargetStateStore(blobs, { renewEveryInMs: 100 });
    const failed = proxy.blob.fail({ when: 'before', how: { status: 503 }, match: isLease('renew'), times: 3 });

    await renewing.withLease('web', async (session) => {
      while (proxy.blob.requests.filter(isLease('renew')).length < 5) await new Promise((done) => setTimeout(done, 50));
      session.assertHeld();
      await session.put(state);
    });

    expect(failed()).toBe(3);
    expect(await states.get('web')).toEqual(state);
  });

  test('that did its work, or failed, is not hidden by a lease that cannot be given back', async () => {
    proxy.blob.fail({ when: 'before', how: { status: 503 }, match: isLease('release'), times: Infinity });

    await expect(states.withLease('web', (session) => session.put(state).then(() => 'ran'))).resolves.toBe('ran');
    await expect(states.withLease('api', () => Promise.reject(new Error('the work failed')))).rejects.toThrow(
      'the work failed',
    );

    expect(await states.get('web')).toEqual(state);
    expect(await states.withLease('web', () => Promise.resolve('ran'))).toBe('busy');
  });
});
