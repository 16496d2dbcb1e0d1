/** A blob lease around a piece of work: taken, renewed in the background, given back. */
import type { BlobClient, BlobLeaseClient } from '@azure/storage-blob';
import { LeaseLostError } from '../../core/errors.ts';
import { hasErrorCode, isLeaseGone, isMissing } from './storageError.ts';

export interface LeaseOptions {
  /** 15 to 60: what the service takes. */
  readonly durationInSeconds: number;
  readonly renewEveryInMs: number;
  /** A clock that is never set. */
  readonly nowInMs: () => number;
  /** Makes the blob where it is missing: there is no lease without one. */
  readonly onMissing?: () => Promise<unknown>;
}

/** Three renewals fit into one lease: a single one that fails is no loss. */
const defaultLeaseOptions: LeaseOptions = {
  durationInSeconds: 60,
  renewEveryInMs: 20_000,
  nowInMs: () => performance.now(),
};

export interface HeldLease {
  readonly leaseId: string;
  /** Throws LeaseLostError. */
  assertHeld(): void;
  /** To be called by whoever learns of the loss first: a write that was refused for it. */
  markLost(reason: string, cause?: unknown): LeaseLostError;
}

/** Runs `work` under the lease of a blob that is there; `busy` where somebody else has it. */
export async function withLease<T>(
  blob: BlobClient,
  options: Partial<LeaseOptions>,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T | 'busy'> {
  const settings = { ...defaultLeaseOptions, ...options };
  const client = blob.getBlobLeaseClient();
  const acquiredAt = await acquire(client, settings);
  if (acquiredAt === 'busy') return 'busy';
  const lease = new RenewedLease(client, blob.name, settings, acquiredAt);
  try {
    return await work(lease);
  } finally {
    lease.stop();
    await release(client);
  }
}

/**
 * Returns the time at which the lease was asked for. Its id is proposed by us: a retry behind a lost answer takes the
 * same lease again.
 */
async function acquire(client: BlobLeaseClient, options: LeaseOptions): Promise<number | 'busy'> {
  const askedAt = options.nowInMs();
  try {
    await client.acquireLease(options.durationInSeconds);
    return askedAt;
  } catch (error) {
    if (hasErrorCode(error, 'LeaseAlreadyPresent', 'LeaseIsBreakingAndCannotBeAcquired')) return 'busy';
    const { onMissing, ...rest } = options;
    if (!onMissing || !isMissing(error)) throw error;
    await onMissing();
    return acquire(client, rest);
  }
}

/** What the work came to matters more: a lease that could not be given back runs out by itself. */
async function release(client: BlobLeaseClient): Promise<void> {
  await client.releaseLease().catch(() => undefined);
}

class RenewedLease implements HeldLease {
  readonly #client: BlobLeaseClient;
  readonly #blobName: string;
  readonly #options: LeaseOptions;
  readonly #timer: NodeJS.Timeout;
  #heldUntilInMs: number;
  #lost: LeaseLostError | undefined;

  constructor(client: BlobLeaseClient, blobName: string, options: LeaseOptions, askedAtInMs: number) {
    this.#client = client;
    this.#blobName = blobName;
    this.#options = options;
    this.#heldUntilInMs = this.#endOf(askedAtInMs);
    this.#timer = setInterval(() => void this.#renew(), options.renewEveryInMs);
    this.#timer.unref();
  }

  get leaseId(): string {
    return this.#client.leaseId;
  }

  assertHeld(): void {
    if (!this.#lost && this.#options.nowInMs() >= this.#heldUntilInMs) {
      this.markLost('it ran out before it could be renewed');
    }
    if (this.#lost) throw this.#lost;
  }

  markLost(reason: string, cause?: unknown): LeaseLostError {
    this.stop();
    this.#lost ??= new LeaseLostError(`the lease of ${this.#blobName} was lost: ${reason}`, { cause });
    return this.#lost;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const askedAt = this.#options.nowInMs();
    try {
      await this.#client.renewLease({ abortSignal: AbortSignal.timeout(this.#options.renewEveryInMs) });
      this.#heldUntilInMs = this.#endOf(askedAt);
    } catch (error) {
      // Any other fault may pass: the next renewal tries again, and the clock ends what is not renewed.
      if (isLeaseGone(error)) this.markLost('it is no longer ours', error);
    }
  }

  /** Counted from before the request was sent, less a sixth: the write that follows a check needs time too. */
  #endOf(askedAtInMs: number): number {
    return askedAtInMs + this.#options.durationInSeconds * 1000 * (5 / 6);
  }
}
