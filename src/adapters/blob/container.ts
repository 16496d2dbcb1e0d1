/** Reads and writes blobs of one container, with ETags, and correctly even if an answer is lost. Creates it on demand. */
import type { AppendBlobClient, BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { once } from '../../core/once.ts';
import { hasErrorCode, hasStatus, isContainerMissing, isMissing, isOvertaken, isThereAlready } from './storageError.ts';

export type BlobServices = () => Promise<BlobServiceClient>;

export interface StoredBytes {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly writtenAt: Date;
}

export interface PutOptions {
  readonly contentType: string;
  /** Only ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ListedBlob {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** Limit for one download, including its body. */
const readTimeoutInMs = 20_000;
const maxDownloads = 3;

export class BlobContainer {
  readonly name: string;
  readonly #client: () => Promise<ContainerClient>;

  constructor(services: BlobServices, name: string) {
    this.#client = once(async () => (await services()).getContainerClient(name));
    this.name = name;
  }

  /** `name` must not come from a request: callers build it from checked parts, or take it from a setting. */
  async blob(name: string): Promise<BlockBlobClient> {
    return (await this.#client()).getBlockBlobClient(name);
  }

  async appendBlob(name: string): Promise<AppendBlobClient> {
    return (await this.#client()).getAppendBlobClient(name);
  }

  async read(name: string): Promise<StoredBytes | undefined> {
    const stored = await this.readUnless(name, undefined);
    return stored === 'notModified' ? undefined : stored;
  }

  /** Returns `notModified` if the blob still has the ETag, undefined if it does not exist. */
  async readUnless(name: string, etag: string | undefined): Promise<StoredBytes | 'notModified' | undefined> {
    const blob = await this.blob(name);
    for (let count = 1; ; count += 1) {
      try {
        return await download(blob, etag);
      } catch (error) {
        if (hasStatus(error, 304)) return 'notModified';
        if (isMissing(error)) return undefined;
        if (!isCutOff(error) || count === maxDownloads) throw error;
      }
    }
  }

  /**
   * Writes only if the blob does not exist. `exists` may be our own write: the SDK repeats a write whose answer was
   * lost. So compare the content.
   */
  async putIfAbsent(name: string, bytes: Buffer, options: PutOptions): Promise<'created' | 'exists'> {
    try {
      await this.put(name, bytes, options, { ifNoneMatch: '*' });
      return 'created';
    } catch (error) {
      if (isThereAlready(error)) return 'exists';
      throw error;
    }
  }

  /** Writes only if the blob still has the ETag (undefined: only if it does not exist). */
  async replace(
    name: string,
    bytes: Buffer,
    etag: string | undefined,
    options: PutOptions,
  ): Promise<'replaced' | 'conflict'> {
    try {
      await this.put(name, bytes, options, etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag });
      return 'replaced';
    } catch (error) {
      if (!isThereAlready(error) && !isOvertaken(error)) throw error;
      // If the answer to our write was lost, the SDK's retry finds the ETag of our own write.
      const stored = await this.read(name);
      return stored?.bytes.equals(bytes) ? 'replaced' : 'conflict';
    }
  }

  /** Writes the blob and returns its new ETag. */
  async put(name: string, bytes: Buffer, options: PutOptions, conditions: WriteConditions): Promise<string> {
    const blob = await this.blob(name);
    const upload = () =>
      blob.upload(bytes, bytes.length, {
        conditions,
        metadata: { ...options.metadata },
        blobHTTPHeaders: { blobContentType: options.contentType },
      });
    const answer = await this.withContainer(upload);
    return answer.etag ?? '';
  }

  /** Creates the container only if the operation finds it missing, so that a role without that right works too. */
  async withContainer<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!isContainerMissing(error)) throw error;
      await this.#create();
      return operation();
    }
  }

  /** Lists blobs by name, ascending. Lists none if the container does not exist. */
  async *list(prefix: string): AsyncGenerator<ListedBlob> {
    const client = await this.#client();
    try {
      for await (const { name, metadata, properties } of client.listBlobsFlat({ prefix, includeMetadata: true })) {
        yield { name, metadata: metadata ?? {}, etag: properties.etag };
      }
    } catch (error) {
      if (!isContainerMissing(error)) throw error;
    }
  }

  /** Names of the folders right below a prefix (empty, or with a slash at its end), without slashes, ascending. */
  async listFolders(prefix: string): Promise<string[]> {
    const client = await this.#client();
    const folders: string[] = [];
    try {
      for await (const item of client.listBlobsByHierarchy('/', prefix === '' ? {} : { prefix })) {
        if (item.kind === 'prefix') folders.push(item.name.slice(prefix.length, -1));
      }
    } catch (error) {
      if (!isContainerMissing(error)) throw error;
    }
    return folders;
  }

  async #create(): Promise<void> {
    try {
      await (await this.#client()).create();
    } catch (error) {
      if (!hasErrorCode(error, 'ContainerAlreadyExists')) throw error;
    }
  }
}

export interface WriteConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly leaseId?: string;
}

async function download(blob: BlockBlobClient, etag: string | undefined): Promise<StoredBytes> {
  const answer = await blob.download(0, undefined, {
    conditions: etag === undefined ? {} : { ifNoneMatch: etag },
    maxRetryRequests: 3,
    abortSignal: AbortSignal.timeout(readTimeoutInMs),
  });
  const bytes = await collect(answer.readableStreamBody);
  return { bytes, etag: answer.etag ?? '', writtenAt: answer.lastModified ?? new Date(0) };
}

/** True if the connection ended in the middle of the body. The SDK reports that as an abort and does not retry it. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

async function collect(stream: NodeJS.ReadableStream | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
