import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { withLease, type HeldLease } from '../../../src/adapters/blob/lease.ts';
import { LeaseLostError } from '../../../src/core/errors.ts';
import { useBlobs } from '../../support/blobsInThread.ts';

const accounts = useBlobs();

let blob: BlockBlobClient;

beforeEach(async () => {
  const container = BlobServiceClient.fromConnectionString(accounts.freshConnectionString()).getContainerClient(
    'leases',
  );
  await container.create();
  blob = container.getBlockBlobClient('leased');
  await blob.upload('', 0);
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function waitUntilLost(lease: HeldLease): Promise<unknown> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      lease.assertHeld();
    } catch (error) {
      return error;
    }
    await wait(50);
  }
  return undefined;
}

describe('withLease', () => {
  test('holds longer than one lease lasts, where another that is not renewed runs out', async () => {
    const other = blob.getBlobLeaseClient();
    const container = BlobServiceClient.fromConnectionString(accounts.freshConnectionString()).getContainerClient(
      'leases',
    );
    await container.create();
    const unrenewed = container.getBlockBlobClient('unrenewed');
    await unrenewed.upload('', 0);

    const [renewedStays, unrenewedIsLost] = await Promise.all([
      withLease(blob, { durationInSeconds: 15, renewEveryInMs: 3_000 }, async (lease) => {
        await wait(16_500);
        await expect(other.acquireLease(15)).rejects.toMatchObject({ code: 'LeaseAlreadyPresent' });
        lease.assertHeld();
        return true;
      }),
      withLease(unrenewed, { durationInSeconds: 15, renewEveryInMs: 60_000 }, async (lease) => {
        await wait(16_500);
        expect(await withLease(unrenewed, {}, () => Promise.resolve('taken'))).toBe('taken');
        expect(() => lease.assertHeld()).toThrow(LeaseLostError);
        return true;
      }),
    ]);

    expect([renewedStays, unrenewedIsLost]).toEqual([true, true]);
  });

  test('counts as lost a sixth before it runs out: the write behind the check needs time', async () => {
    let now = 1_000_000;

    await withLease(blob, { nowInMs: () => now }, (lease) => {
      now += 49_999;
      lease.assertHeld();
      now += 2;
      expect(() => lease.assertHeld()).toThrow('the lease of leased was lost: it ran out before it could be renewed');
      now -= 40_000;
      expect(() => lease.assertHeld()).toThrow(LeaseLostError);
      return Promise.resolve();
    });
  });

  test('notices a broken lease at the next renewal', async () => {
    const error = await withLease(blob, { renewEveryInMs: 100 }, async (lease) => {
      await blob.getBlobLeaseClient().breakLease(0);
      return waitUntilLost(lease);
    });

    expect(error).toBeInstanceOf(LeaseLostError);
    expect((error as LeaseLostError).message).toBe('the lease of leased was lost: it is no longer ours');
  });

  test('is busy while a lease is breaking', async () => {
    const foreign = blob.getBlobLeaseClient();
    await foreign.acquireLease(60);
    await foreign.breakLease(30);

    expect(await withLease(blob, {}, () => Promise.resolve('ran'))).toBe('busy');
  });

  test('throws for a blob that is not there, unless it can be made', async () => {
    await blob.delete();

    await expect(withLease(blob, {}, () => Promise.resolve('ran'))).rejects.toMatchObject({ code: 'BlobNotFound' });
    expect(await withLease(blob, { onMissing: () => blob.upload('', 0) }, () => Promise.resolve('ran'))).toBe('ran');
  });
});
