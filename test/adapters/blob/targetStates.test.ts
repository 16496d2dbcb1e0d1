import { BlobServiceClient } from '@azure/storage-blob';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { LeaseOptions } from '../../../src/adapters/blob/lease.ts';
import { BlobTargetStateStore } from '../../../src/adapters/blob/targetStates.ts';
import { createStorageClients } from '../../../src/adapters/storageClients.ts';
import type { TargetSession } from '../../../src/app/ports.ts';
import { InvalidDocumentError, LeaseLostError, RequestError } from '../../../src/core/errors.ts';
import type { LastResult, TargetState } from '../../../src/core/targets/targetState.ts';
import { useBlobs } from '../../support/blobsInThread.ts';
import { toState } from '../../support/storageSamples.ts';

const accounts = useBlobs();

let connectionString: string;
let store: BlobTargetStateStore;

beforeEach(() => {
  connectionString = accounts.freshConnectionString();
  store = toStore();
});

/** As another process has it. */
function toStore(options: Partial<LeaseOptions> = {}): BlobTargetStateStore {
  return new BlobTargetStateStore(createStorageClients({ kind: 'connectionString', connectionString }).blobs, options);
}

function rawContainer() {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient('targets');
}

async function upload(name: string, text: string) {
  const bytes = Buffer.from(text);
  await rawContainer().createIfNotExists();
  await rawContainer().getBlockBlobClient(name).upload(bytes, bytes.length);
}

async function listNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const blob of rawContainer().listBlobsFlat()) names.push(blob.name);
  return names;
}

const putState = (state: TargetState, target = state.target) =>
  store.withLease(target, (session) => session.put(state));
const readUnderLease = (target: string) =>
  toStore().withLease<TargetSession['state']>(target, ({ state }) => Promise.resolve(state));

const since = '2026-11-23T06:00:00.000Z';
const lastResult: LastResult = {
  runId: '20261123T060000000Z-web-0123abcd',
  at: since,
  outcome: 'held',
  status: 'held',
  since,
  reasons: [{ code: 'removalLimit', message: 'removes 11 of 21 prefixes' }],
  snapshot: 'Public-20261116-346-0123456789ab',
  counts: { add: 0, remove: 0, retain: 1, held: 11 },
};
const run = { lastResult, outbox: [], ledgerHead: { runId: lastResult.runId, hash: 'a'.repeat(64), count: 3 } };
const full = toState('web', {
  ownership: { prefixes: [{ prefix: '192.0.2.0/24', since }], rules: ['AllowAcr', 'AllowAcr-ipv6'] },
  operator: { pin: { snapshot: 'Public-20261116-346-0123456789ab', by: 'Grüße', at: since } },
  run,
  selection: { hash: 'b'.repeat(64), since },
});
const withStatus = (status: LastResult['status']) => ({ run: { ...run, lastResult: { ...lastResult, status } } });

describe('the state of a target', () => {
  test('comes back as it was put, from a container made on demand', async () => {
    expect(await store.get('web')).toBeUndefined();

    const before = await store.withLease('web', async (session) => {
      await session.put(full);
      return session.state ?? 'none';
    });

    expect(before).toBe('none');
    expect(await toStore().get('web')).toEqual(full);
    expect(await readUnderLease('web')).toEqual(full);
  });

  test('is undefined where a lease was held and nothing was put', async () => {
    await store.withLease('web', () => Promise.resolve());

    expect(await store.get('web')).toBeUndefined();
    expect(await readUnderLease('web')).toBeUndefined();
    expect([...(await store.listSummaries())]).toEqual([]);
  });

  test('may be huge and put often', async () => {
    const owned = Array.from({ length: 50_000 }, (_, index) => ({
      prefix: `2001:db8::${index.toString(16)}/128`,
      since,
    }));

    await store.withLease('web', async (session) => {
      await session.put(full);
      await session.put({ ...full, ownership: { prefixes: owned, rules: [] } });
      await session.put({ ...full, ownership: { prefixes: owned.slice(1), rules: [] } });
    });

    expect((await store.get('web'))?.ownership.prefixes).toEqual(owned.slice(1));
  });

  test.each(['../web', 'a/b', 'WEB', '', 'x'.repeat(41), 'web.json', 'wéb', 'web\u0000'])(
    'has no name %j',
    async (name) => {
      await expect(store.get(name)).rejects.toThrow(RequestError);
      await expect(store.get(name)).rejects.toMatchObject({ status: 400, problem: 'unknown-target' });
      await expect(store.withLease(name, () => Promise.resolve())).rejects.toThrow(RequestError);
    },
  );
});

