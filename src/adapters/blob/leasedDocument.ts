/** A JSON blob that carries a lease: one holder at a time reads it, works, and puts it. */
import { createHash } from 'node:crypto';
import { InvalidDocumentError, type LeaseLostError } from '../../core/errors.ts';
import type { BlobContainer, StoredBytes } from './container.ts';
import { withLease, type HeldLease, type LeaseOptions } from './lease.ts';
import { isLeaseGone, isOvertaken } from './storageError.ts';

export interface LeasedDocument<T> {
  /** Path without `.json`. */
  readonly path: string;
  /** Throws InvalidDocumentError or NewerVersionError; `name` is container and blob. */
  readonly parse: (name: string, bytes: Buffer) => T;
  readonly toJson: (value: T) => object;
}

export interface DocumentSession<T> {
  /** As read under the lease; `unreadable` if the blob is no such document (its bytes are kept in a copy). */
  readonly value: T | 'unreadable' | undefined;
  /** Throws LeaseLostError. */
  put(value: T, metadata?: Readonly<Record<string, string>>): Promise<void>;
  assertHeld(): void;
}

const jsonType = 'application/json';
/** Makes a blob that a lease can sit on; reads as undefined. */
const emptyBytes = Buffer.from('{}');

/** Undefined where there is none, or none was put yet. */
export async function readDocument<T>(container: BlobContainer, document: LeasedDocument<T>): Promise<T | undefined> {
  const stored = await container.read(blobName(document));
  return stored && parse(container, document, stored.bytes);
}

/** Runs `work` under the document's lease; `busy` where somebody else has it. */
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

async function openSession<T>(
  container: BlobContainer,
  document: LeasedDocument<T>,
  lease: HeldLease,
): Promise<DocumentSession<T>> {
  const stored = await container.read(blobName(document));
  const value = stored && (await parseOrKeep(container, document, stored));
  const writer = new LeasedWriter(container, blobName(document), lease, stored?.etag);
  return {
    value,
    put: async (next, metadata = {}) => {
      const bytes = Buffer.from(JSON.stringify(document.toJson(next)));
      parse(container, document, bytes);
      await writer.put(bytes, metadata);
    },
    assertHeld: () => lease.assertHeld(),
  };
}

/** The copy is named after the time of the unreadable write, so that each one is kept once. */
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
 * Puts under lease and ETag. The lease keeps others out; the ETag keeps out a write of our own that was given up as
 * unanswered and reaches the service late.
 */
class LeasedWriter {
  readonly #container: BlobContainer;
  readonly #name: string;
  readonly #lease: HeldLease;
  /** Digests of all that this session sent: what is found in the blob and is one of them, is ours. */
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

  /** The ETag has moved under our lease: by a write of our own whose answer was lost, or the lease is not what it was. */
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
