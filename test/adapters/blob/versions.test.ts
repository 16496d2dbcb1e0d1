/** Documents of version 0.1 are read and carried over; what a newer program wrote is neither read nor overwritten. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { BlobChangeStore } from '../../../src/adapters/blob/changes.ts';
import { BlobHistoryStore } from '../../../src/adapters/blob/histories.ts';
import { BlobLedger } from '../../../src/adapters/blob/ledger.ts';
import { BlobSnapshotStore } from '../../../src/adapters/blob/snapshots.ts';
import { BlobTargetStateStore } from '../../../src/adapters/blob/targetStates.ts';
import { buildTaggedResourceMemory } from '../../../src/adapters/blob/taggedResources.ts';
import { createStorageClients } from '../../../src/adapters/storageClients.ts';
import { NewerVersionError } from '../../../src/core/errors.ts';
import { verifyChain } from '../../../dev/verifyChain.ts';
import { isPullRecord } from '../../../src/core/ledger/runRecord.ts';
import type { TargetState } from '../../../src/core/targets/targetState.ts';
import { documentOf } from '../../core/history/historyFixtures.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import { storage01, uploadBlobs, type StoredBlob } from '../../support/storage01.ts';
import { toPointer, toPullStatus, toRunRecord, toSnapshot, toState } from '../../support/storageSamples.ts';

const accounts = useBlobs();

async function openStores(stored: readonly StoredBlob[] = []) {
  const { blobs } = createStorageClients({
    kind: 'connectionString',
    connectionString: accounts.freshConnectionString(),
  });
  await uploadBlobs(await blobs(), stored);
  return {
    blobs,
    states: new BlobTargetStateStore(blobs),
    snapshots: new BlobSnapshotStore(blobs),
    changes: new BlobChangeStore(blobs),
    histories: new BlobHistoryStore(blobs),
    ledger: new BlobLedger(blobs),
    tagged: buildTaggedResourceMemory(blobs),
  };
}

describe('what version 0.1 stored', () => {
  const stored = (name: string) =>
    storage01.find((blob) => blob.name === `state/${name}.json`)?.json as Readonly<Record<string, unknown>>;

  test.each(['hooks', 'prod', 'pinned', 'broken', 'approved'])(
    'state of %s: all of it is carried over',
    async (name) => {
      const { states } = await openStores(storage01);
      const old = stored(name);

      const state = await states.get(name);

      expect(state).toMatchObject({
        version: 2,
        target: name,
        ownerId: old.ownerId,
        resourceId: old.resourceId,
        ownership: { prefixes: old.owned, rules: old.ownedRules },
      });
      expect(state?.operator.pin).toEqual(old.pin);
      expect(state?.operator.paused).toEqual(old.paused);
      expect(state?.run.removalsNotBefore).toEqual(old.removalsNotBefore);
      expect(state?.run.ledgerHead).toEqual(old.ledgerHead);
      expect(state?.run.lastResult).toMatchObject(old.lastResult as Readonly<Record<string, unknown>>);
      expect(state?.run.seen?.missing).toEqual(old.waiting);
      expect(state?.run.capacity).toEqual(old.capacity);
    },
  );

  test('a record that was owed is still owed, and a write that was begun is still in flight', async () => {
    const { states } = await openStores(storage01);

    const owed = await states.get('hooks');
    const begun = await states.get('broken');

    expect(owed?.run.outbox).toEqual([stored('hooks').outbox]);
    const { runId, plan, before } = stored('broken').inFlight as Record<string, unknown>;
    expect(begun?.run.inFlight).toMatchObject({ runId, before, writes: [{ plan, claimed: [] }] });
  });

  test('an approval has no record of its own, so people are asked again', async () => {
    const { states } = await openStores(storage01);

    expect(stored('approved').approval).toBeDefined();
    expect((await states.get('approved'))?.operator).toEqual({});
  });

  test('a carried-over state is put back as version 2', async () => {
    const { states } = await openStores(storage01);

    await states.withLease('prod', async (session) => session.put(session.state as TargetState));

    expect(await states.get('prod')).toMatchObject({ version: 2, ownership: { prefixes: stored('prod').owned } });
  });

  test('pointer, status, snapshots, changes and every record of the ledger are read', async () => {
    const { snapshots, changes, ledger } = await openStores(storage01);

    const pointed = await snapshots.readPointer('Public');
    if (typeof pointed !== 'object') throw new Error('there is no pointer');
    const items = await snapshots.list('Public');
    expect(await snapshots.get('Public', pointed.pointer.snapshot)).toMatchObject({ id: items[0]?.id });
    expect(items).toHaveLength(4);
    expect(await changes.get('Public', items[0]?.id ?? '')).toMatchObject({ addedTags: [] });
    expect((await snapshots.readPullStatus('Public'))?.outbox).toEqual([]);
    for (const chain of await ledger.chains()) {
      const { items: records, skipped } = await ledger.list({ chain, limit: 50 });
      expect(skipped).toBeUndefined();
      expect(records.every((record) => isPullRecord(record) === (chain === 'pull'))).toBe(true);
      expect(verifyChain([...records].reverse())).toEqual({ ok: true, breaks: [] });
    }
  });
});

describe('what a newer program stored', () => {
  const snapshot = toSnapshot('2026-11-02');
  const record = toRunRecord('web', '2026-11-02T06:00:00.000Z');

  type Stores = Awaited<ReturnType<typeof openStores>>;
  const documents: Readonly<
    Record<string, { blob: StoredBlob; version: number; read: (stores: Stores) => Promise<unknown> }>
  > = {
    state: {
      blob: { container: 'targets', name: 'state/web.json', metadata: {}, json: { ...toState('web'), version: 3 } },
      version: 2,
      read: ({ states }) => states.get('web'),
    },
    pointer: {
      blob: {
        container: 'service-tags',
        name: 'current/Public.json',
        metadata: {},
        json: { ...toPointer(snapshot), version: 7 },
      },
      version: 1,
      read: ({ snapshots }) => snapshots.readPointer('Public'),
    },
    'pull status': {
      blob: {
        container: 'service-tags',
        name: 'status/Public.json',
        metadata: {},
        json: { ...toPullStatus(record.id), version: 2 },
      },
      version: 1,
      read: ({ snapshots }) => snapshots.readPullStatus('Public'),
    },
    'ledger record': {
      blob: {
        container: 'ledger',
        name: `web/2026/11/${record.id}.json`,
        metadata: {},
        json: { ...record, version: 2 },
      },
      version: 1,
      read: ({ ledger }) => ledger.get(record.id),
    },
    history: {
      blob: {
        container: 'service-tags',
        name: 'history/Public.json.gz',
        metadata: {},
        base64: gzipSync(JSON.stringify({ ...documentOf(['198.51.100.0/24']), version: 2 })).toString('base64'),
        json: { version: 2 },
      },
      version: 1,
      read: ({ histories }) => histories.read('Public'),
    },
    'decisions about releases': {
      blob: {
        container: 'service-tags',
        name: 'decisions/Public.json',
        metadata: {},
        json: { version: 2, cloud: 'Public', rejected: [], retired: [] },
      },
      version: 1,
      read: ({ histories }) => histories.readDecisions('Public'),
    },
    'tagged.json': {
      blob: { container: 'targets', name: 'tagged.json', metadata: {}, json: { version: 2, resources: [] } },
      version: 1,
      read: ({ tagged }) => tagged.read(),
    },
  };

  test.each(Object.entries(documents))('%s: the error names both versions', async (_, { blob, version, read }) => {
    const stores = await openStores([blob]);
    const newer = (blob.json as { version: number }).version;

    await expect(read(stores)).rejects.toThrow(NewerVersionError);
    await expect(read(stores)).rejects.toThrow(
      `${blob.container}/${blob.name} has version ${newer}, and this program knows versions up to ${version}`,
    );
  });

  test.each([
    [
      'state',
      async (stores: Stores): Promise<unknown> =>
        stores.states.withLease('web', (session) => session.put(toState('web'))),
    ],
    [
      'pull status',
      (stores: Stores) =>
        stores.snapshots.withPullLease('Public', (session) => session.putStatus(toPullStatus(record.id))),
    ],
  ])('%s: nothing of it is overwritten, and no copy is made of it', async (what, work) => {
    const blob = documents[what]!.blob;
    const stores = await openStores([blob]);

    await expect(work(stores)).rejects.toThrow(NewerVersionError);

    const container = (await stores.blobs()).getContainerClient(blob.container);
    const names: string[] = [];
    for await (const { name } of container.listBlobsFlat()) names.push(name);
    expect(names).toEqual([blob.name]);
    const bytes = await container.getBlobClient(blob.name).downloadToBuffer();
    expect(JSON.parse(bytes.toString())).toEqual(blob.json);
  });

  test('one record takes none of the others with it', async () => {
    const first = toRunRecord('web', '2026-11-01T06:00:00.000Z');
    const last = toRunRecord('web', '2026-11-03T06:00:00.000Z');
    const { ledger } = await openStores([documents['ledger record']!.blob]);
    await ledger.put(first);
    await ledger.put(last);

    const { items, skipped } = await ledger.list({ chain: 'web', limit: 10 });

    expect(items).toEqual([last, first]);
    expect(skipped).toEqual([{ runId: record.id, error: expect.any(NewerVersionError) }]);
  });
});