describe('a blob that is no state', () => {
  test.each<[string, string, string]>([
    ['half a document', '{"version":1,', 'targets/state/web.json is not JSON'],
    ['a word', 'state', 'is not JSON'],
    ['nothing', '', 'is not JSON'],
    ['a list', '[]', 'the document is [], expected an object'],
    ['a strange version', JSON.stringify({ ...full, version: '2' }), 'state/web.json: version is "2", expected 1, 2'],
    ['no version', JSON.stringify({ ...full, version: undefined }), 'version is missing, expected 1, 2'],
    ['another target', JSON.stringify({ ...full, target: 'api' }), 'target is "api", expected "web"'],
    [
      'an object for a list',
      JSON.stringify({ ...full, ownership: { prefixes: {} } }),
      'ownership.prefixes is {}, expected a list',
    ],
    [
      'a wrong entry',
      JSON.stringify({ ...full, ownership: { prefixes: [full.ownership.prefixes[0], 7] } }),
      'ownership.prefixes[1] is 7, expected an object',
    ],
    [
      'a wrong field of an entry',
      JSON.stringify({ ...full, run: { ...run, seen: { snapshot: 's', byOthers: [], absent: [], missing: [{}] } } }),
      'run.seen.missing[0].prefix is missing, expected a text',
    ],
    [
      'a wrong status',
      JSON.stringify({ ...full, run: { ...run, lastResult: { ...lastResult, status: 'fine' } } }),
      'run.lastResult.status is "fine"',
    ],
  ])('(%s) is named by get and handed over as unreadable', async (_, text, message) => {
    await upload('state/web.json', text);

    const read = store.get('web');

    await expect(read).rejects.toThrow(InvalidDocumentError);
    await expect(read).rejects.toThrow(message);
    expect(await readUnderLease('web')).toBe('unreadable');
  });

  test('is kept once as a copy, and can be replaced', async () => {
    await upload('state/web.json', '{"version":1,');

    await readUnderLease('web');
    await readUnderLease('web');
    await putState(full);

    const names = await listNames();
    const copy = names.find((name) => name !== 'state/web.json')!;
    expect(names).toHaveLength(2);
    expect(copy).toMatch(/^state\/web\.unreadable-\d{8}T\d{9}Z\.json$/);
    expect((await rawContainer().getBlobClient(copy).downloadToBuffer()).toString()).toBe('{"version":1,');
    expect(await store.get('web')).toEqual(full);
    expect([...(await store.listSummaries()).keys()]).toEqual(['web']);
  });

  test('is not written in the first place', async () => {
    await putState(full);

    await expect(putState({ ...full, ownerId: undefined } as unknown as TargetState)).rejects.toThrow(
      'ownerId is missing, expected a text',
    );
    await expect(putState(toState('api'), 'web')).rejects.toThrow('target is "api", expected "web"');

    expect(await store.get('web')).toEqual(full);
  });
});

