/** A JSON blob that is written only under its lease: one holder at a time reads it, works, and writes it. */
import { createHash } from 'node:crypto';
import { InvalidDocumentError, LeaseLostError } from '../../core/errors.ts';
import type { BlockBlobClient } from '@azure/storage-blob';
import type { BlobContainer, StoredBytes } from './container.ts';
import { takeLease, withLease, type HeldLease, type LeaseOptions, type TakenLease } from './lease.ts';
import { isLeaseGone, isOvertaken } from './storageError.ts';

export interface LeasedDocument<T> {
  /** Path without `.json`. */
  readonly path: string;
  /** Throws InvalidDocumentError or NewerVersionError; `name` is container and blob. */
  readonly parse: (name: string, bytes: Buffer) => T;
  readonly toJson: (value: T) => object;
}

export interface DocumentSession<T> {
  /** As read. `unreadable` if the blob is not such a document; its bytes are then kept in a copy. */
  readonly value: T | 'unreadable' | undefined;
  /** Throws LeaseLostError. */
  readonly put: (value: T, metadata?: Readonly<Record<string, string>>) => Promise<void>;
  readonly assertHeld: () => void;
}

const jsonType = 'application/json';
/** Content of a new blob, which the lease needs. It is read as undefined. */
const emptyBytes = Buffer.from('{}');

/** Returns undefined if the blob does not exist or nobody has written the document yet. */
export async function readDocument<T>(container: BlobContainer, document: LeasedDocument<T>): Promise<T | undefined> {
  const stored = await container.read(blobName(document));
  return stored && parse(container, document, stored.bytes);
}

/** Like readDocument, but returns `notModified` if the blob still has the ETag. */
export async function readDocumentUnless<T>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  unlessEtag: string | undefined,
): Promise<{ readonly value: T | undefined; readonly etag: string } | 'notModified' | undefined> {
  const stored = await container.readUnless(blobName(document), unlessEtag);
  if (stored === undefined || stored === 'notModified') return stored;
  return { value: parse(container, document, stored.bytes), etag: stored.etag };
}

/** Runs `work` under the document's lease. Returns `busy` if somebody else holds it. */
export async function withDocument<T, R>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  options: Partial<LeaseOptions>,
  work: (session: DocumentSession<T>) => Promise<R>,
): Promise<R | 'busy'> {
  const name = blobName(document);
  const onMissing = () => container.putIfAbsent(name, emptyBytes, { contentType: jsonType });
  return withLease(await container.blob(name), { ...options, onMissing }, async (lease) =>
    work(await openSession(container, document, lease)),
  );
}

/**
 * Like `withDocument`, but `work` starts without the lease, and its first `put` takes it. So work that has nothing to
 * write makes only one call. Returns `moved` if somebody wrote the document in between: start `work` again. If the
 * document does not exist, is unreadable or is not `isSettled`, `work` has the lease from the start.
 */
export async function withDocumentUnlessUnchanged<T, R>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  options: Partial<LeaseOptions>,
  isSettled: (value: T) => boolean,
  work: (session: DocumentSession<T>) => Promise<R>,
): Promise<R | 'busy' | 'moved'> {
  const stored = await readDocumentUnless(container, document, undefined).catch((error: unknown) => {
    if (error instanceof InvalidDocumentError) return undefined;
    throw error;
  });
  if (typeof stored !== 'object' || stored.value === undefined || !isSettled(stored.value)) {
    return withDocument(container, document, options, work);
  }
  const { value, etag } = stored;
  const lease = new LateLease(await container.blob(blobName(document)), options, etag);
  try {
    const result = await work(toSession(container, document, lease, { value, etag }));
    return lease.refusal ?? result;
  } catch (error) {
    if (lease.refusal) return lease.refusal;
    throw error;
  } finally {
    await lease.giveBack();
  }
}

async function openSession<T>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  lease: HeldLease,
): Promise<DocumentSession<T>> {
  const stored = await container.read(blobName(document));
  const value = stored && (await parseOrKeep(container, document, stored));
  return toSession(container, document, lease, { value, etag: stored?.etag });
}

function toSession<T>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  lease: HeldLease & { readonly take?: () => Promise<void> },
  { value, etag }: { readonly value: DocumentSession<T>['value']; readonly etag: string | undefined },
): DocumentSession<T> {
  const writer = new LeasedWriter(container, blobName(document), lease, etag);
  return {
    value,
    put: async (next, metadata = {}) => {
      const bytes = Buffer.from(JSON.stringify(document.toJson(next)));
      parse(container, document, bytes);
      await lease.take?.();
      await writer.put(bytes, metadata);
    },
    assertHeld: () => lease.assertHeld(),
  };
}

