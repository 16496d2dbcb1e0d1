/** Runs work under a blob lease: acquires it, renews it in the background, and releases it afterwards. */
import type { BlobClient, BlobLeaseClient } from '@azure/storage-blob';
import { LeaseLostError } from '../../core/errors.ts';
import { hasErrorCode, isLeaseGone, isMissing, isOvertaken } from './storageError.ts';

export interface LeaseOptions {
  /** The service accepts 15 to 60. */
  readonly durationInSeconds: number;
  readonly renewEveryInMs: number;
  /** A monotonic clock: nobody can set it back. */
  readonly nowInMs: () => number;
  /** Creates the blob if it does not exist: there is no lease without a blob. */
  readonly onMissing?: () => Promise<unknown>;
}

/** Three renewals fit into one lease, so that one failed renewal does no harm. */
const defaultLeaseOptions: LeaseOptions = {
  durationInSeconds: 60,
  renewEveryInMs: 20_000,
  nowInMs: () => performance.now(),
};

export interface HeldLease {
  readonly leaseId: string;
  /** Throws LeaseLostError. */
  assertHeld(): void;
  /** Call it if a write is refused because the lease is lost. From then on assertHeld throws. */
  markLost(reason: string, cause?: unknown): LeaseLostError;
}

export interface TakenLease extends HeldLease {
  /** Ignores errors: the result of the work matters more, and a lease that is not released ends by itself. */
  giveBack(): Promise<void>;
}

/** Runs `work` under the lease of a blob. Returns `busy` if somebody else holds it. */
export async function withLease<T>(
  blob: BlobClient,
  options: Partial<LeaseOptions>,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T | 'busy'> {
  const lease = await takeLease(blob, options);
  if (lease === 'busy' || lease === 'moved') return 'busy';
  try {
    return await work(lease);
  } finally {
    await lease.giveBack();
  }
}

/** Returns `busy` if somebody else holds the lease, `moved` if the blob no longer has the ETag or does not exist. */
export async function takeLease(
  blob: BlobClient,
  options: Partial<LeaseOptions>,
  etag?: string,
): Promise<TakenLease | 'busy' | 'moved'> {
  const settings = { ...defaultLeaseOptions, ...options };
  const client = blob.getBlobLeaseClient();
  const acquiredAt = await acquire(client, settings, etag);
  return typeof acquiredAt === 'string' ? acquiredAt : new RenewedLease(client, blob.name, settings, acquiredAt);
}

/**
 * Returns the time before the request was sent. The client proposes the lease id, so a retry after a lost answer gets
 * the same lease.
 */
async function acquire(
  client: BlobLeaseClient,
  options: LeaseOptions,
  etag: string | undefined,
): Promise<number | 'busy' | 'moved'> {
  const askedAt = options.nowInMs();
  try {
    const conditions = etag === undefined ? {} : { ifMatch: etag };
    await client.acquireLease(options.durationInSeconds, { conditions });
    return askedAt;
  } catch (error) {
    if (hasErrorCode(error, 'LeaseAlreadyPresent', 'LeaseIsBreakingAndCannotBeAcquired')) return 'busy';
    if (etag !== undefined && isOvertaken(error)) return 'moved';
    const { onMissing, ...rest } = options;
    if (!onMissing || !isMissing(error)) throw error;
    await onMissing();
    return acquire(client, rest, etag);
  }
}

class RenewedLease implements TakenLease {
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
    this.#stop();
    this.#lost ??= new LeaseLostError(`the lease of ${this.#blobName} was lost: ${reason}`, { cause });
    return this.#lost;
  }

  async giveBack(): Promise<void> {
    this.#stop();
    await this.#client.releaseLease().catch(() => undefined);
  }

  #stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const askedAt = this.#options.nowInMs();
    try {
      await this.#client.renewLease({ abortSignal: AbortSignal.timeout(this.#options.renewEveryInMs) });
      this.#heldUntilInMs = this.#endOf(askedAt);
    } catch (error) {
      // Other errors may pass: the next renewal tries again. If none succeeds in time, assertHeld throws.
      if (isLeaseGone(error)) this.markLost('it is no longer ours', error);
    }
  }

  /** Counts from before the request was sent, minus a sixth, because the write that follows a check takes time too. */
  #endOf(askedAtInMs: number): number {
    return askedAtInMs + this.#options.durationInSeconds * 1000 * (5 / 6);
  }
}