describe('summaries', () => {
  test('come from one listing, of targets that have a result', async () => {
    expect([...(await store.listSummaries())]).toEqual([]);
    await putState(full);
    await putState(toState('api', withStatus('inSync')));
    await putState(toState('new'));
    await upload('state/foreign.txt', 'x');

    expect([...(await toStore().listSummaries())]).toEqual([
      ['api', { status: 'inSync', since, isApplied: false, missing: [], etag: expect.any(String) }],
      ['web', { status: 'held', since, selectedSince: since, isApplied: true, missing: [], etag: expect.any(String) }],
    ]);
  });

  test('name the prefix that waits longest, where the day of its publication is known', async () => {
    const missing = [
      { prefix: '198.51.100.0/24', published: '2025-03-10' },
      { prefix: '192.0.2.0/24', published: '2025-03-03' },
      { prefix: '203.0.113.0/24', published: '' },
    ];
    await putState({
      ...full,
      run: { ...run, seen: { snapshot: lastResult.snapshot, byOthers: [], absent: [], missing } },
    });

    expect((await store.listSummaries()).get('web')).toMatchObject({ status: 'held', missing: [missing[1]] });
  });

  test('name the snapshot up to which they tell', async () => {
    await putState({
      ...full,
      run: { ...run, seen: { snapshot: lastResult.snapshot, byOthers: [], absent: [], missing: [] } },
    });

    expect((await store.listSummaries()).get('web')).toMatchObject({ missing: [], snapshot: lastResult.snapshot });
  });

  test.each([
    ['whose last run was before', { run }],
    ['that never ran', {}],
  ])('count a paused target %s as paused', async (_, rest) => {
    await putState(toState('web', { ...rest, operator: { paused: { by: 'Ada', at: since } } }));

    expect((await store.listSummaries()).get('web')?.status).toBe('paused');
  });

  test('follow the last put', async () => {
    await putState(full);
    await putState(toState('web', withStatus('inSync')));

    expect((await store.listSummaries()).get('web')?.status).toBe('inSync');
  });
});

describe('the lease of a target', () => {
  test('lets one session at a time, of each target', async () => {
    await store.withLease('web', async () => {
      expect(await toStore().withLease('web', () => Promise.resolve('ran'))).toBe('busy');
      expect(await toStore().withLease('api', () => Promise.resolve('ran'))).toBe('ran');
    });

    expect(await toStore().withLease('web', () => Promise.resolve('ran'))).toBe('ran');
  });

  test('loses no update of many at once: those that get it see all before them', async () => {
    let ran = 0;
    const addOne = async () => {
      const outcome = await toStore().withLease('web', async (session) => {
        const owned = typeof session.state === 'object' ? session.state.ownership.prefixes : [];
        const prefixes = [...owned, { prefix: `192.0.2.${owned.length}/32`, since }];
        await session.put(toState('web', { ownership: { prefixes, rules: [] } }));
        ran += 1;
      });
      return outcome;
    };

    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 8 }, addOne));

    expect(ran).toBeGreaterThanOrEqual(5);
    expect((await store.get('web'))?.ownership.prefixes).toHaveLength(ran);
  });

  test('is given back when the work fails, and the failure goes on', async () => {
    await expect(store.withLease('web', () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');

    expect(await toStore().withLease('web', () => Promise.resolve('ran'))).toBe('ran');
  });

  test('does not take a missing blob of the work for its own', async () => {
    let runs = 0;

    const outcome = store.withLease('web', async () => {
      runs += 1;
      await rawContainer().getBlobClient('nowhere').download();
    });

    await expect(outcome).rejects.toMatchObject({ statusCode: 404 });
    expect(runs).toBe(1);
  });

  test('that was broken and taken by another stops the first session from writing', async () => {
    const outcome = store.withLease('web', async (session) => {
      await session.put(full);
      await rawContainer().getBlobClient('state/web.json').getBlobLeaseClient().breakLease(0);
      await toStore().withLease('web', (other) => other.put(toState('web', { ownerId: 'another' })));
      await expect(session.put(full)).rejects.toThrow(LeaseLostError);
      expect(() => session.assertHeld()).toThrow(LeaseLostError);
      return 'done';
    });

    expect(await outcome).toBe('done');
    expect((await store.get('web'))?.ownerId).toBe('another');
  });

  test('is lost with the blob', async () => {
    const lost = store.withLease('web', async (session) => {
      const blob = rawContainer().getBlobClient('state/web.json');
      await blob.getBlobLeaseClient().breakLease(0);
      await blob.delete();
      await session.put(full);
    });

    await expect(lost).rejects.toThrow(LeaseLostError);
  });

  test('is lost when somebody without it wrote the blob', async () => {
    const lost = store.withLease('web', async (session) => {
      await rawContainer().getBlobClient('state/web.json').getBlobLeaseClient().breakLease(0);
      await upload('state/web.json', JSON.stringify(toState('web', { ownerId: 'by hand' })));
      await session.put(full);
    });

    await expect(lost).rejects.toThrow(LeaseLostError);
    expect((await store.get('web'))?.ownerId).toBe('by hand');
  });
});