/** A lease that the first write takes, and only if the blob is still as it was read. */
class LateLease implements HeldLease {
  readonly #blob: BlockBlobClient;
  readonly #options: Partial<LeaseOptions>;
  readonly #etag: string;
  #taken: TakenLease | undefined;
  #refusal: 'busy' | 'moved' | undefined;

  constructor(blob: BlockBlobClient, options: Partial<LeaseOptions>, etag: string) {
    this.#blob = blob;
    this.#options = options;
    this.#etag = etag;
  }

  /** Why the lease was refused. It is not requested again, because what was read may be out of date by then. */
  get refusal(): 'busy' | 'moved' | undefined {
    return this.#refusal;
  }

  get leaseId(): string {
    return this.#held().leaseId;
  }

  /** Throws LeaseLostError if the lease is refused. */
  async take(): Promise<void> {
    if (this.#taken) return;
    const answer = this.#refusal ?? (await takeLease(this.#blob, this.#options, this.#etag));
    if (typeof answer === 'object') this.#taken = answer;
    else {
      this.#refusal = answer;
      throw new LeaseLostError(`the lease of ${this.#blob.name} was not given: ${answer}`);
    }
  }

  assertHeld(): void {
    this.#held().assertHeld();
  }

  markLost(reason: string, cause?: unknown): LeaseLostError {
    return this.#held().markLost(reason, cause);
  }

  async giveBack(): Promise<void> {
    await this.#taken?.giveBack();
  }

  #held(): TakenLease {
    if (!this.#taken) throw new LeaseLostError(`the lease of ${this.#blob.name} was not taken yet`);
    return this.#taken;
  }
}

/** Keeps a copy of unreadable bytes. Its name contains the time of their write, so that each is copied only once. */
async function parseOrKeep<T>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  { bytes, writtenAt }: StoredBytes,
): Promise<T | 'unreadable' | undefined> {
  try {
    return parse(container, document, bytes);
  } catch (error) {
    if (!(error instanceof InvalidDocumentError)) throw error;
    const time = writtenAt.toISOString().replaceAll(/[-:.]/g, '');
    await container.putIfAbsent(`${document.path}.unreadable-${time}.json`, bytes, { contentType: jsonType });
    return 'unreadable';
  }
}

function parse<T>(container: BlobContainer, document: LeasedDocument<T>, bytes: Buffer): T | undefined {
  if (bytes.equals(emptyBytes)) return undefined;
  return document.parse(`${container.name}/${blobName(document)}`, bytes);
}

/**
 * Writes with lease and ETag. The lease excludes others. The ETag excludes a write of our own that got no answer in
 * time and reaches the service late.
 */
class LeasedWriter {
  readonly #container: BlobContainer;
  readonly #name: string;
  readonly #lease: HeldLease;
  /** Digests of everything that this session has sent, to recognise its own writes in the blob. */
  readonly #sent = new Set<string>();
  #etag: string | undefined;

  constructor(container: BlobContainer, name: string, lease: HeldLease, etag: string | undefined) {
    this.#container = container;
    this.#name = name;
    this.#lease = lease;
    this.#etag = etag;
  }

  async put(bytes: Buffer, metadata: Readonly<Record<string, string>>): Promise<void> {
    this.#lease.assertHeld();
    this.#sent.add(sha256(bytes));
    try {
      this.#etag = await this.#send(bytes, metadata);
    } catch (error) {
      if (isLeaseGone(error)) throw this.#lease.markLost('it is no longer ours', error);
      if (!isOvertaken(error)) throw error;
      await this.#settle(bytes, metadata, error);
    }
  }

  /** The ETag changed under our lease: by a write of our own whose answer was lost, or by somebody else (lease lost). */
  async #settle(bytes: Buffer, metadata: Readonly<Record<string, string>>, cause: unknown): Promise<void> {
    const stored = await this.#container.read(this.#name);
    if (!stored || !this.#sent.has(sha256(stored.bytes))) throw this.#overwritten(cause);
    this.#etag = stored.etag;
    if (stored.bytes.equals(bytes)) return;
    try {
      this.#etag = await this.#send(bytes, metadata);
    } catch (error) {
      if (isLeaseGone(error)) throw this.#lease.markLost('it is no longer ours', error);
      throw error;
    }
  }

  #send(bytes: Buffer, metadata: Readonly<Record<string, string>>): Promise<string> {
    const { leaseId } = this.#lease;
    const conditions = this.#etag === undefined ? { leaseId } : { leaseId, ifMatch: this.#etag };
    return this.#container.put(this.#name, bytes, { contentType: jsonType, metadata }, conditions);
  }

  #overwritten(cause: unknown): LeaseLostError {
    return this.#lease.markLost('somebody else wrote the blob', cause);
  }
}

function blobName({ path }: Pick<LeasedDocument<unknown>, 'path'>): string {
  return `${path}.json`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
