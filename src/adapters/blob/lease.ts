/** A blob lease around a piece of work: taken, renewed in the background, given back. */
import type { BlobClient, BlobLeaseClient } from '@azure/storage-blob';
import { LeaseLostError } from '../../core/errors.ts';
import { hasErrorCode, isLeaseGone, isMissing, isOvertaken } from './storageError.ts';

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

export interface TakenLease extends HeldLease {
  /** What the work came to matters more: a lease that could not be given back runs out by itself. */
  giveBack(): Promise<void>;
}

/** Runs `work` under the lease of a blob that is there; `busy` where somebody else has it. */
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

/** `busy`: somebody else has it. `moved`: the blob has another ETag than `etag`, or is gone. */
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
 * Returns the time at which the lease was asked for. Its id is proposed by us: a retry behind a lost answer takes the
 * same lease again.
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
      // Any other fault may pass: the next renewal tries again, and the clock ends what is not renewed.
      if (isLeaseGone(error)) this.markLost('it is no longer ours', error);
    }
  }

  /** Counted from before the request was sent, less a sixth: the write that follows a check needs time too. */
  #endOf(askedAtInMs: number): number {
    return askedAtInMs + this.#options.durationInSeconds * 1000 * (5 / 6);
  }
}
